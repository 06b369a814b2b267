package webhook_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"stagecoach/channels/webhook"
	"stagecoach/contact"
)

// fileServer is another system's files, some of them odd.
func fileServer(t *testing.T) *httptest.Server {
	t.Helper()
	var tries atomic.Int32
	mux := http.NewServeMux()
	mux.HandleFunc("/good.pdf", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/pdf")
		fmt.Fprint(w, "%PDF")
	})
	mux.HandleFunc("/named", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Disposition", `attachment; filename="../x/bill.txt"`)
		fmt.Fprint(w, "bill")
	})
	mux.HandleFunc("/empty", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/good.pdf", http.StatusFound) })
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/to-file", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
	})
	mux.HandleFunc("/inside", func(w http.ResponseWriter, r *http.Request) {
		_, port, _ := net.SplitHostPort(r.Host)
		http.Redirect(w, r, "http://127.0.0.2:"+port+"/good.pdf", http.StatusFound)
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		fmt.Fprint(w, "begin")
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/huge", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/second-try", func(w http.ResponseWriter, _ *http.Request) {
		if tries.Add(1) == 1 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		fmt.Fprint(w, "late")
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// files posts a message with these files and gives what is made of it, with the
// warnings that its sender got.
func (s *station) files(t *testing.T, id string, urls ...string) (*contact.Message, []string) {
	t.Helper()
	body := `{"schema":1,"id":"` + id + `","conversation":"c","from":{"id":"u"},  "attachments":[{"name":"own","data":"AA=="}`
	for _, u := range urls {
		body += fmt.Sprintf(`,{"url":%q}`, u)
	}
	got := s.post(t, body+"]}")
	if got.status != 200 {
		t.Fatalf("answered %d %s", got.status, got.text)
	}
	var said struct {
		Warnings []string `json:"warnings"`
	}
	if err := json.Unmarshal([]byte(got.text), &said); err != nil {
		t.Fatal(err)
	}
	items := s.src.Items()
	in := items[len(items)-1]
	if !bytes.Contains(in.Raw, []byte(body)) || in.Size != int64(len(in.Raw)) {
		t.Errorf("the original isn't kept as it came: %.300s", in.Raw)
	}
	m, err := s.a.Parse(in)
	if err != nil {
		t.Fatal(err)
	}
	return m, said.Warnings
}

func TestFilesByAddress(t *testing.T) {
	files := fileServer(t)
	u, err := url.Parse(files.URL)
	if err != nil {
		t.Fatal(err)
	}
	s := receiving(t, func(c *webhook.Config) { c.AttachmentHosts = []string{u.Host} })
	at := func(path string) string { return files.URL + path }

	m, warnings := s.files(t, "m-1", at("/good.pdf"), at("/named"), at("/empty"), at("/moved"), at("/second-try"))
	got := ""
	for _, f := range m.Attachments {
		got += fmt.Sprintf("%s %s %q\n", f.Name, f.ContentType, f.Data)
	}
	want := "own application/octet-stream \"\\x00\"\ngood.pdf application/pdf \"%PDF\"\nbill.txt text/plain \"bill\"\nempty application/octet-stream \"\"\n" +
		"good.pdf application/pdf \"%PDF\"\nsecond-try text/plain \"late\"\n"
	if got != want || len(warnings)+len(m.Warnings) > 0 {
		t.Errorf("got\n%s%v %v\nwant\n%s", got, warnings, m.Warnings, want)
	}

	m, warnings = s.files(t, "m-2", at("/none"), at("/loop"), at("/to-file"), at("/inside"), at("/cut"), at("/huge"))
	for i, words := range []string{"answered 404", "redirects too often", "redirects too often", "private network", "closed the connection|broke off", "larger than 20 MiB|took too long"} {
		if i >= len(m.Warnings) || !strings.Contains(m.Warnings[i], fmt.Sprintf("attachment %d ", i+2)) || !containsAny(m.Warnings[i], words) {
			t.Errorf("file %d: %q, want words of %q", i+2, m.Warnings, words)
		}
	}
	if len(m.Attachments) != 1 || len(warnings) != len(m.Warnings) {
		t.Errorf("%d files, %d warnings for the sender", len(m.Attachments), len(warnings))
	}
	if strings.Contains(fmt.Sprint(m.Warnings), u.Host) {
		t.Errorf("a warning shows the address, which may hold a key: %q", m.Warnings)
	}

	many := make([]string, 12)
	for i := range many {
		many[i] = at("/good.pdf")
	}
	if m, _ = s.files(t, "m-3", many...); len(m.Attachments) != 11 || len(m.Warnings) != 2 {
		t.Errorf("%d files, warnings %q", len(m.Attachments), m.Warnings)
	}
}

func containsAny(s, words string) bool {
	for w := range strings.SplitSeq(words, "|") {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// Messages must not make the daemon ask in its own network.
func TestFilesFromInside(t *testing.T) {
	files := fileServer(t)
	callback := answering(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "its own file") })
	s := receiving(t, func(c *webhook.Config) { c.Callback.URL = callback.URL })
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(files.URL, "http://"))
	for i, address := range []string{files.URL + "/good.pdf", "http://localhost:" + port + "/good.pdf", "http://[::ffff:127.0.0.1]:" + port + "/", "http://2130706433:" + port + "/", "http://0.0.0.0:" + port + "/"} {
		m, _ := s.files(t, fmt.Sprint("m-", i), address)
		if len(m.Attachments) != 1 || len(m.Warnings) != 1 {
			t.Errorf("%s: %d files, warnings %q", address, len(m.Attachments), m.Warnings)
		}
	}
	if m, _ := s.files(t, "m-own", callback.URL+"/file"); len(m.Attachments) != 2 {
		t.Errorf("a file of the connected system itself: %q", m.Warnings)
	}
}
