package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"stagecoach/ledger"
	"stagecoach/policies"
)

// law says what must be kept longer than the retention does. Words that a rule keeps are
// passed over by the look that would remove them, without being noted each: a rule's own
// look comes to them when its time is over.
type law struct {
	*rights
	now   time.Time
	rules []policies.Statutory
	// of is what is known of contacts.
	of map[string]ruled
}

// ruled is under which rules the words of a contact fall, and which of them keeps them
// now, "" for none any more.
type ruled struct {
	rules []string
	kept  string
}

// lawMark is the mark that says by which rules the others were made.
const lawMark = "law"

// newLaw forgets the marks where the rules have changed since they were made: what one
// had kept is looked for again.
func (r *rights) newLaw(now time.Time, marks map[string]retentionMark) *law {
	version := r.policy().StatutoryVersion()
	if marks[lawMark].Law != version {
		clear(marks)
		marks[lawMark] = retentionMark{Law: version}
	}
	return &law{rights: r, now: now, rules: r.policy().Statutories(), of: map[string]ruled{}}
}

// pass is one look at the words of a kind: those older than before, from its mark on.
type pass struct {
	mark, rule string
	before     time.Time
}

// passes gives the looks at a kind: the retention's own, and one for each rule.
func (l *law) passes(keep policies.Retention) []pass {
	own := l.now.Add(-keep.Keep)
	out := []pass{{mark: keep.Kind, before: own}}
	if !lawful(keep.Kind) {
		return out
	}
	for i := range l.rules {
		before := l.rules[i].Before(l.now)
		if before.After(own) {
			before = own
		}
		out = append(out, pass{mark: keep.Kind + " " + l.rules[i].Name, rule: l.rules[i].Name, before: before})
	}
	return out
}

// lawful reports whether a law may keep words of a kind: messages, as they came, and
// replies.
func lawful(kind string) bool {
	return kind == ledger.ExpireMessages || kind == ledger.ExpireReplies || kind == "originals"
}

// on gives under which rules the words of a contact fall.
func (l *law) on(ctx context.Context, kind, contactID string) (ruled, error) {
	if contactID == "" || len(l.rules) == 0 || !lawful(kind) {
		return ruled{}, nil
	}
	if one, known := l.of[contactID]; known {
		return one, nil
	}
	row, err := l.ledger.Contact(ctx, contactID)
	if errors.Is(err, ledger.ErrNotFound) {
		return ruled{}, nil
	}
	if err != nil {
		return ruled{}, err
	}
	one := ruled{kept: boundOf(l.policy(), &row, l.now).rule}
	for _, b := range lawsOf(l.policy(), &row, l.now) {
		one.rules = append(one.rules, b.rule)
	}
	if len(l.of) >= mostSpared {
		clear(l.of)
	}
	l.of[contactID] = one
	return one, nil
}

// verdict is what a look does with a piece of words.
type verdict int

const (
	goes    verdict = iota
	stays           // and is looked at again
	another         // another look comes to it
)

// judge says what a look does with words that fall under rules: the retention's own
// leaves them to the looks of those, whose times may be longer.
func (k *retaining) judge(one ruled, needed, again bool) verdict {
	switch {
	case k.rule == "" && len(one.rules) > 0:
		if one.kept != "" {
			k.kept++
		}
		return another
	case k.rule != "" && !slices.Contains(one.rules, k.rule):
		return another
	case needed, one.kept != "" && (one.kept == k.rule || again):
		return stays
	case one.kept != "":
		return another
	}
	return goes
}
