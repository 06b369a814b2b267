package webchat

import (
	"database/sql"
	"log/slog"
	"path/filepath"
	"testing"
	"time"
)

func opened(t *testing.T, path string) *store {
	t.Helper()
	s, err := openStore(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.close() })
	return s
}

// TestOlderStore opens a file of the first build, with a conversation in it.
func TestOlderStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "webchat-acme.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{
		storeFirst, "PRAGMA user_version=1", "PRAGMA application_id=1937012579",
		"INSERT INTO meta VALUES('epoch', 'abc'), ('delivered', '7')",
		"INSERT INTO visitors(id, created, last, read) VALUES('v', 1, 1, 0)",
		"INSERT INTO messages(visitor, thread, n, ours, id, text, at) VALUES('v', 't', 1, 1, 'r-1', 'hello', 1)",
	} {
		if _, err := db.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s := opened(t, path)
		if _, confirmed, err := s.ends(t.Context()); s.epoch != "abc" || confirmed != 7 || err != nil {
			t.Errorf("epoch %q, confirmed %d, %v", s.epoch, confirmed, err)
		}
		if fates, err := s.fates(t.Context(), []string{"r-1"}); err != nil || len(fates) != 1 {
			t.Errorf("fates %v, %v", fates, err)
		}
		_ = s.close()
	}
	db, err = sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), "PRAGMA user_version=99"); err != nil {
		t.Fatal(err)
	}
	if _, err := openStore(t.Context(), path); err == nil {
		t.Error("a newer build's file was opened")
	}
}

// TestNoAddressShutsOthersOut has a few addresses open all that they may: others
// still get in.
func TestNoAddressShutsOthersOut(t *testing.T) {
	h := newHub(1000)
	taken := map[string]int{}
	for _, address := range []string{"a", "b", "c"} {
		for h.join(randomID(), address) != nil {
			taken[address]++
		}
	}
	if taken["a"] != 500 || taken["b"] != 250 || taken["c"] != 125 {
		t.Errorf("they have %v", taken)
	}
	for range streamsPerAddress {
		if h.join(randomID(), "another") == nil {
			t.Fatal("another address was shut out")
		}
	}
}

// TestUploadsOfOneAddress has one address hold as many uploads as it may: a further
// one is refused, another address served, and all are counted back.
func TestUploadsOfOneAddress(t *testing.T) {
	u := newUploads()
	var done []func()
	for range uploadsPerAddress {
		d, ok := u.begin(t.Context(), "one")
		if !ok {
			t.Fatal("refused too early")
		}
		done = append(done, d)
	}
	if _, ok := u.begin(t.Context(), "one"); ok {
		t.Error("one address may hold all turns")
	}
	d, ok := u.begin(t.Context(), "another")
	if !ok {
		t.Fatal("another address was refused")
	}
	for _, end := range append(done, d) {
		end()
		end() // is no second one
	}
	if len(u.turns) != 0 || len(u.perAddress) != 0 {
		t.Errorf("%d turns, %v are left", len(u.turns), u.perAddress)
	}
}

// TestStale drops whom nobody can be any more, and nobody else.
func TestStale(t *testing.T) {
	now := time.Now()
	a, err := New(Config{Account: "acme", Dir: t.TempDir(), Now: func() time.Time { return now }}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s := opened(t, a.keeper.path)
	old, older := now.Add(-emptyTime-time.Hour).UnixMilli(), now.Add(-anonymousTime-time.Hour).UnixMilli()
	later := now.Add(time.Hour).UnixMilli()
	for _, v := range []struct {
		id, user    string
		created     int64
		last, token int64
		wrote       int64
		stays       bool
	}{
		{id: "just came", created: now.UnixMilli(), token: later, stays: true},
		{id: "never wrote", created: old, token: later},
		{id: "never wrote, is here", created: old, token: later, stays: true},
		{id: "wrote", created: old, last: 1, token: later, wrote: old, stays: true},
		{id: "wrote long ago, comes still", created: older, last: 1, token: later, wrote: older, stays: true},
		{id: "wrote long ago", created: older, last: 1, token: old, wrote: older},
		{id: "wrote now and then", created: older, last: 1, token: old, wrote: old, stays: true},
		{id: "a customer", user: "c-1", created: older, last: 1, token: old, wrote: older, stays: true},
	} {
		var user any
		if v.user != "" {
			user = v.user
		}
		for _, q := range []struct {
			query string
			args  []any
		}{
			{"INSERT INTO visitors(id, user, created, last) VALUES(?, ?, ?, ?)", []any{v.id, user, v.created, v.last}},
			{"INSERT INTO tokens VALUES(?, ?, ?)", []any{tokenHash(v.id), v.id, v.token}},
			{"INSERT INTO messages(visitor, thread, n, ours, id, text, at, event) SELECT ?1, ?1, 1, 0, ?1, '', ?2, '{}' WHERE ?2 > 0", []any{v.id, v.wrote}},
		} {
			if _, err := s.write.ExecContext(t.Context(), q.query, q.args...); err != nil {
				t.Fatal(err)
			}
		}
		defer func() {
			_, err := findVisitor(t.Context(), s.read, "WHERE v.id = ?", v.id)
			if (err == nil) != v.stays {
				t.Errorf("%s: %v, want to stay: %v", v.id, err, v.stays)
			}
		}()
	}
	a.hub.join("never wrote, is here", "here")
	if n, err := a.dropStale(t.Context(), s); err != nil || n == 0 {
		t.Fatalf("dropped %d, %v", n, err)
	}
	if n, err := a.dropStale(t.Context(), s); err != nil || n != 0 {
		t.Errorf("dropped %d more, %v", n, err)
	}
}

// TestOriginsAsBrowsersWriteThem takes sites by the name that people know.
func TestOriginsAsBrowsersWriteThem(t *testing.T) {
	for in, want := range map[string]string{
		"https://bücher.example":        "https://xn--bcher-kva.example",
		"https://Shop.Example:443/":     "https://shop.example",
		"https://bücher.example:8443":   "https://xn--bcher-kva.example:8443",
		"http://localhost:3000":         "http://localhost:3000",
		"https://xn--bcher-kva.example": "https://xn--bcher-kva.example",
	} {
		if got, err := cleanOrigin(in); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", in, got, err, want)
		}
	}
}
