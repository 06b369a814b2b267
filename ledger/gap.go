package ledger

import "time"

// GapKind says what does not add up.
type GapKind string

// The kinds of gaps. The first group is found while folding, the second by the
// audit.
const (
	// GapNumber and GapEpoch are commits that had to be skipped.
	GapNumber GapKind = "commit_number"
	GapEpoch  GapKind = "commit_epoch"
	// GapSum means that contacts opened are not those replied, open, merged and
	// disposed of.
	GapSum GapKind = "contacts_sum"
	// GapUnknown means that an event names a thing that was never there,
	// GapTwice that something was recorded twice that happens once.
	GapUnknown GapKind = "unknown"
	GapTwice   GapKind = "twice"
	// GapBookmark means that a source's count fell.
	GapBookmark GapKind = "bookmark_fell"

	// GapSource means that items seen at a source became nothing.
	GapSource GapKind = "source_sum"
	// GapMessage means that a message belongs to no contact, or to two.
	GapMessage GapKind = "message_without_contact"
	GapShared  GapKind = "message_of_two"
	// GapDue and GapLastResort mean that an open contact lacks them.
	GapDue        GapKind = "no_due"
	GapLastResort GapKind = "no_last_resort"
	// GapNoReply, GapNoPerson and GapNoInto mean that a contact ended without
	// the evidence that its end needs.
	GapNoReply  GapKind = "replied_without_delivery"
	GapNoPerson GapKind = "disposed_without_person"
	GapNoInto   GapKind = "merged_into_nothing"
	// GapNoEnd means that a contact ended in none of the three ways.
	GapNoEnd GapKind = "ended_without_end"
)

// Gap is one place where the ledger does not add up.
type Gap struct {
	What GapKind `json:"what"`
	// Where names the thing: "contact 0190…", "email/support/INBOX".
	Where string `json:"where"`
	// Detail says in words what is wrong.
	Detail string `json:"detail"`
	// N and At are the commit at which it was found, 0 when the audit did.
	N  uint64    `json:"n,omitempty"`
	At time.Time `json:"at,omitzero"`
}
