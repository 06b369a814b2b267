package desk_test

import (
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"

	"stagecoach/channels"
	"stagecoach/router"
)

// A mail that shows one picture thousands of times does not fill the memory.
func TestOnePictureManyTimes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	boss := r.boss()
	picture := base64.StdEncoding.EncodeToString(make([]byte, 1<<20))
	raw := "From: kim@customer.example\r\nTo: support@acme.example\r\nSubject: Look\r\nMessage-ID: <p1@customer.example>\r\n" +
		"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n" +
		strings.Repeat("<img src=\"cid:p\">\r\n", 2000) +
		"--b\r\nContent-Type: image/png\r\nContent-ID: <p>\r\nContent-Transfer-Encoding: base64\r\n\r\n" + picture + "\r\n--b--\r\n"
	in := r.rawMail([]byte(raw), channels.Fresh)
	item := boss.conversation(in.Conversation).Items[0]
	html, err := r.svc.MailHTML(t.Context(), item.ID)
	if err != nil || len(html) > 20<<20 || !strings.Contains(html, "data:image/png") {
		t.Errorf("%d bytes of HTML, %v", len(html), err)
	}
}

// Pictures from elsewhere are loaded when an agent asks for them, and not before.
func TestPicturesWaitUntilAsked(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	boss := r.boss()
	in := r.rawMail([]byte("From: kim@customer.example\r\nTo: support@acme.example\r\nSubject: Look\r\nMessage-ID: <p2@customer.example>\r\n"+
		"Content-Type: text/html\r\n\r\n<p>Look <img src=\"https://shop.example/a.png\" alt='data-blocked-src=\"x'></p>\r\n"), channels.Fresh)
	item := boss.conversation(in.Conversation).Items[0]
	browser := r.browser("boss@acme.example", "correct horse")
	get := func(query string) (policy, body string) {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, r.server.URL+"/m/"+item.ID+"/html"+query, nil)
		resp, err := browser.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		all, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.Header.Get("Content-Security-Policy"), string(all)
	}
	policy, body := get("")
	if strings.Contains(policy, "http") || strings.Contains(body, ` src="http`) || !strings.Contains(body, "not loaded: ") {
		t.Errorf("before: policy %q, HTML %s", policy, body)
	}
	policy, body = get("?pictures=1")
	if !strings.Contains(policy, "img-src data: https: http:") || strings.Contains(policy, "allow-scripts") ||
		!strings.Contains(body, ` src="https://shop.example/a.png"`) || strings.Contains(body, "not loaded: ") {
		t.Errorf("after: policy %q, HTML %s", policy, body)
	}
}

// Only what was found outside the desk, in this conversation, can be confirmed
// as its answer.
func TestNothingElseIsAnAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anna := r.boss().agent("Anna Arndt", nil)
	in := r.mail("kim@customer.example", "Hi", "There")
	anna.take()
	ref := anna.conversation(in.Conversation).Items[0].ID
	if !strings.HasPrefix(ref, "inbox.") {
		t.Fatalf("the message is at %q", ref)
	}
	anna.refused(http.StatusNotFound, router.RefusedNotFound, http.MethodPost,
		"/api/replies/"+ref+"/confirm", map[string]any{"contact": in.Contact})
	if c := anna.conversation(in.Conversation); c.State != "open" {
		t.Errorf("the conversation is %s", c.State)
	}
}

// A reply to all goes to none of our own addresses.
func TestAReplyToAllLeavesUsOut(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.adapter.Aliases = []string{"help@acme.example"}
	anna := r.boss().agent("Anna Arndt", nil)
	in := r.mail("kim@customer.example", "Hi", "There", "Cc: Help@acme.example, lee@customer.example")
	if c := anna.conversation(in.Conversation); len(c.All) != 1 || c.All[0].Address != "lee@customer.example" {
		t.Errorf("all are %v", c.All)
	}
}
