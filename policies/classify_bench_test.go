package policies_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/policies"
)

// BenchmarkClassifyBy200Rules classifies by 200 rules of many kinds, none of which matches:
// the longest way.
func BenchmarkClassifyBy200Rules(b *testing.B) {
	var text strings.Builder
	text.WriteString("version: 1\nphrases:\n")
	for i := 0; i < 200; i += 8 {
		fmt.Fprintf(&text, "  - {name: list %d, en: [refund%d, \"charged %d times\"], de: [Erstattung%d, Mahnung%d]}\n", i, i, i, i, i)
	}
	text.WriteString("classes:\n")
	for i := range 200 {
		when := fmt.Sprintf("contact.text.mentions([\"word%d\", \"two words%d\"])", i, i)
		switch i % 4 {
		case 0:
			if i%8 == 0 {
				when = fmt.Sprintf("contact.mentions(\"list %d\")", i)
			}
		case 1:
			when = fmt.Sprintf("contact.channel == \"slack\" && contact.subject.contains(\"S%d\")", i)
		case 2:
			when = fmt.Sprintf("contact.sender_domain in [\"a%d.example\", \"b%d.example\"]", i, i)
		case 3:
			when = fmt.Sprintf("contact.language == \"xx\" || contact.account == \"acc%d\"", i)
			switch i % 24 {
			case 7:
				when = fmt.Sprintf("contact.header(\"X-Topic\") == \"t%d\" || contact.attached([\"f%d*.pdf\", \"model/*\"])", i, i)
			case 15:
				when = fmt.Sprintf("now.time >= \"22:%02d\" && !open(\"office\") && customer.contacts > %d", i%60, i)
			}
			if i%50 == 3 { // only the interpreter knows this
				when = fmt.Sprintf("contact.subject.matches(\"^Order %d[0-9]{9}$\")", i)
			}
		}
		fmt.Fprintf(&text, "  - {name: c%d, when: '%s'}\n", i, when)
	}
	set, err := policies.LoadFiles("bench", map[string][]byte{"classes.yaml": []byte(text.String()), "sla.yaml": []byte(askedCalendars)})
	if err != nil {
		b.Fatal(err)
	}
	in := policies.ClassifyInput{
		Channel: contact.Email, Account: "support", Sender: "anna@shop.example", Subject: "Order 48213",
		Text: "Hello,\n\nI ordered a lamp two weeks ago and have not heard anything since. Could you please tell me when it will be delivered?\n\nKind regards\nAnna Miller\n",
		At:   time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC), To: []string{"support@shop.example"}, Contacts: 2,
		Headers:     map[string]string{"x-priority": "3", "x-mailer": "Mail 16.0", "return-path": "<anna@shop.example>"},
		Attachments: []policies.Attachment{{Name: "lamp.jpg", Type: "image/jpeg", Size: 1 << 20}},
	}
	begin := userTime(b)
	for b.Loop() {
		if got := set.Classify(in); got.Class != "general" {
			b.Fatal(got.Class)
		}
	}
	b.ReportMetric(float64(b.N)/(userTime(b)-begin).Seconds(), "contacts/s-of-CPU")
}

// userTime is how much CPU this process has used, so that what else the machine
// does plays no part.
func userTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano())
}
