package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"stagecoach/router"
)

// Known tells what the ledger knows of keys, all as of one commit: keys of
// items and of messages, those by which answers are found, and those of
// identities. What is found carries the facts that bring a contact, a
// conversation or a reply back into the router's memory.
func (l *Ledger) Known(ctx context.Context, keys []string) (asOf uint64, known map[string]router.Found, err error) {
	known = make(map[string]router.Found, len(keys))
	list, err := json.Marshal(keys)
	if err != nil {
		return 0, nil, fmt.Errorf("looking up keys: %w", err)
	}
	err = l.view(ctx, func(tx querier) error {
		ctx := context.WithoutCancel(ctx) // it is short, and watching for an end would double its price
		if asOf, err = readCommit(ctx, tx); err != nil {
			return err
		}
		type hit struct{ key, kind, what, id, place string }
		var hits []hit
		query := "SELECT key, kind, what, id, place FROM key WHERE key IN (SELECT value FROM json_each(?))"
		err = each(ctx, tx, query, []any{string(list)}, func(rows *sql.Rows) error {
			var h hit
			err := rows.Scan(&h.key, &h.kind, &h.what, &h.id, &h.place)
			hits = append(hits, h)
			return err
		})
		if err != nil {
			return err
		}
		r := recall{ctx: ctx, tx: tx, found: map[string]router.Found{}}
		for _, h := range hits {
			f, err := r.thing(h.what, h.id)
			if err != nil {
				return err
			}
			f.Kind, f.Place = router.KeyKind(h.kind), h.place
			known[h.key] = f
			if h.what == "customer" {
				known[router.CustomerKey(h.id)] = f
			}
		}
		for _, key := range keys {
			id, is := strings.CutPrefix(key, router.CustomerKey(""))
			if _, have := known[key]; !is || have {
				continue
			}
			if known[key], err = r.thing("customer", id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, nil, fmt.Errorf("looking up keys: %w", err)
	}
	return asOf, known, nil
}

// mostContacts is up to how many contacts of a customer are counted.
const mostContacts = 100

// contacts counts those of a customer, or of a person.
func (r *recall) contacts(id string, members []string) (n int, err error) {
	query := "SELECT count(*) FROM (SELECT 1 FROM contact WHERE customer = ? LIMIT " + strconv.Itoa(mostContacts) + ")"
	if len(members) < 2 {
		err = r.row(query, id, &n)
		return n, err
	}
	list, err := json.Marshal(members)
	if err != nil {
		return 0, err
	}
	query = "SELECT count(*) FROM (SELECT 1 FROM contact WHERE customer IN (SELECT value FROM json_each(?)) LIMIT " + strconv.Itoa(mostContacts) + ")"
	err = r.row(query, string(list), &n)
	return n, err
}

// recall reads things with their facts, each once.
type recall struct {
	ctx   context.Context //nolint:containedctx // lives for one look-up
	tx    querier
	found map[string]router.Found
}

func (r *recall) thing(what, id string) (router.Found, error) {
	name := what + " " + id
	if f, ok := r.found[name]; ok {
		return f, nil
	}
	var f router.Found
	var err error
	switch what {
	case "customer":
		f.Customer = id
		if err = r.who(id, &f); err == nil {
			f.Contacts, err = r.contacts(id, f.Members)
		}
	case "quarantine":
		f.Message = id
	case "message":
		f.Message = id
		err = r.row(`SELECT m.contact, coalesce(v.id, ''), m.customer FROM message m
			LEFT JOIN conversation v ON v.num = m.conv WHERE m.id = ?`, id, &f.Contact, &f.Conversation, &f.Customer)
	case "evidence":
		f.Message = id
		err = r.row("SELECT contact, conversation, reply FROM evidence WHERE id = ?", id, &f.Contact, &f.Conversation, &f.Reply)
	case "reply":
		f.Reply = id
		err = r.facts("reply", id, &f.ReplyFacts)
		if f.ReplyFacts != nil {
			f.Contact, f.Conversation = f.ReplyFacts.Contact, f.ReplyFacts.Conversation
		}
	}
	if err != nil {
		return f, err
	}
	if err := r.complete(&f); err != nil {
		return f, err
	}
	r.found[name] = f
	return f, nil
}

// complete adds the facts of what f names.
func (r *recall) complete(f *router.Found) error {
	if f.Reply != "" && f.ReplyFacts == nil {
		if err := r.facts("reply", f.Reply, &f.ReplyFacts); err != nil {
			return err
		}
	}
	if f.Contact != "" {
		if err := r.facts("contact", f.Contact, &f.ContactFacts); err != nil {
			return err
		}
	}
	if f.Conversation == "" {
		return nil
	}
	if err := r.facts("conversation", f.Conversation, &f.ConversationFacts); err != nil {
		return err
	}
	if f.ConversationFacts != nil && f.Customer == "" {
		f.Customer = f.ConversationFacts.Customer
	}
	return nil
}

func (r *recall) row(query, id string, dest ...any) error {
	_, err := found(r.tx.QueryRowContext(r.ctx, query, id).Scan(dest...))
	return err
}

// facts reads into *dest, a pointer to a pointer that stays nil when there is
// no such thing.
func (r *recall) facts(table, id string, dest any) error {
	var text string
	err := r.tx.QueryRowContext(r.ctx, "SELECT facts FROM "+table+" WHERE id = ?", id).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), dest)
}

// Recall gives the facts of a contact and of its conversation, as the router
// needs them to bring both back into memory.
func (l *Ledger) Recall(ctx context.Context, contactID string) (*router.Contact, *router.Conversation, error) {
	var f router.Found
	err := l.view(ctx, func(tx querier) error {
		r := recall{ctx: ctx, tx: tx}
		f.Contact = contactID
		if err := r.facts("contact", contactID, &f.ContactFacts); err != nil || f.ContactFacts == nil {
			return errors.Join(err, missing(f.ContactFacts == nil))
		}
		return r.facts("conversation", f.ContactFacts.Conversation, &f.ConversationFacts)
	})
	if err != nil {
		return nil, nil, fmt.Errorf("recalling contact %q: %w", contactID, err)
	}
	return f.ContactFacts, f.ConversationFacts, nil
}

// ReplyFacts gives a reply as the log knows it.
func (l *Ledger) ReplyFacts(ctx context.Context, id string) (*router.Reply, error) {
	var out *router.Reply
	err := l.view(ctx, func(tx querier) error {
		r := recall{ctx: ctx, tx: tx}
		err := r.facts("reply", id, &out)
		return errors.Join(err, missing(out == nil))
	})
	if err != nil {
		return nil, fmt.Errorf("reading reply %q: %w", id, err)
	}
	return out, nil
}

// ConversationFacts gives a conversation as the log knows it.
func (l *Ledger) ConversationFacts(ctx context.Context, id string) (*router.Conversation, error) {
	var out *router.Conversation
	err := l.view(ctx, func(tx querier) error {
		r := recall{ctx: ctx, tx: tx}
		err := r.facts("conversation", id, &out)
		return errors.Join(err, missing(out == nil))
	})
	if err != nil {
		return nil, fmt.Errorf("reading conversation %q: %w", id, err)
	}
	return out, nil
}

func missing(is bool) error {
	if is {
		return ErrNotFound
	}
	return nil
}
