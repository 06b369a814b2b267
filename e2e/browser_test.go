//go:build browser

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The customers of TestBrowserDay.
const (
	greta = "greta@cust.test"
	oscar = "oscar@cust.test"
	chloe = "chloe@cust.test"
)

// day is TestBrowserDay's cast.
type day struct {
	*house
	boss, anna, ben *human
	// conversation is the page of Greta's.
	conversation string
}

// TestBrowserDay is a day at which two agents and a supervisor work in their
// browsers. No page is ever reloaded to see what others did, but where the
// story says so. STAGECOACH_SHOTS names a folder for pictures.
func TestBrowserDay(t *testing.T) {
	d := &day{house: newHouse(t, greta, oscar, chloe)}
	for _, step := range []struct {
		name string
		do   func()
	}{
		{"the supervisor comes by the set-up link", d.supervisorComes},
		{"two agents come by theirs", d.agentsCome},
		{"a German mail finds who speaks German", d.germanMail},
		{"a draft survives, the reply arrives", d.draftAndReply},
		{"a declined offer goes to the other", d.declined},
		{"a further answer is pledged", d.pledged},
		{"a note, and a transfer", d.noteAndTransfer},
		{"who is busy takes the next by themselves", d.takeNext},
		{"the supervisor assigns and pulls back", d.assignAndPull},
		{"machines' mails are confirmed in bulk", d.review},
		{"a telephone call", d.telephone},
		{"search, ledger and the whole story", d.lookedUp},
		{"a browser is closed", d.closed},
		{"the daemon is away for a while", d.away},
	} {
		begun := time.Now()
		t.Logf("%s …", step.name)
		step.do()
		t.Logf("%s: %v", step.name, time.Since(begun).Round(10*time.Millisecond))
	}
	d.consoles()
	d.audit()
}

func (d *day) supervisorComes() {
	token, err := os.ReadFile(filepath.Join(d.dir, "setup-token"))
	if err != nil {
		d.t.Fatal(err)
	}
	d.boss = d.human("Berta Boss")
	d.boss.Open(d.url + "/setup?token=" + strings.TrimSpace(string(token)))
	d.boss.shot("setup")
	d.boss.fill("input[name=name]", "Berta Boss")
	d.boss.fill("input[name=email]", "berta@acme.test")
	d.boss.fill("input[name=password]", password)
	d.boss.Click("button.primary")
	d.boss.shows(".nav", "Overview")
	d.boss.shot("desk-first")
}

// agentsCome has the supervisor make two accounts, and each agent choose a
// password behind their link; Ben logs out and in again.
func (d *day) agentsCome() {
	d.anna = d.hire("Anna Adler", "billing:4", "de en")
	d.ben = d.hire("Ben Baker", "returns", "en")
	d.boss.to("/agents")
	d.boss.shows(".agentlist .agentskills", "billing")
	d.boss.shows(".agentlist", "Ben Baker")
	d.boss.shot("agents")
	d.ben.Click(`form[action="/logout"] button`)
	d.ben.reach("/login")
	d.ben.shot("login")
	d.ben.fill("input[name=email]", "ben@acme.test")
	d.ben.fill("input[name=password]", password)
	d.ben.Press("Enter")
	d.ben.reach("/")
	d.boss.to("/overview")
	for _, p := range []*human{d.anna, d.ben} {
		p.shows("#deskmain h2", "You are offline")
		p.Click(`#deskmain button[value=available]`)
		p.shows("#topbar .pill.available", "Available")
		p.shows("#deskmain h2", "All is quiet")
		d.boss.shows("#ovpeople li.available", p.name)
	}
	d.anna.shot("desk-quiet")
	d.boss.shot("overview-quiet")
}

// hire adds an agent on the agents' page, and gives their browser.
func (d *day) hire(name, skills, languages string) *human {
	first, _, _ := strings.Cut(name, " ")
	address := strings.ToLower(first) + "@acme.test"
	d.boss.to("/agents")
	d.boss.Eval(`document.querySelector('form[action="/agents"]').closest("details").open = true`, nil)
	form := `form[action="/agents"] `
	d.boss.fill(form+"input[name=name]", name)
	d.boss.fill(form+"input[name=email]", address)
	d.boss.fill(form+"input[name=skills]", skills)
	d.boss.fill(form+"input[name=languages]", languages)
	d.boss.Click(form + "button.primary")
	d.boss.shows("code.wrap", "/setup?token=")
	var link string
	d.boss.Eval(`document.querySelector("code.wrap").textContent.trim()`, &link)
	p := d.human(name)
	p.Open(link)
	p.Wait(fmt.Sprintf("document.querySelector('input[name=email]').value === %q", address))
	p.fill("input[name=password]", password)
	p.Click("button.primary")
	p.shows("#topbar .pill", name)
	return p
}

// germanMail: the offer comes to the agent who speaks German and to nobody else.
func (d *day) germanMail() {
	d.arrives("Greta Green", greta, "Rechnung 4711", "Guten Tag,\r\n\r\nich habe die Rechnung zweimal bekommen und auch zweimal bezahlt. "+
		"Können Sie mir bitte sagen, wann ich mein Geld wiederbekomme?\r\n\r\nMit freundlichen Grüßen\r\nGreta Green")
	d.anna.shows(".offer", "Rechnung 4711")
	d.anna.Wait(`document.title.startsWith("(1) Offer")`)
	d.anna.shows(".offer .whyme li", "German")
	d.boss.shows("#ovwaiting", "Rechnung 4711")
	d.anna.shot("offer")
	if d.ben.has(".offer", "Rechnung") {
		d.t.Error("who speaks no German was asked too")
	}
	d.anna.Press("a")
	d.anna.reach("/c/")
	d.anna.shows("#timeline .bubble.message", "zweimal bezahlt")
	d.boss.shows("#ovheld", "Rechnung 4711")
	d.boss.shows("#ovheld .rowagent", "Anna Adler")
	d.boss.showsNot("#ovwaiting", "Rechnung 4711")
	d.conversation = d.anna.path()
}

// draftAndReply: the supervisor reads along meanwhile.
func (d *day) draftAndReply() {
	d.boss.to(d.conversation)
	d.anna.Press("r")
	d.anna.Wait(`document.activeElement.name === "text"`)
	d.anna.Type("Guten Tag, das Geld ist unterwegs.")
	d.anna.shows("#saved", "Draft saved")
	d.anna.to(d.conversation)
	d.anna.Wait(`document.querySelector("#pane-reply textarea").value.startsWith("Guten Tag, das Geld ist unterwegs.")`)
	d.anna.shot("conversation-draft")
	d.anna.Press("r")
	d.anna.Press("Ctrl+Enter")
	d.anna.Wait(`location.pathname === "/"`)
	m := d.received(greta, "das Geld ist unterwegs")
	if got := strings.Join(m.ids("In-Reply-To"), " "); got != "1@cust.test" {
		d.t.Errorf("the reply is to %q", got)
	}
	d.boss.shows("#timeline .bubble.reply", "das Geld ist unterwegs")
	d.boss.shows("#timeline .bubble.reply .chip", "Delivered")
	d.boss.shows("#convhead .tag", "Resolved")
	d.boss.shot("conversation-read")
	d.anna.reach("/")
	d.anna.showsNot("#rail", "Rechnung 4711")
	d.boss.to("/overview")
}

// declined: whoever is asked first declines, and the other is asked.
func (d *day) declined() {
	d.arrives("Oscar Orton", oscar, "Broken lamp", "Hello,\r\n\r\nthe lamp that you sent me last week does not work. Please tell me how I can get another one.\r\n\r\nThank you\r\nOscar Orton")
	first, other := d.asked("Broken lamp")
	first.Press("d")
	first.Click(`.offer .sheet button[value=busy]`)
	first.showsNot(".offer", "Broken lamp")
	other.shows(".offer", "Broken lamp")
	if first.has(".offer", "Broken lamp") {
		d.t.Errorf("%s, who declined, is asked again", first.name)
	}
	other.Press("a")
	other.reach("/c/")
	d.boss.shows("#ovheld .row", other.name)
}

// asked waits until one of the agents is offered a contact.
func (d *day) asked(subject string) (first, other *human) {
	d.t.Helper()
	eventually(d.t, 15*time.Second, words("an offer of %q", subject), func() bool {
		switch {
		case d.anna.has(".offer", subject):
			first, other = d.anna, d.ben
		case d.ben.has(".offer", subject):
			first, other = d.ben, d.anna
		}
		return first != nil
	})
	return first, other
}

// holder tells who has the conversation of a page open as its holder.
func (d *day) holder() (holder, other *human) {
	if strings.HasPrefix(d.ben.path(), "/c/") {
		return d.ben, d.anna
	}
	return d.anna, d.ben
}

// pledged: "Send, I owe more by …" leaves the contact with its holder.
func (d *day) pledged() {
	holder, _ := d.holder()
	holder.Press("r")
	holder.Type("I am asking our workshop and will write again.")
	holder.shows("#saved", "Draft saved")
	holder.Click(".pledge summary")
	holder.Click(".pledge input[name=due]:not([value=custom])")
	holder.shot("pledge")
	holder.Click(".pledge button[value=pledge]")
	holder.Wait(`location.pathname === "/"`)
	d.received(oscar, "asking our workshop")
	holder.shows("#rail .card", "Broken lamp")
	holder.shows("#rail .card .mark", "We promised a further answer")
	holder.shot("desk-pledge")
	// What was sent is no draft of the further answer: it would be sent twice.
	holder.showsNot("#rail .card .mark", "There is a draft")
}

// noteAndTransfer: the colleague sees the note and gets the contact.
func (d *day) noteAndTransfer() {
	holder, other := d.ben, d.anna
	if d.anna.has("#rail .card", "Broken lamp") {
		holder, other = d.anna, d.ben
	}
	holder.Click("#rail .card")
	holder.reach("/c/")
	d.boss.to(holder.path())
	holder.Press("n")
	holder.Wait(`document.activeElement.closest("#pane-note")`)
	holder.Type("The workshop has three lamps left.")
	holder.Press("Ctrl+Enter")
	holder.shows("#timeline .bubble.note", "three lamps left")
	d.boss.shows("#timeline .bubble.note", "three lamps left")
	holder.Eval("document.activeElement.blur()", nil)
	holder.Press("t")
	holder.Wait(`document.getElementById("dlg-transfer").open`)
	holder.choose("#dlg-transfer .choice", other.name)
	holder.fill("#dlg-transfer textarea", "You know the workshop better.")
	holder.shot("transfer")
	holder.Click("#dlg-transfer button.primary")
	holder.Wait(`location.pathname === "/"`)
	other.shows("#rail .card", "Broken lamp")
	holder.showsNot("#rail .card", "Broken lamp")
	d.boss.shows("#side", other.name)
	d.boss.shows("#timeline", "You know the workshop better.")
	d.boss.shot("conversation-story")
	d.boss.to("/overview")
	d.boss.shows("#ovheld .row", other.name)
}

// takeNext: nobody free speaks German. Anna, who is busy, sees that something
// waits, and takes it when it suits her.
func (d *day) takeNext() {
	d.anna.Click(`#topbar button[name=presence][value=busy]`)
	d.anna.shows("#topbar .pill.busy", "Busy")
	d.boss.shows("#ovpeople li.busy", "Anna Adler")
	d.arrives("Greta Green", greta, "Noch eine Frage", "Guten Tag,\r\n\r\nich habe noch eine Frage zu meiner Rechnung: "+
		"Warum steht darauf nicht meine neue Adresse? Bitte schreiben Sie mir.\r\n\r\nGreta Green")
	d.anna.shows("#rail .takenext .count", "1")
	d.boss.shows("#ovwaiting .row", "Noch eine Frage")
	d.anna.Press("Shift+T")
	d.anna.reach("/c/")
	d.anna.shows("#timeline .bubble.message", "meine neue Adresse")
	d.anna.shows("#side .history", "Rechnung 4711")
	d.anna.shows("#side .whylist", "somebody who speaks German")
	d.anna.shows("#rail .takenext .count", "0")
	d.anna.Press("r")
	d.anna.Type("Die neue Rechnung kommt morgen.")
	d.anna.shot("conversation-history")
	d.anna.Press("Ctrl+Enter")
	d.anna.Wait(`location.pathname === "/"`)
	d.received(greta, "kommt morgen")
	d.anna.Click(`#topbar button[name=presence][value=available]`)
	d.anna.shows("#topbar .pill.available", "Available")
}

// assignAndPull: nobody speaks French, so that the contact waits until the
// supervisor gives it to somebody, who then hasn't time after all.
func (d *day) assignAndPull() {
	d.arrives("Chloe Colin", chloe, "Où est mon colis", "Bonjour,\r\n\r\nje n'ai toujours pas reçu mon colis et je voudrais savoir où il est. "+
		"Pouvez-vous me dire quand il sera livré ?\r\n\r\nMerci beaucoup, bien cordialement\r\nChloe Colin")
	d.boss.shows("#ovwaiting .row", "mon colis")
	if d.anna.has(".offer", "mon colis") || d.ben.has(".offer", "mon colis") {
		d.t.Error("somebody who speaks no French was asked")
	}
	for _, p := range []*human{d.anna, d.ben} {
		if !p.has("#rail .takenext .count", "0") {
			d.t.Errorf("%s is told to take what they can't", p.name)
		}
	}
	d.boss.Click("#ovwaiting .row [data-pick]")
	d.boss.fill("[data-bulk] input[name=reason]", "Ben learns French")
	d.boss.choose("[data-bulk] select[name=to] option", "Ben Baker")
	d.boss.shot("overview-assign")
	d.boss.Click(`[data-bulk] button[formaction="/overview/assign"]`)
	d.boss.shows("#ovheld .row", "mon colis")
	d.boss.showsNot("#ovwaiting .row", "mon colis")
	d.ben.shows("#rail .card", "mon colis")
	d.boss.Eval(`[...document.querySelectorAll("#ovheld .row")].find((e) => e.textContent.includes("mon colis")).querySelector("[data-pick]").click()`, nil)
	d.boss.fill("[data-bulk] input[name=reason]", "Ben is needed elsewhere")
	d.boss.Click(`[data-bulk] button[formaction="/overview/pull"]`)
	d.boss.shows("#ovwaiting .row", "mon colis")
	d.ben.showsNot("#rail .card", "mon colis")
	d.boss.shot("overview-busy")
}

// review: what machines wrote isn't offered; a person confirms it in bulk.
func (d *day) review() {
	for i := range 3 {
		d.arrives("", fmt.Sprintf("robot%d@machine.test", i+1), "Out of office", "I am away until Monday.", "Auto-Submitted: auto-replied")
	}
	d.boss.shows(`.nav a[href="/review"] .count`, "3")
	d.boss.to("/review")
	d.boss.shows(".rulegroup h2", "automatic replies")
	d.boss.Click("[data-pickall]")
	d.boss.shows("[data-bulk] [data-selected]", "3")
	d.boss.shot("review")
	d.boss.Click(`[data-bulk] button[formaction="/review/confirm"]`)
	d.boss.shows(".review h2", "Nothing to review")
	d.boss.showsNot(`.nav a[href="/review"]`, "3")
}

// telephone: a call is entered, offered like everything else, and answered by
// the person's word.
func (d *day) telephone() {
	d.boss.to("/enter")
	d.boss.fill("input[name=name]", "Paula Post")
	d.boss.fill("input[name=address]", "+49 30 123456")
	d.boss.fill("input[name=subject]", "Delivery on Saturday")
	d.boss.fill("textarea[name=text]", "She asks whether we deliver on Saturday as well, and please to be called back.")
	d.boss.shot("enter")
	d.boss.Click("[data-send]")
	d.boss.reach("/c/")
	d.boss.shows("#timeline .bubble", "deliver on Saturday")
	first, _ := d.asked("Delivery on Saturday")
	first.Press("a")
	first.reach("/c/")
	first.Press("r")
	first.Type("Told her on the telephone: yes, until noon.")
	first.shot("telephone")
	first.Press("Ctrl+Enter")
	first.Wait(`location.pathname === "/"`)
	d.boss.shows("#timeline .bubble.reply", "yes, until noon")
	d.boss.shows("#convhead .tag", "Resolved")
	d.boss.shot("telephone-story")
}

// lookedUp: words are found, and the ledger tells what became of everything.
func (d *day) lookedUp() {
	d.boss.to("/search")
	d.boss.fill("input[name=q]", "zweimal")
	d.boss.Press("Enter")
	d.boss.shows(".hits mark", "zweimal")
	d.boss.shot("search")
	d.boss.to("/ledger")
	d.boss.shows(".totals .verdict", "It adds up")
	d.boss.shows(".ledger td.matter", "Rechnung 4711")
	d.boss.shot("ledger")
	// The lamp had two contacts: the first was declined, then answered with the
	// pledge that was the second, which was transferred.
	for which, said := range map[string][]string{
		"findLast": {"Offered to Anna Adler.", "Offered to Ben Baker.", "declined", "Answered by"},
		"find":     {"We owe a further answer", "You know the workshop better."},
	} {
		d.boss.to("/ledger?q=lamp")
		d.boss.shows(".ledger td.matter", "Broken lamp")
		d.boss.Eval(fmt.Sprintf(`[...document.querySelectorAll(".ledger tbody tr")].%s((e) => e.textContent.includes("Broken lamp")).querySelector("a[href^='/why/']").click()`, which), nil)
		d.boss.reach("/why/")
		for _, words := range said {
			d.boss.shows(".steps", words)
		}
		d.boss.shot("why-" + which)
	}
}

// closed: who closes their browser is unreachable before long, and asked no
// more.
func (d *day) closed() {
	d.boss.to("/overview")
	d.boss.shows("#ovpeople li.available", "Anna Adler")
	d.anna.leave()
	eventually(d.t, patience, words("Anna to be unreachable"), func() bool {
		return d.boss.has("#ovpeople li.unreachable", "Anna Adler")
	})
	d.boss.shows("#ovpeople li.unreachable small", "unreachable")
	d.boss.shows("#ovpeople li.available", "Ben Baker")
	d.boss.shot("overview-unreachable")
}

// away: the pages say that they are offline, and come back by themselves with
// what happened since.
func (d *day) away() {
	d.ben.to("/")
	d.outage(func() {
		d.ben.shot("offline")
		d.arrives("Oscar Orton", oscar, "Two lamps", "Hello,\r\n\r\nI would like to order two more lamps. How much are they?\r\n\r\nOscar Orton")
	}, func() {
		d.start("")
		d.untilUp("email/support")
	})
	d.ben.shows(".offer", "Two lamps")
	d.ben.Press("a")
	d.ben.reach("/c/")
	d.boss.shows("#ovheld .row", "Two lamps")
	d.boss.shot("overview-back")
}
