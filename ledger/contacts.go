package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"stagecoach/contact"
	"stagecoach/router"
)

// Row is one contact in the ledger: the router's facts and its fate.
type Row struct {
	router.Contact
	Fate
	// Num counts contacts in the order in which they were opened.
	Num uint64 `json:"num"`
}

// Filter chooses contacts. The zero Filter chooses all, newest first.
type Filter struct {
	// State is one of the router's states, or "open" for all that have not
	// ended.
	State string
	Queue string
	// Agent holds the contact or answered it.
	Agent        string
	Channel      contact.Channel
	Account      string
	Customer     string
	Conversation string
	// Conversations chooses those of any of these; nil for all.
	Conversations []string
	End           router.EndKind
	Disposition   contact.Disposition
	// Breached chooses those whose due time was missed.
	Breached bool
	// Since and Until bound the start of the promise: [Since, Until).
	Since, Until time.Time
	// Limit is 100 when it is 0, and 10,000 at most.
	Limit int
	// Before chooses contacts with a smaller Num: the next page.
	Before uint64
	// ByDue orders by due time, the first due first, instead of newest first.
	ByDue bool
}

// StateOpen is the Filter.State of all contacts that have not ended.
const StateOpen = "open"

const (
	defaultLimit = 100
	maxLimit     = 10_000
)

func (f *Filter) where() (string, []any) {
	var terms []string
	var args []any
	add := func(term string, arg any) {
		terms = append(terms, term)
		args = append(args, arg)
	}
	for _, eq := range []struct{ column, value string }{
		{"queue", f.Queue},
		{"agent", f.Agent},
		{"channel", string(f.Channel)},
		{"account", f.Account},
		{"customer", f.Customer},
		{"ended", string(f.End)},
		{"disposition", string(f.Disposition)},
	} {
		if eq.value != "" {
			add(eq.column+" = ?", eq.value)
		}
	}
	switch f.State {
	case "":
	case StateOpen:
		terms = append(terms, "state <> 'ended'")
	default:
		add("state = ?", f.State)
	}
	if f.Conversations != nil {
		list, err := json.Marshal(f.Conversations)
		if err != nil { // text always can be written
			list = []byte("[]")
		}
		add("conv IN (SELECT num FROM conversation WHERE id IN (SELECT value FROM json_each(?)))", string(list))
	}
	if f.Conversation != "" {
		add("conv = (SELECT num FROM conversation WHERE id = ?)", f.Conversation)
	}
	if f.Breached {
		terms = append(terms, "breached = 1")
	}
	if !f.Since.IsZero() {
		add("start >= ?", micros(f.Since))
	}
	if !f.Until.IsZero() {
		add("start < ?", micros(f.Until))
	}
	if f.Before > 0 {
		add("num < ?", f.Before)
	}
	if len(terms) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(terms, " AND "), args
}

func limit(n, otherwise, most int) int {
	if n <= 0 {
		return otherwise
	}
	return min(n, most)
}

// Contacts gives the contacts that the filter chooses.
func (l *Ledger) Contacts(ctx context.Context, f Filter) ([]Row, error) {
	where, args := f.where()
	order := " ORDER BY num DESC"
	if f.ByDue {
		order = " ORDER BY due, num"
	}
	args = append(args, limit(f.Limit, defaultLimit, maxLimit))
	rows, err := l.rows(ctx, where+order+" LIMIT ?", args)
	if err != nil {
		return nil, fmt.Errorf("listing contacts: %w", err)
	}
	return rows, nil
}

func (l *Ledger) rows(ctx context.Context, rest string, args []any) ([]Row, error) {
	out := []Row{}
	err := l.view(ctx, func(tx querier) error {
		var err error
		out, err = readRows(ctx, tx, rest, args)
		return err
	})
	return out, err
}

func readRows(ctx context.Context, tx querier, rest string, args []any) ([]Row, error) {
	out := []Row{}
	err := each(ctx, tx, "SELECT num, facts, more FROM contact"+rest, args, func(rows *sql.Rows) error {
		var r Row
		var facts, more string
		if err := rows.Scan(&r.Num, &facts, &more); err != nil {
			return err
		}
		if err := errors.Join(json.Unmarshal([]byte(facts), &r.Contact), json.Unmarshal([]byte(more), &r.Fate)); err != nil {
			return err
		}
		out = append(out, r)
		return nil
	})
	return out, err
}

// Contact gives the contact whose id this is, or begins so.
func (l *Ledger) Contact(ctx context.Context, idOrPrefix string) (Row, error) {
	var row Row
	err := l.view(ctx, func(tx querier) error {
		var err error
		row, err = readRow(ctx, tx, idOrPrefix)
		return err
	})
	if err != nil {
		return Row{}, fmt.Errorf("reading contact %q: %w", idOrPrefix, err)
	}
	return row, nil
}

func readRow(ctx context.Context, tx querier, prefix string) (Row, error) {
	if prefix == "" {
		return Row{}, ErrNotFound
	}
	rows, err := readRows(ctx, tx, " WHERE id >= ? AND id < ? ORDER BY id LIMIT 2", []any{prefix, prefix + "\U0010FFFF"})
	switch {
	case err != nil:
		return Row{}, err
	case len(rows) == 0:
		return Row{}, ErrNotFound
	case len(rows) > 1 && rows[0].ID != prefix:
		return Row{}, ErrAmbiguous
	}
	return rows[0], nil
}

// ConversationRow is one conversation in the ledger.
type ConversationRow struct {
	router.Conversation
	// Num counts conversations in the order in which they were opened.
	Num uint64 `json:"num"`
	// LastAt is when something last happened in it.
	LastAt time.Time `json:"last_at"`
	// LastContact is the contact opened last, "" when none was.
	LastContact string `json:"last_contact"`
	// Contacts and Messages count what it holds.
	Contacts int `json:"contacts"`
	Messages int `json:"messages"`
}

// Conversations gives a customer's conversations, newest first.
func (l *Ledger) Conversations(ctx context.Context, customer string, most int) ([]ConversationRow, error) {
	return l.conversationRows(ctx, " WHERE customer = ? ORDER BY num DESC LIMIT ?", customer, limit(most, defaultLimit, maxLimit))
}

// Conversation gives one conversation.
func (l *Ledger) Conversation(ctx context.Context, id string) (ConversationRow, error) {
	rows, err := l.conversationRows(ctx, " WHERE id = ?", id)
	if err == nil && len(rows) == 0 {
		err = fmt.Errorf("reading conversation %q: %w", id, ErrNotFound)
	}
	if err != nil {
		return ConversationRow{}, err
	}
	return rows[0], nil
}

func (l *Ledger) conversationRows(ctx context.Context, rest string, args ...any) ([]ConversationRow, error) {
	out := []ConversationRow{}
	err := l.view(ctx, func(tx querier) error {
		query := "SELECT num, last_at, last_contact, contacts, messages, facts FROM conversation"
		return each(ctx, tx, query+rest, args, func(rows *sql.Rows) error {
			var r ConversationRow
			var at int64
			var facts string
			if err := rows.Scan(&r.Num, &at, &r.LastContact, &r.Contacts, &r.Messages, &facts); err != nil {
				return err
			}
			r.LastAt = fromMicros(at)
			out = append(out, r)
			return json.Unmarshal([]byte(facts), &out[len(out)-1].Conversation)
		})
	})
	if err != nil {
		return nil, fmt.Errorf("reading conversations: %w", err)
	}
	return out, nil
}
