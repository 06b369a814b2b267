package main

import (
	"bytes"
	"encoding/json"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"stagecoach/desk/view"
)

// policyBrowser posts forms of pages as the first supervisor.
type policyBrowser struct {
	t     *testing.T
	d     *Daemon
	token string
}

func (b *policyBrowser) post(path, kind string, body io.Reader) (status int, page string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.d.URL()+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	if b.token != "" {
		req.Header.Set("Authorization", "Bearer "+b.token)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

// choose previews files, as a browser sends them.
func (b *policyBrowser) choose(files map[string]string) (status int, page string) {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, text := range files {
		part, err := w.CreateFormFile("files", name)
		if err != nil {
			b.t.Fatal(err)
		}
		if _, err := part.Write([]byte(text)); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.t.Fatal(err)
	}
	return b.post("/policy/preview", w.FormDataContentType(), &body)
}

// fields reads what the form of a preview would send.
func fields(page string) url.Values {
	out := url.Values{}
	for _, m := range regexp.MustCompile(`(?s)<input type="hidden" name="([a-z]+)" value="(.*?)">`).FindAllStringSubmatch(page, -1) {
		out.Add(m[1], strings.ReplaceAll(html.UnescapeString(m[2]), "\n", "\r\n"))
	}
	return out
}

// TestPolicyFromItsPage: files are chosen, looked at, and decide by the button of the
// preview, the very set that was looked at; what lint refuses is shown and changes
// nothing; a former set is looked at and brought back.
func TestPolicyFromItsPage(t *testing.T) {
	t.Parallel()
	d, _ := serveAt(t, filepath.Join(t.TempDir(), "data"))
	b := &policyBrowser{t: t, d: d}
	login, err := json.Marshal(map[string]string{"token": d.setup, "name": "Lea Lead", "email": "lead@acme.example", "password": "correct horse"})
	if err != nil {
		t.Fatal(err)
	}
	var in view.Login
	if status, body := b.post("/api/setup", "application/json", bytes.NewReader(login)); status != http.StatusOK || json.Unmarshal([]byte(body), &in) != nil {
		t.Fatalf("%d %s", status, body)
	}
	b.token = in.Token
	first := d.policy.Load().Version
	waiting := mailFrom(t, d, 1, "help")
	if status, page := b.choose(map[string]string{"sla.yaml": "version: 1\ndefalt: {}\n"}); status != http.StatusOK || !strings.Contains(page, "sla.yaml:2:1") || !strings.Contains(page, "did you mean default?") {
		t.Errorf("a set with a mistake: %d %.300s", status, page)
	}
	text := "version: 1 # <\"& 'quoted'>\ndefault: {first: 30m, next: 30m}\n"
	status, page := b.choose(map[string]string{"sla.yaml": text})
	if status != http.StatusOK || !strings.Contains(page, "Of 1 open contact") || !strings.Contains(page, "due earlier") {
		t.Fatalf("the preview: %d %.300s", status, page)
	}
	if d.policy.Load().Version != first {
		t.Fatal("a preview has changed something")
	}
	form := fields(page)
	form.Set("remark", "sooner")
	if status, page := b.post("/policy/activate", "application/x-www-form-urlencoded", strings.NewReader(form.Encode())); status != http.StatusSeeOther {
		t.Fatalf("%d %.300s", status, page)
	}
	if got := string(d.policy.Load().Files()["sla.yaml"]); got != text {
		t.Errorf("what decides is %q, want %q", got, text)
	}
	o := &reloadedOffice{d: d}
	if got, _ := o.due(t, "after"); got != 30*time.Minute {
		t.Errorf("promised within %s, %s waits", got, waiting)
	}
	back := url.Values{"version": {first}}
	status, page = b.post("/policy/preview", "application/x-www-form-urlencoded", strings.NewReader(back.Encode()))
	if status != http.StatusOK || !strings.Contains(page, "due later") {
		t.Fatalf("the preview of a former set: %d %.300s", status, page)
	}
	if status, page := b.post("/policy/activate", "application/x-www-form-urlencoded", strings.NewReader(fields(page).Encode())); status != http.StatusSeeOther || d.policy.Load().Version != first {
		t.Errorf("%d, %s decides: %.300s", status, d.policy.Load().Version, page)
	}
}
