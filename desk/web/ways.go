package web

import (
	"slices"
	"strings"

	"stagecoach/contact"
	"stagecoach/desk/view"
)

// chosen is the way by which the composer starts.
func chosen(c view.Conversation) view.Way {
	for _, w := range c.Ways {
		if w.ID == c.ReplyBy {
			return w
		}
	}
	return view.Way{Channel: c.Card.Channel, Account: c.Card.Account, Limits: c.Limits, Public: c.Limits.Public, Subject: c.Subject, Quoted: c.Quoted}
}

// byMail reports whether a reply can go by e-mail.
func byMail(c view.Conversation) bool {
	_, ok := mailWay(c)
	return ok
}

func mailWay(c view.Conversation) (view.Way, bool) {
	if w := chosen(c); w.Channel == contact.Email {
		return w, true
	}
	for _, w := range c.Ways {
		if w.Channel == contact.Email && w.Not == "" {
			return w, true
		}
	}
	return view.Way{}, false
}

// mailSubject is what a reply by e-mail is called at first.
func mailSubject(c view.Conversation) string {
	if c.Draft != nil && c.Draft.Subject != "" {
		return c.Draft.Subject
	}
	w, _ := mailWay(c)
	return firstOf(w.Subject, c.Subject)
}

// mailTo is whom a reply by e-mail goes to at first.
func mailTo(c view.Conversation) string {
	w, _ := mailWay(c)
	if c.Draft != nil && len(c.Draft.To) > 0 || chosen(c).Channel == contact.Email || w.Address == "" {
		return toList(c)
	}
	return wayTo(w)
}

// quotes reports whether there is a way on which what they wrote is quoted.
func quotes(c view.Conversation) bool {
	if chosen(c).Quotes() {
		return true
	}
	for _, w := range c.Ways {
		if w.Quotes() && w.Not == "" {
			return true
		}
	}
	return false
}

// hasPrivate reports whether there is a way that not anybody can read.
func hasPrivate(c view.Conversation) bool {
	for _, w := range c.Ways {
		if !w.Public && w.Not == "" {
			return true
		}
	}
	return false
}

// handed reports whether an answer can be given by hand.
func handed(c view.Conversation) bool {
	if chosen(c).Channel.ByHand() {
		return true
	}
	for _, w := range c.Ways {
		if w.Channel.ByHand() {
			return true
		}
	}
	return false
}

// wayKind is which fields of the composer belong to a way.
func wayKind(w view.Way) string {
	switch {
	case w.Channel == contact.Email:
		return "mail"
	case w.Channel.ByHand():
		return "hand"
	}
	return "other"
}

// wayTo is the addressee of a way, for reading.
func wayTo(w view.Way) string {
	if w.Channel == contact.Email {
		return addresses([]contact.Address{{Address: w.Address, Name: w.Name}})
	}
	if w.Name != "" && strings.HasPrefix(w.Address, "visitor:") {
		return w.Name
	}
	return strings.Join(strings.Fields(w.Name+" "+w.Address), " ")
}

// wayName is a way in the list: the channel, where it goes, and why it can't.
func wayName(w view.Way) string {
	name := channelName(w.Channel)
	switch {
	case w.Public:
		name += ", in public"
	case w.Direct:
		name += ", in private"
	}
	if w.Address != "" && !strings.HasPrefix(w.Address, "visitor:") {
		name += ": " + w.Address
	}
	if w.Not != "" {
		name += " (not possible: " + w.Not + ")"
	}
	return name
}

// wayWhy says on what grounds a way is the one, or what is to be known of it.
func wayWhy(w view.Way) string {
	switch {
	case w.Why != "":
		return w.Why
	case w.Preferred:
		return "Where they wrote"
	}
	return ""
}

// preferable are the channels that a customer may have said they want, the ways to
// them first.
func preferable(c view.Conversation) []contact.Channel {
	out := []contact.Channel{}
	add := func(ch contact.Channel) {
		if !slices.Contains(out, ch) {
			out = append(out, ch)
		}
	}
	for _, w := range c.Ways {
		add(w.Channel)
	}
	add(contact.Email)
	add(contact.Phone)
	return out
}

// purposes are what a message of ours can be for, in words.
func purposes() [][2]string {
	return [][2]string{
		{"service", "Something between us: an order, a contract, a question of theirs"},
		{"feedback", "Asking what they think of us"},
		{"marketing", "Offers and news"},
	}
}
