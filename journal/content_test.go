package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"stagecoach/journal"
	"stagecoach/journal/journaltest"
)

func each(t *testing.T, j *journal.Journal, kind journal.Kind) map[string]string {
	t.Helper()
	got := map[string]string{}
	ok(t, j.Each(t.Context(), kind, func(id string, value []byte) error {
		if _, twice := got[id]; twice {
			t.Errorf("%q came twice", id)
		}
		got[id] = string(value)
		return nil
	}))
	return got
}

func TestContent(t *testing.T) {
	for name, open := range engines() {
		t.Run(name, func(t *testing.T) {
			j, _ := open(t)
			for _, kind := range journal.Kinds() {
				want := map[string]string{}
				for i := range 12 {
					id := fmt.Sprintf("%s-%d", kind, i)
					for v := range 1 + i%3 {
						value := fmt.Sprint("value ", i, v)
						ref, err := j.Put(t.Context(), kind, id, []byte(value))
						ok(t, err)
						if ref != string(kind)+"."+id {
							t.Errorf("reference is %q", ref)
						}
						want[id] = value
					}
					got, err := j.Get(t.Context(), string(kind)+"."+id)
					if string(got) != want[id] || err != nil {
						t.Errorf("%s: got %q, %v; want %q", id, got, err, want[id])
					}
				}
				if got := each(t, j, kind); !maps.Equal(got, want) {
					t.Errorf("kind %q: got %v, want %v", kind, got, want)
				}
			}
			if _, err := j.Put(t.Context(), "nonsense", "x", nil); err == nil {
				t.Error("an unknown kind was stored")
			}
			if _, err := j.Put(t.Context(), journal.KindNote, "", nil); err == nil {
				t.Error("content without an id was stored")
			}
			for _, ref := range []string{"note.none", "nonsense.x", "", "note"} {
				_, err := j.Get(t.Context(), ref)
				wantErr(t, err, journal.ErrNotFound)
			}
			stop := errors.New("stop")
			wantErr(t, j.Each(t.Context(), journal.KindNote, func(string, []byte) error { return stop }), stop)
		})
	}
}

func TestContentOfAnySizeAndName(t *testing.T) {
	j := journaltest.Open(t)
	for _, id := range []string{"Main.Setting", "a b", "x-y", "ü", ">"} {
		value := bytes.Repeat([]byte(id), 300_000)
		ref, err := j.Put(t.Context(), journal.KindAgent, id, value)
		ok(t, err)
		got, err := j.Get(t.Context(), ref)
		if !bytes.Equal(got, value) || err != nil {
			t.Errorf("%q: got %d bytes, %v", id, len(got), err)
		}
		if _, here := each(t, j, journal.KindAgent)[id]; !here {
			t.Errorf("%q isn't listed by its name", id)
		}
	}
}

func TestErasedContentLeavesNoBytes(t *testing.T) {
	for name, open := range engines() {
		t.Run(name, func(t *testing.T) {
			j, store := open(t)
			var markers []string
			for v := range 3 {
				m := fmt.Sprintf("marker-of-version-%d-0815;", v)
				markers = append(markers, m)
				_, err := j.Put(t.Context(), journal.KindCustomer, "c1", []byte(strings.Repeat(m, 1+v*20_000)))
				ok(t, err)
			}
			_, err := j.Put(t.Context(), journal.KindCustomer, "c2", []byte("neighbour"))
			ok(t, err)
			for _, m := range markers {
				if holds(t, store, []byte(m)) == "" {
					t.Fatalf("marker %q isn't on disk before: the test proves nothing", m)
				}
			}
			ok(t, j.Erase(t.Context(), "customer.c1"))
			ok(t, j.Erase(t.Context(), "customer.c1"))
			ok(t, j.Erase(t.Context(), "customer.never-was"))
			_, err = j.Get(t.Context(), "customer.c1")
			wantErr(t, err, journal.ErrErased)
			for _, m := range markers {
				if f := holds(t, store, []byte(m)); f != "" {
					t.Errorf("after erasing, %q is still in %s", m, f)
				}
			}
			if got := each(t, j, journal.KindCustomer); !maps.Equal(got, map[string]string{"c2": "neighbour"}) {
				t.Errorf("left is %v", got)
			}
			_, err = j.Put(t.Context(), journal.KindCustomer, "c1", []byte("anew"))
			ok(t, err)
			if got, err := j.Get(t.Context(), "customer.c1"); string(got) != "anew" || err != nil {
				t.Errorf("stored anew: %q, %v", got, err)
			}
		})
	}
}

func TestEarlierDraftsAreDeleted(t *testing.T) {
	for name, open := range engines() {
		t.Run(name, func(t *testing.T) {
			j, store := open(t)
			for v := range 5 {
				_, err := j.Put(t.Context(), journal.KindDraft, "k1", fmt.Appendf(nil, "draft-words-%d-0815", v))
				ok(t, err)
				_, err = j.Put(t.Context(), journal.KindReply, "r1", fmt.Appendf(nil, "reply-words-%d-0815", v))
				ok(t, err)
			}
			soon(t, "the earlier drafts to go", func() bool {
				return holds(t, store, []byte("draft-words-0-0815")) == "" && holds(t, store, []byte("draft-words-3-0815")) == ""
			})
			if got, err := j.Get(t.Context(), "draft.k1"); string(got) != "draft-words-4-0815" || err != nil {
				t.Errorf("got %q, %v", got, err)
			}
			for v := range 5 {
				if holds(t, store, fmt.Appendf(nil, "reply-words-%d-0815", v)) == "" {
					t.Errorf("version %d of a reply is gone", v)
				}
			}
			ok(t, j.Erase(t.Context(), "draft.k1"))
			_, err := j.Get(t.Context(), "draft.k1")
			wantErr(t, err, journal.ErrNotFound)
			if f := holds(t, store, []byte("draft-words-")); f != "" {
				t.Errorf("a draft is still in %s", f)
			}
		})
	}
}

func TestObjects(t *testing.T) {
	for name, open := range engines() {
		t.Run(name, func(t *testing.T) {
			j, store := open(t)
			for _, size := range []int{0, 1, 512 << 10, 1<<20 + 7} {
				want := bytes.Repeat([]byte("object-words-0815"), size/17+1)[:size]
				id, n, err := j.PutObject(t.Context(), bytes.NewReader(want))
				ok(t, err)
				if n != int64(size) {
					t.Errorf("stored %d bytes, want %d", n, size)
				}
				r, err := j.GetObject(t.Context(), id)
				ok(t, err)
				got, err := io.ReadAll(r)
				if !bytes.Equal(got, want) || err != nil {
					t.Errorf("%d bytes: got %d, %v", size, len(got), err)
				}
				ok(t, r.Close())
				ok(t, j.EraseObject(t.Context(), id))
				ok(t, j.EraseObject(t.Context(), id))
				_, err = j.GetObject(t.Context(), id)
				wantErr(t, err, journal.ErrErased)
			}
			if f := holds(t, store, []byte("object-words-0815")); f != "" {
				t.Errorf("after erasing, the words are still in %s", f)
			}
			_, err := j.GetObject(t.Context(), "never-was")
			wantErr(t, err, journal.ErrNotFound)
			ok(t, j.EraseObject(t.Context(), "never-was"))
			_, _, err = j.PutObject(t.Context(), io.MultiReader(strings.NewReader("half-words-0815"), failing{}))
			wantErr(t, err, io.ErrNoProgress)
		})
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrNoProgress }

// The layout is that of the NATS object store, so its own client reads it.
func TestObjectsAreReadableByTheNatsClient(t *testing.T) {
	j := journaltest.Open(t)
	want := bytes.Repeat([]byte("0123456789"), 100_000)
	id, _, err := j.PutObject(t.Context(), bytes.NewReader(want))
	ok(t, err)
	js, err := jetstream.New(j.Conn())
	ok(t, err)
	store, err := js.ObjectStore(t.Context(), "objects_main")
	ok(t, err)
	got, err := store.GetBytes(t.Context(), id)
	if !bytes.Equal(got, want) || err != nil {
		t.Errorf("got %d bytes, %v; want %d", len(got), err, len(want))
	}
}

func TestOrphans(t *testing.T) {
	for name, open := range engines() {
		t.Run(name, func(t *testing.T) {
			j, store := open(t)
			ctx := t.Context()
			large := strings.Repeat("large-words;", 40_000)
			kept, _, err := j.PutObject(ctx, strings.NewReader("named object"))
			ok(t, err)
			lost, _, err := j.PutObject(ctx, strings.NewReader("orphan-words-1"))
			ok(t, err)
			_, _, err = j.PutObject(ctx, io.MultiReader(strings.NewReader(large), failing{}))
			wantErr(t, err, io.ErrNoProgress)
			_, err = j.Put(ctx, journal.KindReply, "r1", []byte(large))
			ok(t, err)
			done, _, err := j.PutInbound(ctx, mail("m1", large))
			ok(t, err)
			second, _, err := j.PutInbound(ctx, mail("m2", "orphan"))
			ok(t, err)
			stop := consumeAll(t, j, 2)
			stop()
			waiting, _, err := j.PutInbound(ctx, mail("m3", "not finished by intake"))
			ok(t, err)

			never := func(string) bool { return false }
			if n, err := j.Orphans(ctx, never, time.Hour); n != 0 || err != nil {
				t.Errorf("what is young was removed: %d, %v", n, err)
			}
			named := func(id string) bool { return id == kept || id == done }
			for range 2 {
				_, err = j.Orphans(ctx, named, -time.Minute)
				ok(t, err)
			}
			for _, ref := range []string{done, waiting} {
				if _, err := j.Inbound(ctx, ref); err != nil {
					t.Errorf("%v", err)
				}
			}
			if _, err := j.Get(ctx, "reply.r1"); err != nil {
				t.Errorf("%v", err)
			}
			if r, err := j.GetObject(ctx, kept); err != nil {
				t.Errorf("%v", err)
			} else {
				ok(t, r.Close())
			}
			_, err = j.Inbound(ctx, second)
			wantErr(t, err, journal.ErrErased)
			_, err = j.GetObject(ctx, lost)
			wantErr(t, err, journal.ErrErased)
			if f := holds(t, store, []byte("orphan-words-1")); f != "" {
				t.Errorf("an orphan is still in %s", f)
			}
			if n, err := j.Orphans(ctx, named, -time.Minute); n != 0 || err != nil {
				t.Errorf("a second sweep removed %d, %v", n, err)
			}
		})
	}
}

func TestOrphansOfAKind(t *testing.T) {
	j := journaltest.Open(t)
	for _, id := range []string{"kept", "lost", "gone"} {
		_, err := j.Put(t.Context(), journal.KindNote, id, []byte(id))
		ok(t, err)
	}
	ok(t, j.Erase(t.Context(), "note.gone"))
	_, err := j.Put(t.Context(), journal.KindReply, "other", []byte("another kind"))
	ok(t, err)
	named := func(ref string) bool { return ref == "note.kept" }
	if n, err := j.OrphansOf(t.Context(), journal.KindNote, named, time.Hour); n != 0 || err != nil {
		t.Errorf("what is young was removed: %d, %v", n, err)
	}
	if n, err := j.OrphansOf(t.Context(), journal.KindNote, named, -time.Minute); n != 1 || err != nil {
		t.Errorf("removed %d, %v; want 1", n, err)
	}
	if got := each(t, j, journal.KindNote); !maps.Equal(got, map[string]string{"kept": "kept"}) {
		t.Errorf("left is %v", got)
	}
	if got := each(t, j, journal.KindReply); len(got) != 1 {
		t.Errorf("left of another kind is %v", got)
	}
}

// A draft whose earlier versions were left by a crash is cleaned up later.
func TestLeftoverVersionsAreSwept(t *testing.T) {
	cfg := journal.Config{Dir: t.TempDir(), Unsynced: true, Shards: 1}
	j := journaltest.OpenAt(t, cfg)
	js, err := jetstream.New(j.Conn())
	ok(t, err)
	for _, v := range []string{"draft-left-1", "draft-left-2", "draft-last"} { // as if the process had died after each
		_, err = js.Publish(t.Context(), "replies.main.0.draft.k1", []byte(v))
		ok(t, err)
	}
	n, err := j.Orphans(t.Context(), func(string) bool { return true }, -time.Minute)
	if n != 1 || err != nil {
		t.Errorf("swept %d, %v; want one draft", n, err)
	}
	if f := holds(t, cfg.Dir, []byte("draft-left-")); f != "" {
		t.Errorf("an earlier version is still in %s", f)
	}
	if got, err := j.Get(t.Context(), "draft.k1"); string(got) != "draft-last" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}
