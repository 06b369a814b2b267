package web

import (
	"fmt"
	"strings"
	"time"

	"stagecoach/contact"
	"stagecoach/desk/view"
)

// sampleNow is a Thursday, half past two in Berlin.
var sampleNow = time.Date(2026, 3, 12, 13, 30, 0, 0, time.UTC)

var berlin = time.FixedZone("CET", 3600)

const longName = "Prinzessin Wilhelmine-Charlotte Überländer-Großgörschen von und zu Straußenfels-Mühlenbächlein, Geschäftsführerin der Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft m.b.H."

var sampleCards = []view.Card{
	{CustomerName: "Miriam Köhler", Subject: "Rechnung 20413 doppelt abgebucht", Snippet: "Guten Tag, auf meinem Konto wurde die Rechnung vom Februar zweimal abgebucht. Bitte erstatten Sie", Language: "de", Queue: "billing", Promise: "next", Messages: 3, HasDraft: true},
	{CustomerName: "Daniel Okafor", Subject: "Wheel arrived with a broken spoke", Snippet: "Hi, the rear wheel from order 88120 came with two broken spokes. I leave for a tour on Saturday", Language: "en", Queue: "returns", Promise: "first", Messages: 1},
	{CustomerName: "Ana Lucía Fernández", Subject: "¿Cuándo llega mi pedido 88230?", Snippet: "Buenos días, hice el pedido hace dos semanas y todavía no tengo noticias del envío.", Language: "es", Queue: "orders", Promise: "pledge", Messages: 2},
	{CustomerName: "ليلى حداد", Subject: "سؤال عن الضمان", Snippet: "مرحباً، هل يشمل الضمان استبدال البطارية بعد سنتين؟", Language: "ar", Queue: "orders", Promise: "first", Messages: 1, Channel: contact.WebChat},
	{CustomerName: "Jean-Baptiste Lefèvre", Subject: "Changement d’adresse de livraison", Snippet: "Bonjour, je déménage le 1er avril, merci de livrer à la nouvelle adresse ci-dessous.", Language: "fr", Queue: "orders", Promise: "first", Messages: 1, Trouble: "The last reply bounced: mailbox full (4.2.2)"},
	{CustomerName: "Petra Schön", Subject: "Rückruf zum Kostenvoranschlag", Snippet: "Bittet um Rückruf wegen der Reparatur ihres Lastenrads, erreichbar nach 16 Uhr.", Language: "de", Queue: "workshop", Promise: "first", Messages: 1, Channel: contact.Phone},
	{CustomerName: "Tomáš Novák", Subject: "Reklamace brzdových destiček", Snippet: "Dobrý den, brzdové destičky pískají už po týdnu.", Language: "cs", Queue: "returns", Promise: "next", Messages: 4, Elsewhere: true},
	{CustomerName: "Sofia Lindqvist", Subject: "Invoice copy for our accountant", Snippet: "Could you send the invoice of January once more as a PDF? Thank you!", Language: "sv", Queue: "billing", Promise: "first", Messages: 1},
}

// cards makes n contacts by time left.
func cards(n int) []view.Card {
	out := make([]view.Card, 0, n)
	for i := range n {
		c := sampleCards[i%len(sampleCards)]
		if c.Channel == "" {
			c.Channel = contact.Email
		}
		c.Contact = fmt.Sprintf("0195-c-%03d", i)
		c.Conversation = fmt.Sprintf("0195-v-%03d", i)
		c.Account = "service@example.com"
		c.State = "assigned"
		left := time.Duration(i*i*3-4)*time.Minute + time.Duration(i*9)*time.Minute
		c.Due, c.Start = sampleNow.Add(left), sampleNow.Add(left-4*time.Hour)
		c.UsedShare = 1 - left.Hours()/4
		c.Breached, c.AtRisk = left < 0, left < 40*time.Minute
		c.AgentName = samplePeople[i%len(samplePeople)]
		out = append(out, c)
	}
	return out
}

var samplePeople = []string{"Ines Albrecht", "Ben Carter", "Chiara Rossi", "Deniz Yılmaz", "Eva Großmann", "Farid Haddad", "Greta Sørensen", "Hugo Martins", "Iwona Kowalska", "Jonas Weiß"}

func people(n int) []view.Person {
	presences := []contact.Presence{contact.Available, contact.Available, contact.Busy, contact.Available, contact.Away, contact.Offline, contact.Unreachable}
	out := make([]view.Person, 0, n)
	for i := range n {
		name := samplePeople[i%len(samplePeople)]
		if i >= len(samplePeople) {
			name += " " + string(rune('A'+i/len(samplePeople)))
		}
		out = append(out, view.Person{
			ID: fmt.Sprintf("agent-%d", i), Name: name, Email: fmt.Sprintf("agent%d@example.com", i), Role: contact.RoleAgent,
			Presence: presences[i%len(presences)], Load: i * 5 % 7 * 20, Capacity: 120, Holding: i % 5, Offered: i % 3 % 2,
			Skills:    []view.Skill{{Name: "billing", Level: 3}, {Name: "returns", Level: 2}},
			Languages: []string{"de", "en"},
		})
	}
	return out
}

func samplePage(path string, mine int) Page {
	me := people(1)[0]
	me.Role, me.Load = contact.RoleSupervisor, min(mine*20, 120)
	return Page{
		Path: path, Now: sampleNow, Zone: berlin,
		Desk: view.Desk{Me: me, Mine: cards(mine), Waiting: 12, Review: 7},
	}
}

func sampleOffer() view.Offer {
	c := cards(2)[1]
	c.State, c.Due = "offered", sampleNow.Add(52*time.Minute)
	c.AtRisk, c.Breached = false, false
	return view.Offer{ID: "0195-o-1", Card: c, Expires: sampleNow.Add(24 * time.Second), Seconds: 30, Why: []string{
		"You answered Daniel Okafor last time, 12 days ago.",
		"You have the skill returns (level 2 of 5) and speak English.",
		"You hold 60 of 120 units; you have been idle longest of the four who could.",
	}}
}

func line(i int, kind view.ItemKind, author, text string) view.Item {
	return view.Item{
		Kind: kind, ID: fmt.Sprintf("item-%d", i), At: sampleNow.Add(time.Duration(i-70) * 37 * time.Minute),
		Author: author, Channel: contact.Email, Text: text, ReplyText: text,
	}
}

// thread makes a conversation of n items of all kinds.
func thread(n int) view.Conversation {
	c := view.Conversation{
		ID: "0195-v-000", State: "open", Card: cards(1)[0], Holder: true, Limits: contact.Limits{CC: true, HTML: true, AttachmentBytes: 20e6},
		ReplyTo: []contact.Address{{Address: "miriam.koehler@example.org", Name: "Miriam Köhler"}},
		All:     []contact.Address{{Address: "buchhaltung@example.org", Name: "Buchhaltung"}, {Address: "p.koehler@example.org"}},
		Subject: "Re: Rechnung 20413 doppelt abgebucht", Quoted: "> Guten Tag", Signature: "Ines Albrecht\nRadwerk Service",
		Colleagues: people(6), Queues: []string{"billing", "returns"}, ResolveBy: sampleNow.Add(50 * time.Hour),
		SavedAnswers: []view.SavedAnswer{{ID: "s1", Title: "Refund is on its way", Text: "The refund has been started and reaches your account within three working days."}, {ID: "s2", Title: "Rückfrage Bestellnummer", Text: "Könnten Sie uns bitte die Bestellnummer nennen?"}},
		Customer:     view.Customer{Name: "Miriam Köhler", Language: "de", Tier: "gold", Since: sampleNow.AddDate(-3, 0, 0), Conversations: 9, Identities: []contact.Identity{{Channel: contact.Email, Address: "miriam.koehler@example.org"}, {Channel: contact.Phone, Address: "+49 30 5550142"}}},
		Why:          []string{"Went to billing by the rule “invoice words”.", "Next reply within 4 working hours, since you answered before.", "Came to you because you answered last."},
		History:      cards(5)[1:],
	}
	c.Card.Due, c.Card.Breached, c.Card.AtRisk, c.Card.UsedShare = sampleNow.Add(34*time.Minute), false, true, 0.85
	words := []string{
		"Guten Tag,\n\nauf meinem Konto wurde die Rechnung 20413 vom Februar zweimal abgebucht, am 3. und am 5. März. Bitte erstatten Sie mir den Betrag von 89,90 €.\n\nMit freundlichen Grüßen\nMiriam Köhler",
		"Guten Tag Frau Köhler,\n\ndas tut uns leid. Ich habe die zweite Abbuchung gefunden und kläre mit der Buchhaltung, wann die Erstattung geht. Sie hören bis Donnerstag von mir.\n\nIhre Ines Albrecht",
		"Vielen Dank für die schnelle Antwort. Hier ist der Kontoauszug, siehe https://example.org/auszug/2026-03.pdf. Reicht das?",
	}
	for i := 70 - n; i < 70; i++ {
		switch i % 7 {
		case 0, 3:
			it := line(i, view.ItemMessage, "Miriam Köhler", words[(i%2)*2])
			it.Address, it.HasHTML = "miriam.koehler@example.org", true
			it.Text += "\n\nAm 11.03.2026 um 09:12 schrieb Radwerk Service:\n> Guten Tag Frau Köhler,\n> das tut uns leid."
			it.CC = []contact.Address{{Address: "buchhaltung@example.org"}}
			it.To = []contact.Address{{Address: "service@example.com"}}
			if i%2 == 0 {
				it.Attachments = []view.Attachment{{Name: "Kontoauszug März 2026.pdf", Size: 184320, URL: "/api/attachments/1"}, {Name: "Foto.jpg", Size: 2400000, URL: "/api/attachments/2"}}
			}
			c.Items = append(c.Items, it)
		case 1:
			c.Items = append(c.Items, view.Item{Kind: view.ItemEvent, ID: fmt.Sprintf("ev-%d", i), At: line(i, "", "", "").At, Detail: "Offered to Ines Albrecht, accepted after 6 s"})
		case 2, 5:
			it := line(i, view.ItemReply, "Ines Albrecht", words[1])
			it.State, it.Mine = "delivered", true
			c.Items = append(c.Items, it)
		case 4:
			c.Items = append(c.Items, line(i, view.ItemNote, "Ben Carter", "Die Buchhaltung bestätigt: zweite Abbuchung war ein Fehler der Bank, Erstattung ist angewiesen."))
		default:
			c.Items = append(c.Items, view.Item{Kind: view.ItemEvent, ID: fmt.Sprintf("ev-%d", i), At: line(i, "", "", "").At, Detail: "Reply delivered: 250 2.0.0 accepted"})
		}
	}
	c.Covers = lastMessage(c.Items)
	return c
}

// troubled is a conversation with everything that can go wrong.
func troubled() view.Conversation {
	c := thread(6)
	c.Card.Trouble = "The last reply is in doubt: the connection broke before the provider answered."
	c.Stranger = "The sender quoted a conversation of somebody else. It was not joined; please look before you write of it."
	doubt := line(81, view.ItemReply, "Ines Albrecht", "Die Erstattung ist angewiesen.")
	doubt.State, doubt.Detail = "in_doubt", "The connection broke after the text was sent."
	failed := line(82, view.ItemReply, "Ines Albrecht", "Noch einmal an die neue Adresse.")
	failed.State, failed.Detail = "failed", "550 5.1.1 No such user here."
	gone := line(20, view.ItemMessage, "Miriam Köhler", "")
	gone.Missing = "erased"
	bounce := line(84, view.ItemEvidence, "Mail Delivery Subsystem", "")
	bounce.Detail = "Bounce: mailbox full (4.2.2)"
	proposed := line(85, view.ItemProposed, "Chiara Rossi", "Liebe Frau Köhler, das Geld ist unterwegs. Viele Grüße, Chiara")
	warned := line(86, view.ItemMessage, "Miriam Köhler", "Anbei die Datei.")
	warned.Forwarded = &contact.Forwarded{From: contact.Address{Name: "Paul Köhler", Address: "paul.koehler@example.net"}, Date: "Montag, 2. November 2026 10:00", Subject: "Rahmen gebrochen"}
	warned.Auto, warned.HasHTML, warned.PicturesElsewhere = contact.AutoList, true, true
	warned.Warnings = []string{"One attachment was cut off by the sender's server.", "the sender is probably forged: its domain says so", "the mail is signed with PGP by somebody", "the charset \"x-odd\" doesn't fit"}
	warned.Attachments = []view.Attachment{
		{Name: "lamp.png", ContentType: "image/png", Size: 900, URL: "/static/icon.svg"}, {Name: "update.exe", ContentType: "application/octet-stream", Size: 80_000, URL: "/x"},
	}
	c.Items = append(append([]view.Item{gone}, c.Items...), warned, doubt, failed, bounce, proposed)
	c.Draft = &contact.Draft{Text: "Liebe Frau Köhler,\n\n", To: c.ReplyTo, CC: c.All[:1], Subject: c.Subject, Attachments: []contact.Attachment{{Name: "Gutschrift.pdf", Size: 90000, Object: "o1"}}}
	return c
}

// extreme fills every text with what breaks layouts.
func extreme() view.Conversation {
	c := thread(5)
	c.Card.CustomerName, c.Card.Subject = longName, longName+" "+longName
	c.Card.Queue, c.Card.AgentName = longName, longName
	c.Card.Snippet = strings.Repeat("Ä", 400)
	c.Customer.Name = longName
	c.Customer.Identities = append(c.Customer.Identities, contact.Identity{Channel: contact.Email, Address: strings.Repeat("sehr.lange.adresse.", 12) + "@example.org"})
	for i := range c.Items {
		c.Items[i].Author = longName
		c.Items[i].Text = strings.Repeat("Donaudampfschifffahrt", 40) + "\n" + c.Items[i].Text
		c.Items[i].ReplyText = c.Items[i].Text
	}
	c.Items[len(c.Items)-1].Attachments = []view.Attachment{{Name: longName + ".pdf", Size: 1, URL: "/x"}}
	c.Why = []string{longName}
	for i := range c.History {
		c.History[i].Subject = longName
	}
	return c
}

// sorry is a conversation of which the promise was missed, with the draft of an
// apology in the reply.
func sorry() view.Conversation {
	c := thread(3)
	c.Card.Breached, c.Card.UsedShare, c.Card.Due = true, 1.4, sampleNow.Add(-time.Hour)
	c.Card.Entry, c.Card.Policy, c.Card.Steps = "complaints", "8eab1b64070b", []string{"remind", "late"}
	c.Draft, c.Holder, c.Signature = nil, true, "Ines Albrecht"
	c.Apology = "Es tut uns leid, dass Sie warten mussten: Wir hatten Ihnen eine Antwort bis Montag, 2. März, 10:00 Uhr (CET) zugesagt.\n"
	return c
}
