package directory_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"stagecoach/customers"
	"stagecoach/customers/directory"
)

// halfStore stores the first so many pieces of each call, and fails then.
type halfStore struct {
	*store
	most int
}

var errFull = errors.New("no room")

func (s *halfStore) PutAll(ctx context.Context, pieces []directory.Piece) (map[int]uint64, error) {
	if s.most < 0 {
		return s.store.PutAll(ctx, pieces)
	}
	if _, err := s.store.PutAll(ctx, pieces[:min(s.most, len(pieces))]); err != nil {
		return nil, err
	}
	return nil, errFull
}

// TestImportOnAFullDisk: what is stored before the store fails is counted as loaded, and
// the next import takes the rest.
func TestImportOnAFullDisk(t *testing.T) {
	t.Parallel()
	for _, first := range []bool{true, false} { // an empty directory, and one that is in use
		t.Run(fmt.Sprint(first), func(t *testing.T) {
			dir := t.TempDir()
			s := &halfStore{store: &store{j: openJournal(t, dir)}, most: -1}
			d, err := directory.Open(t.Context(), directory.Config{Dir: dir, Store: s, Key: key(s.j), Now: clock()})
			ok(t, err)
			t.Cleanup(func() { _ = d.Close() })
			var rows []customers.Row
			for n := range 100 {
				rows = append(rows, row(n+2, fmt.Sprintf("K-%d", n), fmt.Sprintf("c%d@example.org", n)))
			}
			if !first {
				add(t, d, "a", "", "first", mail("a@example.org"))
			}
			s.most = 30
			out, err := d.Import(t.Context(), rows, false)
			if !errors.Is(err, errFull) || out == nil || out.Loaded != 30 || out.Unchanged != 0 || len(out.Rejected) > 0 {
				t.Fatalf("the first import: %+v, %v", out, err)
			}
			s.most = -1
			out, err = d.Import(t.Context(), rows, false)
			if err != nil || out.Loaded != 70 || out.Unchanged != 30 {
				t.Errorf("the next one: %+v, %v", out, err)
			}
			if n, err := d.SharedAddresses(t.Context()); n != 0 || err != nil {
				t.Errorf("%d customers are there twice, %v", n, err)
			}
		})
	}
}
