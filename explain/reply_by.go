package explain

import (
	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/ledger"
	"stagecoach/router"
)

// replyChannel says by which channel a contact is answered, and why.
func (t *Teller) replyChannel(e *ledger.Entry) string {
	why := t.WhyChannel(e.Code, e.Reason)
	return t.say("the answer goes by %[1]s: %[2]s", "die Antwort geht über %[1]s: %[2]s", t.ChannelName(e.Channel), why)
}

// WhyChannel says on what grounds an answer goes by a channel; failed is the channel
// by which one did not arrive, "" for none.
func (t *Teller) WhyChannel(source, failed string) string {
	if failed != "" {
		return t.say("the answer by %s did not arrive", "die Antwort über %s kam nicht an", t.ChannelName(contact.Channel(failed)))
	}
	switch source {
	case customers.PreferStated:
		return t.say("the customer has said so", "so hat es der Kunde gesagt")
	case customers.PreferImport:
		return t.say("the company's records say so", "so steht es in den Daten des Unternehmens")
	case customers.PreferLearnt:
		return t.say("there they answer most surely", "dort antwortet der Kunde am sichersten")
	case customers.PreferPrivate:
		return t.say("what was asked in public is answered in private", "öffentlich gefragt, privat beantwortet")
	case customers.PreferFailed:
		return t.say("the other way did not work", "der andere Weg ging nicht")
	}
	return t.say("the customer wrote there", "dort hat der Kunde geschrieben")
}

// heldWhy says why something that nobody has asked for waits.
func (t *Teller) heldWhy(why string) string {
	if why == customers.HeldWeekly {
		return t.say("they have had as many this week as they may get", "diese Woche sind es schon so viele, wie es sein dürfen")
	}
	return t.say("it is night at the customer's", "beim Kunden ist Ruhezeit")
}

// ChannelName is a channel in words.
func (t *Teller) ChannelName(ch contact.Channel) string { return t.channel(ch) }

// heldStep tells what becomes of a message of ours that nobody has asked for.
func (t *Teller) heldStep(e *ledger.Entry) string {
	switch {
	case e.Kind == "outbound_held":
		return t.say("our message waits until %[1]s: %[2]s", "unsere Nachricht wartet bis %[1]s: %[2]s", t.second(e.Until), t.heldWhy(e.Reason))
	case e.Kind == "outbound_dropped":
		return t.say("%s took our message back before it went", "%s nahm unsere Nachricht zurück, bevor sie hinausging", t.name(e.Actor))
	case e.Actor == router.ActorRouter || e.Actor == router.ActorSender:
		return t.say("our message may go now", "unsere Nachricht darf jetzt hinaus")
	}
	return t.say("%s let our message go at once", "%s ließ unsere Nachricht sofort hinaus", t.name(e.Actor))
}

// togetherStep tells that conversations of one person are answered as one, or no more.
func (t *Teller) togetherStep(e *ledger.Entry) string {
	if e.Kind == "conversation_parted" {
		return t.say("what came by %s is somebody else's and stands for itself again", "was per %s kam, ist von jemand anderem und steht wieder für sich", t.channel(e.Channel))
	}
	why := t.say("the same person writes about the same matter", "dieselbe Person schreibt in derselben Sache")
	switch e.Code {
	case "linked":
		why = t.say("it turned out to be the same person", "es ist dieselbe Person, wie sich zeigte")
	case "agent":
		why = t.say("%s said so", "so sagt es %s", t.name(e.Actor))
	}
	return t.say("what came by %[1]s waits here for one answer: %[2]s", "was per %[1]s kam, wartet hier auf eine Antwort für beides: %[2]s", t.channel(e.Channel), why)
}
