package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Account is the words about an agent: content in DIRECTORY, never in the log.
type Account struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
	// Hash is the password's argon2id hash; "" lets nobody in.
	Hash      string `json:"hash"`
	Signature string `json:"signature"`
	// Thanked is up to when they have seen what customers said in praise of them.
	Thanked   time.Time `json:"thanked,omitzero"`
	CreatedAt time.Time `json:"created_at"`
}

// accounts is the directory of agents, as last stored.
type accounts struct {
	content Content

	mu      sync.RWMutex
	byID    map[string]Account
	byEmail map[string]string
	// writing keeps two changes from overwriting each other.
	writing sync.Mutex
}

func newAccounts(content Content) *accounts {
	return &accounts{content: content, byID: map[string]Account{}, byEmail: map[string]string{}}
}

// load reads all accounts.
func (a *accounts) load(ctx context.Context) error {
	err := a.content.Each(ctx, KindAgent, func(id string, value []byte) error {
		return a.take(id, value)
	})
	if err != nil {
		return fmt.Errorf("reading the agents: %w", err)
	}
	return nil
}

// refresh reads one account again, after the log said that it has changed.
func (a *accounts) refresh(ctx context.Context, id string) error {
	value, err := a.content.Get(ctx, string(KindAgent)+"."+id)
	if errors.Is(err, ErrMissing) || errors.Is(err, ErrErased) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading agent %q: %w", id, err)
	}
	return a.take(id, value)
}

func (a *accounts) take(id string, value []byte) error {
	var acc Account
	if err := json.Unmarshal(value, &acc); err != nil {
		return fmt.Errorf("reading agent %q: %w", id, err)
	}
	acc.ID = id
	a.mu.Lock()
	defer a.mu.Unlock()
	if old, ok := a.byID[id]; ok && a.byEmail[foldEmail(old.Email)] == id {
		delete(a.byEmail, foldEmail(old.Email))
	}
	a.byID[id] = acc
	if acc.Email != "" {
		a.byEmail[foldEmail(acc.Email)] = id
	}
	return nil
}

// put stores an account and takes it over. The caller holds writing.
func (a *accounts) put(ctx context.Context, acc Account) error {
	value, err := json.Marshal(acc)
	if err != nil {
		return fmt.Errorf("writing agent %q: %w", acc.ID, err)
	}
	if _, err := a.content.Put(ctx, KindAgent, acc.ID, value); err != nil {
		return fmt.Errorf("storing agent %q: %w", acc.ID, err)
	}
	return a.take(acc.ID, value)
}

func (a *accounts) get(id string) (Account, bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	acc, ok := a.byID[id]
	return acc, ok
}

func (a *accounts) find(email string) (Account, bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	acc, ok := a.byID[a.byEmail[foldEmail(email)]]
	return acc, ok
}

// resolve gives the id of an agent who is named by their e-mail address.
func (a *accounts) resolve(idOrEmail string) string {
	if acc, ok := a.find(idOrEmail); ok && strings.Contains(idOrEmail, "@") {
		return acc.ID
	}
	return idOrEmail
}

// ids lists all accounts by id.
func (a *accounts) ids() []string {
	a.mu.RLock()
	defer a.mu.RUnlock()
	out := make([]string, 0, len(a.byID))
	for id := range a.byID {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

// name gives what to call an actor.
func (a *accounts) name(id string) string {
	switch id {
	case "":
		return ""
	case Control:
		return "Command line"
	case "router", "intake", "sender":
		return "Stagecoach"
	}
	if acc, ok := a.get(id); ok && acc.Name != "" {
		return acc.Name
	}
	return "Former colleague"
}

func foldEmail(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// checkName and checkEmail say in words what is wrong with what a person typed.
func checkName(name string) error {
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		return invalid("A name is needed.")
	case n > 200:
		return invalid("The name is longer than 200 characters.")
	case strings.ContainsFunc(name, isControl):
		return invalid("The name has characters that cannot be shown.")
	}
	return nil
}

func checkEmail(email string) error {
	addr, err := mail.ParseAddress(email)
	if err != nil || addr.Address != email || len(email) > 254 {
		return invalid("That is not an e-mail address: it should look like name@example.com.")
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }
