package journal_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stagecoach/journal"
	"stagecoach/journal/journaltest"
)

func reopen(t *testing.T, j *journal.Journal, cfg journal.Config) *journal.Journal {
	t.Helper()
	ok(t, j.Close())
	return journaltest.OpenAt(t, cfg)
}

func TestHealthy(t *testing.T) {
	for name, open := range engines() {
		t.Run(name, func(t *testing.T) {
			j, _ := open(t)
			ok(t, j.Healthy(t.Context()))
			ok(t, j.Close())
			wantErr(t, j.Healthy(t.Context()), journal.ErrUnavailable)
		})
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	j := journaltest.OpenAt(t, journal.Config{Dir: dir, Unsynced: true})
	_, err := journal.Open(t.Context(), journal.Config{Dir: dir}, discard())
	wantErr(t, err, journal.ErrLocked)
	if want := fmt.Sprintf("process %d", os.Getpid()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %q doesn't name %q", err, want)
	}
	ok(t, j.Close())
	journaltest.OpenAt(t, journal.Config{Dir: dir, Unsynced: true})
}

func TestKeysStayAndBelongToTheData(t *testing.T) {
	dir := t.TempDir()
	cfg := journal.Config{Dir: dir, Unsynced: true}
	j := journaltest.OpenAt(t, cfg)
	path := filepath.Join(dir, "keys")
	fi, err := os.Stat(path)
	ok(t, err)
	if fi.Mode().Perm() != 0o600 {
		t.Errorf("keys have mode %v, want 0600", fi.Mode().Perm())
	}
	before := j.Keys()
	for _, name := range []string{journal.KeyHash, journal.KeyToken, journal.KeySign} {
		if k := before.Key(name); len(k) != 32 {
			t.Errorf("key %q has %d bytes, want 32", name, len(k))
		}
	}
	if s := fmt.Sprintf("%v %+v %#v", before, before, before); s != "keys(hidden) keys(hidden) keys(hidden)" {
		t.Errorf("keys print as %q", s)
	}
	j = reopen(t, j, cfg)
	if string(j.Keys().Key(journal.KeyHash)) != string(before.Key(journal.KeyHash)) {
		t.Error("the keys changed at a restart")
	}
	ok(t, j.Close())

	kept, err := os.ReadFile(path)
	ok(t, err)
	ok(t, os.Remove(path))
	_, err = journal.Open(t.Context(), cfg, discard())
	wantErr(t, err, journal.ErrKeys)
	if _, serr := os.Stat(path); !os.IsNotExist(serr) {
		t.Error("new keys were made beside old data")
	}
	other := journaltest.OpenAt(t, journal.Config{Dir: t.TempDir(), Unsynced: true})
	foreign := fmt.Sprintf("hash %x\ntoken %x\nsign %x\n", other.Keys().Key("hash"), other.Keys().Key("token"), other.Keys().Key("sign"))
	ok(t, os.WriteFile(path, []byte(foreign), 0o600))
	_, err = journal.Open(t.Context(), cfg, discard())
	wantErr(t, err, journal.ErrKeys)
	ok(t, os.WriteFile(path, []byte("hash zz\n"), 0o600))
	_, err = journal.Open(t.Context(), cfg, discard())
	wantErr(t, err, journal.ErrKeys)
	ok(t, os.WriteFile(path, kept, 0o600))
	journaltest.OpenAt(t, cfg)
}

func TestShardsAreFixed(t *testing.T) {
	dir := t.TempDir()
	j := journaltest.OpenAt(t, journal.Config{Dir: dir, Unsynced: true, Shards: 2})
	var refs []string
	for i := range 20 {
		ref, err := j.Put(t.Context(), journal.KindReply, fmt.Sprint("r", i), []byte("x"))
		ok(t, err)
		refs = append(refs, ref)
	}
	j = reopen(t, j, journal.Config{Dir: dir, Unsynced: true, Shards: 7})
	for _, ref := range refs {
		if _, err := j.Get(t.Context(), ref); err != nil {
			t.Errorf("after a start with other shards: %v", err)
		}
	}
}

func TestBadConfiguration(t *testing.T) {
	for name, cfg := range map[string]journal.Config{
		"no directory":         {},
		"office with a dot":    {Dir: t.TempDir(), Office: "a.b"},
		"negative shards":      {Dir: t.TempDir(), Shards: -1},
		"replicas without url": {Dir: t.TempDir(), Replicas: 3},
		"nobody at the url":    {Dir: t.TempDir(), URL: "nats://user:hunter2@127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			j, err := journal.Open(t.Context(), cfg, discard())
			if err == nil {
				_ = j.Close()
				t.Fatal("opened")
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %q shows the password", err)
			}
		})
	}
}

func TestExternalEngineWantsTheKeysItWasMadeWith(t *testing.T) {
	url, _ := external(t)
	first := t.TempDir()
	j := journaltest.OpenAt(t, journal.Config{Dir: first, URL: url})
	seq, err := j.Log().Append(t.Context(), "c1", 0, []byte("x"))
	ok(t, err)
	second := t.TempDir()
	_, err = journal.Open(t.Context(), journal.Config{Dir: second, URL: url}, discard())
	wantErr(t, err, journal.ErrKeys)
	keys, err := os.ReadFile(filepath.Join(first, "keys"))
	ok(t, err)
	ok(t, os.WriteFile(filepath.Join(second, "keys"), keys, 0o600))
	k := journaltest.OpenAt(t, journal.Config{Dir: second, URL: url})
	_, err = k.Log().Append(t.Context(), "c2", seq, []byte("x"))
	ok(t, err)
	_, err = j.Log().Append(t.Context(), "c2b", seq, []byte("x"))
	wantErr(t, err, journal.ErrDeposed)
}

func TestSessions(t *testing.T) {
	for name, open := range engines() {
		t.Run(name, func(t *testing.T) {
			j, _ := open(t)
			ctx, s := t.Context(), j.Sessions()
			ok(t, s.Put(ctx, "ann", "h1", []byte("one"), 1<<40))
			ok(t, s.Put(ctx, "ann", "h2", []byte("two"), 1<<40))
			ok(t, s.Put(ctx, "Bob.B@x", "h3", []byte("three"), 1<<40))
			ok(t, s.Put(ctx, "ann", "h1", []byte("renewed"), 1<<40))
			agent, value, err := s.Get(ctx, "h1")
			if agent != "ann" || string(value) != "renewed" || err != nil {
				t.Errorf("got %q %q %v", agent, value, err)
			}
			if agent, _, err := s.Get(ctx, "h3"); agent != "Bob.B@x" || err != nil {
				t.Errorf("got %q %v", agent, err)
			}
			ok(t, s.DeleteAll(ctx, "ann"))
			for _, h := range []string{"h1", "h2", "none"} {
				_, _, err := s.Get(ctx, h)
				wantErr(t, err, journal.ErrNotFound)
			}
			ok(t, s.Delete(ctx, "h3"))
			_, _, err = s.Get(ctx, "h3")
			wantErr(t, err, journal.ErrNotFound)
			ok(t, s.Delete(ctx, "h3"))
			ok(t, s.Put(ctx, "ann", "short", []byte("x"), 1))
			soon(t, "the session to end", func() bool {
				_, _, err := s.Get(context.WithoutCancel(ctx), "short")
				return err != nil
			})
		})
	}
}

func TestReserveStopsIntakeOnly(t *testing.T) {
	j := journaltest.OpenAt(t, journal.Config{Dir: t.TempDir(), Unsynced: true, Reserve: 1 << 60})
	_, _, err := j.PutInbound(t.Context(), mail("m1", "hello"))
	wantErr(t, err, journal.ErrReserve)
	if okay, free, keep, err := j.FreeReserve(); okay || free <= 0 || keep != 1<<60 || err != nil {
		t.Errorf("reserve is %v %d %d %v", okay, free, keep, err)
	}
	_, err = j.Put(t.Context(), journal.KindReply, "r1", []byte("words"))
	ok(t, err)
	_, err = j.Log().Append(t.Context(), "c1", 0, []byte("x"))
	ok(t, err)
	ok(t, j.PublishOutbox(t.Context(), journal.OutboxItem{Reply: "r1", Channel: "email", Account: "support"}))
}

func TestFullStore(t *testing.T) {
	j := journaltest.OpenAt(t, journal.Config{Dir: t.TempDir(), Unsynced: true, MaxStore: 4 << 20, Reserve: 1})
	var err error
	seq := uint64(0)
	for i := range 40 {
		var s uint64
		if s, err = j.Log().Append(t.Context(), fmt.Sprint("c", i), seq, make([]byte, 256<<10)); err != nil {
			break
		}
		seq = s
	}
	wantErr(t, err, journal.ErrFull)
	if last, err := j.Log().Last(t.Context()); last != seq || err != nil {
		t.Errorf("log ends at %d, %v; want %d", last, err, seq)
	}
	okay, _, _, err := j.FreeReserve()
	t.Logf("reserve: %v %v", okay, err)
}
