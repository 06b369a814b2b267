package web

import (
	"fmt"
	"time"

	"github.com/a-h/templ"

	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/ledger"
)

// shot is a page in one of its states.
type shot struct {
	Name string
	Page templ.Component
}

// gallery is every page in the states that people meet.
func gallery() []shot {
	desk := func(mine int, f func(*Page)) templ.Component {
		p := samplePage("/", mine)
		if f != nil {
			f(&p)
		}
		return Desk(p)
	}
	conv := func(c view.Conversation) templ.Component {
		p := samplePage("/c/"+c.ID, 8)
		p.Desk.Mine[0] = c.Card
		return Conversation(p, c)
	}
	read := thread(4)
	read.Holder = false
	ended := thread(7)
	ended.Card.State, ended.State, ended.Holder = "ended", "resolved", false
	call := thread(3)
	call.Card.Channel, call.Limits, call.Subject = contact.Phone, contact.Limits{}, ""
	public := thread(3)
	public.Card.Channel, public.Limits = contact.Mastodon, contact.Limits{Public: true, TextRunes: 500}
	chat := chatted()
	gone := chatted()
	gone.Presence = view.Presence{Known: true, Gone: sampleNow.Add(-11 * time.Minute), Address: "miriam.koehler@example.org"}
	return []shot{
		{"conversation-chat", conv(chat)},
		{"conversation-chat-gone", conv(gone)},
		{"login", Login(Entry{})},
		{"login-wrong", Login(Entry{Email: "ines@example.com", Error: "This address and password do not fit together."})},
		{"setup", Setup(Entry{Token: "t"})},
		{"trouble", Trouble(Entry{}, 403, "This link is used up", "It worked once. Ask a supervisor for a new one.")},
		{"desk-empty", desk(0, func(p *Page) { p.Desk.Waiting, p.Desk.Review = 0, 0 })},
		{"desk-away", desk(0, func(p *Page) { p.Desk.Me.Presence = contact.Away })},
		{"desk-one", desk(1, nil)},
		{"desk-forty", desk(40, func(p *Page) {
			p.Desk.Alerts = []view.Alert{{Level: "error", Text: "Mailbox orders@example.com: the password is refused since 14:02.", Link: "/overview"}, {Level: "warning", Text: "1 reply is in doubt.", Link: "/overview"}}
		})},
		{"desk-offer", desk(5, func(p *Page) { p.Desk.Offers = []view.Offer{sampleOffer()} })},
		{"desk-extreme", desk(4, func(p *Page) {
			o := sampleOffer()
			o.Card.CustomerName, o.Card.Subject, o.Why = longName, longName, []string{longName}
			p.Desk.Offers = []view.Offer{o}
			p.Desk.Me.Name = longName
			for i := range p.Desk.Mine {
				p.Desk.Mine[i].CustomerName, p.Desk.Mine[i].Subject, p.Desk.Mine[i].Snippet = longName, longName, longName
			}
		})},
		{"conversation", conv(thread(7))},
		{"conversation-60", conv(thread(60))},
		{"conversation-trouble", conv(troubled())},
		{"conversation-ways", conv(wayful())},
		{"conversation-extreme", conv(extreme())},
		{"conversation-reading", conv(read)},
		{"conversation-ended", conv(ended)},
		{"conversation-late", conv(sorry())},
		{"conversation-call", conv(call)},
		{"conversation-public", conv(public)},
		{"conversation-offer", func() templ.Component {
			p := samplePage("/c/0195-v-000", 8)
			p.Desk.Offers = []view.Offer{sampleOffer()}
			c := thread(7)
			c.Draft = &contact.Draft{To: c.ReplyTo, Subject: c.Subject, Text: "Guten Tag Frau Köhler,\n\ndie Erstattung über 89,90 € ist heute angewiesen worden und in zwei bis drei Werktagen auf Ihrem Konto.\n\n-- \nInes Albrecht\nRadwerk Service"}
			p.Desk.Mine = append([]view.Card{c.Card}, cards(8)[2:]...)
			return Conversation(p, c)
		}()},
		{"overview", Overview(samplePage("/overview", 3), sampleOverview())},
		{"overview-empty", Overview(samplePage("/overview", 0), view.Overview{})},
		{"review", Review(samplePage("/review", 3), sampleReview(50))},
		{"review-empty", Review(samplePage("/review", 0), view.Review{})},
		{"search", Search(samplePage("/search", 2), sampleSearch())},
		{"search-nothing", Search(samplePage("/search", 2), view.Search{Query: "Fahrradschlüssel"})},
		{"ledger", Ledger(samplePage("/ledger", 2), sampleLedger())},
		{"ledger-gap", Ledger(samplePage("/ledger", 2), view.Ledger{Totals: view.Totals{Seen: 5, Messages: 4, Gaps: []string{"Mailbox service@: item 4711 was seen and belongs to nothing."}}})},
		{"why", Why(samplePage("/why/0195-c-000", 2), sampleWhy())},
		{"policy", Policy(samplePage("/policy", 2), samplePolicy())},
		{"policy-preview", PolicyPreview(samplePage("/policy", 2), PolicyChoice{Files: []PolicyText{{Name: "sla.yaml", Text: "version: 1\n"}}}, samplePreview())},
		{"policy-refused", PolicyRefused(samplePage("/policy", 2), []string{"sla.yaml:29:1: defalt: unknown key (did you mean default?)"})},
		{"agents", Agents(samplePage("/agents", 2), view.Agents{People: people(8), SetupLink: "https://desk.example.com/setup?token=5xY7…"})},
		{"saved", Saved(samplePage("/saved", 2), view.Saved{Answers: thread(1).SavedAnswers, Signature: "Ines Albrecht\nRadwerk Service"})},
		{"new", New(samplePage("/new", 2), view.New{Accounts: []view.Account{{ID: "service", Channel: contact.Email, Address: "service@example.com", Limits: contact.Limits{CC: true}}}, Signature: "Ines Albrecht"})},
		{"enter", Enter(samplePage("/enter", 2), view.New{})},
		{"quarantine", Quarantine(samplePage("/quarantine", 2), []view.Quarantined{{ID: "q1", Channel: contact.Email, Account: "service", At: sampleNow, Size: 31000, Reason: "The message names a character set that does not exist: x-foo.", URL: "/m/q1/original", Head: "From: x\nSubject: y\n\n<b>z"}, {ID: "q2"}})},
		{"voices", func() templ.Component {
			p := samplePage("/voices", 2)
			p.Desk.Thanks = 3
			return Voices(p, sampleVoices())
		}()},
		{"voices-empty", Voices(samplePage("/voices", 2), view.Voices{Report: &ledger.Satisfaction{}})},
		{"praise", Praise(samplePage("/praise", 2), view.PraiseOf{Praise: sampleVoices().Praise})},
		{"person", Customer(samplePage("/customers/p1", 2), samplePerson())},
		{"quarantine-empty", Quarantine(samplePage("/quarantine", 2), nil)},
		{"error", Error(samplePage("/c/none", 2), 404, "There is no such conversation", "The address may be mistyped, or the conversation was erased.")},
	}
}

// chatted is a web chat: the first reply was read, the second mailed, of the third
// nobody knows.
func chatted() view.Conversation {
	c := thread(1)
	c.Card.Channel, c.Card.Account, c.Card.CustomerName, c.Card.Subject, c.Subject = contact.WebChat, "shop", "Visitor NPJP", "Chat from Ski boots", ""
	c.Limits = contact.Limits{TextRunes: 10000, AttachmentCount: 10, AttachmentBytes: 20 << 20}
	c.ShowsTyping, c.Quoted, c.Signature = true, "", ""
	c.Customer.Name, c.Customer.Identities = "Visitor NPJP", []contact.Identity{{Channel: contact.WebChat, Address: "visitor:npjpvubr2pulpqtkmrwl22e6oi"}}
	c.ReplyTo = []contact.Address{{Address: "visitor:npjpvubr2pulpqtkmrwl22e6oi", Name: "Visitor NPJP"}}
	at := func(m int) time.Time { return sampleNow.Add(time.Duration(m-60) * time.Minute) }
	item := func(kind view.ItemKind, m int, text string) view.Item {
		it := view.Item{Kind: kind, ID: fmt.Sprint("chat-", m), At: at(m), Channel: contact.WebChat, Text: text, ReplyText: text, Author: "Visitor NPJP", Address: "visitor:npjpvubr2pulpqtkmrwl22e6oi"}
		if kind == view.ItemReply {
			it.Author, it.Address, it.Mine, it.State, it.Detail = "Ines Albrecht", "", true, "delivered", "Delivered."
		}
		return it
	}
	read, mailed, doubt := item(view.ItemReply, 4, "Ja, bis 47. Welche Farbe?"), item(view.ItemReply, 20, "Braun ist nächste Woche wieder da."), item(view.ItemReply, 32, "Ich lege ein Paar für Sie zurück.")
	read.Read = at(5)
	mailed.Mailed, mailed.MailedAt = "miriam.koehler@example.org", at(22)
	doubt.Mailed, doubt.MailedAt, doubt.MailTrouble = "miriam.koehler@example.org", at(34), "The customer had gone. Nobody knows whether the mail to miriam.koehler@example.org went out; it is not mailed again, and shows in the chat when they return."
	c.Items = []view.Item{item(view.ItemMessage, 2, "Gibt es die Stiefel auch in 46?"), read, item(view.ItemMessage, 6, "Braun bitte"), mailed, doubt, item(view.ItemMessage, 58, "Danke! Bis wann?")}
	c.Presence = view.Presence{Known: true, Here: true, Typing: true, Address: "miriam.koehler@example.org"}
	return c
}

func sampleOverview() view.Overview {
	waiting, held := cards(100), cards(24)
	for i := range waiting {
		waiting[i].State, waiting[i].AgentName = "waiting", ""
		if i%6 == 1 {
			waiting[i].State = "offered"
		}
		waiting[i].Contact += "w"
	}
	doubt := line(60, view.ItemReply, "Ben Carter", "")
	doubt.Subject, doubt.Conversation, doubt.To = "Re: Wheel arrived with a broken spoke", "0195-v-001", []contact.Address{{Address: "daniel@example.net"}}
	return view.Overview{
		People: people(30), Waiting: waiting, Total: 132, Held: held, Doubtful: []view.Item{doubt},
		Queues: []view.QueueCount{
			{Queue: "billing", Waiting: 14, Offered: 2, Assigned: 8, AtRisk: 3, Breached: 1, Foreseen: 2, P50Seconds: 700, P90Seconds: 9000},
			{Queue: "orders", Waiting: 61, Offered: 5, Assigned: 9, AtRisk: 4},
			{Queue: "returns", Waiting: 33, Offered: 3, Assigned: 6, NextDue: sampleNow.Add(50 * time.Minute)},
			{Queue: "workshop", Waiting: 14, Assigned: 1, NextDue: sampleNow.Add(3 * time.Hour)},
			{Queue: "review", Waiting: 7, NextDue: sampleNow.Add(20 * time.Hour)},
		},
		Longest: []view.LongestWait{
			{Channel: contact.Email, Tier: "gold", Waiting: 3, Agents: 12, Known: true, Turns: 36, Seconds: 4200},
			{Channel: contact.Email, Waiting: 118, Agents: 12, Known: true, Turns: 71, Seconds: 39_600},
			{Channel: contact.WebChat, Known: false},
		},
		Channels: []view.ChannelState{
			{Channel: contact.Email, Account: "service", Address: "service@example.com", OK: true, LagSeconds: 1.2},
			{Channel: contact.Email, Account: "orders", Address: "orders@example.com", Trouble: "The password is refused (AUTHENTICATIONFAILED); next try in 40 s.", LagSeconds: 1680, SendFailures: 2},
			{Channel: contact.WebChat, Account: "site", Address: "www.example.com", OK: true},
		},
	}
}

func sampleReview(n int) view.Review {
	out := view.Review{Total: n}
	rules := []string{"list mail without a question", "sender on three block lists", "automatic reply header"}
	kinds := []contact.Disposition{contact.Machine, contact.Spam, contact.Machine}
	for i, c := range cards(n) {
		c.Due = sampleNow.Add(time.Duration(20+i) * time.Hour)
		c.AtRisk, c.Breached = false, false
		c.Rule, c.Proposed = rules[i%3], kinds[i%3]
		c.Subject = []string{"Ihr wöchentlicher Newsletter", "You have won a yacht!!!", "Automatic reply: out of office"}[i%3]
		out.Cards = append(out.Cards, c)
	}
	return out
}

func sampleSearch() view.Search {
	out := view.Search{Query: "rechnung erstatt", Next: "9"}
	for i, c := range cards(9) {
		out.Hits = append(out.Hits, view.Hit{
			Conversation: c.Conversation, Kind: []view.ItemKind{view.ItemMessage, view.ItemReply, view.ItemNote}[i%3],
			At: sampleNow.Add(-time.Duration(i*i) * 5 * time.Hour), Author: c.CustomerName, Subject: c.Subject,
			Snippet: "… auf meinem Konto wurde die «Rechnung» vom Februar zweimal abgebucht, bitte «erstatten» Sie mir den Betrag …",
		})
	}
	return out
}

func sampleLedger() view.Ledger {
	l := view.Ledger{
		Totals: view.Totals{
			Seen: 4812, Messages: 4433, Evidence: 371, Quarantined: 8, Contacts: 3120, Replied: 2711, Open: 156, Merged: 22,
			Disposed: map[contact.Disposition]int{contact.Spam: 190, contact.Machine: 41}, AddsUp: true, Commit: 91233,
		},
		Queues: []string{"billing", "orders"}, People: people(5), Next: "12",
	}
	for i, c := range cards(20) {
		r := view.LedgerRow{Card: c, EndedBy: c.AgentName, Kept: !c.Breached}
		if i%3 != 0 {
			r.End, r.EndedAt, r.State = "replied", sampleNow.Add(-time.Duration(i)*time.Hour), "ended"
		}
		if i%5 == 4 {
			r.End, r.Disposition = "disposed", "no_reply_needed"
		}
		l.Rows = append(l.Rows, r)
	}
	return l
}

func sampleWhy() view.Why {
	w := view.Why{Card: cards(1)[0]}
	cs := []view.Candidate{}
	for i, p := range people(5) {
		c := view.Candidate{Agent: p.ID, Name: p.Name, Won: i == 0, Total: fmt.Sprint(94 - 7*i), Terms: []view.Term{{Name: "value", Value: "40"}, {Name: "urgency", Value: fmt.Sprint(38 - 2*i)}, {Name: "match", Value: fmt.Sprint(16 - 5*i)}}}
		if i == 4 {
			c.Gate = "does not speak German"
		}
		cs = append(cs, c)
	}
	steps := []view.WhyStep{
		{Title: "The contact was opened", Text: "A message arrived at service@example.com. Rule “invoice words” put it into billing; the promise is 4 working hours."},
		{Title: "Offered to Ines Albrecht", Text: "She answered this customer last and has the skill billing at level 3.", Candidates: cs, Policy: "a3f91c0d2277"},
		{Title: "Accepted", Actor: "Ines Albrecht"},
		{Title: "At risk", Text: "Three quarters of the promise are used."},
	}
	for i := range steps {
		steps[i].Commit, steps[i].At = uint64(9000+i*13), sampleNow.Add(time.Duration(i-8)*20*time.Minute)
	}
	w.Steps = steps
	return w
}
