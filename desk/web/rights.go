package web

import (
	"slices"

	"stagecoach/desk/view"
)

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

// heldUntil says until when a person's data are held.
func heldUntil(d *view.CustomerData) string { return untilDay(d.HeldUntil) }

func untilDay(day string) string {
	if day == "" {
		return "until it is lifted"
	}
	return "until " + day
}

// heldNow reports whether a hold is among what keeps something.
func heldNow(list []view.Kept) bool {
	return slices.ContainsFunc(list, func(k view.Kept) bool { return k.Hold })
}
