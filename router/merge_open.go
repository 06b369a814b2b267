package router

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"time"

	"stagecoach/contact"
)

// matter is what is open of one person and one class, by channel: each in the order of
// its first messages.
type matter struct {
	by map[contact.Channel][]*Contact
	// channels are those of by, in the order in which they came up.
	channels []contact.Channel
}

// add puts a contact last; what comes in is in order.
func (m *matter) add(c *Contact) {
	if m.by[c.Channel] == nil {
		m.channels = append(m.channels, c.Channel)
	}
	m.by[c.Channel] = append(m.by[c.Channel], c)
}

// drop takes a contact out.
func (m *matter) drop(c *Contact) {
	list := m.by[c.Channel]
	if k := slices.Index(list, c); k >= 0 {
		m.by[c.Channel] = slices.Delete(list, k, k+1)
	}
}

// mergeOpen lets what is open of a person about one matter, on several channels, wait
// for one answer: the one that began first stands for it. It takes as much as fits one
// commit; of somebody with so much open the rest stays as it is.
func (t *turn) mergeOpen(person string) {
	matters := map[string]*matter{}
	var open []*Contact
	for _, id := range t.byCustomer[person] {
		if c := t.Contacts[id]; c.Open() && len(c.Messages) > 0 && t.near(c, c.Messages[len(c.Messages)-1].ReceivedAt) {
			open = append(open, c)
		}
	}
	slices.SortFunc(open, func(a, b *Contact) int { return cmp.Or(firstOf(a).Compare(firstOf(b)), began(a, b)) })
	for _, c := range open {
		if matters[c.Class] == nil {
			matters[c.Class] = &matter{by: map[contact.Channel][]*Contact{}}
		}
		matters[c.Class].add(c)
	}
	slices.SortFunc(open, began)
	left := mergedAtMost
	for _, into := range open {
		for into.Open() {
			m := matters[into.Class]
			from := t.nextOf(m, into)
			if from == nil {
				break
			}
			if left -= mergedSize(from); left < 0 {
				return
			}
			m.drop(from)
			t.mergeInto(into, from, "linked")
		}
	}
}

// nextOf finds the next contact of a matter that waits for the same answer as another
// that began before, nil for none.
func (t *turn) nextOf(m *matter, into *Contact) (next *Contact) {
	within := t.env.Rules.Timing().SameMatter
	last := into.Messages[len(into.Messages)-1].ReceivedAt
	for _, ch := range m.channels {
		if ch == into.Channel {
			continue
		}
		list := m.by[ch]
		at := sort.Search(len(list), func(i int) bool { return !firstOf(list[i]).Before(last.Add(-within)) })
		for _, from := range list[at:] {
			if firstOf(from).Sub(last) > within {
				break
			}
			if began(into, from) < 0 && t.oneMatter(into, from) {
				if next == nil || began(from, next) < 0 {
					next = from
				}
				break
			}
		}
	}
	return next
}

// firstOf is when the first message came that waits in a contact.
func firstOf(c *Contact) time.Time { return c.Messages[0].ReceivedAt }

// began orders contacts by when they began.
func began(a, b *Contact) int { return cmp.Or(a.Start.Compare(b.Start), strings.Compare(a.ID, b.ID)) }

// oneMatter reports whether one contact may stand for another: of one matter, on
// other channels, and not in two agents' hands.
func (t *turn) oneMatter(into, from *Contact) bool {
	if into.Channel == from.Channel || into.Class != from.Class {
		return false
	}
	if into.Agent != "" && from.Agent != "" && into.Agent != from.Agent {
		return false
	}
	last := from.Messages
	return len(last) > 0 && t.near(from, last[len(last)-1].ReceivedAt) && t.near(into, last[0].ReceivedAt) && mergeable(into, from)
}

// mergedAtMost is how many bytes of events a link joins contacts by, so that its commit
// is one that the log takes beside what else it decides.
const mergedAtMost = maxCommit / 2

// mergedSize is about what joining a contact to another writes, in bytes.
func mergedSize(from *Contact) int {
	const ended, revoked, conversation, message = 300, 250, 280, 340
	return ended + revoked*len(from.Offers) + conversation*(1+len(from.Also)) + message*len(from.Messages)
}
