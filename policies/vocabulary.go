package policies

import (
	"slices"

	"cel.dev/cel-go/cel"
)

// vocabulary is what expressions of one file may name.
type vocabulary []string

// messageWords are what may be asked of a message as it comes.
func messageWords() vocabulary {
	return vocabulary{
		"contact.account", "contact.attachments", "contact.auto", "contact.cc", "contact.channel", "contact.language", "contact.outreach",
		"contact.sender", "contact.sender_domain", "contact.spam_mark", "contact.subject", "contact.text", "contact.to", "contact.trust",
		"customer.contacts", "customer.external", "customer.known", "customer.last_order", "customer.objected", "customer.orders",
		"customer.revenue", "customer.stale", "customer.tags", "customer.tenure", "customer.value",
		"now.date", "now.hour", "now.time", "now.weekday",
	}
}

// classWords are what may be asked once the customer's tier is known as well.
func classWords() vocabulary { return append(messageWords(), "customer.tier") }

// contactWords are what may be asked of a contact as it is promised something.
func contactWords() vocabulary {
	return vocabulary{
		"contact.account", "contact.auto", "contact.channel", "contact.class",
		"contact.kind", "contact.language", "contact.queue", "customer.tier", "customer.value",
	}
}

// Variables that people don't write: macros make them of what people do.
const (
	// phrasesVariable holds the names of the lists of phrases that were found in a
	// message, openVariable those of the calendars that are open, of those that are
	// asked, headersVariable the fields of its header, and attributesVariable the
	// company's own fields of the customer.
	phrasesVariable    = "contact_phrases"
	openVariable       = "now_open"
	headersVariable    = "contact_headers"
	attributesVariable = "customer_attributes"
)

// The functions that people may write of a contact beside its words.
func contactFunctions() []string {
	return []string{"contact.attached", "contact.header", "contact.mentions", "customer.attr"}
}

// asksMessages reports whether the words are of a message, not only of what was
// made of it.
func (v vocabulary) asksMessages() bool { return len(v) > 0 && v.has("contact.text") }

func (v vocabulary) has(word string) bool { return slices.Contains(v, word) }

// typeOf gives the type of a word. Most are texts.
func typeOf(word string) *cel.Type {
	switch word {
	case "contact.to", "contact.cc", "customer.tags", phrasesVariable, openVariable:
		return cel.ListType(cel.StringType)
	case "contact.attachments":
		return cel.ListType(cel.ObjectType(attachmentType))
	case "customer.contacts", "customer.last_order", "customer.orders", "customer.revenue", "customer.tenure", "customer.value", "now.hour":
		return cel.IntType
	case "customer.known", "customer.objected", "customer.stale":
		return cel.BoolType
	case headersVariable, attributesVariable:
		return cel.MapType(cel.StringType, cel.StringType)
	}
	return cel.StringType
}
