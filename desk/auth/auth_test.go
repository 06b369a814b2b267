package auth_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"stagecoach/desk/auth"
)

func TestPasswords(t *testing.T) {
	t.Parallel()
	h := auth.NewHasher(2, auth.Cost{})
	hash, err := h.Hash(t.Context(), "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=65536,t=2,p=1$") {
		t.Errorf("hash %q", hash)
	}
	for _, c := range []struct {
		hash, password string
		want           bool
	}{
		{hash, "correct horse battery", true},
		{hash, "correct horse batter", false},
		{hash, "", false},
		{hash, strings.Repeat("x", 5000), false},
		{"", "", false},
		{"", "anything", false},
	} {
		got, err := h.Verify(t.Context(), c.hash, c.password)
		if err != nil || got != c.want {
			t.Errorf("verify %.20q: %v, %v; want %v", c.password, got, err, c.want)
		}
	}
	again, err := h.Hash(t.Context(), "correct horse battery")
	if err != nil || again == hash {
		t.Errorf("the same salt twice: %v", err)
	}
}

func TestPasswordsRefused(t *testing.T) {
	t.Parallel()
	h := auth.NewHasher(1, auth.Cost{MemoryKiB: 64, Passes: 1})
	for _, p := range []string{"", "ninechars", "äöüäöüäöü", strings.Repeat("x", 1025)} {
		if _, err := h.Hash(t.Context(), p); !errors.Is(err, auth.ErrWeak) {
			t.Errorf("%.12q: %v, want it refused", p, err)
		}
	}
	for _, bad := range []string{
		"x", "$argon2i$v=19$m=65536,t=2,p=1$AA$AA", "$argon2id$v=18$m=1,t=1,p=1$AA$AAAA", "$argon2id$v=19$m=9999999,t=1,p=1$AA$AAAA",
		"$argon2id$v=19$m=64,t=0,p=1$AA$AAAA", "$argon2id$v=19$m=64,t=1,p=1$!$AAAA", "$argon2id$v=19$m=64,t=1,p=1$AA$AAAA",
	} {
		if ok, err := h.Verify(t.Context(), bad, "password"); err == nil || ok {
			t.Errorf("hash %q was taken", bad)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 { // select may take the free slot; it must never hang
		if _, err := h.Verify(ctx, "", "x"); err != nil {
			return
		}
	}
	t.Error("an ended context never stops a waiting check")
}

func TestLimiter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := auth.NewLimiter(10*time.Second, 3)
		for i := range 3 {
			if ok, _ := l.Allow("a"); !ok {
				t.Fatalf("try %d was refused", i)
			}
		}
		ok, wait := l.Allow("a")
		if ok || wait <= 9*time.Second || wait > 10*time.Second {
			t.Fatalf("fourth try: %v, wait %s", ok, wait)
		}
		if ok, _ := l.Allow("b"); !ok {
			t.Error("another key was refused")
		}
		time.Sleep(10 * time.Second)
		if ok, _ := l.Allow("a"); !ok {
			t.Error("refused after the wait")
		}
		l.Forget("a")
		for range 3 {
			if ok, _ := l.Allow("a"); !ok {
				t.Error("refused after it was forgotten")
			}
		}
		for i := range 30_000 {
			l.Allow(fmt.Sprint(i))
		}
		if n := l.Len(); n > 10_000 {
			t.Errorf("%d keys are remembered", n)
		}
	})
}

// memory is a Store in which sessions end as they do in the real one.
type memory struct {
	mu   sync.Mutex
	data map[string]entry
}

type entry struct {
	agent string
	value []byte
	until time.Time
}

func (m *memory) Put(_ context.Context, agent, hash string, value []byte, ttl time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.data[hash] = entry{agent, value, time.Now().Add(ttl)}
	return nil
}

func (m *memory) Get(_ context.Context, hash string) (string, []byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.data[hash]
	if !ok || time.Now().After(e.until) {
		return "", nil, auth.ErrNoSession
	}
	return e.agent, e.value, nil
}

func (m *memory) Delete(_ context.Context, hash string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.data, hash)
	return nil
}

func (m *memory) DeleteAll(_ context.Context, agent string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k, e := range m.data {
		if e.agent == agent {
			delete(m.data, k)
		}
	}
	return nil
}

func TestSessions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &memory{data: map[string]entry{}}
		s := auth.NewSessions(store)
		token, err := s.Open(t.Context(), "anna")
		if err != nil {
			t.Fatal(err)
		}
		for hash, e := range store.data {
			if strings.Contains(hash+string(e.value), token) || len(hash) != 64 {
				t.Error("the token itself is stored")
			}
		}
		is := func(want string) {
			t.Helper()
			got, err := s.Find(t.Context(), token)
			if want == "" && !errors.Is(err, auth.ErrNoSession) || want != "" && (err != nil || got.Agent != want) {
				t.Fatalf("found %q, %v; want %q", got.Agent, err, want)
			}
		}
		is("anna")
		time.Sleep(11 * time.Hour)
		is("anna")
		time.Sleep(11 * time.Hour) // it was used meanwhile
		is("anna")
		time.Sleep(13 * time.Hour)
		is("")
		for _, bad := range []string{"", "x", token[:42], token + "x", strings.Repeat("*", 43)} {
			if _, err := s.Find(t.Context(), bad); !errors.Is(err, auth.ErrNoSession) {
				t.Errorf("token %q: %v", bad, err)
			}
		}
	})
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := auth.NewSessions(&memory{data: map[string]entry{}})
		open := func(agent string) string {
			token, err := s.Open(t.Context(), agent)
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		a, b, c := open("anna"), open("anna"), open("bert")
		if err := s.Close(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Find(t.Context(), a); !errors.Is(err, auth.ErrNoSession) {
			t.Errorf("a closed session: %v", err)
		}
		if err := s.CloseAll(t.Context(), "anna"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Find(t.Context(), b); !errors.Is(err, auth.ErrNoSession) {
			t.Errorf("a session after all were closed: %v", err)
		}
		if got, err := s.Find(t.Context(), c); err != nil || got.Agent != "bert" {
			t.Errorf("a colleague's session: %v, %v", got, err)
		}
		for range 50 { // used every 11 hours: it ends all the same
			time.Sleep(11 * time.Hour)
			if _, err := s.Find(t.Context(), c); err != nil {
				return
			}
		}
		t.Error("a session never ends")
	})
}

func TestInvitations(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := auth.NewSessions(&memory{data: map[string]entry{}})
		link, err := s.Invite(t.Context(), "anna")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Find(t.Context(), link); !errors.Is(err, auth.ErrNoSession) {
			t.Error("a one-time link logs in")
		}
		if who, err := s.Invited(t.Context(), link); err != nil || who != "anna" {
			t.Errorf("link of %q, %v", who, err)
		}
		token, err := s.Open(t.Context(), "anna")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Invited(t.Context(), token); !errors.Is(err, auth.ErrNoSession) {
			t.Error("a session can be used as a link")
		}
		time.Sleep(73 * time.Hour)
		if _, err := s.Invited(t.Context(), link); !errors.Is(err, auth.ErrNoSession) {
			t.Error("an old link can be used")
		}
	})
}
