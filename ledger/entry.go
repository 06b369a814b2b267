package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/policies"
	"stagecoach/router"
	"stagecoach/router/match"
)

// Entry is one line of a timeline: an event of the log that concerns a
// conversation, without words.
type Entry struct {
	// ID orders all entries as the log does; it holds the commit N.
	ID uint64 `json:"id"`
	N  uint64 `json:"n"`
	// At is when the router recorded it.
	At time.Time `json:"at"`
	// Kind is the event's name in the log: "message_received", "offer_made".
	Kind string `json:"kind"`
	// Contact is the contact concerned, "" when it concerns the conversation.
	Contact string `json:"contact,omitempty"`
	// Actor is who did it: an agent's id, or "router", "intake", "sender".
	Actor string `json:"actor"`
	// Item is the id of the message, reply, note, evidence or offer; for
	// contact_ended that of the delivered reply or of the contact it went into.
	Item string `json:"item,omitempty"`
	// Ref is where its words lie, "" when it has none.
	Ref     string          `json:"ref,omitempty"`
	Channel contact.Channel `json:"channel,omitempty"`
	// Agent is whom it concerns.
	Agent string `json:"agent,omitempty"`
	// Code is the kind within the kind: of the reply, the evidence, the end.
	Code string `json:"code,omitempty"`
	// Reason is a code that says why.
	Reason string `json:"reason,omitempty"`
	// Remark is the reference of what a person wrote about it.
	Remark string `json:"remark,omitempty"`
	// Until is the time it speaks of: receipt of a message, due, expiry, retry.
	Until time.Time `json:"until,omitzero"`
	// Detail holds what only some kinds have.
	Detail Detail `json:"detail,omitzero"`
}

// Detail is what only some kinds of entries have.
type Detail struct {
	Policy     string        `json:"policy,omitempty"`
	Queue      string        `json:"queue,omitempty"`
	LastResort string        `json:"last_resort,omitempty"`
	Rule       string        `json:"rule,omitempty"`
	Class      string        `json:"class,omitempty"`
	Proposed   string        `json:"proposed,omitempty"`
	Demand     *match.Demand `json:"demand,omitempty"`
	// Said is what an external classifier said, nil where none was asked.
	Said  *policies.Said     `json:"said,omitempty"`
	Why   *match.Explanation `json:"why,omitempty"`
	Units int                `json:"units,omitempty"`
	// Step is a step of the ladder, Outcome why it has done nothing, Promise the kind
	// of promise that it is of.
	Step    string `json:"step,omitempty"`
	Outcome string `json:"outcome,omitempty"`
	Promise string `json:"promise,omitempty"`
	Reply   string `json:"reply,omitempty"`
	Covers  string `json:"covers,omitempty"`
	Code    string `json:"code,omitempty"`
	Attempt int    `json:"attempt,omitempty"`
	Refused int    `json:"refused,omitempty"`
	// RefusedAt are the places of those refused among To and then CC, separated
	// by commas.
	RefusedAt string `json:"refused_at,omitempty"`
	// Deferred counts those refused for a time, DeferredAt are their places; of a
	// remainder, whom it goes to.
	Deferred   int    `json:"deferred,omitempty"`
	DeferredAt string `json:"deferred_at,omitempty"`
	Breached   int    `json:"breached,omitempty"`
	// Impossible counts what nobody could ever take.
	Impossible int `json:"impossible,omitempty"`
	// History, Stranger, Back, Renewed, Override, Cleared, Bounced and Missed are the
	// flags of the events that have them.
	History  bool   `json:"history,omitempty"`
	Stranger bool   `json:"stranger,omitempty"`
	Quoted   string `json:"quoted,omitempty"`
	// Trust is what was found out about a sender, JoinedBy what led their
	// message to the conversation.
	Trust    contact.Trust `json:"trust,omitempty"`
	JoinedBy string        `json:"joined_by,omitempty"`
	Back     bool          `json:"back,omitempty"`
	Renewed  bool          `json:"renewed,omitempty"`
	Override bool          `json:"override,omitempty"`
	Cleared  bool          `json:"cleared,omitempty"`
	Bounced  bool          `json:"bounced,omitempty"`
	Missed   bool          `json:"missed,omitempty"`
	// Known is what is known of a customer as that changes, and Tier what it makes.
	Known *customers.Facts `json:"known,omitempty"`
	Tier  string           `json:"tier,omitempty"`
	// Removal is what an erasure, or the retention, removed; nil of others.
	Removal *Removal `json:"removal,omitempty"`
}

// Removal is what was removed outside the log, and what was spared, by kind.
type Removal struct {
	// Customers are those of an erasure.
	Customers []string       `json:"customers,omitempty"`
	Removed   []router.Count `json:"removed,omitempty"`
	Kept      []router.Kept  `json:"kept,omitempty"`
	Spared    []router.Count `json:"spared,omitempty"`
	// Held says that a hold stands, Until which day.
	Held  bool   `json:"held,omitempty"`
	Until string `json:"until,omitempty"`
}

// entryRow is an entry on its way into the file.
type entryRow struct {
	Entry
	conv    int64
	contact int64
	// about is a contact that may be opened later in the same commit.
	about string
}

// entryID gives the number of an entry by its place in the log alone: commit,
// event within it, and the entry among those of one event.
func entryID(n uint64, event, part int) uint64 {
	return n<<23 | uint64(event)<<7 | uint64(part) //nolint:gosec // both are small and not negative
}

func entryCommit(id uint64) uint64 { return id >> 23 }

const entryColumns = "e.id, e.at, e.kind, e.actor, e.item, e.ref, e.channel, e.agent, e.code, e.reason, e.remark, e.until, e.detail"

func scanEntry(rows *sql.Rows, more ...any) (Entry, error) {
	var e Entry
	var at, until int64
	var detail string
	dest := append([]any{
		&e.ID, &at, &e.Kind, &e.Actor, &e.Item, &e.Ref, &e.Channel,
		&e.Agent, &e.Code, &e.Reason, &e.Remark, &until, &detail,
	}, more...)
	if err := rows.Scan(dest...); err != nil {
		return e, fmt.Errorf("reading entry: %w", err)
	}
	e.N, e.At, e.Until = entryCommit(e.ID), fromMicros(at), fromMicros(until)
	if detail == "" {
		return e, nil
	}
	if err := json.Unmarshal([]byte(detail), &e.Detail); err != nil {
		return e, fmt.Errorf("reading entry %d: %w", e.ID, err)
	}
	return e, nil
}

// together finds a conversation, and those of the same person that wait, or waited
// last, for one answer with it.
const together = `SELECT num FROM conversation WHERE id = ?1
	UNION SELECT w.num FROM conversation v JOIN conversation w ON w.id = v.lead WHERE v.id = ?1 AND v.lead <> ''
	UNION SELECT w.num FROM conversation v JOIN conversation w ON w.lead = v.lead WHERE v.id = ?1 AND v.lead <> ''
	UNION SELECT num FROM conversation WHERE lead = ?1 AND lead <> ''`

// Timeline gives everything that happened in a conversation, and in those of the
// same person that are answered together with it, in the order of
// the log; older mail loaded as history comes first, by its receipt.
func (l *Ledger) Timeline(ctx context.Context, conversation string) ([]Entry, error) {
	return l.timeline(ctx, conversation, together)
}

// Alone gives a conversation's timeline without those that are joined with it.
func (l *Ledger) Alone(ctx context.Context, conversation string) ([]Entry, error) {
	return l.timeline(ctx, conversation, "SELECT num FROM conversation WHERE id = ?1")
}

func (l *Ledger) timeline(ctx context.Context, conversation, of string) ([]Entry, error) {
	out := []Entry{}
	err := l.view(ctx, func(tx querier) error {
		query := "SELECT " + entryColumns + `, coalesce(c.id, '') FROM entry e
			LEFT JOIN contact c ON c.num = e.contact
			WHERE e.conv > 0 AND e.conv IN (` + of + `) ORDER BY e.id`
		return each(ctx, tx, query, []any{conversation}, func(rows *sql.Rows) error {
			var about string
			e, err := scanEntry(rows, &about)
			e.Contact = about
			out = append(out, e)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("reading timeline of %q: %w", conversation, err)
	}
	slices.SortStableFunc(out, func(a, b Entry) int {
		switch {
		case a.Detail.History && b.Detail.History:
			return a.Until.Compare(b.Until)
		case a.Detail.History:
			return -1
		case b.Detail.History:
			return 1
		}
		return 0
	})
	return out, nil
}

// human reports whether an actor is a person.
func human(actor string) bool {
	switch strings.TrimSpace(actor) {
	case "", "router", "intake", "sender":
		return false
	}
	return true
}
