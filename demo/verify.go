package demo

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// received is what was found in the customers' mailboxes.
type received struct {
	mu sync.Mutex
	// Customers have written, Answers are the replies that lie with them.
	Customers int
	Answers   int
	Problems  []string
}

// maxProblems bounds what is told.
const maxProblems = 50

func (r *received) problem(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	}
}

// lookIn looks into every customer's mailbox, over IMAP: each must have its
// answer, to all that it wrote, and each reply once.
func (p *post) lookIn(customers []*customer) (*received, error) {
	r := &received{Customers: len(customers), Problems: []string{}}
	var g errgroup.Group
	g.SetLimit(4)
	for _, u := range customers {
		g.Go(func() error {
			mails, err := p.mailbox(u.address)
			if err != nil {
				return err
			}
			n := u.compare(mails, r.problem)
			r.mu.Lock()
			r.Answers += n
			r.mu.Unlock()
			return nil
		})
	}
	err := g.Wait()
	slices.Sort(r.Problems)
	return r, err
}

// compare checks one mailbox against its story, and gives the number of
// different replies in it.
func (u *customer) compare(mails []incoming, problem func(string, ...any)) int {
	times := map[string]int{}
	for i := range mails {
		m := &mails[i]
		times[m.id]++
		if times[m.id] == 2 {
			problem("%s got the same reply twice: %s", u.address, m.id)
		}
		if !u.concerns(m) {
			problem("%s got a reply that is not theirs: %s", u.address, m.id)
		}
	}
	least, most := u.kind.answers()
	if n := len(times); n < least || n > most {
		problem("%s has %d replies in the mailbox where %d were due (%s)", u.address, n, least, u.kind)
	}
	if least == 0 {
		return len(times)
	}
	wrote := u.wrote
	if u.kind == thanks {
		wrote = wrote[:1] // the thanks need none
	}
	for _, id := range wrote {
		if !slices.ContainsFunc(mails, func(m incoming) bool { return m.inReplyTo == id || slices.Contains(m.references, id) }) {
			problem("%s wrote %s and has no reply to it", u.address, id)
		}
	}
	return len(times)
}

// concerns reports whether a reply answers this customer: it is in their thread
// and speaks of them.
func (u *customer) concerns(m *incoming) bool {
	return slices.Contains(u.wrote, m.inReplyTo) && strings.Contains(m.text, u.name)
}
