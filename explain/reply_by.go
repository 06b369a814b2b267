package explain

import (
	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/ledger"
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
func (t *Teller) ChannelName(ch contact.Channel) string {
	switch ch {
	case contact.Email:
		return t.say("e-mail", "E-Mail")
	case contact.WebChat:
		return t.say("web chat", "Web-Chat")
	case contact.Phone:
		return t.say("telephone", "Telefon")
	case contact.Letter:
		return t.say("letter", "Brief")
	case contact.Visit:
		return t.say("a visit", "einen Besuch")
	case contact.SMS:
		return "SMS"
	case contact.Slack:
		return "Slack"
	case contact.Mastodon:
		return "Mastodon"
	case contact.Bluesky:
		return "Bluesky"
	case contact.Webhook:
	}
	return string(ch)
}
