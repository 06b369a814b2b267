package main

import (
	"errors"
	"slices"
	"strings"

	"stagecoach/ledger"
)

// quotedLine is how long a line of somebody's must be to be known by: "Thank you" is
// anybody's.
const quotedLine = 16

// quotes finds replies to others that quote who is erased: while they were taken for one
// person, what was written on one channel was quoted in an answer on another. They go
// whole, and before the words by which they are found, so that a crash loses none.
func (w *wiping) quotes(t *ledger.Theirs) ([]string, error) {
	others, err := w.once(t.Customers)
	if err != nil || len(others) == 0 {
		return nil, err
	}
	lines, err := w.lines(t)
	if err != nil {
		return nil, err
	}
	of, err := w.ledger.Theirs(w.ctx, others)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, ref := range of.Replies {
		if slices.Contains(t.Replies, ref) {
			continue
		}
		r, err := w.words.Reply(w.ctx, ref)
		switch {
		case errors.Is(err, ledger.ErrGone):
		case err != nil:
			return nil, err
		case w.quoting(r.Text, lines):
			out = append(out, ref)
		}
	}
	return out, nil
}

// once gives the customers who were taken for the same person, and are none of these.
func (w *wiping) once(ids []string) ([]string, error) {
	var out []string
	for _, id := range ids {
		p, _, err := w.ledger.Person(w.ctx, id)
		if err != nil {
			return nil, err
		}
		for _, l := range p.Past {
			for _, other := range []string{l.A, l.B} {
				if !slices.Contains(ids, other) && !slices.Contains(out, other) {
					out = append(out, other)
				}
			}
		}
	}
	return out, nil
}

// lines gives what somebody wrote, line by line, without what they quoted themselves.
func (w *wiping) lines(t *ledger.Theirs) (map[string]bool, error) {
	out := map[string]bool{}
	for _, ref := range t.OwnRefs {
		m, err := w.words.Message(w.ctx, ref)
		if errors.Is(err, ledger.ErrGone) {
			continue
		}
		if err != nil && w.ctx.Err() != nil {
			return nil, err
		}
		if err != nil {
			continue // what can't be read was quoted nowhere
		}
		for line := range strings.Lines(m.Text) {
			if line = strings.TrimSpace(line); len(line) >= quotedLine && !strings.HasPrefix(line, ">") {
				out[line] = true
			}
		}
	}
	return out, nil
}

// quoting reports whether a reply quotes one of the lines, or names an address of who is
// erased.
func (w *wiping) quoting(text string, lines map[string]bool) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, ">") && lines[strings.TrimSpace(strings.TrimLeft(line, "> "))] {
			return true
		}
	}
	return w.who.named("", []byte(text))
}
