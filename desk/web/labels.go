package web

import (
	"strings"

	"stagecoach/contact"
	"stagecoach/desk/view"
)

// channelName is a channel in words.
func channelName(c contact.Channel) string {
	switch c {
	case contact.Email:
		return "E-mail"
	case contact.WebChat:
		return "Web chat"
	case contact.Slack:
		return "Slack"
	case contact.Mastodon:
		return "Mastodon"
	case contact.Bluesky:
		return "Bluesky"
	case contact.Webhook:
		return "Webhook"
	case contact.SMS:
		return "SMS"
	case contact.Phone:
		return "Telephone"
	case contact.Letter:
		return "Letter"
	case contact.Visit:
		return "Visit"
	default:
		return firstOf(string(c), "Unknown channel")
	}
}

// channelIcon names the picture of a channel.
func channelIcon(c contact.Channel) string {
	switch c {
	case contact.Email:
		return "mail"
	case contact.WebChat, contact.Slack:
		return "chat"
	case contact.Mastodon, contact.Bluesky:
		return "globe"
	case contact.SMS:
		return "phone-text"
	case contact.Phone:
		return "phone"
	case contact.Letter:
		return "letter"
	case contact.Visit:
		return "person"
	default:
		return "plug"
	}
}

func presenceName(p contact.Presence) string {
	switch p {
	case contact.Available:
		return "Available"
	case contact.Busy:
		return "Busy"
	case contact.Away:
		return "Away"
	case contact.Unreachable:
		return "Unreachable"
	default:
		return "Offline"
	}
}

// presenceHint says what a presence means for the work.
func presenceHint(p contact.Presence) string {
	switch p {
	case contact.Available:
		return "You are offered contacts."
	case contact.Busy:
		return "You keep what you have and are offered nothing new."
	case contact.Away:
		return "Offers go back at once; what you hold stays until it would be late."
	default:
		return "You are offered nothing."
	}
}

func dispositionName(d contact.Disposition) string {
	switch d {
	case contact.Spam:
		return "Spam"
	case contact.Machine:
		return "Written by a machine"
	case contact.Duplicate:
		return "Duplicate"
	case contact.NoReplyNeeded:
		return "No reply needed"
	case contact.Erased:
		return "Erased"
	default:
		return string(d)
	}
}

func dispositionHint(d contact.Disposition) string {
	switch d {
	case contact.Spam:
		return "Unwanted advertising or fraud."
	case contact.Machine:
		return "A loop, an automatic reply or a bounce."
	case contact.Duplicate:
		return "The same matter is answered in another contact."
	case contact.NoReplyNeeded:
		return "The customer expects no answer, such as a thank-you."
	default:
		return ""
	}
}

// dispositions are those that a person may choose at the desk; erasing is an
// act of its own.
func dispositions() []contact.Disposition {
	out := []contact.Disposition{}
	for _, d := range contact.Dispositions() {
		if d != contact.Erased {
			out = append(out, d)
		}
	}
	return out
}

func promiseName(p string) string {
	switch p {
	case "first":
		return "First reply"
	case "next":
		return "Next reply"
	case "pledge":
		return "Pledged answer"
	case "review":
		return "Review"
	case "failed_outbound":
		return "Our message failed"
	default:
		return firstOf(p, "Reply")
	}
}

func stateName(s string) string {
	switch s {
	case "waiting":
		return "Waiting"
	case "offered":
		return "Offered"
	case "assigned":
		return "With an agent"
	case "sending":
		return "Sending"
	case "ended":
		return "Ended"
	case "open":
		return "Open"
	case "with_customer":
		return "With the customer"
	case "resolved":
		return "Resolved"
	case "reopened":
		return "Reopened"
	default:
		return s
	}
}

// deliveryName is the state of a reply in words, deliveryTone its colour.
func deliveryName(s string) string {
	switch s {
	case "queued":
		return "Queued"
	case "attempted":
		return "Sending"
	case "delivered":
		return "Delivered"
	case "in_doubt":
		return "In doubt"
	case "failed":
		return "Failed"
	case "bounced":
		return "Bounced"
	default:
		return s
	}
}

func deliveryTone(s string) string {
	switch s {
	case "delivered":
		return "good"
	case "in_doubt":
		return "warn"
	case "failed", "bounced":
		return "bad"
	default:
		return "plain"
	}
}

// endName says how a contact of the ledger ended.
func endName(r view.LedgerRow) string {
	switch r.End {
	case "replied":
		return "Replied"
	case "merged":
		return "Merged"
	case "disposed":
		return firstOf(dispositionName(contact.Disposition(r.Disposition)), "Disposed of")
	default:
		return stateName(r.State)
	}
}

// declineReasons are offered when an offer is declined.
func declineReasons() [][2]string {
	return [][2]string{
		{"busy", "Too much on my hands"},
		{"language", "Not my language"},
		{"skill", "Not my subject"},
		{"conflict", "Conflict of interest"},
		{"other", "Other"},
	}
}

// skills writes an agent's skills as the form takes them: "billing:3, returns:1".
// mosts is what of each channel somebody holds at most, as the form has it.
func mosts(p view.Person) string {
	out := make([]string, 0, len(p.Most))
	for _, m := range p.Most {
		out = append(out, string(m.Channel)+":"+itoa(m.Most))
	}
	return strings.Join(out, ", ")
}

// perDay is how many contacts somebody takes in a day, "" for any number.
func perDay(p view.Person) string {
	if p.DailyCap == 0 {
		return ""
	}
	return itoa(p.DailyCap)
}

// personLimits says in one line what limits somebody beside their units, "" if
// nothing does.
func personLimits(p view.Person) string {
	var out []string
	for _, m := range p.Most {
		out = append(out, "at most "+itoa(m.Most)+" by "+strings.ToLower(channelName(m.Channel)))
	}
	if p.DailyCap > 0 {
		out = append(out, itoa(p.DailyCap)+" a day")
	}
	return strings.Join(append(out, p.Shifts...), " · ")
}

func skills(p view.Person) string {
	out := make([]string, 0, len(p.Skills))
	for _, s := range p.Skills {
		out = append(out, s.Name+":"+itoa(s.Level))
	}
	return strings.Join(out, ", ")
}
