package demo

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"stagecoach/contact"
)

// received is what was found at the customers'.
type received struct {
	mu sync.Mutex
	// Customers have written, Answers are the replies that lie with them, by
	// channel.
	Customers int
	Answers   map[contact.Channel]int
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

// lookIn looks at every customer's, into mailboxes over IMAP: each must have its
// answer, to all that it wrote, where it asked, and each reply once.
func (p *play) lookIn() (*received, error) {
	r := &received{Customers: len(p.customers), Answers: map[contact.Channel]int{}, Problems: []string{}}
	var g errgroup.Group
	g.SetLimit(4)
	for _, one := range p.customers {
		g.Go(func() error {
			n, err := p.look(one, r.problem)
			r.mu.Lock()
			r.Answers[one.tale().channel] += n
			r.mu.Unlock()
			return err
		})
	}
	err := g.Wait()
	for channel, s := range p.quarter.streets {
		for _, f := range s.handOver() {
			r.problem("on %s lies an answer for nobody: %s below %s", channel, f.id, f.to)
		}
	}
	slices.Sort(r.Problems)
	return r, err
}

// look gives the number of answers that lie with one customer.
func (p *play) look(one player, problem func(string, ...any)) (int, error) {
	switch u := one.(type) {
	case *customer:
		mails, err := p.post.mailbox(u.address)
		if err != nil {
			return 0, err
		}
		return u.compare(mails, problem), nil
	case *talker:
		return u.compare(problem), nil
	}
	return 0, nil
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
