package main

import (
	"time"

	"stagecoach/customers"
	"stagecoach/explain"
)

// explainedValue is what the customer is worth, in points of 1,000.
type explainedValue struct {
	Points int64 `json:"points"`
	// Source is import, crm or orders, "" where nothing is known.
	Source string          `json:"source"`
	Stale  bool            `json:"stale"`
	Terms  customers.Terms `json:"terms"`
	// TierRule is what gave the tier: an entry of tiers, objection or given.
	TierRule string   `json:"tier_rule"`
	Words    []string `json:"words"`
}

// explainValue tells what a policy made of what is known of a customer.
func explainValue(known *customers.Facts, tier string, at time.Time) explainedValue {
	teller := &explain.Teller{Lang: explain.English, Now: at, Zone: at.Location()}
	return explainedValue{
		Points: known.Points(), Source: known.ValueSource, Stale: known.Stale, Terms: known.Terms, TierRule: known.TierRule,
		Words: append([]string{}, teller.Worth(known, tier, at)...),
	}
}
