package demo

import (
	"maps"
	"strings"
	"sync"
)

// stage is what agents know of the play beside what the API tells them: whose
// story it is, and what has happened on their side already.
type stage struct {
	mu         sync.Mutex
	stories    map[string]*story
	happened   map[string]bool
	behaviours map[string]int
	troubles   []string
}

func newStage() *stage {
	s := &stage{stories: map[string]*story{}, happened: map[string]bool{}, behaviours: map[string]int{}}
	for _, name := range behaviours() {
		s.behaviours[name] = 0
	}
	return s
}

// behaviours are all that are counted.
func behaviours() []string {
	return []string{
		"answered", "asked", "pledged", "sent_again", "disposed", "reviewed", "assigned",
		string(declines), string(misses), string(silence), string(leaves), string(transfers),
	}
}

func (s *stage) enter(st *story) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stories[st.name] = st
}

// storyOf gives the story of a customer, a quiet one for somebody who isn't of
// the play, such as whom a person who looks on has written to.
func (s *stage) storyOf(name string) *story {
	s.mu.Lock()
	defer s.mu.Unlock()
	called, _, _ := strings.Cut(name, " (@") // where a handle says who it really is
	if st := s.stories[called]; st != nil {
		return st
	}
	return &story{kind: guesting, language: "en", topic: "delivery", name: name, first: name, order: "LH-00000"}
}

// due reports whether a trouble belongs to the story and has not happened yet;
// it has then.
func (s *stage) due(st *story, t trouble) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st.trouble != t || s.happened[st.name] {
		return false
	}
	s.happened[st.name] = true
	return true
}

// undo lets a trouble happen another time after all.
func (s *stage) undo(st *story) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.happened, st.name)
}

func (s *stage) count(behaviour string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behaviours[behaviour] += n
}

func (s *stage) counts() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.behaviours)
}

// trouble notes what an agent could not do and nobody foresaw.
func (s *stage) trouble(words string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.troubles) < 20 {
		s.troubles = append(s.troubles, words)
	}
}

func (s *stage) noted() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.troubles...)
}
