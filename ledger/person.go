package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"stagecoach/router"
)

// Person is one person: customers between whom links hold.
type Person struct {
	// ID is the smallest of the members' ids.
	ID      string   `json:"id"`
	Members []string `json:"members"`
	// Links hold, Proposals wait for somebody's word, Past were undone or declined.
	Links     []Link `json:"links"`
	Proposals []Link `json:"proposals"`
	Past      []Link `json:"past"`
}

// Edges gives the links that hold as the router wants them.
func (p *Person) Edges() []router.Edge {
	out := make([]router.Edge, len(p.Links))
	for i, l := range p.Links {
		out[i] = router.Edge{Link: l.ID, A: l.A, B: l.B, Evidence: l.Evidence}
	}
	return out
}

// Person gives whom a customer is part of, also where nothing is known of them. asOf
// is the commit up to which it is so.
func (l *Ledger) Person(ctx context.Context, customer string) (p *Person, asOf uint64, err error) {
	err = l.view(ctx, func(tx querier) error {
		if asOf, err = readCommit(ctx, tx); err != nil {
			return err
		}
		p, err = readPerson(ctx, tx, customer)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("reading who customer %q is: %w", customer, err)
	}
	return p, asOf, nil
}

func readPerson(ctx context.Context, tx querier, customer string) (*Person, error) {
	p := &Person{Links: []Link{}, Proposals: []Link{}, Past: []Link{}}
	var err error
	if p.ID, p.Members, err = readMembers(ctx, tx, customer); err != nil {
		return nil, err
	}
	links, err := readLinks(ctx, tx, p.Members)
	if err != nil {
		return nil, err
	}
	for _, one := range links {
		within := slices.Contains(p.Members, one.A) && slices.Contains(p.Members, one.B)
		switch {
		case one.State == LinkHolds:
			p.Links = append(p.Links, one)
		case one.State == LinkProposed && !within:
			p.Proposals = append(p.Proposals, one)
		case one.State != LinkProposed:
			p.Past = append(p.Past, one)
		}
	}
	return p, nil
}

// readMembers gives the person of a customer and all their customers.
func readMembers(ctx context.Context, tx querier, customer string) (person string, members []string, err error) {
	ok, err := found(tx.QueryRowContext(ctx, "SELECT person FROM person WHERE customer = ?", customer).Scan(&person))
	if err != nil || !ok {
		return customer, []string{customer}, err
	}
	err = each(ctx, tx, "SELECT customer FROM person WHERE person = ? ORDER BY customer", []any{person}, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		members = append(members, id)
		return err
	})
	return person, members, err
}

// PersonsOf gives whom customers are part of, those only who are of somebody else too.
func (l *Ledger) PersonsOf(ctx context.Context, customers []string) (map[string]string, error) {
	list, err := json.Marshal(customers)
	if err != nil {
		return nil, fmt.Errorf("reading who customers are: %w", err)
	}
	out := map[string]string{}
	err = l.view(ctx, func(tx querier) error {
		const query = "SELECT customer, person FROM person WHERE customer IN (SELECT value FROM json_each(?))"
		return each(ctx, tx, query, []any{string(list)}, func(rows *sql.Rows) error {
			var id, person string
			err := rows.Scan(&id, &person)
			out[id] = person
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("reading who customers are: %w", err)
	}
	return out, nil
}

// readLinks gives all links of customers, the oldest first.
func readLinks(ctx context.Context, tx querier, members []string) ([]Link, error) {
	list, err := json.Marshal(members)
	if err != nil {
		return nil, err
	}
	const query = `SELECT id, a, b, evidence, conflict, state, message, remark, by, at, ended_by, ended_at, ended_remark FROM link
		WHERE a IN (SELECT value FROM json_each(?1)) OR b IN (SELECT value FROM json_each(?1)) ORDER BY at, id`
	var out []Link
	err = each(ctx, tx, query, []any{string(list)}, func(rows *sql.Rows) error {
		var l Link
		var at, ended int64
		err := rows.Scan(&l.ID, &l.A, &l.B, &l.Evidence, &l.Conflict, &l.State, &l.Message, &l.Remark, &l.By, &at, &l.EndedBy, &ended, &l.EndedRemark)
		l.At, l.EndedAt = fromMicros(at), fromMicros(ended)
		out = append(out, l)
		return err
	})
	return out, err
}

// Link gives one link.
func (l *Ledger) Link(ctx context.Context, id string) (Link, error) {
	var out Link
	err := l.view(ctx, func(tx querier) error {
		var a string
		ok, err := found(tx.QueryRowContext(ctx, "SELECT a FROM link WHERE id = ?", id).Scan(&a))
		if err != nil || !ok {
			return firstError(err, ErrNotFound)
		}
		links, err := readLinks(ctx, tx, []string{a})
		if k := slices.IndexFunc(links, func(one Link) bool { return one.ID == id }); k >= 0 {
			out = links[k]
		}
		return err
	})
	if err != nil {
		return out, fmt.Errorf("reading link %q: %w", id, err)
	}
	return out, nil
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// Proposals gives what waits for somebody's word, the newest first.
func (l *Ledger) Proposals(ctx context.Context, most int) ([]Link, error) {
	out := []Link{}
	err := l.view(ctx, func(tx querier) error {
		const query = `SELECT p.id, p.a, p.b, p.evidence, p.conflict, p.message, p.by, p.at FROM link p
			LEFT JOIN person x ON x.customer = p.a LEFT JOIN person y ON y.customer = p.b
			WHERE p.state = 'proposed' AND coalesce(x.person, p.a) <> coalesce(y.person, p.b) ORDER BY p.at DESC, p.id LIMIT ?`
		return each(ctx, tx, query, []any{limit(most, defaultLimit, maxLimit)}, func(rows *sql.Rows) error {
			l := Link{State: LinkProposed}
			var at int64
			err := rows.Scan(&l.ID, &l.A, &l.B, &l.Evidence, &l.Conflict, &l.Message, &l.By, &at)
			l.At = fromMicros(at)
			out = append(out, l)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("reading what is proposed: %w", err)
	}
	return out, nil
}

// ConversationsOf gives the conversations of customers, newest first.
func (l *Ledger) ConversationsOf(ctx context.Context, members []string, most int) ([]ConversationRow, error) {
	list, err := json.Marshal(members)
	if err != nil {
		return nil, fmt.Errorf("reading conversations: %w", err)
	}
	return l.conversationRows(ctx, " WHERE customer IN (SELECT value FROM json_each(?)) ORDER BY num DESC LIMIT ?", string(list), limit(most, defaultLimit, maxLimit))
}

// who fills in whom a customer is part of, and of whom it was said that they are
// others, or may be the same.
func (r *recall) who(id string, f *router.Found) error {
	person, members, err := readMembers(r.ctx, r.tx, id)
	if err != nil {
		return err
	}
	if len(members) > 1 {
		f.Person, f.Members = person, members
	}
	links, err := readLinks(r.ctx, r.tx, members)
	if err != nil {
		return err
	}
	for _, l := range links {
		other := l.A
		if slices.Contains(members, l.A) {
			other = l.B
		}
		switch l.State {
		case LinkUndone, LinkDeclined:
			f.Not = append(f.Not, other)
		case LinkProposed:
			f.Proposed = append(f.Proposed, other)
		}
	}
	return nil
}
