package desk

import (
	"stagecoach/contact"
	"stagecoach/router"
)

// writesOn reports whether somebody may add a line to what they have said last in
// a chat: the customer is answered, and nothing new has come.
func writesOn(who Who, c *contact.Channel, last *router.Contact, lastAgent string) bool {
	return c.IsChat() && !last.Open() && last.End == router.EndReplied && lastAgent == who.ID
}

// writesOn is that for a conversation with its last contact.
func (c *conversationFacts) writesOn(who Who) bool {
	return c.has && writesOn(who, &c.Channel, &c.contact.Contact, c.LastAgent)
}

// addLine makes of a further answer to what is answered already a message of its
// own in the same conversation. Whatever else has ended is left to the router to
// refuse.
func (in *Sending) addLine(who Who, c *conversationFacts) {
	if !c.writesOn(who) || in.Kind == contact.Pledge {
		return
	}
	in.Kind, in.Contact = contact.Outbound, ""
}
