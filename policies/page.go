package policies

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"stagecoach/contact"
)

// Page says where the link to the customer's own page stands, and how long it holds.
type Page struct {
	// Channels are those whose receipts and replies have it.
	Channels []contact.Channel
	// Keep is how long after the last message of a conversation it holds.
	Keep time.Duration
}

// Page gives what holds for the customer's own page.
func (s *Set) Page() Page {
	return Page{Channels: slices.Clone(s.page.Channels), Keep: s.page.Keep}
}

// Linked reports whether what goes out on a channel has the link.
func (p Page) Linked(ch contact.Channel) bool { return slices.Contains(p.Channels, ch) }

// Feedback says what becomes of what customers say of an answer.
type Feedback struct {
	// Ask puts the question into replies.
	Ask bool
	// FollowUp opens a contact when an answer was bad; Another passes over who gave
	// it, for the share Apart of the new promise.
	FollowUp, Another bool
	Apart             float64
	// Queue is where that waits, "" for where the contact was; Lead, by the address
	// that they log in with, is asked first, "" for nobody.
	Queue, Lead string
}

// Feedback gives what becomes of what customers say of an answer.
func (s *Set) Feedback() Feedback { return s.feedback }

func (b *builder) buildPage(f *pageEntry) {
	d := b.docFor("privacy.yaml", "page.channels")
	for i, name := range f.Channels {
		if slices.Contains(b.set.page.Channels, contact.Channel(name)) {
			d.Report(fmt.Sprintf("page.channels[%d]", i), "", "%q is there already", name)
			continue
		}
		b.set.page.Channels = append(b.set.page.Channels, contact.Channel(name))
	}
	b.set.page.Keep = f.Keep
}

func (b *builder) buildFeedback(f *feedbackEntry) {
	b.set.feedback = Feedback{
		Ask: f.Ask, FollowUp: f.FollowUp != "never", Another: f.FollowUp == "another", Apart: f.Apart,
		Queue: f.Queue, Lead: strings.ToLower(strings.TrimSpace(f.Lead)),
	}
	if f.Lead != "" && !strings.Contains(f.Lead, "@") {
		b.docFor("escalation.yaml", "feedback.lead").Report("feedback.lead", "such as anna@example.com", "%q is no address that somebody logs in with", f.Lead)
	}
}
