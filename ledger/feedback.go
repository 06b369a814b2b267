package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"stagecoach/contact"
	"stagecoach/router"
)

// Said is what a customer said of us: on their page, or in a message that was
// classed as praise or as an idea. Its words are at Ref.
type Said struct {
	ID           string               `json:"id"`
	Conversation string               `json:"conversation"`
	Contact      string               `json:"contact"`
	Customer     string               `json:"customer"`
	Agent        string               `json:"agent"`
	Rating       contact.Rating       `json:"rating"`
	Kind         contact.FeedbackKind `json:"kind"`
	Ref          string               `json:"ref"`
	// Follow is the contact that sees to it, "" for none.
	Follow string    `json:"follow"`
	At     time.Time `json:"at"`
	// ByLink is true where it was said with the link alone, which may have been passed on.
	ByLink bool `json:"by_link"`
}

const saidColumns = "id, conversation, contact, customer, agent, rating, kind, ref, follow, at, by_link"

// What was said of one kind, on pages and in messages. Both are read by an index, the
// newest first: contacts of no such kind are never looked at. Who earned a message's
// praise is who answered before it.
const (
	saidOnPages = "SELECT " + saidColumns + " FROM feedback WHERE last = 1 AND voice = %[1]s"
	saidByMail  = "SELECT c.id, c.conversation, c.id, c.customer, coalesce(json_extract(c.facts, '$.prefer'), ''), '', json_extract(c.facts, '$.kind'), " +
		"coalesce(json_extract(c.facts, '$.messages[0].ref'), ''), '', c.start, 0 FROM contact c " +
		"WHERE json_extract(c.facts, '$.kind') = %[1]s AND json_extract(c.facts, '$.kind') IN ('praise', 'idea', 'complaint') " + counted
	counted = "AND coalesce(json_extract(c.facts, '$.follows_up'), '') = '' AND c.disposition NOT IN ('spam', 'machine')"
)

// saidOf reads all that was said of a kind, which is a parameter or a word of SQL.
func saidOf(kind string) string {
	return fmt.Sprintf(saidOnPages+" UNION ALL "+saidByMail, kind)
}

func scanSaid(rows *sql.Rows, more ...any) (Said, error) {
	var s Said
	var at int64
	err := rows.Scan(append([]any{&s.ID, &s.Conversation, &s.Contact, &s.Customer, &s.Agent, &s.Rating, &s.Kind, &s.Ref, &s.Follow, &at, &s.ByLink}, more...)...)
	s.At = fromMicros(at)
	return s, err
}

func (l *Ledger) said(ctx context.Context, query string, args ...any) ([]Said, error) {
	out := []Said{}
	err := l.view(ctx, func(tx querier) error {
		return each(ctx, tx, query, args, func(rows *sql.Rows) error {
			s, err := scanSaid(rows)
			out = append(out, s)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("reading feedback: %w", err)
	}
	return out, nil
}

// Feedback gives what was said on the pages of a conversation, the newest first; of
// a contact that was rated again only the last.
func (l *Ledger) Feedback(ctx context.Context, conversation string) ([]Said, error) {
	return l.said(ctx, "SELECT "+saidColumns+" FROM feedback WHERE last = 1 AND conversation = ? ORDER BY num DESC", conversation)
}

// SaidBy gives what customers said on their pages, the oldest first, what they said
// over again included.
func (l *Ledger) SaidBy(ctx context.Context, customers []string) ([]Said, error) {
	list, err := json.Marshal(customers)
	if err != nil {
		return nil, fmt.Errorf("reading feedback: %w", err)
	}
	return l.said(ctx, "SELECT "+saidColumns+" FROM feedback WHERE customer"+ofThem+" ORDER BY num", string(list))
}

// SaidOfKind gives what was said of a kind, the newest first: agent "" for everybody.
func (l *Ledger) SaidOfKind(ctx context.Context, kind contact.FeedbackKind, agent string, most int) ([]Said, error) {
	pages, mails := fmt.Sprintf(saidOnPages, "?1"), fmt.Sprintf(saidByMail, "?1")
	if agent != "" {
		pages, mails = pages+" AND agent = ?2", mails+" AND json_extract(c.facts, '$.prefer') = ?2"
	}
	const newest = "SELECT * FROM (%s ORDER BY %s DESC LIMIT ?3)"
	query := fmt.Sprintf(newest+" UNION ALL "+newest+" ORDER BY at DESC, id LIMIT ?3", pages, "at", mails, "c.start")
	return l.said(ctx, query, string(kind), agent, limit(most, defaultLimit, maxLimit))
}

// PraiseSince counts the praise that an agent earned after a moment.
func (l *Ledger) PraiseSince(ctx context.Context, agent string, since time.Time) (n int, err error) {
	err = l.view(ctx, func(tx querier) error {
		return tx.QueryRowContext(ctx, praiseSince, agent, micros(since)).Scan(&n)
	})
	if err != nil {
		return 0, fmt.Errorf("counting praise: %w", err)
	}
	return n, nil
}

const praiseSince = "SELECT (SELECT count(*) FROM feedback WHERE last = 1 AND agent = ?1 AND voice = 'praise' AND at > ?2) + " +
	"(SELECT count(*) FROM contact c WHERE json_extract(c.facts, '$.kind') = 'praise' AND json_extract(c.facts, '$.prefer') = ?1 AND c.start > ?2 " + counted + ")"

// Fan is a person who praises us or sends ideas.
type Fan struct {
	// Customer is the person's id: that of the customer, of several linked ones the
	// smallest.
	Customer string    `json:"customer"`
	Praise   int       `json:"praise"`
	Ideas    int       `json:"ideas"`
	Last     time.Time `json:"last"`
	// Conversation is the one of the last of it.
	Conversation string `json:"conversation"`
}

// fansOf counts what each person said.
func fansOf() string {
	return "SELECT coalesce(p.person, s.customer) AS who, sum(s.kind <> 'idea'), sum(s.kind = 'idea'), max(s.at), s.conversation " +
		"FROM (" + saidOf("'praise'") + " UNION ALL " + saidOf("'idea'") + ") s LEFT JOIN person p ON p.customer = s.customer " +
		"GROUP BY who ORDER BY count(*) DESC, max(s.at) DESC, who LIMIT ?"
}

// Fans gives the people who praise us and send ideas, those with most first.
func (l *Ledger) Fans(ctx context.Context, most int) ([]Fan, error) {
	out := []Fan{}
	err := l.view(ctx, func(tx querier) error {
		return each(ctx, tx, fansOf(), []any{limit(most, defaultLimit, maxLimit)}, func(rows *sql.Rows) error {
			var f Fan
			var at int64
			err := rows.Scan(&f.Customer, &f.Praise, &f.Ideas, &at, &f.Conversation)
			f.Last = fromMicros(at)
			out = append(out, f)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("reading who praises us: %w", err)
	}
	return out, nil
}

// Idea is what a customer would have us do, and what became of it.
type Idea struct {
	Said
	State router.IdeaState `json:"state"`
	// DecidedAt and By are of the last decision, Remark is where its words are, Reply
	// what the customer was told.
	DecidedAt time.Time `json:"decided_at,omitzero"`
	By        string    `json:"by"`
	Remark    string    `json:"remark"`
	Reply     string    `json:"reply"`
}

func ideasOf() string {
	return "SELECT s.id, s.conversation, s.contact, s.customer, s.agent, s.rating, s.kind, s.ref, s.follow, s.at, s.by_link, " +
		"coalesce(i.state, 'open'), coalesce(i.at, 0), coalesce(i.by, ''), coalesce(i.ref, ''), coalesce(i.reply, '') " +
		"FROM (" + saidOf("'idea'") + ") s LEFT JOIN idea i ON i.id = s.id WHERE ?1 = '' OR coalesce(i.state, 'open') = ?1 ORDER BY s.at DESC, s.id LIMIT ?2"
}

// Ideas gives customers' ideas, the newest first; state "" for all.
func (l *Ledger) Ideas(ctx context.Context, state router.IdeaState, most int) ([]Idea, error) {
	out := []Idea{}
	query := ideasOf()
	err := l.view(ctx, func(tx querier) error {
		return each(ctx, tx, query, []any{string(state), limit(most, defaultLimit, maxLimit)}, func(rows *sql.Rows) error {
			var i Idea
			var at int64
			var err error
			i.Said, err = scanSaid(rows, &i.State, &at, &i.By, &i.Remark, &i.Reply)
			i.DecidedAt = fromMicros(at)
			out = append(out, i)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("reading ideas: %w", err)
	}
	return out, nil
}
