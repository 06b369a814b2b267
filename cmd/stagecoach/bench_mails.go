package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// sentences are what made-up customers write.
func sentences() []string {
	return []string{
		"Guten Tag, meine letzte Rechnung stimmt leider nicht mit dem Vertrag überein.",
		"Könnten Sie mir bitte erklären, warum der Abschlag im November erhöht wurde?",
		"Ich warte seit zwei Wochen auf die Lieferung und habe noch keine Antwort bekommen.",
		"Vielen Dank für Ihre Mühe und die schnelle Hilfe am Telefon.",
		"Bitte ändern Sie meine Anschrift ab dem ersten Dezember.",
		"Hello, I would like to return the item that arrived damaged yesterday.",
		"Could you please tell me when the technician is going to call?",
		"The password reset link does not work in any of my browsers.",
		"I have attached nothing, but I can send the photographs if you need them.",
		"Thank you very much, the replacement works perfectly well.",
		"Bonjour, je n'ai toujours pas reçu la confirmation de ma commande.",
		"Pourriez-vous me dire si le magasin est ouvert le samedi matin ?",
		"Je souhaite résilier mon abonnement à la fin du mois prochain.",
		"Der Zähler zeigt einen anderen Stand als auf der Abrechnung vermerkt.",
		"Please cancel the appointment on Monday and propose another day.",
		"Wie lange dauert die Bearbeitung eines Antrags normalerweise?",
	}
}

// prose makes a text of about so many bytes.
func prose(r *rand.Rand, size int) string {
	all := sentences()
	var b strings.Builder
	for b.Len() < size {
		b.WriteString(all[r.IntN(len(all))])
		if r.IntN(4) == 0 {
			b.WriteString(" " + rareWord(r.IntN(500)) + ".")
		}
		b.WriteByte(' ')
		if r.IntN(3) == 0 {
			b.WriteString("\n\n")
		}
	}
	return strings.TrimSpace(b.String())
}

// benchAddress and secondAddress are the mailboxes that bench fills, in turn.
const (
	benchAddress  = "support@bench.test"
	secondAddress = "sales@bench.test"
)

// benchMailbox gives the mailbox for the i-th mail.
func benchMailbox(i int) string {
	if i%2 == 1 {
		return secondAddress
	}
	return benchAddress
}

// madeMail gives a mail of 1 to 3 KB by a sender of its own; every third has an
// HTML form too.
func madeMail(i int, subject string, at time.Time) []byte {
	r := rand.New(rand.NewPCG(uint64(i), 11)) //nolint:gosec // an index is not negative; chooses words
	text := prose(r, 700+r.IntN(1300))
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("Return-Path: <c%d@customers.test>", i)
	line("Received: from mx.customers.test (mx.customers.test [192.0.2.7])")
	line("\tby mail.bench.test with ESMTPS id %08x; %s", i, at.Format(time.RFC1123Z))
	line("From: Kunde %d <c%d@customers.test>", i, i)
	line("To: %s", benchAddress)
	line("Subject: %s", subject)
	line("Date: %s", at.Format(time.RFC1123Z))
	line("Message-ID: <bench-%d-%d@customers.test>", i, at.UnixNano())
	line("MIME-Version: 1.0")
	crlf := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	if i%3 != 0 {
		line("Content-Type: text/plain; charset=utf-8")
		line("Content-Transfer-Encoding: 8bit")
		line("")
		line("%s", crlf(text))
		return []byte(b.String())
	}
	text = text[:len(text)/2]
	line("Content-Type: multipart/alternative; boundary=\"part-%d\"", i)
	line("")
	line("--part-%d", i)
	line("Content-Type: text/plain; charset=utf-8")
	line("Content-Transfer-Encoding: 8bit")
	line("")
	line("%s", crlf(strings.ToValidUTF8(text, "")))
	line("--part-%d", i)
	line("Content-Type: text/html; charset=utf-8")
	line("Content-Transfer-Encoding: 8bit")
	line("")
	line("<html><body><p>%s</p></body></html>", crlf(strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\n\n", "</p>\n<p>")))
	line("--part-%d--", i)
	return []byte(b.String())
}
