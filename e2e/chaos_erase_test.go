//go:build chaos

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"stagecoach/fault"
)

// TestChaosErase ends the daemon at every point of an erasure: what was written down
// is finished at the next start, and what wasn't has not begun.
func TestChaosErase(t *testing.T) {
	s := newSquare(t)
	s.begin()
	s.open()
	people := populate(t, s)
	s.stop()
	names := make([]string, len(s.lines))
	for i, l := range s.lines {
		names[i] = l.name()
	}
	erase := func(p *subject) (code int, errs string) {
		code, _, errs = s.run("customers", "erase", p.customer, "--yes", "--json", "--data", s.dir)
		return code, errs
	}
	for i, point := range fault.ErasurePoints() {
		l := s.lines[i%len(s.lines)]
		if i >= len(s.lines) { // everybody was erased: somebody new
			l = s.lines[0]
			people[l] = s.someoneNew(t, l, i)
		}
		p := people[l]
		s.start(string(point))
		s.untilUp(names...)
		if code, errs := erase(p); code == 0 {
			t.Errorf("%s: the erasure ended as if nothing had happened: %s", point, errs)
		}
		if !s.diedByFault(patience) {
			t.Fatalf("%s was not reached", point)
		}
		s.begin()
		if point == fault.EraseBeforeRegister {
			if len(traces(t, s.dir, p.texts[0])) == 0 {
				t.Errorf("%s: something was erased that was not written down", point)
			}
			if code, errs := erase(p); code != 0 {
				t.Errorf("%s: erasing again ended with %d: %s", point, code, errs)
			}
		}
		var left []string
		eventually(t, patience, func() string { return fmt.Sprintf("%s: the erasure to be finished, there is %v", point, left) }, func() bool {
			left = traces(t, s.dir, p.texts...)
			return len(left) == 0
		})
		s.audit()
		s.stop()
	}
}

// someoneNew has one more customer write on a line.
func (s *square) someoneNew(t *testing.T, l *line, i int) *subject {
	t.Helper()
	p := &subject{texts: []string{fmt.Sprintf("zanzibar%dnew", i)}}
	s.begin()
	l.write(100+i, "New here: "+p.texts[0])
	eventually(t, patience, words("who is new on %s", l.name()), func() bool {
		for _, c := range s.boss.contacts(t) {
			if v := s.boss.conversation(t, c.Conversation); len(v.Items) > 0 && strings.Contains(v.Items[0].Text, p.texts[0]) {
				p.customer = c.Customer
			}
		}
		return p.customer != ""
	})
	s.stop()
	return p
}
