package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"stagecoach/desk/view"
)

// maxAnswer bounds the text of a saved answer, in bytes.
const maxAnswer = 64 << 10

// answers are the texts that agents use again: content, kept at hand.
type answers struct {
	content Content
	mu      sync.RWMutex
	byID    map[string]view.SavedAnswer
}

func newAnswers(content Content) *answers {
	return &answers{content: content, byID: map[string]view.SavedAnswer{}}
}

func (a *answers) load(ctx context.Context) error {
	err := a.content.Each(ctx, KindAnswer, func(id string, value []byte) error {
		var v view.SavedAnswer
		if err := json.Unmarshal(value, &v); err != nil {
			return fmt.Errorf("reading saved answer %q: %w", id, err)
		}
		v.ID = id
		a.mu.Lock()
		a.byID[id] = v
		a.mu.Unlock()
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading the saved answers: %w", err)
	}
	return nil
}

// SavedAnswers lists the texts that agents use again, by title.
func (s *Service) SavedAnswers() []view.SavedAnswer {
	s.answers.mu.RLock()
	defer s.answers.mu.RUnlock()
	out := make([]view.SavedAnswer, 0, len(s.answers.byID))
	for _, v := range s.answers.byID {
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b view.SavedAnswer) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// SaveAnswer keeps a new text, or changes the one of this id.
func (s *Service) SaveAnswer(ctx context.Context, v view.SavedAnswer) (view.SavedAnswer, error) {
	v.Title = strings.TrimSpace(v.Title)
	switch {
	case v.Title == "" || utf8.RuneCountInString(v.Title) > 200:
		return v, invalid("A saved answer needs a title of at most 200 characters.")
	case strings.TrimSpace(v.Text) == "" || len(v.Text) > maxAnswer:
		return v, invalid("A saved answer needs a text of at most 64 KiB.")
	}
	id, err := givenID(v.ID)
	if err != nil {
		return v, err
	}
	v.ID = id
	value, err := json.Marshal(v)
	if err != nil {
		return v, fmt.Errorf("writing a saved answer: %w", err)
	}
	if _, err := s.deps.Content.Put(ctx, KindAnswer, v.ID, value); err != nil {
		return v, fmt.Errorf("storing a saved answer: %w", err)
	}
	s.answers.mu.Lock()
	s.answers.byID[v.ID] = v
	s.answers.mu.Unlock()
	return v, nil
}

// RemoveAnswer takes a text away.
func (s *Service) RemoveAnswer(ctx context.Context, id string) error {
	s.answers.mu.Lock()
	_, ok := s.answers.byID[id]
	delete(s.answers.byID, id)
	s.answers.mu.Unlock()
	if !ok {
		return missing("There is no such saved answer.")
	}
	if err := s.deps.Content.Erase(ctx, string(KindAnswer)+"."+id); err != nil && !errors.Is(err, ErrMissing) {
		return fmt.Errorf("removing a saved answer: %w", err)
	}
	return nil
}
