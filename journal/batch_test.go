package journal_test

import (
	"bytes"
	"fmt"
	"maps"
	"testing"

	"stagecoach/journal"
	"stagecoach/journal/journaltest"
)

// since reads what all shards hold behind positions, and moves them on.
func since(t *testing.T, j *journal.Journal, at []uint64) map[string]string {
	t.Helper()
	got := map[string]string{}
	for k := range at {
		last, err := j.Since(t.Context(), journal.KindCustomer, k, at[k], func(v journal.Version) error {
			if v.Erased {
				v.Value = []byte("erased")
			}
			got[v.ID] = string(v.Value)
			return nil
		})
		ok(t, err)
		at[k] = last
	}
	return got
}

func TestPutAll(t *testing.T) {
	for name, open := range engines() {
		t.Run(name, func(t *testing.T) {
			j, _ := open(t)
			want := map[string]string{}
			var pieces []journal.Piece
			for i := range 2500 {
				id := fmt.Sprintf("c-%d", i)
				value := []byte("value " + id)
				if i == 7 {
					value = bytes.Repeat([]byte("large"), 100_000)
				}
				want[id] = string(value)
				pieces = append(pieces, journal.Piece{ID: id, Value: value})
			}
			last, err := j.PutAll(t.Context(), journal.KindCustomer, pieces)
			ok(t, err)
			if len(last) != j.Shards() {
				t.Errorf("%d shards were written, want all %d", len(last), j.Shards())
			}
			if got := each(t, j, journal.KindCustomer); !maps.Equal(got, want) {
				t.Errorf("got %d pieces, want %d", len(got), len(want))
			}
			at := make([]uint64, j.Shards())
			if got := since(t, j, at); !maps.Equal(got, want) {
				t.Errorf("read %d pieces from the beginning, want %d", len(got), len(want))
			}
			for k, seq := range last {
				if at[k] != seq {
					t.Errorf("shard %d: PutAll ended at %d, the stream at %d", k, seq, at[k])
				}
			}
			_, err = j.Put(t.Context(), journal.KindCustomer, "c-1", []byte("new"))
			ok(t, err)
			_, err = j.Put(t.Context(), journal.KindAgent, "c-2", []byte("no customer"))
			ok(t, err)
			ok(t, j.Erase(t.Context(), "customer.c-7"))
			if got := since(t, j, at); !maps.Equal(got, map[string]string{"c-1": "new", "c-7": "erased"}) {
				t.Errorf("what is new is %v", got)
			}
			if got := since(t, j, at); len(got) != 0 {
				t.Errorf("nothing is new, and yet %v", got)
			}
		})
	}
}

func TestPutAllRefuses(t *testing.T) {
	j := journaltest.Open(t)
	if _, err := j.PutAll(t.Context(), journal.KindReply, []journal.Piece{{ID: "a"}}); err == nil {
		t.Error("replies were stored in a batch")
	}
	if _, err := j.PutAll(t.Context(), journal.KindCustomer, []journal.Piece{{ID: "a"}, {ID: ""}}); err == nil {
		t.Error("a piece without an id was stored")
	}
	if got := each(t, j, journal.KindCustomer); len(got) != 0 {
		t.Errorf("of a refused call %v was stored", got)
	}
	_, err := j.Since(t.Context(), journal.KindCustomer, 0, 1000, func(journal.Version) error { return nil })
	wantErr(t, err, journal.ErrNotFound)
}
