package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"stagecoach/contact"
)

// Theirs is all that the ledger knows to be of certain customers: what an erasure
// removes and an export gives.
type Theirs struct {
	Customers []string `json:"customers"`
	// Since is when the first of them was first known, zero where none is.
	Since         time.Time `json:"since,omitzero"`
	Conversations []string  `json:"conversations"`
	Contacts      []string  `json:"contacts"`
	// Open are those of the contacts that have not ended.
	Open []OpenContact `json:"open"`
	// Messages, Replies, Notes, Remarks and Evidence are references to what lies
	// in content.
	Messages []string `json:"messages"`
	Replies  []string `json:"replies"`
	Notes    []string `json:"notes"`
	Remarks  []string `json:"remarks"`
	Evidence []string `json:"evidence"`
	// Feedback are references to what they said on their page.
	Feedback []string `json:"feedback"`
	// OwnRefs are those of the messages that they wrote themselves, the newest
	// first; Own counts them.
	OwnRefs []string `json:"-"`
	Own     int      `json:"own"`
}

// OpenContact is a contact that still awaits its reply.
type OpenContact struct {
	ID      string          `json:"id"`
	Channel contact.Channel `json:"channel"`
	Queue   string          `json:"queue"`
	State   string          `json:"state"`
	Agent   string          `json:"agent,omitempty"`
	Due     time.Time       `json:"due"`
}

// Refs gives every reference, each once.
func (t *Theirs) Refs() []string {
	all := slices.Concat(t.Messages, t.Replies, t.Notes, t.Remarks, t.Evidence, t.Feedback)
	slices.Sort(all)
	return slices.Compact(all)
}

// Theirs finds all that is of customers: their conversations whole, and what they
// wrote, and was answered, in other people's.
func (l *Ledger) Theirs(ctx context.Context, customers []string) (*Theirs, error) {
	t := &Theirs{
		Customers: customers, Conversations: []string{}, Contacts: []string{}, Open: []OpenContact{},
		Messages: []string{}, Replies: []string{}, Notes: []string{}, Remarks: []string{}, Evidence: []string{}, Feedback: []string{},
	}
	list, err := json.Marshal(customers)
	if err != nil {
		return nil, fmt.Errorf("finding what is of customers: %w", err)
	}
	err = l.view(ctx, func(tx querier) error {
		for _, find := range []func(context.Context, querier, string) error{
			t.findSince, t.findConversations, t.findContacts, t.findEntries, t.findMessages, t.findFeedback, t.findLinks,
		} {
			if err := find(ctx, tx, string(list)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("finding what is of customers: %w", err)
	}
	for _, refs := range []*[]string{&t.Messages, &t.Replies, &t.Notes, &t.Remarks, &t.Evidence, &t.Feedback} {
		slices.Sort(*refs)
		*refs = slices.Compact(*refs)
	}
	return t, nil
}

const (
	ofThem        = " IN (SELECT value FROM json_each(?1))"
	theirConvs    = "SELECT num FROM conversation WHERE customer" + ofThem
	theirContacts = "SELECT num FROM contact WHERE customer" + ofThem + " UNION SELECT num FROM contact WHERE conv IN (" + theirConvs + ")"
)

func (t *Theirs) findSince(ctx context.Context, tx querier, list string) error {
	var at sql.NullInt64
	err := tx.QueryRowContext(ctx, "SELECT min(at) FROM customer WHERE id"+ofThem, list).Scan(&at)
	if at.Valid {
		t.Since = fromMicros(at.Int64)
	}
	return err
}

func (t *Theirs) findConversations(ctx context.Context, tx querier, list string) error {
	return each(ctx, tx, "SELECT id FROM conversation WHERE customer"+ofThem+" ORDER BY num", []any{list}, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		t.Conversations = append(t.Conversations, id)
		return err
	})
}

func (t *Theirs) findContacts(ctx context.Context, tx querier, list string) error {
	const query = "SELECT id, channel, queue, state, agent, due FROM contact WHERE num IN (" + theirContacts + ") ORDER BY num"
	return each(ctx, tx, query, []any{list}, func(rows *sql.Rows) error {
		var c OpenContact
		var due int64
		if err := rows.Scan(&c.ID, &c.Channel, &c.Queue, &c.State, &c.Agent, &due); err != nil {
			return err
		}
		t.Contacts = append(t.Contacts, c.ID)
		if c.State != "ended" {
			c.Due = fromMicros(due)
			t.Open = append(t.Open, c)
		}
		return nil
	})
}

// findEntries reads the timelines of their conversations, and of their contacts in
// other people's.
func (t *Theirs) findEntries(ctx context.Context, tx querier, list string) error {
	const query = "SELECT kind, ref, remark FROM entry WHERE conv > 0 AND conv IN (" + theirConvs + `) AND (ref <> '' OR remark <> '')
		UNION ALL
		SELECT kind, ref, remark FROM entry WHERE conv > 0 AND conv IN (SELECT conv FROM contact WHERE customer` + ofThem + `)
			AND contact IN (` + theirContacts + ") AND kind <> 'message_received' AND (ref <> '' OR remark <> '')"
	return each(ctx, tx, query, []any{list}, func(rows *sql.Rows) error {
		var kind, ref, remark string
		if err := rows.Scan(&kind, &ref, &remark); err != nil {
			return err
		}
		if remark != "" {
			t.Remarks = append(t.Remarks, remark)
		}
		if ref == "" {
			return nil
		}
		switch kind {
		case "message_received":
			t.Messages = append(t.Messages, ref)
		case "evidence_received":
			t.Evidence = append(t.Evidence, ref)
		case "noted":
			t.Notes = append(t.Notes, ref)
		default:
			t.Replies = append(t.Replies, ref)
		}
		return nil
	})
}

// findMessages reads what they wrote, wherever.
func (t *Theirs) findMessages(ctx context.Context, tx querier, list string) error {
	return each(ctx, tx, "SELECT ref FROM message WHERE customer"+ofThem+" ORDER BY num DESC", []any{list}, func(rows *sql.Rows) error {
		var ref string
		err := rows.Scan(&ref)
		t.Messages, t.OwnRefs, t.Own = append(t.Messages, ref), append(t.OwnRefs, ref), t.Own+1
		return err
	})
}

// findFeedback reads what they said on their page.
func (t *Theirs) findFeedback(ctx context.Context, tx querier, list string) error {
	return each(ctx, tx, "SELECT ref FROM feedback WHERE ref <> '' AND customer"+ofThem, []any{list}, func(rows *sql.Rows) error {
		var ref string
		err := rows.Scan(&ref)
		t.Feedback = append(t.Feedback, ref)
		return err
	})
}

// findLinks reads what was written about links between them and others.
func (t *Theirs) findLinks(ctx context.Context, tx querier, list string) error {
	query := "SELECT remark, ended_remark FROM link WHERE a" + ofThem + " UNION ALL SELECT remark, ended_remark FROM link WHERE b" + ofThem
	return each(ctx, tx, query, []any{list}, func(rows *sql.Rows) error {
		var made, ended string
		err := rows.Scan(&made, &ended)
		for _, ref := range []string{made, ended} {
			if ref != "" {
				t.Remarks = append(t.Remarks, ref)
			}
		}
		return err
	})
}

// CustomersBeginning gives the ids of at most some customers whose id begins so.
func (l *Ledger) CustomersBeginning(ctx context.Context, id string, most int) ([]string, error) {
	out := []string{}
	err := l.view(ctx, func(tx querier) error {
		return each(ctx, tx, "SELECT id FROM customer WHERE id >= ? AND id < ? ORDER BY id LIMIT ?", []any{id, id + "g", most}, func(rows *sql.Rows) error {
			var one string
			err := rows.Scan(&one)
			out = append(out, one)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("looking for customers: %w", err)
	}
	return out, nil
}

// EvidenceOf gives the references of evidence in the conversations of customers:
// what came late about somebody who was erased.
func (l *Ledger) EvidenceOf(ctx context.Context, customers []string) ([]string, error) {
	list, err := json.Marshal(customers)
	if err != nil {
		return nil, fmt.Errorf("looking for evidence: %w", err)
	}
	out := []string{}
	err = l.view(ctx, func(tx querier) error {
		const query = "SELECT ref FROM entry WHERE conv > 0 AND conv IN (" + theirConvs + ") AND kind = 'evidence_received' AND ref <> ''"
		return each(ctx, tx, query, []any{string(list)}, func(rows *sql.Rows) error {
			var ref string
			err := rows.Scan(&ref)
			out = append(out, ref)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("looking for evidence: %w", err)
	}
	return out, nil
}

// Strays gives the references of items that are in no conversation: in quarantine,
// or evidence about nothing of ours.
func (l *Ledger) Strays(ctx context.Context) ([]string, error) {
	out := []string{}
	err := l.refs(ctx, "SELECT ref, source FROM quarantine UNION ALL SELECT ref, source FROM evidence WHERE conversation = '' AND reply = ''", func(ref, _ string) error {
		out = append(out, ref)
		return nil
	})
	return out, err
}
