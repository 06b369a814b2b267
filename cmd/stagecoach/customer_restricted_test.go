package main

import (
	"net/http"
	"net/url"
	"testing"

	"stagecoach/contact"
	"stagecoach/desk"
	"stagecoach/desk/view"
	"stagecoach/router"
)

// A customer whose data are held is told what must be kept, in words for them, before and
// as they erase themselves; their page says that and nothing else afterwards, to the day
// on which nothing is kept. Why it really is held is told to supervisors only.
func TestRestrictedPage(t *testing.T) {
	o := newPageOffice(t)
	ctx := t.Context()
	write(t, o.provider, "alice@cust.test", "a1", "", "Hello, where is my unmistakable order? I have been waiting for a week now and nobody tells me anything at all.")
	link := found(t, linkInMail, o.mails(1)[0])
	if _, err := o.d.rights.hold(ctx, router.ActorControl, "alice@cust.test", view.Hold{Reason: "the zanzibar case", Until: "2031-12-31"}); err != nil {
		t.Fatal(err)
	}
	b := o.browser()
	b.post(link+"/code", nil)
	body := b.post(link+"/enter", url.Values{"code": {found(t, codeInMail, o.mails(2)[1])}})
	has(t, body, "unmistakable", "What we must keep", "A legal obligation: we must keep it until 31 December 2031.")
	hasNot(t, body, "zanzibar")
	has(t, b.get(link+"/erase"), "A legal obligation: we must keep it until 31 December 2031.")
	b.post(link+"/erase/code", nil)
	body = b.post(link+"/erase", url.Values{"code": {found(t, codeInMail, o.mails(3)[2])}})
	has(t, body, "Your data are out of use", "you asked us to erase everything", "A legal obligation: we must keep it until 31 December 2031.")
	hasNot(t, body, "zanzibar", "unmistakable")
	for _, who := range []*browser{b, o.browser()} {
		for _, path := range []string{link, link + "/erase", link + "?l=de"} {
			body := who.get(path)
			has(t, body, "31")
			hasNot(t, body, "zanzibar", "unmistakable", "alice@cust.test")
		}
		has(t, who.get(link+"?l=de"), "Ihre Daten sind gesperrt", "haben Sie uns gebeten", "Eine gesetzliche Pflicht: Das müssen wir bis 31.12.2031 aufbewahren.")
	}
	id := o.d.rights.register.Entries()[0].Erasure
	control := desk.Who{ID: desk.Control, Role: contact.RoleSupervisor}
	member, err := o.d.desk.AddAgent(ctx, control, "", desk.Member{Name: "Bea Boss", Email: "bea@acme.test", Password: "long enough for anybody", Role: contact.RoleSupervisor})
	if err != nil {
		t.Fatal(err)
	}
	boss := member.Person.ID
	if _, err := o.d.rights.hold(ctx, boss, id, view.Hold{Reason: "the zanzibar case", Told: "a lawsuit"}); err != nil {
		t.Fatal(err)
	}
	has(t, b.get(link+"?l=en"), "A lawsuit: we must keep it until that has ended.")
	if _, err := o.d.rights.hold(ctx, boss, id, view.Hold{}); err != nil {
		t.Fatal(err)
	}
	until(t, "the page to end", func() bool {
		status, _, _ := b.send(http.MethodGet, link, nil)
		return status == http.StatusGone
	})
}
