package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"stagecoach/contact"
)

// statements are all that flush writes with.
type statements struct {
	position, source, agent, customer    *sql.Stmt
	newConversation, oldConversation     *sql.Stmt
	newContact, oldContact               *sql.Stmt
	newMessage, oldMessage               *sql.Stmt
	newReply, oldReply                   *sql.Stmt
	evidence, quarantine, quarantineLeft *sql.Stmt
	newKey, key, keyWhat, entry, entries *sql.Stmt
	gap, link, linkEnded, person         *sql.Stmt
	newFeedback, oldFeedback, idea       *sql.Stmt
}

func (s *statements) table() map[string]**sql.Stmt {
	row := "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	rows := row + strings.Repeat(", "+row, entriesAtOnce-1)
	return map[string]**sql.Stmt{
		"INSERT INTO meta(name, value) VALUES('position', ?), ('n', ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value":                            &s.position,
		"INSERT INTO source(source, facts) VALUES(?, ?) ON CONFLICT(source) DO UPDATE SET facts = excluded.facts":                                         &s.source,
		"INSERT OR REPLACE INTO agent(id, presence, removed, facts) VALUES(?, ?, ?, ?)":                                                                   &s.agent,
		"INSERT OR IGNORE INTO customer(id, n, at) VALUES(?, ?, ?)":                                                                                       &s.customer,
		"INSERT INTO conversation(num, id, customer, state, last_at, last_contact, contacts, messages, facts, lead) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)": &s.newConversation,
		"UPDATE conversation SET customer = ?, state = ?, last_at = ?, last_contact = ?, contacts = ?, messages = ?, facts = ?, lead = ? WHERE num = ?":   &s.oldConversation,
		`INSERT INTO contact(num, id, conv, conversation, customer, channel, account, start, queue, state, agent, due, last_resort,
			ended, disposition, ended_by, end_reply, end_into, breached, kept, facts, more)
			VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`: &s.newContact,
		`UPDATE contact SET queue = ?, state = ?, agent = ?, due = ?, last_resort = ?, ended = ?, disposition = ?, ended_by = ?,
			end_reply = ?, end_into = ?, breached = ?, kept = ?, facts = ?, more = ? WHERE num = ?`: &s.oldContact,
		"INSERT OR IGNORE INTO message(num, id, conv, customer, source, ref, received_at, contact, taken) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)": &s.newMessage,
		"UPDATE message SET contact = ?, taken = ? WHERE num = ?":                                                                            &s.oldMessage,
		"INSERT INTO reply(num, id, contact, state, facts) VALUES(?, ?, ?, ?, ?)":                                                            &s.newReply,
		"UPDATE reply SET state = ?, facts = ? WHERE num = ?":                                                                                &s.oldReply,
		"INSERT OR IGNORE INTO evidence(num, id, kind, source, conversation, contact, reply, ref) VALUES(?, ?, ?, ?, ?, ?, ?, ?)":            &s.evidence,
		"INSERT OR IGNORE INTO quarantine(num, id, source, ref, reason, at, message) VALUES(?, ?, ?, ?, ?, ?, '')":                           &s.quarantine,
		"UPDATE quarantine SET message = ? WHERE id = ? AND message = '' RETURNING source":                                                   &s.quarantineLeft,
		"INSERT OR IGNORE INTO key(key, kind, what, id, place) VALUES(?, ?, ?, ?, ?)":                                                        &s.newKey,
		"INSERT OR REPLACE INTO key(key, kind, what, id, place) VALUES(?, ?, ?, ?, ?)":                                                       &s.key,
		"SELECT what FROM key WHERE key = ?":                                                                                                 &s.keyWhat,
		"INSERT INTO entry VALUES" + row:                                                                                                     &s.entry,
		"INSERT INTO entry VALUES" + rows:                                                                                                    &s.entries,
		"UPDATE feedback SET last = 0 WHERE contact = ? AND rating <> '' AND last = 1":                                                       &s.oldFeedback,
		"INSERT INTO feedback(num, id, conversation, contact, customer, agent, reply, rating, kind, ref, follow, at, last, by_link, voice) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, " +
			"NOT (?13 AND ?8 <> '' AND EXISTS(SELECT 1 FROM feedback WHERE contact = ?4 AND contact <> '' AND rating <> '' AND last = 1)), ?13, ?14)": &s.newFeedback,
		"INSERT OR REPLACE INTO idea(id, state, at, by, ref, reply) VALUES(?, ?, ?, ?, ?, ?)": &s.idea,
		`INSERT OR REPLACE INTO link(id, a, b, evidence, conflict, state, message, remark, by, at, ended_by, ended_at, ended_remark)
			VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`: &s.link,
		"UPDATE link SET state = ?, ended_by = ?, ended_at = ?, ended_remark = ? WHERE id = ?":                           &s.linkEnded,
		"INSERT INTO person(customer, person) VALUES(?, ?) ON CONFLICT(customer) DO UPDATE SET person = excluded.person": &s.person,
		"INSERT INTO gap(what, place, detail, n, at) VALUES(?, ?, ?, ?, ?)":                                              &s.gap,
	}
}

const entriesAtOnce = 16

func prepare(ctx context.Context, db *sql.DB) (*statements, error) {
	s := &statements{}
	for query, dest := range s.table() {
		stmt, err := db.PrepareContext(ctx, query)
		if err != nil {
			return nil, fmt.Errorf("preparing ledger: %w", err)
		}
		*dest = stmt
	}
	return s, nil
}

// writer writes one flush in one transaction. The first error sticks.
type writer struct {
	ctx context.Context //nolint:containedctx // lives for one flush
	tx  *sql.Tx
	s   *statements
	f   *fold
	err error
}

func (w *writer) exec(stmt *sql.Stmt, args ...any) (changed int64) {
	if w.err != nil {
		return 0
	}
	res, err := w.tx.StmtContext(w.ctx, stmt).ExecContext(w.ctx, args...)
	if err != nil {
		w.err = fmt.Errorf("writing ledger: %w", err)
		return 0
	}
	changed, _ = res.RowsAffected() // the driver always knows
	return changed
}

func (w *writer) json(v any) string {
	data, err := json.Marshal(v)
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("writing ledger: %w", err)
	}
	return string(data)
}

// flush writes all that was folded since the last one, with the position, in
// one transaction. It returns the gaps that were found in between. After an
// error the fold must be made anew from the file.
func (f *fold) flush(ctx context.Context, db *sql.DB, s *statements) ([]Gap, error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("writing ledger: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	w := &writer{ctx: ctx, tx: tx, s: s, f: f}
	w.objects()
	w.items()
	w.timeline()
	w.feedback()
	w.rest()
	if w.err != nil {
		return nil, w.err
	}
	if err := tx.Commit(); err != nil {
		return nil, fmt.Errorf("writing ledger: %w", err)
	}
	gaps := f.gaps
	f.clean()
	return gaps, nil
}

// clean forgets what was written. Slices are kept for the next round, unless
// catching up has made them large.
func (f *fold) clean() {
	f.conversations, f.contacts, f.replies, f.messages = f.conversations[:0], f.contacts[:0], f.replies[:0], f.messages[:0]
	f.links, f.persons = nil, nil
	f.customers, f.evidence, f.quarantine, f.left = nil, nil, nil, nil
	f.ratings, f.ideas = nil, nil
	f.keys, f.entries, f.gaps = f.keys[:0], f.entries[:0], nil
	f.events = 0
	clear(f.dirtySrc)
	if f.mem.size() > memorySize {
		f.mem = newMemory()
		f.conversations, f.contacts, f.replies, f.messages, f.keys, f.entries = nil, nil, nil, nil, nil, nil
	}
}

// memorySize is how many objects are kept in memory between flushes.
const memorySize = 4096

func (w *writer) objects() {
	for _, v := range w.f.conversations {
		facts := w.json(&v.facts)
		if v.fresh {
			w.exec(w.s.newConversation, v.num, v.facts.ID, v.facts.Customer, string(v.facts.State), micros(v.lastAt), v.last, v.contacts, v.messages, facts, v.facts.With)
		} else {
			w.exec(w.s.oldConversation, v.facts.Customer, string(v.facts.State), micros(v.lastAt), v.last, v.contacts, v.messages, facts, v.facts.With, v.num)
		}
		v.fresh, v.dirty = false, false
	}
	for _, c := range w.f.contacts {
		w.contact(c)
	}
	for _, r := range w.f.replies {
		facts := w.json(&r.facts)
		if r.fresh {
			w.exec(w.s.newReply, r.num, r.facts.ID, r.facts.Contact, string(r.facts.State), facts)
		} else {
			w.exec(w.s.oldReply, string(r.facts.State), facts, r.num)
		}
		r.fresh, r.dirty = false, false
	}
	for _, m := range w.f.messages {
		if !m.fresh {
			w.exec(w.s.oldMessage, m.contact, m.taken, m.num)
		} else if w.exec(w.s.newMessage, m.num, m.id, m.conv, m.customer, m.source, m.ref, micros(m.receivedAt), m.contact, m.taken) == 0 {
			w.gap(GapTwice, "message "+m.id, "it was recorded twice", entryCommit(uint64(m.num))) //nolint:gosec // never negative
		}
		m.fresh, m.dirty = false, false
	}
}

func (w *writer) contact(c *contactRow) {
	k := &c.facts
	agent := k.Agent
	if agent == "" {
		agent = c.fate.Answerer
	}
	if agent == "" && !k.Open() && human(k.EndedBy) {
		agent = k.EndedBy
	}
	facts, more := w.json(k), w.json(&c.fate)
	if c.fresh {
		w.exec(w.s.newContact, c.num, k.ID, c.conv, k.Conversation, k.Customer, string(k.Channel), k.Account, micros(k.Start),
			k.Queue, string(k.State), agent, micros(k.Due), k.LastResort, string(k.End), string(k.Disposition), k.EndedBy,
			c.fate.EndReply, c.fate.EndInto, k.Breached, c.fate.Kept, facts, more)
	} else {
		w.exec(w.s.oldContact, k.Queue, string(k.State), agent, micros(k.Due), k.LastResort, string(k.End), string(k.Disposition),
			k.EndedBy, c.fate.EndReply, c.fate.EndInto, k.Breached, c.fate.Kept, facts, more, c.num)
	}
	c.fresh, c.dirty = false, false
}

// items writes what was seen at the sources, and the keys that lead to it.
func (w *writer) items() {
	for _, c := range w.f.customers {
		if w.exec(w.s.customer, c.id, c.n, micros(c.at)) > 0 {
			w.f.pos.Counts.Customers++
		}
	}
	w.people()
	for _, e := range w.f.evidence {
		w.exec(w.s.evidence, e.num, e.id, e.kind, e.source, e.conversation, e.contact, e.reply, e.ref)
	}
	for _, q := range w.f.quarantine {
		w.exec(w.s.quarantine, q.num, q.id, q.source, q.ref, q.reason, micros(q.at))
	}
	for _, q := range w.f.left {
		w.leave(q)
	}
	for _, k := range w.f.keys {
		w.key(k)
	}
}

// leave takes an item that became something off the sum of the quarantined.
func (w *writer) leave(q quarantineRow) {
	if w.err != nil || q.message == "" {
		return
	}
	var name string
	ok, err := found(w.tx.StmtContext(w.ctx, w.s.quarantineLeft).QueryRowContext(w.ctx, q.message, q.id).Scan(&name))
	switch {
	case err != nil:
		w.err = fmt.Errorf("writing ledger: %w", err)
	case !ok:
		w.gap(GapUnknown, "quarantine "+q.id, "it left and was not there", entryCommit(q.num))
	default:
		w.f.source(name, "", "").Quarantined--
	}
}

// key writes a key; what is seen last wins, as in the router's index.
func (w *writer) key(k keyRow) {
	if k.first {
		if w.exec(w.s.newKey, k.key, string(k.kind), k.what, k.id, k.place) > 0 || w.err != nil {
			return
		}
		var was string
		if err := w.tx.StmtContext(w.ctx, w.s.keyWhat).QueryRowContext(w.ctx, k.key).Scan(&was); err != nil {
			w.err = fmt.Errorf("writing ledger: %w", err)
			return
		}
		if was == "message" {
			w.gap(GapTwice, "message "+k.id, "its item had become a message before (I2)", entryCommit(k.entry))
		}
	}
	w.exec(w.s.key, k.key, string(k.kind), k.what, k.id, k.place)
}

func (w *writer) gap(what GapKind, where, detail string, n uint64) {
	w.f.record(Gap{What: what, Where: where, Detail: detail, N: n, At: w.f.pos.At})
}

func (w *writer) timeline() {
	args := make([]any, 0, entriesAtOnce*15)
	for i := range w.f.entries {
		args = w.entryArgs(args, &w.f.entries[i])
		if len(args) == entriesAtOnce*15 {
			w.exec(w.s.entries, args...)
			args = args[:0]
		}
	}
	for len(args) > 0 {
		w.exec(w.s.entry, args[:15]...)
		args = args[15:]
	}
}

func (w *writer) entryArgs(args []any, e *entryRow) []any {
	if e.contact == 0 && e.about != "" {
		if c := w.f.mem.contacts[e.about]; c != nil {
			e.contact = c.num
		}
	}
	detail := ""
	if e.Detail != (Detail{}) {
		detail = w.json(&e.Detail)
	}
	return append(args, int64(e.ID), micros(e.At), e.Kind, e.conv, e.contact, e.Actor, e.Item, e.Ref, string(e.Channel), //nolint:gosec // below 2^63
		e.Agent, e.Code, e.Reason, e.Remark, micros(e.Until), detail)
}

func (w *writer) rest() {
	for name := range w.f.dirtySrc {
		w.exec(w.s.source, name, w.json(w.f.sources[name]))
	}
	for id, a := range w.f.agents {
		if a.dirty {
			w.exec(w.s.agent, id, string(a.presence), a.removed, w.json(&a.facts))
			a.dirty = false
		}
	}
	for _, g := range w.f.gaps {
		w.exec(w.s.gap, string(g.What), g.Where, g.Detail, g.N, micros(g.At))
	}
	w.exec(w.s.position, w.json(&w.f.pos), w.f.pos.N)
}

// newFold makes a fold that goes on where the file ends.
func newFold(ctx context.Context, db *database, load *loader) (*fold, error) {
	f := &fold{
		load: load, mem: newMemory(), agents: map[string]*agentRow{}, dirtySrc: map[string]bool{},
	}
	err := db.snapshot(ctx, func(tx querier) error {
		var err error
		if f.pos, err = readPosition(ctx, tx); err != nil {
			return err
		}
		f.summed = !f.pos.Counts.Contacts.AddsUp()
		if f.sources, err = readSources(ctx, tx); err != nil {
			return err
		}
		return each(ctx, tx, "SELECT presence, removed, facts FROM agent", nil, func(rows *sql.Rows) error {
			var facts, presence string
			a := &agentRow{}
			if err := rows.Scan(&presence, &a.removed, &facts); err != nil {
				return fmt.Errorf("reading agents: %w", err)
			}
			if err := json.Unmarshal([]byte(facts), &a.facts); err != nil {
				return fmt.Errorf("reading agents: %w", err)
			}
			a.presence = contact.Presence(presence)
			f.agents[a.facts.ID] = a
			return nil
		})
	})
	return f, err
}

func (s *statements) close() error {
	var errs []error
	for _, stmt := range s.table() {
		if *stmt != nil {
			errs = append(errs, (*stmt).Close())
		}
	}
	return errors.Join(errs...)
}
