package customers

import (
	"strings"
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
	// Value is what they are worth by the policy that was asked, in micro-points of
	// 0 to MostPoints; ValueSource is FromImport, FromCRM or FromOrders, "" where
	// nothing is known. Terms are what a value of orders is the sum of.
	Value       int64     `json:"value,omitempty"`
	ValueSource string    `json:"value_source,omitempty"`
	ValueAt     time.Time `json:"value_at,omitzero"`
	Stale       bool      `json:"stale,omitempty"`
	Terms       Terms     `json:"terms,omitzero"`
	// Import and CRM are what these say a customer is worth, as they were given.
	Import Given `json:"import,omitzero"`
	CRM    Given `json:"crm,omitzero"`
	// Since is the day on which they became a customer.
	Since string `json:"since,omitempty"`
	// Orders counts their orders, Revenue is what these came to in micro-units of the
	// company's currency, FirstOrder and LastOrder are days. They are from
	// OrdersSource, as of OrdersAt, zero where nothing is known of orders.
	Orders       int       `json:"orders,omitempty"`
	Revenue      int64     `json:"revenue,omitempty"`
	FirstOrder   string    `json:"first_order,omitempty"`
	LastOrder    string    `json:"last_order,omitempty"`
	OrdersSource string    `json:"orders_source,omitempty"`
	OrdersAt     time.Time `json:"orders_at,omitzero"`
	Language     string    `json:"language,omitempty"`
	// Prefer is the channel on which they want to be answered, PreferSource
	// "stated", "import" or "learnt", since PreferAt.
	Prefer       contact.Channel `json:"prefer,omitempty"`
	PreferSource string          `json:"prefer_source,omitempty"`
	PreferAt     time.Time       `json:"prefer_at,omitzero"`
	// Reach lists the channels on which they can be reached, separated by commas.
	Reach string `json:"reach,omitempty"`
	// Objected is true where they object to being scored.
	Objected bool `json:"objected,omitempty"`
	// Held is true where their data are restricted.
	Held bool `json:"held,omitempty"`
	// TierRule says what gave the tier: the name of an entry of customers.yaml,
	// RuleObjection, or RuleGiven; "" for none.
	TierRule string `json:"tier_rule,omitempty"`
}

// Reached lists the channels on which they can be reached.
func (f *Facts) Reached() []contact.Channel {
	var out []contact.Channel
	for ch := range strings.SplitSeq(f.Reach, ",") {
		if ch != "" {
			out = append(out, contact.Channel(ch))
		}
	}
	return out
}
