package customers

import (
	"time"

	"stagecoach/contact"
)

// Facts is what is known of a customer as a contact opens, or later changes, in
// numbers, codes and times: it may stand in the log. What policies are told of words
// besides (tags, attributes) is left out of it.
type Facts struct {
	// Record is the id of the directory's record, Version its version; "" and 0 where
	// it has none.
	Record  string `json:"record,omitempty"`
	Version uint64 `json:"version,omitempty"`
	// Value is what they are worth, in micro-units of the company's own unit;
	// ValueSource is "import", "crm" or "orders", "" where nothing is known.
	Value       int64     `json:"value,omitempty"`
	ValueSource string    `json:"value_source,omitempty"`
	ValueAt     time.Time `json:"value_at,omitzero"`
	Stale       bool      `json:"stale,omitempty"`
	// Since is the day on which they became a customer.
	Since string `json:"since,omitempty"`
	// Orders counts their orders, LastOrder is the day of the last one.
	Orders    int    `json:"orders,omitempty"`
	LastOrder string `json:"last_order,omitempty"`
	Language  string `json:"language,omitempty"`
	// Prefer is the channel on which they want to be answered, PreferSource
	// "stated", "import" or "learnt", since PreferAt.
	Prefer       contact.Channel `json:"prefer,omitempty"`
	PreferSource string          `json:"prefer_source,omitempty"`
	PreferAt     time.Time       `json:"prefer_at,omitzero"`
	// Objected is true where they object to being scored.
	Objected bool `json:"objected,omitempty"`
	// Held is true where their data are restricted.
	Held bool `json:"held,omitempty"`
	// TierRule names the entry of customers.yaml that gave the tier.
	TierRule string `json:"tier_rule,omitempty"`
}
