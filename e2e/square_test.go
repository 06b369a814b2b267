package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// square is an office whose customers write on every channel there is.
type square struct {
	*office
	lines []*line
	// watchers say what the providers and the customers' programs found wrong
	// with what they got.
	watchers []func() []string
}

// line is one channel's account, seen from the customers' side.
type line struct {
	channel, account string
	settings         string
	secrets          map[string]string
	// write has customer i write, and gives the place of what they wrote; more has
	// them go on there.
	write func(i int, text string) (place string)
	more  func(place, text string)
	// edit has them write anew what they wrote last, nil where nobody can.
	edit func(place, text string)
	// answers gives what we answered, by place: each post by itself, in order, with
	// the names of its files.
	answers func() map[string][]string
	// slow has the provider take its time for the next reply: it takes it all the
	// same. asked counts what it was asked to take. Both are nil where nobody is
	// asked.
	slow  func(on bool)
	asked func() int
	// weather are the ways in which it goes wrong there, each until another or fair.
	weather []func()
	fair    func()
}

func (l *line) name() string { return l.channel + "/" + l.account }

// sameAccount is what every channel's account is called.
const sameAccount = "acme"

func newSquare(t *testing.T) *square {
	t.Helper()
	s := &square{office: &office{daemon: newDaemon(t)}}
	s.lines = []*line{s.mail(), s.shop(), s.fedi(), s.team(), s.sky(), s.chat()}
	dir := filepath.Dir(s.config)
	text := fmt.Sprintf("version: 1\nhttp: {listen: %q}\nchannels:\n", strings.TrimPrefix(s.url, "http://"))
	for _, l := range s.lines {
		l.account = sameAccount
		text += fmt.Sprintf("  %s:\n    - {name: %s, %s}\n", l.channel, l.account, l.settings)
		for file, value := range l.secrets {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(value), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// begin starts the daemon and waits for all its lines.
func (s *square) begin() {
	s.t.Helper()
	s.start("")
	names := make([]string, len(s.lines))
	for i, l := range s.lines {
		names[i] = l.name()
	}
	s.untilUp(names...)
}

// complaints lists what was found wrong with what we sent.
func (s *square) complaints() (all []string) {
	for _, w := range s.watchers {
		all = append(all, w()...)
	}
	return all
}

// register keeps where things are: what was written last at a place, and to which
// place an item belongs.
type register[T any] struct {
	mu   sync.Mutex
	last map[string]T
	home map[string]string
}

func newRegister[T any]() *register[T] {
	return &register[T]{last: map[string]T{}, home: map[string]string{}}
}

// put notes what was written last at a place, under the ids by which answers name it.
func (r *register[T]) put(place string, what T, ids ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last[place] = what
	for _, id := range ids {
		r.home[id] = place
	}
}

func (r *register[T]) at(place string) T {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last[place]
}

// of gives the place of what answers an item, the item's own id where nobody wrote.
// Answers to our own answers stay at the place.
func (r *register[T]) of(id, answers string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	place, known := r.home[answers]
	if !known {
		place = answers
	}
	r.home[id] = place
	return place
}
