package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stagecoach/channels/email/emailfake"
	"stagecoach/channels/mastodon/mastodonfake"
	"stagecoach/channels/webchat"
	"stagecoach/channels/webchat/webchatfake"
)

type (
	whole struct {
		ID         string   `json:"id"`
		Name       string   `json:"name"`
		Members    []string `json:"members"`
		Identities []struct {
			Channel string `json:"channel"`
			Address string `json:"address"`
			Source  string `json:"source"`
		} `json:"identities"`
		Links []struct {
			ID       string `json:"id"`
			Evidence string `json:"evidence"`
			By       string `json:"by"`
		} `json:"links"`
		Past          []struct{ State, Remark string } `json:"past"`
		Conversations []card                           `json:"conversations"`
	}
	linked struct {
		Link string `json:"link"`
	}
)

// wanderer is one customer who is on the company's list and writes by chat, then on
// Mastodon, then by mail.
type wanderer struct {
	*square
	post    *emailfake.Server
	fedi    *mastodonfake.Server
	visitor *webchatfake.Visitor
}

const (
	rosa       = "rosa@far.test"
	chatSecret = "a-secret-of-the-shop's-own-server-0123"
)

func newWanderer(t *testing.T) *wanderer {
	t.Helper()
	w := &wanderer{square: &square{office: &office{daemon: newDaemon(t)}}}
	var err error
	if w.post, err = emailfake.Start(emailfake.Config{Users: map[string]string{support: "mail-secret"}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.post.Close() })
	if w.fedi, err = mastodonfake.New(mastodonfake.Config{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.fedi.Close() })
	server := "{host: 127.0.0.1, port: %d, tls: starttls, ca_file: mail.pem, password_file: mail.password}"
	w.save(w.config, fmt.Sprintf("version: 1\nhttp: {listen: %q}\nchannels:\n"+
		"  email:\n    - {name: acme, address: %s, imap: "+server+", smtp: "+server+"}\n"+
		"  mastodon:\n    - {name: acme, server: %q, address: %q, token_file: fedi.token, poll: 5s, watch: 5s}\n"+
		"  webchat:\n    - {name: acme, title: Acme, secret_file: chat.secret}\n",
		strings.TrimPrefix(w.url, "http://"), support, w.post.IMAPPort(), w.post.SMTPPort(), w.fedi.URL(), w.fedi.Address()))
	for file, value := range map[string]string{
		"mail.password": "mail-secret", "mail.pem": string(w.post.CertificatePEM()), "fedi.token": w.fedi.Token(), "chat.secret": chatSecret,
		"list.csv": "external_id,name,emails,handles,language,value,customer_since,preferred_channel\n" +
			"K-7,Rosa Winter," + rosa + ",mastodon:" + rosa + ",en,900,2018-04-01,email\n",
	} {
		if err := os.WriteFile(filepath.Join(filepath.Dir(w.config), file), []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// chat has her open the chat, as the shop's site says who she is.
func (w *wanderer) chat(text string) {
	w.t.Helper()
	who := webchat.Identity{UserID: "account-4711", Name: "Rosa W.", Email: rosa, Exp: time.Now().Add(time.Hour).Unix()}
	who.Sig = who.Sign("acme", webchat.Secret(chatSecret))
	w.visitor = webchatfake.New(w.t.Context(), webchatfake.Config{
		URL: w.url + "/channels/webchat/acme", Title: "Boots", Wait: 200 * time.Millisecond, Identity: who,
	})
	w.t.Cleanup(w.visitor.Close)
	w.visitor.Listen()
	if err := w.visitor.Come(); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.visitor.Say(text); err != nil {
		w.t.Fatal(err)
	}
}

func (w *wanderer) mail(text string) {
	w.t.Helper()
	l := letter{from: rosa, to: support, subject: "Boots", text: text, id: "m1@far.test"}
	if err := w.post.Put(support, "INBOX", l.raw(), time.Now()); err != nil {
		w.t.Fatal(err)
	}
}

// whole reads who somebody is.
func (w *wanderer) whole(c *client, named string) (p whole) {
	w.t.Helper()
	c.must(w.t, "GET", "/api/customers/"+strings.ReplaceAll(named, "@", "%40"), nil, &p)
	return p
}

func (w *wanderer) untilOpen(c *client, contacts, messages int) (open []card) {
	w.t.Helper()
	eventually(w.t, patience, func() string {
		return fmt.Sprintf("%d open contacts with %d messages, there are %+v", contacts, messages, open)
	}, func() bool {
		open = nil
		n := 0
		for _, one := range c.contacts(w.t) {
			if one.State != "ended" {
				open = append(open, one)
				n += one.Messages
			}
		}
		return len(open) == contacts && n == messages
	})
	return open
}

// TestOneCustomerOnThreeChannels has one customer write by web chat, on Mastodon and by
// mail: one person, one timeline, one open contact, answered where she prefers, with
// the proof of each link; taken apart, all is as before, also after a kill.
func TestOneCustomerOnThreeChannels(t *testing.T) {
	w := newWanderer(t)
	if code, out, errs := w.run("customers", "import", filepath.Join(filepath.Dir(w.config), "list.csv"), "--data", w.dir, "--json"); code != 0 || !strings.Contains(out, `"loaded":1`) {
		t.Fatalf("importing ended with %d:\n%s%s", code, out, errs)
	}
	w.start("")
	w.untilUp("email/acme", "mastodon/acme", "webchat/acme")
	w.open()
	anna := w.hire("Anna")
	anna.must(t, "POST", "/api/presence", map[string]any{"presence": "away"}, nil)
	w.chat("Where are my boots?")
	w.untilOpen(anna, 1, 1)
	w.fedi.Put(mastodonfake.Post{From: rosa, Text: "Nobody tells me where my boots are.", Visibility: "direct"})
	w.untilOpen(anna, 1, 2)
	w.mail("I have asked in the chat already: where are they?")
	one := w.untilOpen(anna, 1, 3)[0]

	p := w.whole(anna, rosa)
	if len(p.Members) != 2 || len(p.Links) != 1 || p.Links[0].Evidence != "signed_web" || len(p.Conversations) != 3 || p.Name != "Rosa Winter" {
		t.Fatalf("she is %+v", p)
	}
	v := anna.conversation(t, one.Conversation)
	texts := ""
	for _, it := range v.Items {
		texts += it.Text + "\n"
	}
	for _, want := range []string{"Where are my boots?", "Nobody tells me", "in the chat already"} {
		if !strings.Contains(texts, want) {
			t.Errorf("the timeline lacks %q:\n%s", want, texts)
		}
	}
	anna.must(t, "POST", "/api/presence", map[string]any{"presence": "available"}, nil)
	held := anna.takeAny(t)
	anna.answer(t, held, "They come tomorrow, Rosa.")
	eventually(t, patience, words("the answer in her mailbox"), func() bool { return len(w.post.Taken()) > 0 })
	if got := w.post.Taken(); len(got) != 1 || !strings.Contains(string(got[0].Raw), "They come tomorrow") || len(got[0].To) != 1 || got[0].To[0] != rosa {
		t.Errorf("by mail she got %+v", got)
	}
	if len(w.visitor.Received()) != 0 || len(w.fedi.Posted()) != 0 {
		t.Error("she was answered twice")
	}
	w.untilOpen(anna, 0, 0)
	if sum := w.audit().Summary; sum.Messages != 3 || sum.Replied != 1 {
		t.Errorf("audited %+v", sum)
	}

	w.kill()
	w.start("")
	w.untilUp("email/acme", "mastodon/acme", "webchat/acme")
	if again := w.whole(anna, rosa); len(again.Links) != 1 || len(again.Members) != 2 {
		t.Fatalf("after a kill she is %+v", again)
	}
	var done linked
	anna.must(t, "POST", "/api/customer-links/"+p.Links[0].ID+"/undo", map[string]any{"command_id": "undo-1", "reason": "her sister uses that account"}, &done)
	// Whoever sits in the chat was answered in somebody else's mailbox.
	open := w.untilOpen(anna, 1, 1)
	if open[0].Channel != "webchat" {
		t.Errorf("an answer is owed on %s", open[0].Channel)
	}
	p = w.whole(anna, "K-7")
	if len(p.Members) != 1 || len(p.Links) != 0 || len(p.Past) != 1 || p.Past[0].State != "undone" || len(p.Conversations) != 2 {
		t.Errorf("apart she is %+v", p)
	}
	w.mail2("Thank you!")
	w.untilOpen(anna, 2, 2)
	if a := w.audit(); len(a.Gaps) != 0 {
		t.Errorf("gaps: %+v", a.Gaps)
	}
	w.stop()
	if code, out, errs := w.run("customers", "show", "K-7", "--data", w.dir); code != 0 || !strings.Contains(out, "Not the same person") || !strings.Contains(out, "her sister") {
		t.Errorf("showing her ended with %d:\n%s%s", code, out, errs)
	}
}

func (w *wanderer) mail2(text string) {
	w.t.Helper()
	l := letter{from: rosa, to: support, subject: "Something else", text: text, id: "m2@far.test"}
	if err := w.post.Put(support, "INBOX", l.raw(), time.Now()); err != nil {
		w.t.Fatal(err)
	}
}

// takeAny waits for an offer, and accepts it.
func (c *client) takeAny(t *testing.T) card {
	t.Helper()
	var found card
	eventually(t, patience, words("an offer"), func() bool {
		var d desk
		c.must(t, "GET", "/api/desk", nil, &d)
		for _, o := range d.Offers {
			if c.accept(t, o) {
				found = o.Card
			}
		}
		return found.Contact != ""
	})
	return found
}
