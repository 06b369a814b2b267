package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"stagecoach/channels/email"
	"stagecoach/channels/email/emailfake"
	"stagecoach/configs"
	"stagecoach/contact"
	"stagecoach/desk"
	"stagecoach/desk/portal"
	"stagecoach/policies"
	"stagecoach/router"
)

// pageOffice is a daemon with a mailbox, receipts, an agent, and customers' pages.
type pageOffice struct {
	t        *testing.T
	d        *Daemon
	provider *emailfake.Server
	anna     desk.Who
}

const customersSite = "http://help.test"

func newPageOffice(t *testing.T) *pageOffice {
	t.Helper()
	o := &pageOffice{t: t}
	set, err := policies.LoadFiles("pages", map[string][]byte{
		"escalation.yaml": []byte("version: 1\nacknowledgement: {send: always, every: 1m, budget: 3}\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	o.provider, err = emailfake.Start(emailfake.Config{Users: map[string]string{"support@acme.test": "pw", "alice@cust.test": "pw", "carol@work.test": "pw"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.provider.Close() })
	dir := t.TempDir()
	ca := writeFile(t, filepath.Join(dir, "ca.pem"), string(o.provider.CertificatePEM()))
	cfg := configs.Default()
	cfg.HTTP.Listen, cfg.HTTP.CustomerURL = "127.0.0.1:0", customersSite
	e := configs.Email{Name: "support", Address: "support@acme.test", CopyToSent: true}
	e.IMAP = configs.IMAP{Host: "127.0.0.1", Port: o.provider.IMAPSPort(), TLS: "tls", CAFile: ca, Username: e.Address, Password: configs.NewSecret("pw")}
	e.SMTP = configs.SMTP{Host: "127.0.0.1", Port: o.provider.SMTPSPort(), TLS: "tls", CAFile: ca, Username: e.Address, Password: configs.NewSecret("pw")}
	cfg.Channels.Email = []configs.Email{e}
	o.d = runDaemon(t, cfg, Options{Dir: filepath.Join(dir, "data"), Policy: set, Unsynced: true})
	until(t, "the mailbox is connected", func() bool {
		seen := false
		_ = o.d.engine.View(t.Context(), func(st *router.State) { seen = st.Sources["email/support/INBOX"] != nil })
		return seen
	})
	member, err := o.d.desk.AddAgent(t.Context(), desk.Who{ID: desk.Control, Role: contact.RoleSupervisor}, "", desk.Member{
		Name: "Anna Amsel", Email: "anna@acme.test", Password: "long enough for anybody", Languages: []string{"de", "en"}, Capacity: 1000,
	})
	if err != nil {
		t.Fatal(err)
	}
	o.anna = desk.Who{ID: member.Person.ID, Role: contact.RoleAgent}
	return o
}

// mails gives what alice got, in plain text with its subject before it.
func (o *pageOffice) mails(n int) []string { return o.mailsOf("alice@cust.test", n) }

func (o *pageOffice) mailsOf(whose string, n int) []string {
	o.t.Helper()
	var out []string
	until(o.t, fmt.Sprintf("%s has %d mails", whose, n), func() bool {
		raw, err := o.provider.Folder(whose, "INBOX")
		if err != nil || len(raw) < n {
			return false
		}
		out = nil
		for _, m := range raw {
			x := email.Explain(m)
			out = append(out, x.Subject+"\n"+x.Text)
		}
		return true
	})
	return out
}

// customer gives the customer of an address.
func (o *pageOffice) customer(address string) string {
	o.t.Helper()
	key := o.d.keys.Identity("email", address)
	_, known, err := o.d.ledger.Known(o.t.Context(), []string{key})
	if err != nil || known[key].Customer == "" {
		o.t.Fatalf("who is %s: %+v, %v", address, known, err)
	}
	return known[key].Customer
}

// unlinked takes back the one link there is.
func (o *pageOffice) unlinked(by desk.Who) {
	o.t.Helper()
	person, _, err := o.d.ledger.Person(o.t.Context(), o.customer("alice@cust.test"))
	if err != nil || len(person.Links) != 1 {
		o.t.Fatalf("linked: %+v, %v", person, err)
	}
	if _, err := o.d.desk.UnlinkCustomers(o.t.Context(), by, "", person.Links[0].ID, "two people after all"); err != nil {
		o.t.Fatal(err)
	}
}

// browser is a browser without JavaScript.
type browser struct {
	o       *pageOffice
	cookies map[string]string
	headers map[string]string
}

func (o *pageOffice) browser() *browser { return &browser{o: o, cookies: map[string]string{}} }

func (b *browser) send(method, path string, form url.Values) (status int, body string, header http.Header) {
	b.o.t.Helper()
	r := httptest.NewRequestWithContext(b.o.t.Context(), method, customersSite+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for k, v := range b.cookies {
		r.AddCookie(&http.Cookie{Name: k, Value: v})
	}
	for k, v := range b.headers {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	b.o.d.portal.Handler().ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if b.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
			b.o.t.Errorf("the cookie %s can be read by scripts or used by other sites", c.Name)
		}
	}
	if to := w.Header().Get("Location"); w.Code == http.StatusSeeOther {
		to, _, _ = strings.Cut(to, "#")
		return b.send(http.MethodGet, to, nil)
	}
	return w.Code, w.Body.String(), w.Header()
}

func (b *browser) get(path string) string {
	b.o.t.Helper()
	status, body, _ := b.send(http.MethodGet, path, nil)
	if status != http.StatusOK {
		b.o.t.Fatalf("GET %s: %d\n%s", path, status, body)
	}
	return body
}

func (b *browser) post(path string, form url.Values) string {
	b.o.t.Helper()
	status, body, _ := b.send(http.MethodPost, path, form)
	if status != http.StatusOK {
		b.o.t.Fatalf("POST %s: %d\n%s", path, status, body)
	}
	return body
}

var (
	linkInMail = regexp.MustCompile(`http://help\.test(/q/[A-Za-z0-9_-]{43})\s`)
	goodInMail = regexp.MustCompile(`http://help\.test(/q/[A-Za-z0-9_-]{43}/rate\?v=good&r=[0-9a-f]{8})\s`)
	wayOnPage  = regexp.MustCompile(`name="to" value="([0-9a-zA-Z_-]+)">Send a code`)
	codeInMail = regexp.MustCompile(`\b[0-9]{6}\b`)
)

func found(t *testing.T, re *regexp.Regexp, text string) string {
	t.Helper()
	m := re.FindStringSubmatch(text + "\n")
	if m == nil {
		t.Fatalf("no %s in:\n%s", re, text)
	}
	return m[len(m)-1]
}

func has(t *testing.T, body string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(body, w) {
			t.Errorf("%q isn't in:\n%s", w, body)
		}
	}
}

func hasNot(t *testing.T, body string, words ...string) {
	t.Helper()
	for _, w := range words {
		if strings.Contains(body, w) {
			t.Errorf("%q is in:\n%s", w, body)
		}
	}
}

// open gives the open contact, nil if there is none.
func (o *pageOffice) open() *router.Contact {
	o.t.Helper()
	var out *router.Contact
	_ = o.d.engine.View(o.t.Context(), func(st *router.State) {
		for _, c := range st.Contacts {
			if c.Open() {
				one := *c
				out = &one
			}
		}
	})
	return out
}

// answer has anna answer whatever is open.
func (o *pageOffice) answer(text string) {
	o.t.Helper()
	c := o.open()
	if c == nil {
		o.t.Fatal("nothing is open")
	}
	ctx := context.WithoutCancel(o.t.Context())
	if _, err := o.d.desk.SetPresence(ctx, o.anna, "", contact.Available, false); err != nil {
		o.t.Fatal(err)
	}
	if o.open().Agent != o.anna.ID {
		if _, err := o.d.desk.Take(ctx, o.anna, "", c.ID); err != nil {
			o.t.Fatal(err)
		}
	}
	if _, err := o.d.desk.Send(ctx, o.anna, desk.Sending{ID: uuid.NewString(), Kind: contact.Answer, Contact: c.ID, Text: text}); err != nil {
		o.t.Fatal(err)
	}
	until(o.t, "it is answered", func() bool { n := o.open(); return n == nil || n.ID != c.ID })
}

// TestCustomersPage is the story of one question: a receipt with a link, what a
// stranger sees of it, the code, the answer, what is said of it, and the end of links.
func TestCustomersPage(t *testing.T) {
	o := newPageOffice(t)
	write(t, o.provider, "alice@cust.test", "a1", "", "Guten Tag, wo bleibt meine geheime Bestellung? Ich warte schon seit einer Woche auf das Paket und niemand antwortet mir.")
	receipt := o.mails(1)[0]
	has(t, receipt, "So steht es um Ihre Frage")
	hasNot(t, receipt, "/rate")
	link := found(t, linkInMail, receipt)

	stranger := o.browser()
	status, body, header := stranger.send(http.MethodGet, link, nil)
	if status != http.StatusOK {
		t.Fatalf("%d: %s", status, body)
	}
	has(t, body, "Ihre Frage ist bei uns angekommen", "Eine Antwort ist bis", "a•••@c•••.test", `lang="de"`)
	hasNot(t, body, "geheime", "alice@cust.test", "Unser Gespräch", "Bestellung")
	for name, want := range map[string]string{
		"X-Robots-Tag": "noindex", "Referrer-Policy": "same-origin", "Content-Security-Policy": "default-src 'none'", "Cache-Control": "no-store",
	} {
		has(t, header.Get(name), want)
	}
	has(t, stranger.get(link+"?l=en"), "Your question has reached us", "An answer is promised by")
	for _, path := range []string{"/file?of=x&n=0", "/data.zip", "/erase"} {
		hasNot(t, stranger.get(link+path), "geheime", "Unser Gespräch")
	}
	hasNot(t, stranger.post(link+"/write", url.Values{"text": {"I am alice"}}), "has reached us.")

	alice := o.browser()
	has(t, alice.post(link+"/code", nil), "Ein Code ist unterwegs")
	code := found(t, codeInMail, o.mails(2)[1])
	has(t, alice.post(link+"/enter", url.Values{"code": {"000000"[:5] + string('0'+('9'-code[5]))}}), "Das ist nicht der Code")
	body = alice.post(link+"/enter", url.Values{"code": {code[:3] + " " + code[3:]}})
	has(t, body, "Unser Gespräch", "geheime Bestellung", "alice@cust.test", "730 Tage", "Ihre Nachrichten")
	has(t, stranger.post(link+"/enter", url.Values{"code": {code}}), "be used any more")

	o.answer("Guten Tag, sie kommt morgen.")
	answer := o.mails(3)[2]
	good := found(t, goodInMail, answer)
	has(t, answer, "Wie war diese Antwort?", "sie kommt morgen")
	has(t, alice.get(link), "Wir haben Ihnen geantwortet", "Anna Amsel", "sie kommt morgen")
	o.rated(good, alice)
	o.again(alice, found(t, linkInMail, answer))
}

// rated has programs look at the links of a mail, and then the customer rate.
func (o *pageOffice) rated(good string, alice *browser) {
	o.t.Helper()
	prefetcher := o.browser()
	for _, rating := range []string{good, strings.Replace(good, "v=good", "v=bad", 1)} {
		has(o.t, prefetcher.get(rating), "Wie war diese Antwort?", "checked")
		if status, _, _ := prefetcher.send(http.MethodHead, rating, nil); status != http.StatusOK {
			o.t.Errorf("HEAD: %d", status)
		}
	}
	said := func() int {
		s, err := o.d.ledger.Satisfaction(o.t.Context(), time.Time{}, time.Time{})
		if err != nil {
			o.t.Fatal(err)
		}
		return s.All.Good + 10*s.All.Bad
	}
	if said() != 0 {
		o.t.Error("looking at a link is a vote")
	}
	path, query, _ := strings.Cut(good, "?")
	values, _ := url.ParseQuery(query)
	crossing := o.browser()
	crossing.headers = map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
	if status, _, _ := crossing.send(http.MethodPost, path, values); status != http.StatusForbidden {
		o.t.Errorf("another site's form: %d", status)
	}
	o.ratedByLink(path, values, prefetcher)
	if said() != 1 {
		o.t.Errorf("rated as %d", said())
	}
	for _, again := range []struct {
		v    string
		want int
	}{{"bad", 10}, {"good", 1}} { // a changed mind counts, and one changed back too
		values.Set("v", again.v)
		alice.post(path, values)
		if said() != again.want {
			o.t.Errorf("rated %s, as %d", again.v, said())
		}
	}
	values.Set("v", "bad")
	values.Set("words", "Sie ist nicht gekommen.")
	has(o.t, alice.post(path, values), "Sie bekommen bis")
	if said() != 10 {
		o.t.Errorf("rated as %d", said())
	}
	next := o.open()
	if next == nil || next.Kind != "complaint" || next.FollowsUp == "" || len(next.Cool) != 1 {
		o.t.Fatalf("nobody follows up: %+v", next)
	}
}

// ratedByLink has somebody vote with the link of a mail alone: once, and without words.
func (o *pageOffice) ratedByLink(path string, values url.Values, stranger *browser) {
	o.t.Helper()
	for range 2 {
		has(o.t, stranger.post(path, values), "Danke!", "Öffnen Sie Ihre Seite mit einem Code")
	}
	for what, more := range map[string]url.Values{
		"Ändern können nur Sie das":      {"r": values["r"], "v": {"bad"}},
		"So kann niemand in Ihrem Namen": {"r": values["r"], "v": {"good"}, "words": {"I am alice"}},
	} {
		if status, body, _ := stranger.send(http.MethodPost, path, more); status != http.StatusUnprocessableEntity || !strings.Contains(body, what) {
			o.t.Errorf("by the link alone: %d, not %q in %s", status, what, body)
		}
	}
	praise, err := o.d.ledger.SaidOfKind(o.t.Context(), contact.FeedbackPraise, o.anna.ID, 10)
	if err != nil || len(praise) != 1 || !praise[0].ByLink {
		o.t.Errorf("by link: %+v, %v", praise, err)
	}
}

// again has the customer write on the page, and make links invalid.
func (o *pageOffice) again(alice *browser, link string) {
	o.t.Helper()
	form := uuid.NewString()
	for range 2 { // a double click is one message
		has(o.t, alice.post(link+"/write", url.Values{"text": {"Haben Sie <b>mich</b> vergessen?"}, "form": {form}}), "Ihre Nachricht ist bei uns angekommen")
	}
	body := alice.get(link)
	has(o.t, body, "Haben Sie &lt;b&gt;mich&lt;/b&gt; vergessen?")
	if n := strings.Count(body, "vergessen?"); n != 1 {
		o.t.Errorf("%d times", n)
	}
	// Whoever goes back and writes something else has the same form.
	has(o.t, alice.post(link+"/write", url.Values{"text": {"Es eilt!"}, "form": {form}}), "Ihre Nachricht ist bei uns angekommen", "Es eilt!")
	if c := o.open(); len(c.Messages) != 4 {
		o.t.Errorf("the follow-up has %d messages", len(c.Messages))
	}
	summary, err := o.d.ledger.Audit(o.t.Context(), nil)
	if err != nil || !summary.OK() {
		o.t.Errorf("the ledger doesn't add up: %+v, %v", summary.Gaps, err)
	}
	if got := o.open().Conversation; strings.Contains(body, got) {
		o.t.Error("the page names the conversation's id")
	}
	has(o.t, alice.post(link+"/prefer", url.Values{"channel": {"email"}}), "Gespeichert.")
	has(o.t, alice.post(link+"/object", url.Values{"object": {"yes"}}), "Sie haben der Bewertung widersprochen")
	has(o.t, alice.post(link+"/allow", url.Values{"allow.feedback.email": {"yes"}}), `name="allow.feedback.email" value="yes" checked`)
	has(o.t, alice.post(link+"/links", nil), "Alle bisherigen Links sind ungültig.")
	for _, b := range []*browser{alice, o.browser()} {
		if status, body, _ := b.send(http.MethodGet, link, nil); status != http.StatusGone || strings.Contains(body, "Anna") {
			o.t.Errorf("%d: %s", status, body)
		}
	}
	o.answer("Verzeihung!")
	mails := o.mails(4)
	fresh := found(o.t, linkInMail, mails[len(mails)-1])
	if fresh == link {
		o.t.Error("the new link is the old one")
	}
	has(o.t, alice.get(fresh), "Wir haben Ihnen geantwortet")
	hasNot(o.t, alice.get(fresh), "Verzeihung") // the device must prove itself anew
}

// TestNobodyFindsPages tries links that aren't ours, and codes by the dozen.
func TestNobodyFindsPages(t *testing.T) {
	o := newPageOffice(t)
	write(t, o.provider, "alice@cust.test", "a1", "", "Hello, where is my order? I have been waiting for a week now and nobody tells me anything at all.")
	link := found(t, linkInMail, o.mails(1)[0])
	b := o.browser()
	_, unknown, _ := b.send(http.MethodGet, "/q/"+strings.Repeat("A", 43), nil)
	_, short, _ := b.send(http.MethodGet, "/q/A", nil)
	if status, other, _ := b.send(http.MethodGet, link[:len(link)-1]+"!", nil); status != http.StatusNotFound || other != unknown || short != unknown {
		t.Errorf("%d: those that try learn something:\n%s\n%s", status, other, unknown)
	}
	for n := range 5 {
		has(t, b.post(link+"/code", nil), "A code is on its way")
		o.mails(2 + n)
	}
	has(t, b.post(link+"/code", nil), "Too many codes")
	last := o.mails(6)[5]
	right := found(t, codeInMail, last)
	wrong := "111111"
	if right == wrong {
		wrong = "222222"
	}
	for range 5 {
		b.post(link+"/enter", url.Values{"code": {wrong}})
	}
	has(t, b.post(link+"/enter", url.Values{"code": {right}}), "used any more")
	limited := false
	for range 40 {
		status, _, _ := b.send(http.MethodGet, "/q/"+strings.Repeat("B", 43), nil)
		limited = limited || status == http.StatusTooManyRequests
	}
	if !limited {
		t.Error("links can be tried without end")
	}
	o.votedAtOnce()
}

// votedAtOnce has the link's holders vote for the last answer at the same moment, each
// for another value: one vote stands, whoever else is told "thank you" said the same.
func (o *pageOffice) votedAtOnce() {
	o.t.Helper()
	talk := o.open().Conversation
	o.answer("It comes tomorrow.")
	pages, start, told := customerPages{o.d}, make(chan struct{}), make(chan string)
	const voters = 12
	for n := range voters {
		rating := []contact.Rating{contact.RatedGood, contact.RatedBad}[n%2]
		go func() {
			<-start
			switch _, err := pages.Rate(o.t.Context(), portal.Who{Conversation: talk}, portal.Rating{Rating: rating}); {
			case err == nil:
				told <- string(rating)
			case errors.Is(err, portal.ErrRated):
				told <- ""
			default:
				told <- err.Error()
			}
		}()
	}
	close(start)
	thanked := map[string]int{}
	for range voters {
		thanked[<-told]++
	}
	said, err := o.d.ledger.Feedback(o.t.Context(), talk)
	if err != nil || len(said) != 1 || thanked[string(said[0].Rating)] != voters/2 || thanked[""] != voters/2 {
		o.t.Fatalf("voted at once: %+v stand, thanked %v, %v", said, thanked, err)
	}
	votes, err := o.d.ledger.SaidBy(o.t.Context(), []string{o.customer("alice@cust.test")})
	if err != nil {
		o.t.Fatal(err)
	}
	if len(votes) != 1 || (o.open() != nil) != (said[0].Rating == contact.RatedBad) {
		o.t.Errorf("%d votes are on record, of which %s stands", len(votes), said[0].Rating)
	}
}

// TestIdeaAndErasureOnThePage has a customer send an idea, be told what became of it,
// and then have everything erased.
func TestIdeaAndErasureOnThePage(t *testing.T) {
	o := newPageOffice(t)
	ctx := t.Context()
	boss := desk.Who{ID: desk.Control, Role: contact.RoleSupervisor}
	member, err := o.d.desk.AddAgent(ctx, boss, "", desk.Member{Name: "Bea Boss", Email: "bea@acme.test", Password: "long enough for anybody", Role: contact.RoleSupervisor})
	if err != nil {
		t.Fatal(err)
	}
	boss.ID = member.Person.ID
	write(t, o.provider, "alice@cust.test", "a1", "", "Hello, where is my unmistakable order? I have been waiting for a week now and nobody tells me anything at all.")
	link := found(t, linkInMail, o.mails(1)[0])
	o.answer("It comes tomorrow.")
	o.mails(2)
	b := o.browser()
	idea := url.Values{"idea": {"yes"}, "words": {"Sell it in green."}}
	if status, body, _ := b.send(http.MethodPost, link+"/rate", idea); status != http.StatusUnprocessableEntity || !strings.Contains(body, "first open your page with a code") {
		t.Errorf("words by the link alone: %d %s", status, body)
	}
	b.post(link+"/code", nil)
	has(t, b.post(link+"/enter", url.Values{"code": {found(t, codeInMail, o.mails(3)[2])}}), "Our conversation", "unmistakable")
	has(t, b.post(link+"/rate", idea), "Thank you!")
	if o.open() != nil {
		t.Error("an idea has opened a contact")
	}
	ideas, err := o.d.desk.Ideas(ctx, "open")
	if err != nil || len(ideas) != 1 || ideas[0].Text != "Sell it in green." {
		t.Fatalf("ideas: %+v, %v", ideas, err)
	}
	decide := desk.Deciding{Idea: ideas[0].ID, Conversation: ideas[0].Conversation, State: "done", Tell: "It comes in green from May on."}
	for range 2 { // a double click tells them once
		if _, err := o.d.desk.DecideIdea(ctx, boss, "5f0c2a2e-93f5-4b55-8f0e-1a9f6e1f7a01", decide); err != nil {
			t.Fatal(err)
		}
	}
	has(t, o.mails(4)[3], "Re: Meine Bestellung", "in green from May on")
	if fans, err := o.d.ledger.Fans(ctx, 10); err != nil || len(fans) != 1 || fans[0].Ideas != 1 {
		t.Errorf("fans: %+v, %v", fans, err)
	}
	v, err := o.d.desk.Voices(ctx, "", "")
	if err != nil || len(v.Ideas) != 1 || v.Ideas[0].State != "done" || !v.Ideas[0].Told || v.Report.All.Answered != 1 {
		t.Errorf("voices: %+v, %v", v, err)
	}

	ids, err := o.d.rights.resolve(ctx, "alice@cust.test")
	if err != nil {
		t.Fatal(err)
	}
	if p, err := o.d.rights.gather(ctx, ids); err != nil || len(p.Feedback) != 1 || p.Feedback[0].Kind != "idea" || p.Feedback[0].Text != "Sell it in green." {
		t.Errorf("their export says that they said %+v, %v", p.Feedback, err)
	}
	has(t, b.get(link), "Our conversation", "unmistakable", "in green from May on")
	if zipped := b.get(link + "/data.zip"); !strings.HasPrefix(zipped, "PK") {
		t.Errorf("the export begins with %q", zipped[:min(len(zipped), 40)])
	}
	has(t, b.get(link+"/erase"), "It can&#39;t be undone")
	has(t, b.post(link+"/erase/code", nil), "Yes, erase everything")
	code := found(t, codeInMail, o.mails(5)[4])
	has(t, b.post(link+"/enter", url.Values{"code": {code}}), "can&#39;t be used any more") // it is for erasing alone
	has(t, b.post(link+"/erase", url.Values{"code": {code}}), "Everything about you is being erased")
	if status, body, _ := b.send(http.MethodGet, link, nil); status != http.StatusGone {
		t.Errorf("%d: %s", status, body)
	}
	if status, _, _ := b.send(http.MethodPost, link+"/rate", url.Values{"v": {"good"}}); status != http.StatusGone {
		t.Errorf("an erased page still takes votes: %d", status)
	}
}
