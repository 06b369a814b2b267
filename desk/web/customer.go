package web

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"stagecoach/contact"
	"stagecoach/desk/view"
)

// newCommand gives the id that makes one click one command.
func newCommand() string { return uuid.NewString() }

// otherOf gives the customer of a link who isn't the one whose page it is.
func otherOf(l view.CustomerLink, mine string) view.CustomerName {
	if l.A.ID == mine {
		return l.B
	}
	return l.A
}

// mineOf gives which customer of a link is part of the person.
func mineOf(c *view.CustomerPerson, l view.CustomerLink) string {
	if slices.Contains(c.Members, l.A.ID) {
		return l.A.ID
	}
	return l.B.ID
}

// customerLabel names a customer in a line.
func customerLabel(n view.CustomerName) string {
	ch, address, ok := strings.Cut(n.Known, " ")
	known := ""
	if ok {
		known = plainAddress(contact.Identity{Channel: contact.Channel(ch), Address: address})
	}
	switch {
	case n.Name != "" && known != "" && n.Name != known:
		return n.Name + " (" + known + ")"
	case n.Name != "" || known != "":
		return firstOf(n.Name, known)
	}
	return n.ID[:min(8, len(n.ID))]
}

// plainAddress gives an address as people know it: a visitor of the web chat has none.
func plainAddress(i contact.Identity) string {
	if i.Channel == contact.WebChat {
		return "in the web chat"
	}
	return i.Address
}

func identityLabel(i view.CustomerIdentity) string {
	return plainAddress(contact.Identity{Channel: i.Channel, Address: i.Address})
}

func firstAddress(c view.CustomerPerson) string {
	if len(c.Identities) == 0 {
		return ""
	}
	return identityLabel(c.Identities[0])
}

// addressNote says where an address is known from.
func addressNote(c view.Customer, id contact.Identity) string {
	for _, a := range c.Addresses {
		if a.Channel == id.Channel && a.Address == id.Address {
			note := a.Source
			if a.Shared > 0 {
				note += "; others have it too"
			}
			return note
		}
	}
	return ""
}

func countWords(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return itoa(n) + " " + many
}

func pastWords(l view.CustomerLink) string {
	if l.State == "undone" {
		return "undone by"
	}
	return "said by"
}
