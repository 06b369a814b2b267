package web

import (
	"time"

	"stagecoach/desk/view"
)

// presenceWords says who is at the customer's end.
func presenceWords(p Page, v view.Presence) string {
	switch {
	case v.Typing:
		return "The customer is writing…"
	case v.Here:
		return "The customer is in the chat"
	case v.Gone.IsZero():
		return "The customer is not in the chat"
	default:
		return "The customer left the chat at " + p.clock(v.Gone)
	}
}

// addressWords says where an answer goes beside the chat.
func addressWords(v view.Presence) string {
	if v.Here {
		return "If they go, answers are mailed to " + v.Address
	}
	return "Answers are mailed to " + v.Address
}

func addressHint(v view.Presence) string {
	if v.AddressProven {
		return "The shop vouches for this address"
	}
	return "The customer left this address; nothing proves that it is theirs"
}

// readWords says when a reply was read, "" where nobody knows.
func (p Page) readWords(it view.Item) string { return p.since("Read ", it.Read, it.At) }

// mailedWords says where a reply was mailed to, "" where it wasn't.
func (p Page) mailedWords(it view.Item) string {
	if it.Mailed == "" || it.MailTrouble != "" {
		return ""
	}
	return p.since("Mailed to "+it.Mailed+" ", it.MailedAt, it.At)
}

// since gives words with the hour of a moment, and its day where that is another.
func (p Page) since(words string, at, from time.Time) string {
	switch {
	case at.IsZero():
		return ""
	case p.in(at).Format(time.DateOnly) == p.in(from).Format(time.DateOnly):
		return words + p.hour(at)
	default:
		return words + p.clock(at)
	}
}
