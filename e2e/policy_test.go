package e2e

import (
	"context"
	"time"
)

// row is a contact in the ledger.
type row struct {
	Contact string    `json:"contact"`
	Subject string    `json:"subject"`
	Start   time.Time `json:"start"`
	Due     time.Time `json:"due"`
	Promise string    `json:"promise"`
}

// policyState is what the daemon says of its policy sets.
type policyState struct {
	Active struct {
		Version string `json:"version"`
		Reason  string `json:"reason"`
	} `json:"active"`
	Trouble      string `json:"trouble"`
	PromisesLeft int    `json:"promises_left"`
	ClassesLeft  int    `json:"classes_left"`
}

// openRows gives all open contacts.
func (o *office) openRows(ctx context.Context) ([]row, error) {
	var page struct {
		Rows []row `json:"rows"`
	}
	err := o.boss.do(ctx, "GET", "/api/ledger?state=open&limit=1000", nil, &page)
	return page.Rows, err
}
