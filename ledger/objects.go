package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"stagecoach/router"
)

// The objects of the fold: the facts as the router has them (equal to what its
// own fold makes of the same events) and what only the ledger keeps. A dirty
// one is written at the next flush.

type conversationRow struct {
	num      int64
	fresh    bool
	dirty    bool
	lastAt   time.Time
	last     string // the contact opened last
	contacts int
	messages int
	facts    router.Conversation
}

// Fate is what the ledger knows of a contact beyond the router's facts.
type Fate struct {
	// Policy is the version that gave it its promise.
	Policy   string    `json:"policy,omitempty"`
	OpenedN  uint64    `json:"opened_n"`
	OpenedAt time.Time `json:"opened_at"`
	// EndReply is the delivered reply that ended it, EndInto the contact that
	// it was merged into, Remark the reference of what the person wrote.
	EndReply string `json:"end_reply,omitempty"`
	EndInto  string `json:"end_into,omitempty"`
	Remark   string `json:"remark,omitempty"`
	// Kept is true when it was replied to by its due time.
	Kept bool `json:"kept,omitempty"`
	// Answerer is the agent whose reply ended it.
	Answerer string `json:"answerer,omitempty"`
	// Reopened counts how often it came back after an end.
	Reopened int `json:"reopened,omitempty"`
	// Offered, Declined and Missed count its offers.
	Offered  int `json:"offered,omitempty"`
	Declined int `json:"declined,omitempty"`
	Missed   int `json:"missed,omitempty"`
	// Trouble and TroubleCode say why its last reply was not delivered.
	Trouble     string `json:"trouble,omitempty"`
	TroubleCode string `json:"trouble_code,omitempty"`
}

type contactRow struct {
	num   int64
	conv  int64
	fresh bool
	dirty bool
	facts router.Contact
	fate  Fate
}

type replyRow struct {
	num   int64
	fresh bool
	dirty bool
	facts router.Reply
}

type messageRow struct {
	num        int64
	fresh      bool
	dirty      bool
	id         string
	conv       int64
	contact    string
	customer   string
	source     string
	ref        string
	receivedAt time.Time
	// taken is true once a contact lists it.
	taken bool
}

// memory holds the objects that the fold has touched since it was last
// cleared. All of them are in the file too, but for the dirty ones.
type memory struct {
	conversations map[string]*conversationRow
	contacts      map[string]*contactRow
	replies       map[string]*replyRow
	messages      map[string]*messageRow
}

func newMemory() memory {
	return memory{
		conversations: map[string]*conversationRow{},
		contacts:      map[string]*contactRow{},
		replies:       map[string]*replyRow{},
		messages:      map[string]*messageRow{},
	}
}

func (m *memory) size() int {
	return len(m.conversations) + len(m.contacts) + len(m.replies) + len(m.messages)
}

// loader reads single objects back into memory.
type loader struct {
	conversation *sql.Stmt
	contact      *sql.Stmt
	reply        *sql.Stmt
	message      *sql.Stmt
}

func newLoader(ctx context.Context, db *sql.DB) (*loader, error) {
	l := &loader{}
	for query, dest := range map[string]**sql.Stmt{
		"SELECT num, last_at, last_contact, contacts, messages, facts FROM conversation WHERE id = ?":    &l.conversation,
		"SELECT num, conv, facts, more FROM contact WHERE id = ?":                                        &l.contact,
		"SELECT num, facts FROM reply WHERE id = ?":                                                      &l.reply,
		"SELECT num, conv, contact, customer, source, ref, received_at, taken FROM message WHERE id = ?": &l.message,
	} {
		stmt, err := db.PrepareContext(ctx, query)
		if err != nil {
			return nil, fmt.Errorf("preparing ledger: %w", err)
		}
		*dest = stmt
	}
	return l, nil
}

// found turns "no rows" into false.
func found(err error) (bool, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func (f *fold) conversation(ctx context.Context, id string) (*conversationRow, error) {
	if v := f.mem.conversations[id]; v != nil || id == "" {
		return v, nil
	}
	v := &conversationRow{}
	var at int64
	var facts string
	ok, err := found(f.load.conversation.QueryRowContext(ctx, id).Scan(&v.num, &at, &v.last, &v.contacts, &v.messages, &facts))
	if err != nil || !ok {
		return nil, wrapLoad("conversation", id, err)
	}
	v.lastAt = fromMicros(at)
	if err := json.Unmarshal([]byte(facts), &v.facts); err != nil {
		return nil, wrapLoad("conversation", id, err)
	}
	f.mem.conversations[id] = v
	return v, nil
}

func (f *fold) contact(ctx context.Context, id string) (*contactRow, error) {
	if c := f.mem.contacts[id]; c != nil || id == "" {
		return c, nil
	}
	c := &contactRow{}
	var facts, more string
	ok, err := found(f.load.contact.QueryRowContext(ctx, id).Scan(&c.num, &c.conv, &facts, &more))
	if err != nil || !ok {
		return nil, wrapLoad("contact", id, err)
	}
	if err := errors.Join(json.Unmarshal([]byte(facts), &c.facts), json.Unmarshal([]byte(more), &c.fate)); err != nil {
		return nil, wrapLoad("contact", id, err)
	}
	f.mem.contacts[id] = c
	return c, nil
}

func (f *fold) reply(ctx context.Context, id string) (*replyRow, error) {
	if r := f.mem.replies[id]; r != nil || id == "" {
		return r, nil
	}
	r := &replyRow{}
	var facts string
	ok, err := found(f.load.reply.QueryRowContext(ctx, id).Scan(&r.num, &facts))
	if err != nil || !ok {
		return nil, wrapLoad("reply", id, err)
	}
	if err := json.Unmarshal([]byte(facts), &r.facts); err != nil {
		return nil, wrapLoad("reply", id, err)
	}
	f.mem.replies[id] = r
	return r, nil
}

func (f *fold) message(ctx context.Context, id string) (*messageRow, error) {
	if m := f.mem.messages[id]; m != nil || id == "" {
		return m, nil
	}
	m := &messageRow{id: id}
	var at int64
	ok, err := found(f.load.message.QueryRowContext(ctx, id).Scan(&m.num, &m.conv, &m.contact, &m.customer, &m.source, &m.ref, &at, &m.taken))
	if err != nil || !ok {
		return nil, wrapLoad("message", id, err)
	}
	m.receivedAt = fromMicros(at)
	f.mem.messages[id] = m
	return m, nil
}

func wrapLoad(what, id string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("loading %s %q: %w", what, id, err)
}

func (l *loader) close() error {
	var errs []error
	for _, s := range []*sql.Stmt{l.conversation, l.contact, l.reply, l.message} {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	return errors.Join(errs...)
}
