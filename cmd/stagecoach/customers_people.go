package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"stagecoach/customers"
	"stagecoach/customers/directory"
	"stagecoach/router"
)

// peopleOf is the customers' directory as intake asks it.
type peopleOf struct{ *directory.Directory }

var _ router.Directory = peopleOf{}

// Owners implements router.Directory.
func (p peopleOf) Owners(ctx context.Context, keys []string) (map[string][]string, error) {
	found, err := p.Lookup(ctx, keys)
	if err != nil {
		return nil, err
	}
	out := make(map[string][]string, len(found))
	for key, m := range found {
		if out[key] = m.All; m.Customer != "" {
			out[key] = []string{m.Customer}
		}
	}
	return out, nil
}

// Records implements router.Directory.
func (p peopleOf) Records(ctx context.Context, ids []string) ([]*customers.Record, error) {
	var out []*customers.Record
	for _, id := range ids {
		rec, err := p.Get(ctx, id)
		switch {
		case errors.Is(err, directory.ErrNotFound), errors.Is(err, directory.ErrErased):
		case err != nil:
			return nil, err
		default:
			out = append(out, rec)
		}
	}
	return out, nil
}

// External implements router.Directory.
func (p peopleOf) External(ctx context.Context, id string) (string, error) {
	rec, err := p.Directory.External(ctx, id)
	if errors.Is(err, directory.ErrNotFound) || errors.Is(err, directory.ErrErased) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return rec.ID, nil
}

// Namesakes implements router.Directory: who bears all of the name's words and no
// other.
func (p peopleOf) Namesakes(ctx context.Context, name string, most int) ([]string, error) {
	list, err := p.Find(ctx, name, namesakesRead)
	if err != nil {
		return nil, err
	}
	words := wordsOf(name)
	var out []string
	for i := range list {
		if len(out) < most && slices.Equal(wordsOf(list[i].Name), words) {
			out = append(out, list[i].ID)
		}
	}
	return out, nil
}

// namesakesRead bounds how many are looked at for a name.
const namesakesRead = 20

// wordsOf gives the words of a name, in any order.
func wordsOf(name string) []string {
	words := strings.Fields(strings.ToLower(strings.ReplaceAll(name, ",", " ")))
	slices.Sort(words)
	return words
}
