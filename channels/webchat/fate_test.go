package webchat_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/webchat"
	"stagecoach/channels/webchat/webchatfake"
)

func attention(t *testing.T, r *rig, thread string, replies ...string) channels.Attention {
	t.Helper()
	a, err := r.adapter.Attention(t.Context(), thread, replies)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestAttention follows a visitor who reads, writes, goes, and is written to by
// e-mail; the second mail is in doubt.
func TestAttention(t *testing.T) {
	var broken atomic.Bool
	mailed := make(chan webchat.Activity, 100)
	r := newRig(t, func(c *webchat.Config) {
		c.MailAfter = 50 * time.Millisecond
		c.Mail = func(context.Context, string, string, string, string) error {
			if broken.Load() {
				return errors.New("the link broke")
			}
			return nil
		}
		c.Activity = func(a webchat.Activity) {
			if a.Mailed {
				mailed <- a
			}
		}
	})
	v := r.comer(t, webchatfake.Config{})
	m := r.said(t, v, "hello")
	v.Listen()
	until(t, "the stream", v.Streaming)
	if got := attention(t, r, "another thread"); got.Known {
		t.Errorf("an unknown thread gave %+v", got)
	}
	send(t, r.adapter, answer("r-1", "hello", m))
	until(t, "the answer", func() bool { return len(v.Received()) == 1 })
	if got := attention(t, r, m.Thread, "r-1"); !got.Known || !got.Here || !got.Typing.IsZero() || !got.Fates["r-1"].Read.IsZero() {
		t.Errorf("before anything was read: %+v", got)
	}
	before := time.Now().Truncate(time.Millisecond)
	for path, in := range map[string]any{"typing": struct{}{}, "read": map[string]int{"n": 2}, "email": map[string]string{"email": "jo@cust.test"}} {
		if err := v.Post(path, in, nil); err != nil {
			t.Fatal(err)
		}
	}
	got := attention(t, r, m.Thread, "r-1", "r-unknown")
	if got.Typing.Before(before) || got.Address != "jo@cust.test" || got.AddressProven || got.Fates["r-1"].Read.Before(before) || len(got.Fates) != 1 {
		t.Errorf("after it was read: %+v", got)
	}
	first := got.Fates["r-1"].Read
	r.said(t, v, "thanks")
	if got := attention(t, r, m.Thread, "r-1"); !got.Typing.IsZero() || !got.Fates["r-1"].Read.Equal(first) {
		t.Errorf("after the visitor wrote: %+v", got)
	}

	v.Close()
	until(t, "that they have gone", func() bool { got := attention(t, r, m.Thread); return !got.Here && !got.Gone.IsZero() })
	send(t, r.adapter, answer("r-2", "mailed", m))
	if a := <-mailed; a.Thread != m.Thread {
		t.Errorf("told of %+v", a)
	}
	if f := attention(t, r, m.Thread, "r-2").Fates["r-2"]; f.MailedTo != "jo@cust.test" || f.Mailed.IsZero() || f.MailInDoubt || f.MailFailed {
		t.Errorf("the mailed one: %+v", f)
	}
	broken.Store(true)
	send(t, r.adapter, answer("r-3", "in doubt", m))
	<-mailed
	if f := attention(t, r, m.Thread, "r-3").Fates["r-3"]; f.MailedTo != "jo@cust.test" || !f.MailInDoubt {
		t.Errorf("the one in doubt: %+v", f)
	}
}

// TestLoginKeepsWhatWasRead sees that what was read before the login isn't mailed
// or new after it, that the address comes along, and that other tabs of the browser
// ask anew who they are.
func TestLoginKeepsWhatWasRead(t *testing.T) {
	mails := make(chan string, 10)
	r := newRig(t, func(c *webchat.Config) {
		c.MailAfter = 300 * time.Millisecond
		c.Mail = func(_ context.Context, _, _, _, reply string) error { mails <- reply; return nil }
	})
	before := r.comer(t, webchatfake.Config{})
	m := r.said(t, before, "before the login")
	before.Listen()
	until(t, "the stream", before.Streaming)
	if err := before.Post("email", map[string]string{"email": "jo@cust.test"}, nil); err != nil {
		t.Fatal(err)
	}
	send(t, r.adapter, answer("r-1", "read before the login", m))
	until(t, "the answer", func() bool { return len(before.Received()) == 1 })
	if err := before.Post("read", map[string]int{"n": 2}, nil); err != nil {
		t.Fatal(err)
	}
	who := webchat.Identity{UserID: "c-9", Exp: time.Now().Add(time.Hour).Unix()}
	who.Sig = who.Sign("acme", shopSecret)
	v := visitorOf(t, r.front, webchatfake.Config{Identity: who})
	v.SetToken(before.Token())
	var session struct {
		Read  int64  `json:"read"`
		Last  int64  `json:"last"`
		Email string `json:"email"`
	}
	if err := v.Post("session", map[string]any{"identity": who}, &session); err != nil {
		t.Fatal(err)
	}
	if session.Read != 2 || session.Last != 2 || session.Email != "jo@cust.test" {
		t.Errorf("the login's session is %+v", session)
	}
	until(t, "the old stream to end", func() bool { return r.adapter.Connected() == 0 })
	if err := v.Come(); err != nil {
		t.Fatal(err)
	}
	// The address is the visitor's own word: they may give another.
	if err := v.Post("email", map[string]string{"email": "other@cust.test"}, nil); err != nil {
		t.Error(err)
	}
	send(t, r.adapter, answer("r-2", "unread", m))
	if got := <-mails; got != "r-2" {
		t.Errorf("%s was mailed, which had been read", got)
	}
}

// inFiles counts in how many of the chat's files some words stand.
func inFiles(t *testing.T, dir, words string) int {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "webchat-acme.db*"))
	if err != nil || len(names) == 0 {
		t.Fatalf("%v, %v", names, err)
	}
	n := 0
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte(words)) {
			n++
		}
	}
	return n
}

// TestEraseLeavesNoByte looks into the files themselves, while the chat goes on.
func TestEraseLeavesNoByte(t *testing.T) {
	r := newRig(t, func(c *webchat.Config) { c.Mail = noMail })
	v, other := r.comer(t, webchatfake.Config{}), r.comer(t, webchatfake.Config{})
	f, err := v.Upload("f.txt", bytes.Repeat([]byte("qzxFILEqzx "), 100_000))
	if err != nil {
		t.Fatal(err)
	}
	m := r.said(t, v, "qzxWORDSqzx", f.ID)
	stays := r.said(t, other, "qzxOTHERqzx")
	if err := v.Post("email", map[string]string{"email": "qzxmailqzx@cust.test"}, nil); err != nil {
		t.Fatal(err)
	}
	send(t, r.adapter, answer("r-1", "qzxANSWERqzx", m))
	v.Listen()
	until(t, "the stream", v.Streaming)
	secrets := []string{"qzxWORDSqzx", "qzxFILEqzx", "qzxmailqzx", "qzxANSWERqzx"}
	for _, words := range secrets {
		if inFiles(t, r.cfg.Dir, words) == 0 {
			t.Fatalf("%s isn't there: this test finds nothing", words)
		}
	}
	for range 2 {
		if err := r.adapter.Erase(t.Context(), m.From.Address); err != nil {
			t.Fatal(err)
		}
	}
	for _, words := range secrets {
		if n := inFiles(t, r.cfg.Dir, words); n != 0 {
			t.Errorf("%s stands in %d files after it was erased", words, n)
		}
	}
	until(t, "the erased visitor's stream to end", func() bool { return r.adapter.Connected() == 0 })
	if err := r.adapter.Erase(t.Context(), "visitor:nobody"); err != nil {
		t.Error(err)
	}
	send(t, r.adapter, answer("r-2", "for the other", stays))
	if inFiles(t, r.cfg.Dir, "qzxOTHERqzx") == 0 {
		t.Error("another visitor's words are gone")
	}
}

// TestEraseBeforeALogin erases what an anonymous visitor wrote who has logged in
// since: the login's own lines stay, under their numbers.
func TestEraseBeforeALogin(t *testing.T) {
	r := newRig(t, nil)
	before := r.comer(t, webchatfake.Config{})
	f, err := before.Upload("f.txt", []byte("qzxFILEqzx"))
	if err != nil {
		t.Fatal(err)
	}
	m := r.said(t, before, "qzxBEFOREqzx", f.ID)
	send(t, r.adapter, answer("r-1", "qzxANSWERqzx", m))
	if err := before.Post("end", struct{}{}, nil); err != nil {
		t.Fatal(err)
	}
	who := webchat.Identity{UserID: "c-9", Exp: time.Now().Add(time.Hour).Unix()}
	who.Sig = who.Sign("acme", shopSecret)
	v := visitorOf(t, r.front, webchatfake.Config{Identity: who})
	v.SetToken(before.Token())
	if err := v.Come(); err != nil {
		t.Fatal(err)
	}
	r.said(t, v, "of the login")
	if err := r.adapter.Erase(t.Context(), m.From.Address); err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"qzxBEFOREqzx", "qzxFILEqzx", "qzxANSWERqzx"} {
		if n := inFiles(t, r.cfg.Dir, words); n != 0 {
			t.Errorf("%s stands in %d files after it was erased", words, n)
		}
	}
	v.Listen()
	until(t, "all lines", func() bool { return len(v.Lines()) == 3 })
	if got := v.Lines(); got[0].Text != "" || len(got[0].Files) != 0 || got[2].Text != "of the login" {
		t.Errorf("the login sees %+v", got)
	}
	r.stop()
	r.start(t) // the empty line is nothing to deliver
	r.said(t, v, "and on")
}

// TestBackup opens a copy that was made while visitors wrote.
func TestBackup(t *testing.T) {
	r := newRig(t, nil)
	v := r.comer(t, webchatfake.Config{})
	m := r.said(t, v, "kept")
	copied := config(t.TempDir())
	if err := r.adapter.Backup(t.Context(), filepath.Join(copied.Dir, "webchat-acme.db")); err != nil {
		t.Fatal(err)
	}
	if err := r.adapter.Backup(t.Context(), filepath.Join(copied.Dir, "webchat-acme.db")); err == nil {
		t.Error("a copy was written over another")
	}
	r.stop()
	r.cfg = copied
	r.start(t)
	if next := r.said(t, v, "and on"); next.Thread != m.Thread {
		t.Error("the copy has another thread")
	}
	problem(t, v.Post("messages", map[string]string{"id": "12345678"}, nil), http.StatusUnprocessableEntity, "wrong_form")
}
