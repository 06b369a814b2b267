package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"

	"stagecoach/router"
)

// Audit is the proof that everything that came in was dealt with, or the list
// of what was not.
type Audit struct {
	Office string `json:"office"`
	// N and Seq are the last commit that counts and its place in the log, Chain
	// the hash over all commits up to it.
	N     uint64    `json:"n"`
	Seq   uint64    `json:"seq"`
	Epoch uint64    `json:"epoch"`
	At    time.Time `json:"at"`
	Chain string    `json:"chain"`
	// Summary is the account in one line.
	Summary Summary `json:"summary"`
	// Sources are the accounts of the single sources.
	Sources []SourceAudit `json:"sources"`
	// Pending counts items that are stored and not taken in yet.
	Pending int `json:"pending"`
	// Breached counts contacts whose due time was missed.
	Breached uint64 `json:"breached"`
	// Gaps are what does not add up; there are at most 1,000 of them.
	Gaps []Gap `json:"gaps"`
}

// OK reports whether everything adds up.
func (a *Audit) OK() bool { return len(a.Gaps) == 0 }

// SourceAudit is the account of one source: seen = messages + evidence +
// quarantined + still pending. History is counted apart.
type SourceAudit struct {
	Source string `json:"source"`
	router.SourceState
	// Missing counts items that the bookmark covers and that became nothing yet.
	Missing uint64 `json:"missing"`
}

// Pending counts the items that are stored in INBOX and not taken in yet.
type Pending func(ctx context.Context) (int, error)

const (
	auditTries = 20
	auditPause = 100 * time.Millisecond
)

// Audit proves I13 on everything that has been folded. Items that are stored
// and not taken in yet count as pending; with pending nil there are none.
func (l *Ledger) Audit(ctx context.Context, pending Pending) (*Audit, error) {
	var a *Audit
	for try := range auditTries {
		next, err := l.audit(ctx, pending)
		if err != nil {
			return nil, fmt.Errorf("auditing: %w", err)
		}
		a = next
		// While items flow, those between two counts seem to be missing: only
		// what stays missing is a gap.
		if pending == nil || !a.lacks() || try == auditTries-1 || !rest(ctx, auditPause) {
			break
		}
	}
	a.summarySources()
	return a, ctx.Err()
}

func (l *Ledger) audit(ctx context.Context, pending Pending) (*Audit, error) {
	a := &Audit{Office: l.cfg.Office, Sources: []SourceAudit{}, Gaps: []Gap{}}
	var seen map[string]*router.SourceState
	err := l.view(ctx, func(tx querier) error {
		var err error
		seen, err = readSources(ctx, tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if pending != nil {
		if a.Pending, err = pending(ctx); err != nil {
			return nil, fmt.Errorf("counting what is pending: %w", err)
		}
	}
	err = l.view(ctx, func(tx querier) error {
		pos, err := readPosition(ctx, tx)
		if err != nil {
			return err
		}
		sources, err := readSources(ctx, tx)
		if err != nil {
			return err
		}
		a.N, a.Seq, a.Epoch, a.At, a.Chain = pos.N, pos.Seq, pos.Epoch, pos.At, pos.Chain
		a.Breached = pos.Counts.Contacts.Breached
		a.Summary = summarise(&pos.Counts, sources)
		a.addSources(sources, seen)
		if err := a.recorded(ctx, tx); err != nil {
			return err
		}
		return a.check(ctx, tx, &pos)
	})
	return a, err
}

// addSources compares what was seen at first with what was taken in later, so
// that an item that arrives in between is never missed.
func (a *Audit) addSources(sources, seen map[string]*router.SourceState) {
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		s := SourceAudit{Source: name, SourceState: *sources[name]}
		taken := s.Messages + s.Evidence + s.Quarantined
		if before := seen[name]; before != nil && before.Seen > taken {
			s.Missing = before.Seen - taken
		}
		a.Sources = append(a.Sources, s)
	}
}

func (a *Audit) missing() (n uint64) {
	for i := range a.Sources {
		n += a.Sources[i].Missing
	}
	return n
}

// lacks reports whether more is missing than is pending.
func (a *Audit) lacks() bool {
	return a.missing() > uint64(max(a.Pending, 0))
}

// summarySources makes gaps of the sources that lack something.
func (a *Audit) summarySources() {
	lacks := a.lacks()
	for i := range a.Sources {
		s := &a.Sources[i]
		if s.Missing == 0 || !lacks {
			continue
		}
		a.add(GapSource, s.Source, fmt.Sprintf("seen %d = messages %d + evidence %d + quarantined %d does not hold: %d became nothing, and %d in all are pending",
			s.Seen, s.Messages, s.Evidence, s.Quarantined, s.Missing, a.Pending))
	}
	a.Summary.AddsUp = a.OK() && a.missing() == 0
}

func (a *Audit) add(what GapKind, where, detail string) {
	if len(a.Gaps) < maxGaps {
		a.Gaps = append(a.Gaps, Gap{What: what, Where: where, Detail: detail})
	}
}

// recorded adds what the fold found wrong.
func (a *Audit) recorded(ctx context.Context, tx querier) error {
	return each(ctx, tx, "SELECT what, place, detail, n, at FROM gap ORDER BY id", nil, func(rows *sql.Rows) error {
		var g Gap
		var at int64
		err := rows.Scan(&g.What, &g.Where, &g.Detail, &g.N, &at)
		g.At = fromMicros(at)
		a.Gaps = append(a.Gaps, g)
		return err
	})
}
