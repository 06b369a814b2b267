package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"stagecoach/contact"
	"stagecoach/router"
)

// check compares rows with one another and with the sums.
func (a *Audit) check(ctx context.Context, tx querier, pos *position) error {
	for _, fn := range []func(context.Context, querier) error{
		a.checkMessages, a.checkOpen, a.checkEnds,
	} {
		if err := fn(ctx, tx); err != nil {
			return err
		}
	}
	return a.checkSums(ctx, tx, pos)
}

// checkSums counts the rows anew.
func (a *Audit) checkSums(ctx context.Context, tx querier, pos *position) error {
	rows := router.Totals{Disposed: map[contact.Disposition]uint64{}}
	query := "SELECT ended, disposition, count(*), sum(kept), sum(breached) FROM contact GROUP BY ended, disposition"
	err := each(ctx, tx, query, nil, func(r *sql.Rows) error {
		var end router.EndKind
		var reason contact.Disposition
		var n, kept, breached uint64
		if err := r.Scan(&end, &reason, &n, &kept, &breached); err != nil {
			return err
		}
		rows.Opened += n
		rows.Kept += kept
		switch end {
		case router.EndReplied:
			rows.Replied += n
		case router.EndMerged:
			rows.Merged += n
		case router.EndDisposed:
			rows.Disposed[reason] += n
		case "":
			rows.Open += n
		}
		return nil
	})
	if err != nil {
		return err
	}
	sums := pos.Counts.Contacts
	rows.Breached = sums.Breached
	if got, want := totalsText(sums), totalsText(rows); got != want {
		a.add(GapSum, "contacts", fmt.Sprintf("the sums say %s, the rows %s", got, want))
	}
	if !sums.AddsUp() && !slices.ContainsFunc(a.Gaps, func(g Gap) bool { return g.What == GapSum }) {
		a.add(GapSum, "contacts", "opened is not open + replied + merged + disposed: "+totalsText(sums))
	}
	return nil
}

func totalsText(t router.Totals) string {
	var b strings.Builder
	fmt.Fprintf(&b, "opened %d, open %d, replied %d, merged %d, kept %d", t.Opened, t.Open, t.Replied, t.Merged, t.Kept)
	for _, d := range contact.Dispositions() {
		if n := t.Disposed[d]; n > 0 {
			fmt.Fprintf(&b, ", %s %d", d, n)
		}
	}
	return b.String()
}

// checkMessages finds messages that belong to no contact, or to two (I3).
func (a *Audit) checkMessages(ctx context.Context, tx querier) error {
	query := `SELECT m.id, m.contact, c.id IS NULL FROM message m LEFT JOIN contact c ON c.id = m.contact
		WHERE m.contact <> '' AND (m.taken = 0 OR c.id IS NULL) LIMIT ?`
	err := each(ctx, tx, query, []any{maxGaps}, func(rows *sql.Rows) error {
		var id, about string
		var unknown bool
		if err := rows.Scan(&id, &about, &unknown); err != nil {
			return err
		}
		why := "doesn't list it"
		if unknown {
			why = "was never opened"
		}
		a.add(GapMessage, "message "+id, fmt.Sprintf("its contact %q %s", about, why))
		return nil
	})
	if err != nil {
		return err
	}
	query = `SELECT j.value ->> 'id', group_concat(c.id, ' ') FROM contact c, json_each(c.facts, '$.messages') j
		WHERE c.state <> 'ended' GROUP BY 1 HAVING count(*) > 1 LIMIT ?`
	return each(ctx, tx, query, []any{maxGaps}, func(rows *sql.Rows) error {
		var id, contacts string
		err := rows.Scan(&id, &contacts)
		a.add(GapShared, "message "+id, "open contacts share it: "+contacts)
		return err
	})
}

// checkOpen finds open contacts without due time or last resort (I3).
func (a *Audit) checkOpen(ctx context.Context, tx querier) error {
	query := "SELECT id, due, last_resort FROM contact WHERE state <> 'ended' AND (due = 0 OR last_resort = '') LIMIT ?"
	return each(ctx, tx, query, []any{maxGaps}, func(rows *sql.Rows) error {
		var id, lastResort string
		var due int64
		if err := rows.Scan(&id, &due, &lastResort); err != nil {
			return err
		}
		if due == 0 {
			a.add(GapDue, "contact "+id, "it is open and nothing is due")
		}
		if lastResort == "" {
			a.add(GapLastResort, "contact "+id, "it is open and has no last resort")
		}
		return nil
	})
}

// checkEnds finds contacts that ended without the evidence of their end (I4).
func (a *Audit) checkEnds(ctx context.Context, tx querier) error {
	query := `SELECT c.id, c.ended, c.disposition, c.ended_by, c.end_reply, c.end_into,
		coalesce(r.state, ''), coalesce(r.facts, ''), coalesce(i.id, '')
		FROM contact c LEFT JOIN reply r ON r.id = c.end_reply LEFT JOIN contact i ON i.id = c.end_into
		WHERE c.state = 'ended'`
	return each(ctx, tx, query, nil, func(rows *sql.Rows) error {
		var e endRow
		if err := rows.Scan(&e.id, &e.end, &e.disposition, &e.by, &e.reply, &e.into, &e.replyState, &e.replyFacts, &e.intoID); err != nil {
			return err
		}
		what, detail, err := e.wrong()
		if what != "" {
			a.add(what, "contact "+e.id, detail)
		}
		return err
	})
}

// endRow is an ended contact with the evidence of its end.
type endRow struct {
	id, by, reply, into, replyFacts, intoID string
	end                                     router.EndKind
	disposition                             contact.Disposition
	replyState                              router.ReplyState
}

func (e *endRow) wrong() (what GapKind, detail string, err error) {
	switch e.end {
	case router.EndReplied:
		return e.wrongReply()
	case router.EndDisposed:
		if !human(e.by) {
			return GapNoPerson, fmt.Sprintf("it was disposed of by %q, who is not a person", e.by), nil
		}
		if !slices.Contains(contact.Dispositions(), e.disposition) {
			return GapNoPerson, fmt.Sprintf("it was disposed of as %q, which is no reason", e.disposition), nil
		}
	case router.EndMerged:
		if e.intoID == "" || e.into == e.id {
			return GapNoInto, fmt.Sprintf("it was merged into %q, which is no other contact", e.into), nil
		}
	default:
		return GapNoEnd, fmt.Sprintf("it ended as %q", e.end), nil
	}
	return "", "", nil
}

func (e *endRow) wrongReply() (GapKind, string, error) {
	if e.reply == "" || e.replyState != router.ReplyIsDelivered {
		return GapNoReply, fmt.Sprintf("its reply %q is %q, not delivered", e.reply, e.replyState), nil
	}
	var r router.Reply
	if err := json.Unmarshal([]byte(e.replyFacts), &r); err != nil {
		return "", "", fmt.Errorf("reading reply %q: %w", e.reply, err)
	}
	if !covers(r.Kind) || !human(r.Agent) {
		return GapNoReply, fmt.Sprintf("its reply %q is of kind %q by %q, not a person's answer", e.reply, r.Kind, r.Agent), nil
	}
	return "", "", nil
}
