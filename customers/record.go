package customers

import (
	"time"

	"stagecoach/contact"
)

// Record is what is kept of one customer in words. It is content: it never
// enters the log, and one version of it is one message of the directory.
type Record struct {
	ID string `json:"id"`
	// Version counts its versions, the first is 1.
	Version uint64 `json:"version"`
	// External is the company's own id of the customer, "" where it has none.
	External string `json:"external_id,omitempty"`
	Name     string `json:"name,omitempty"`
	// Identities are the addresses by which the customer is known.
	Identities []Identity `json:"identities,omitempty"`
	// Language is a BCP 47 tag, Zone an IANA time zone; "" where unknown.
	Language string `json:"language,omitempty"`
	Zone     string `json:"timezone,omitempty"`
	// Since is the day on which they became a customer, YYYY-MM-DD.
	Since string `json:"customer_since,omitempty"`
	// Tags are in the order given, each once; Attributes are the company's own.
	Tags       []string    `json:"tags,omitempty"`
	Attributes []Attribute `json:"attributes,omitempty"`

	// Values are what the customer was said to be worth, one of each source.
	Values []Value `json:"values,omitempty"`
	// Orders sums up what they bought, nil where nothing is known.
	Orders *Orders `json:"orders,omitempty"`

	// Preferences are where they want to be answered, one of each source.
	Preferences []Preference `json:"preferences,omitempty"`
	// Habits are how they have answered us, by channel.
	// HabitsTo is the commit of the log up to which they are counted.
	Habits   []Habit `json:"habits,omitempty"`
	HabitsTo uint64  `json:"habits_to,omitempty"`
	// Consents are what they allow and forbid: the last word per channel and purpose.
	Consents []Consent `json:"consents,omitempty"`
	// Objection is against being scored, nil where there is none.
	Objection *Mark `json:"objection,omitempty"`
	// Hold restricts an erasure: a legal hold or a statutory retention.
	Hold *Hold `json:"hold,omitempty"`

	// Fields says where name, language, timezone, customer_since and the like come
	// from, by the name of the field.
	Fields []FieldSource `json:"fields,omitempty"`
	// MadeAt and ChangedAt are of the first and this version, By who made this one:
	// an agent's id, "import", "crm", "customer", "router".
	MadeAt    time.Time `json:"made_at"`
	ChangedAt time.Time `json:"changed_at"`
	By        string    `json:"by"`
}

// Identity is an address on one channel that is the customer's.
type Identity struct {
	Channel contact.Channel `json:"channel"`
	// Address is as it was written or given, numbers as E.164 where they can be read.
	Address string `json:"address"`
	// Name is the display name that came with it. Never trusted.
	Name string `json:"name,omitempty"`
	// Source is where it is from: "message", "import", "crm", "agent", "customer".
	Source string    `json:"source"`
	At     time.Time `json:"at"`
	// Proven is true where a message came from it that was proven to, or a code sent
	// there was entered.
	Proven bool `json:"proven,omitempty"`
	// Unproven is true where somebody only said so: it may be another's address, and
	// whoever it belongs to isn't taken for this customer.
	Unproven bool `json:"unproven,omitempty"`
}

// Attribute is one of the company's own fields.
type Attribute struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Value is what a customer is worth to the company, as one source has it. Its unit
// is the company's own: customers.yaml says what is much.
type Value struct {
	Amount float64 `json:"amount"`
	// Source is "import" or "crm".
	Source string    `json:"source"`
	At     time.Time `json:"at"`
	// Stale is true where the source could not be asked again.
	Stale bool `json:"stale,omitempty"`
}

// Orders sums up what a customer bought.
type Orders struct {
	Count   int     `json:"count"`
	Revenue float64 `json:"revenue"`
	// First and Last are the days of the first and the last order, YYYY-MM-DD.
	First  string `json:"first,omitempty"`
	Last   string `json:"last,omitempty"`
	Source string `json:"source"`
	// Whose is the id that the source has for them, "" where it gives none: what it
	// says under several addresses of one customer is the same orders.
	Whose string    `json:"whose,omitempty"`
	At    time.Time `json:"at"`
}

// Preference is a channel on which the customer wants to be answered.
type Preference struct {
	// Channel is "" where they have said that they want it wherever they write.
	Channel contact.Channel `json:"channel"`
	// Source is "stated" (by the customer or on their word), "import" or "learnt".
	Source string    `json:"source"`
	At     time.Time `json:"at"`
	// By is who wrote it down: "customer" or an agent's id.
	By string `json:"by,omitempty"`
}

// Consent is the last word on one channel and purpose.
type Consent struct {
	// Channel is "" for all of them.
	Channel contact.Channel `json:"channel,omitempty"`
	// Purpose is "marketing", "feedback", "outreach" or another of privacy.yaml.
	Purpose string    `json:"purpose"`
	Given   bool      `json:"given"`
	Source  string    `json:"source"`
	At      time.Time `json:"at"`
}

// Mark is that something was said, when and by whom.
type Mark struct {
	At time.Time `json:"at"`
	By string    `json:"by"`
}

// Hold keeps what would be erased, out of use, until a day.
type Hold struct {
	Reason string `json:"reason"`
	// Told is the reason for the customer's eyes, "" for "a legal obligation": the other
	// may be confidential.
	Told string `json:"told,omitempty"`
	// Until is the last day of it, YYYY-MM-DD, "" for until it is lifted.
	Until string    `json:"until,omitempty"`
	At    time.Time `json:"at"`
	By    string    `json:"by"`
}

// FieldSource is where one field is from.
type FieldSource struct {
	Field  string    `json:"field"`
	Source string    `json:"source"`
	At     time.Time `json:"at"`
}
