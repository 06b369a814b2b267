//go:build browser

package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"stagecoach/desk/web/browsertest"
)

// TestBrowserAnyMail lays every mail of the e-mail channel's collections into a
// real mailbox, and the largest and oddest besides: each is accounted for, each
// conversation can be opened, none holds up the ordinary mail behind it.
// STAGECOACH_SHOTS names a folder for a picture of each mail.
func TestBrowserAnyMail(t *testing.T) {
	o := newOffice(t, support)
	o.configure(support)
	o.start("")
	o.untilUp("email/support")
	h := &house{daemon: o.daemon, browser: browsertest.Start(t), shots: os.Getenv("STAGECOACH_SHOTS")}
	every := h.shots != ""
	if !every {
		h.shots = t.TempDir()
	}
	(&day{house: h}).supervisorComes()
	boss := h.people[0]
	var in login
	o.boss = &client{url: o.url}
	o.boss.must(t, "POST", "/api/login", map[string]any{"email": "berta@acme.test", "password": password}, &in)
	o.boss.token = in.Token

	mails := append(collected(t), monsters()...)
	for _, m := range mails {
		o.dovecot.Put(support, m)
	}
	o.dovecot.Put(support, letter{from: greta, to: support, subject: "An ordinary question", text: "Where is my parcel?", id: "last@cust.test"}.raw())
	want := len(mails) + 1
	var s summary
	eventually(t, 3*time.Minute, func() string { return fmt.Sprintf("%d mails to be accounted for, are %+v", want, s) }, func() bool {
		o.boss.must(t, "GET", "/api/summary", nil, &s)
		return s.Seen >= want && s.AddsUp
	})
	t.Logf("%d mails: %+v", want, s)
	if s.Seen != want || s.Messages+s.Evidence+s.Quarantined != want {
		t.Errorf("of %d mails the ledger has %+v", want, s)
	}
	open := o.boss.contacts(t)
	if !slices.ContainsFunc(open, func(c card) bool { return c.Subject == "An ordinary question" }) {
		t.Error("the ordinary mail is no contact")
	}
	for n, c := range open {
		v := o.boss.conversation(t, c.Conversation)
		if len(v.Items) == 0 {
			t.Errorf("the conversation %q shows nothing", c.Subject)
		}
		if !every && n%12 != 0 {
			continue
		}
		boss.to("/c/" + c.Conversation)
		boss.Wait("document.querySelector('#timeline article')")
		shown := 0
		boss.Eval("document.querySelectorAll('#timeline article').length", &shown)
		for i := range shown {
			if every {
				boss.Eval(fmt.Sprintf("document.querySelectorAll('#timeline article')[%d].scrollIntoView({block: 'start'})", i), nil)
				boss.shot(fmt.Sprintf("mail-%03d-%03d", n, i))
			}
		}
	}
	picturesWhenAsked(t, o, boss)
	h.consoles()
	o.audit()
}

// picturesWhenAsked has a mail with a picture from elsewhere: its server hears
// nothing before the agent asks for it.
func picturesWhenAsked(t *testing.T, o *office, boss *human) {
	t.Helper()
	asked := make(chan string, 10)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path + r.Header.Get("Cookie") + r.Header.Get("Referer")
		w.Header().Set("Content-Type", "image/svg+xml")
		_, _ = io.WriteString(w, `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"/>`)
	}))
	t.Cleanup(elsewhere.Close)
	l := letter{from: oscar, to: support, subject: "Look at this", id: "pictures@cust.test"}
	l.text = `<p>Look:</p><img width="400" height="300" src="` + elsewhere.URL + `/lamp.svg">`
	o.dovecot.Put(support, bytes.Replace(l.raw(), []byte("text/plain"), []byte("text/html"), 1))
	var found card
	eventually(t, time.Minute, words("the mail with a picture"), func() bool {
		for _, c := range o.boss.contacts(t) {
			if c.Subject == l.subject {
				found = c
			}
		}
		return found.Contact != ""
	})
	boss.to("/c/" + found.Conversation)
	boss.Wait("document.querySelector('details.html')")
	boss.Eval("document.querySelector('details.html').open = true", nil)
	if len(asked) != 0 {
		t.Error("the picture was loaded before anybody asked for it")
	}
	boss.Click("details.html .pictures a")
	select {
	case got := <-asked:
		if got != "/lamp.svg" {
			t.Errorf("the picture was asked for as %q", got)
		}
	case <-time.After(time.Minute):
		t.Error("the picture that was asked for was not loaded")
	}
	boss.shot("pictures")
}

// collected gives the mails of the channel's collections.
func collected(t *testing.T) [][]byte {
	t.Helper()
	out := [][]byte{}
	for _, pattern := range []string{"mail/*.eml", "kind/*/*.eml"} {
		files, err := filepath.Glob(filepath.Join("..", "channels", "email", "testdata", pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("no mails in %s: %v", pattern, err)
		}
		for _, f := range files {
			raw, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, raw)
		}
	}
	return out
}

// monsters gives mails that are too large, too many or too deep to be kept in a
// collection.
func monsters() [][]byte {
	head := func(n int, rest string) string {
		return fmt.Sprintf("From: Monster <m%d@cust.test>\r\nTo: %s\r\nSubject: Monster %d\r\nMessage-ID: <monster-%d@cust.test>\r\nMIME-Version: 1.0\r\n%s", n, support, n, n, rest)
	}
	mixed := "Content-Type: multipart/mixed; boundary=%s\r\n\r\n"
	var nested strings.Builder
	nested.WriteString(head(5, fmt.Sprintf(mixed, "b0")))
	for n := range 300 {
		fmt.Fprintf(&nested, "--b%d\r\n"+mixed, n, fmt.Sprint("b", n+1))
	}
	nested.WriteString("--b300\r\nContent-Type: text/plain\r\n\r\nthe innermost words\r\n")
	line := strings.Repeat("QUJD", 19) + "\r\n"
	file := "--x\r\nContent-Type: application/octet-stream; name=big.bin\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=big.bin\r\n\r\n"
	out := []string{
		head(1, fmt.Sprintf(mixed, "x")) + "--x\r\n\r\nThirty megabytes.\r\n" + file + strings.Repeat(line, 30<<20/57) + "--x--\r\n",
		head(2, strings.Repeat("X-Long: "+strings.Repeat("a", 60)+"\r\n", 10_000)) + "\r\nTen thousand headers.\r\n",
		head(3, "X-Long: "+strings.Repeat("a", 2<<20)+"\r\n") + "\r\nA header of two megabytes.\r\n",
		head(4, fmt.Sprintf(mixed, "x")) + strings.Repeat("--x\r\nContent-Type: text/plain\r\n\r\npart\r\n", 20_000) + "--x--\r\n",
		nested.String(),
		head(6, "Content-Type: text/html\r\n") + "\r\n" + strings.Repeat("<div><table><tr><td>", 100_000) + "deep",
		head(7, "Content-Type: multipart/mixed\r\n") + "\r\nNo boundary.\r\n",
	}
	mails := make([][]byte, len(out))
	for n, m := range out {
		mails[n] = bytes.ReplaceAll([]byte(m), []byte("\r\n"), []byte("\n")) // as a Maildir has it
	}
	return mails
}
