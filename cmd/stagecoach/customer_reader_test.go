package main

import (
	"archive/zip"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/desk"
	"stagecoach/desk/portal"
	"stagecoach/ledger"
)

func TestSeenFrom(t *testing.T) {
	t.Parallel()
	link := func(a, b string, e customers.Evidence) ledger.Link {
		return ledger.Link{ID: a + b, A: a, B: b, Evidence: e}
	}
	person := &ledger.Person{
		Members: []string{"a", "b", "c", "d"},
		Links:   []ledger.Link{link("a", "b", customers.SignedWeb), link("c", "b", customers.ByAgent), link("d", "c", customers.SameAddress)},
	}
	for _, one := range []struct{ proved, want string }{
		{"a", "a b"}, {"b", "b a"}, {"c", "c d"}, {"d", "d c"}, {"a c", "a c b d"}, {"x", ""}, {"", ""},
	} {
		if got := strings.Join(seenFrom(person, strings.Fields(one.proved)), " "); got != one.want {
			t.Errorf("proved %q: sees %q, want %q", one.proved, got, one.want)
		}
	}
	for _, e := range []customers.Evidence{customers.ByToken, customers.ByAgent, customers.SameName, customers.Mentioned, customers.SharedAddress, customers.UnprovenFrom} {
		if e.Opens() {
			t.Errorf("%s opens somebody's words to another", e)
		}
	}
}

// A later yes to everything takes back no earlier no to one channel, and silence is a no
// only where the policy wants a yes.
func TestConsentsOnThePage(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	first := &customers.Record{ID: "1", Consents: []customers.Consent{{Channel: contact.Email, Purpose: customers.Marketing, Source: "customer", At: at}}}
	second := &customers.Record{ID: "2", Consents: []customers.Consent{{Purpose: customers.Marketing, Given: true, Source: "import", At: at.Add(time.Hour)}}}
	rules := &customers.SendRules{Consent: []string{customers.Marketing, customers.Outreach}}
	got := map[string]portal.Consent{}
	for _, c := range consentsOf([]*customers.Record{first, second}, []contact.Channel{contact.Email, contact.WebChat}, rules) {
		got[c.Purpose+" "+string(c.Channel)] = c
	}
	for name, want := range map[string]bool{
		"marketing email": false, "marketing webchat": true, "outreach email": false, "outreach webchat": false, "service email": true, "feedback email": true,
	} {
		if c, there := got[name]; !there || c.Given != want {
			t.Errorf("%s: %+v, want %v", name, c, want)
		}
	}
	if c := got["marketing email"]; c.Source != "customer" || !c.At.Equal(at) {
		t.Errorf("the no is from %q, %s", c.Source, c.At)
	}
	if c := got["outreach email"]; c.Source != "" || !c.Needed {
		t.Errorf("nothing was said: %+v", c)
	}
	// What is said on the page counts for the whole person, and only what is another.
	now := at.Add(48 * time.Hour)
	rec := &customers.Record{ID: "2", Consents: slices.Clone(second.Consents)}
	for _, c := range []portal.Consent{
		{Channel: contact.Email, Purpose: customers.Marketing, Given: false},
		{Channel: contact.WebChat, Purpose: customers.Marketing, Given: false},
		{Channel: contact.Email, Purpose: customers.Outreach, Given: true},
		{Channel: contact.Email, Purpose: customers.Service, Given: true},
	} {
		allowing(rec, c, saidOf([]*customers.Record{first, second}), rules, now)
	}
	if len(rec.Consents) != 3 {
		t.Errorf("kept: %+v", rec.Consents)
	}
	for _, one := range []struct {
		ch      contact.Channel
		purpose string
		want    customers.Allowed
	}{{contact.WebChat, customers.Marketing, customers.Objected}, {contact.Email, customers.Outreach, customers.Consented}, {contact.Email, customers.Marketing, customers.Objected}} {
		if got := customers.ConsentTo(saidOf([]*customers.Record{first, rec}), one.ch, one.purpose); got != one.want {
			t.Errorf("%s %s: %s", one.ch, one.purpose, got)
		}
	}
}

// A code goes to no mailbox of which somebody only told an agent.
func TestProvenMailbox(t *testing.T) {
	t.Parallel()
	for _, one := range []struct {
		identity customers.Identity
		want     bool
	}{
		{customers.Identity{Source: customers.FromMessage}, true},
		{customers.Identity{Source: customers.FromImport}, true},
		{customers.Identity{Source: customers.FromMessage, Unproven: true}, false},
		{customers.Identity{Source: customers.FromAgent}, false},
		{customers.Identity{Source: customers.FromAgent, Proven: true}, true},
	} {
		if got := provenMailbox(&one.identity); got != one.want {
			t.Errorf("%+v: %v", one.identity, got)
		}
	}
}

// Whoever wants to be answered wherever they write has said so, also against a list.
func TestNoPreferenceIsAWord(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	rec := &customers.Record{ID: "1", Preferences: []customers.Preference{
		{Channel: contact.Phone, Source: customers.PreferImport, At: at}, {Channel: contact.WebChat, Source: customers.PreferStated, At: at},
	}, Habits: []customers.Habit{{Channel: contact.Slack, Sent: 9, Answered: 9, At: at}}}
	preferring(rec, "-", nil, at.Add(time.Hour))
	for _, list := range [][]*customers.Record{{rec}, {{ID: "2", Preferences: []customers.Preference{{Channel: contact.Email, Source: customers.PreferStated, At: at}}}, rec}} {
		k := customers.KnownOf(list...)
		k.Want(customers.PreferRules{})
		if k.Prefer != "" {
			t.Errorf("answers go by %s", k.Prefer)
		}
	}
	preferring(rec, contact.WebChat, []contact.Channel{contact.Email, contact.WebChat}, at.Add(2*time.Hour))
	k := customers.KnownOf(rec)
	if k.Want(customers.PreferRules{}); k.Prefer != contact.WebChat || k.PreferSource != customers.PreferStated {
		t.Errorf("answers go by %s (%s)", k.Prefer, k.PreferSource)
	}
}

// TestPageOfOnePersonAtTwoAddresses links two mailboxes on an agent's word: what we go by
// is of both, but the words of each are shown only to whom has read a code there.
func TestPageOfOnePersonAtTwoAddresses(t *testing.T) {
	o := newPageOffice(t)
	ctx := t.Context()
	write(t, o.provider, "alice@cust.test", "a1", "", "Hello, where is my heliotrope order? I have been waiting for a week now and nobody tells me anything at all.")
	home := found(t, linkInMail, o.mails(1)[0])
	o.answer("It comes tomorrow.")
	o.mails(2)
	write(t, o.provider, "carol@work.test", "c1", "", "Hello, my confidential invoice of the vermilion project is wrong. Please send me another one this week, thank you.")
	work := found(t, linkInMail, o.mailsOf("carol@work.test", 1)[0])
	boss := desk.Who{ID: desk.Control, Role: contact.RoleSupervisor}
	if _, err := o.d.desk.LinkCustomers(ctx, boss, "0190c0de-0000-7000-8000-00000000aaaa", "alice@cust.test", "carol@work.test", "said so on the telephone"); err != nil {
		t.Fatal(err)
	}
	carol := o.customer("carol@work.test")
	if _, err := o.d.directory.Update(ctx, carol, "import", func(r *customers.Record) error {
		r.Name, r.External, r.Values = "Carol Secretive", "K-77", []customers.Value{{Amount: 500, Source: "import", At: time.Now()}}
		r.Objection = &customers.Mark{At: time.Now(), By: "customer"}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	alice := o.browser()
	alice.post(home+"/code", nil)
	body := alice.post(home+"/enter", url.Values{"code": {found(t, codeInMail, o.mails(3)[2])}})
	has(t, body, "heliotrope", "alice@cust.test", "You object to being scored", "Other addresses that are probably yours", "c•••@w•••.test", "one of our people was told so")
	hasNot(t, body, "vermilion", "carol@work.test", "Secretive", "K-77")
	// The work's page is not alice's to read, though it is one person's.
	has(t, alice.get(work), "See everything")
	// A change counts for both.
	has(t, alice.post(home+"/prefer", url.Values{"channel": {"email"}}), "Saved.")
	has(t, alice.post(home+"/allow", url.Values{"allow.outreach.email": {"yes"}, "allow.service.email": {"yes"}}), `name="allow.outreach.email" value="yes" checked`)
	export := unzipped(t, alice.get(home+"/data.zip"))
	has(t, export, "heliotrope")
	hasNot(t, export, "carol", "vermilion")
	hasNot(t, alice.get(home), "/erase") // not hers alone
	hasNot(t, alice.get(home+"/erase"), "Yes, erase everything")

	way := found(t, wayOnPage, body)
	has(t, alice.post(home+"/code", url.Values{"to": {way}}), "A code is on its way to c•••@w•••.test")
	code := found(t, codeInMail, o.mailsOf("carol@work.test", 2)[1])
	body = alice.post(home+"/enter", url.Values{"code": {code}, "to": {way}})
	has(t, body, "alice@cust.test", "carol@work.test", "Carol Secretive", "K-77")
	hasNot(t, body, "probably yours")
	has(t, unzipped(t, alice.get(home+"/data.zip")), "carol@work.test", "vermilion")
	has(t, alice.get(home), "/erase")

	// Whoever is another person again sees the page of the other no more.
	o.unlinked(boss)
	has(t, alice.get(home), "heliotrope")
	hasNot(t, alice.get(home), "carol@work.test", "Secretive", "You object to being scored")
}

// What we answered somebody else, in a conversation of theirs, is neither on a customer's
// page nor in what they download there.
func TestDownloadOfAnswersToOthers(t *testing.T) {
	o := newPageOffice(t)
	write(t, o.provider, "alice@cust.test", "a1", "CC: carol@work.test\r\n", "Hello, where is my heliotrope order? I have been waiting for a week now and nobody tells me anything at all.")
	home := found(t, linkInMail, o.mails(1)[0])
	asked := o.open()
	write(t, o.provider, "carol@work.test", "c1", "In-Reply-To: <a1@cust.test>\r\n", "Hello, I am the neighbour, and my own parcel is missing as well. Please tell me where it is, thank you.")
	until(t, "the neighbour's words are there", func() bool { c := o.open(); return c.ID == asked.ID && len(c.Messages) == 2 })
	o.answer("Your vermilion parcel is with us.")
	o.mailsOf("carol@work.test", 1)
	alice := o.browser()
	alice.post(home+"/code", nil)
	body := alice.post(home+"/enter", url.Values{"code": {found(t, codeInMail, o.mails(2)[1])}})
	has(t, body, "heliotrope")
	hasNot(t, body, "vermilion", "neighbour", "carol@work.test")
	export := unzipped(t, alice.get(home+"/data.zip"))
	has(t, export, "heliotrope", "1 messages of other people", "1 answers of ours to other people")
	hasNot(t, export, "vermilion", "neighbour")
}

// unzipped gives all that is in an archive.
func unzipped(t *testing.T, archive string) string {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(text)
	}
	return out.String()
}

// Who was written to, and never wrote, has a page that stands, and can write there.
func TestPageOfWhomOnlyWeWroteTo(t *testing.T) {
	o := newPageOffice(t)
	out, err := o.d.desk.StartOutbound(t.Context(), o.anna, desk.Outbound{Account: "email/support", Urgent: "it is night", Sending: desk.Sending{
		ID: uuid.NewString(), To: []contact.Address{{Address: "alice@cust.test"}}, Subject: "Your order", Text: "Your parcel is ready.",
	}})
	if err != nil {
		t.Fatal(err)
	}
	o.mails(1)
	row, err := o.d.ledger.Conversation(t.Context(), out.Conversation)
	if err != nil {
		t.Fatal(err)
	}
	link := strings.TrimPrefix(o.d.pages.of(&row.Conversation, contact.Email), customersSite)
	b := o.browser()
	has(t, b.get(link), "Nothing is open between us", "a•••@c•••.test")
	if status, body, _ := b.send(http.MethodPost, link+"/rate", url.Values{"v": {"good"}}); status != http.StatusUnprocessableEntity {
		t.Errorf("a vote for no answer: %d %s", status, body)
	}
	b.post(link+"/code", nil)
	body := b.post(link+"/enter", url.Values{"code": {found(t, codeInMail, o.mails(2)[1])}})
	has(t, body, "Your parcel is ready.", "alice@cust.test")
	has(t, b.post(link+"/write", url.Values{"text": {"I shall fetch it tomorrow."}}), "has reached us.", "I shall fetch it tomorrow.")
	if c := o.open(); c == nil || c.Conversation != out.Conversation {
		t.Errorf("it is in another conversation: %+v", c)
	}
	o.answer("Good, see you.")
	has(t, o.mails(4)[3], "Good, see you.")
}
