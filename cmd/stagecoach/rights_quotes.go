package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"stagecoach/contact"
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
	var out []string
	for _, other := range others {
		refs, err := w.quotesTo(other, t, lines)
		if err != nil {
			return nil, err
		}
		out = append(out, refs...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// quotesTo finds those to one of the others. What a hold on that one, or a law, has us
// keep stays theirs, and is told.
func (w *wiping) quotesTo(other string, t *ledger.Theirs, lines map[string]bool) ([]string, error) {
	of, err := w.ledger.Theirs(w.ctx, []string{other})
	if err != nil {
		return nil, err
	}
	bounds, err := w.bounds(w.ctx, of, w.now())
	if err != nil {
		return nil, err
	}
	held, err := w.heldNow(other)
	if err != nil {
		return nil, err
	}
	var out []string
	stay := 0
	for _, ref := range of.Replies {
		if slices.Contains(t.Replies, ref) {
			continue
		}
		r, err := w.words.Reply(w.ctx, ref)
		switch _, lawful := bounds[ref]; {
		case errors.Is(err, ledger.ErrGone):
		case err != nil:
			return nil, err
		case !w.quoting(r.Text, lines):
		case held || lawful:
			stay++
		default:
			out = append(out, ref)
		}
	}
	if stay > 0 {
		w.kept = append(w.kept, fmt.Sprintf("%d of our replies to customer %s quote them: a hold on that customer, or a law, has us keep those", stay, other))
	}
	return out, nil
}

// heldNow reports whether a hold stands on a customer, or on the person they are.
func (w *wiping) heldNow(customer string) (bool, error) {
	members, err := w.person(w.ctx, customer)
	if err != nil {
		return false, err
	}
	who := &identities{all: map[contact.Identity]bool{}}
	err = w.recorded(w.ctx, members, who)
	return who.held != nil, err
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
