package web

import "stagecoach/desk/view"

// dataRow is how many there are of something.
type dataRow struct {
	what string
	n    int
}

// dataRows lists what there is of a person.
func dataRows(d *view.CustomerData) []dataRow {
	return []dataRow{
		{"Conversations", d.Conversations},
		{"Messages", d.Messages},
		{"Our replies", d.Replies},
		{"Notes of colleagues", d.Notes},
		{"Reasons that were written", d.Remarks},
		{"Receipts, bounces and copies", d.Evidence},
	}
}

// heldUntil says until when.
func heldUntil(d *view.CustomerData) string {
	if d.HeldUntil == "" {
		return "until it is lifted"
	}
	return "until " + d.HeldUntil
}
