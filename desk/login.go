package desk

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"stagecoach/contact"
	"stagecoach/desk/auth"
	"stagecoach/router"
)

// SessionStore is where sessions lie (auth.Store).
type SessionStore = auth.Store

// errWrong is one answer to a wrong address, a wrong password and a removed
// agent: nobody learns which accounts exist.
func errWrong() *Problem {
	return problem(http.StatusUnauthorized, "wrong_login", "This e-mail address and password do not belong together.")
}

// Login checks who somebody is and opens a session. Origin is the network
// address that it is tried from.
func (s *Service) Login(ctx context.Context, origin, email, password string) (Who, error) {
	email = foldEmail(email)
	if err := s.limitLogin(origin, email); err != nil {
		return Who{}, err
	}
	acc, _ := s.accounts.find(email)
	ok, err := s.hasher.Verify(ctx, acc.Hash, password)
	if err != nil {
		return Who{}, fmt.Errorf("checking a password: %w", err)
	}
	if !ok {
		s.log.InfoContext(ctx, "login refused", "agent_id", acc.ID)
		return Who{}, errWrong()
	}
	role, known, err := s.role(ctx, acc.ID)
	if err != nil {
		return Who{}, err
	}
	if !known {
		return Who{}, errWrong()
	}
	s.perPair.Forget(origin + "\x00" + email)
	return s.open(ctx, acc.ID, role)
}

func (s *Service) open(ctx context.Context, agent string, role contact.Role) (Who, error) {
	token, err := s.sessions.Open(ctx, agent)
	if err != nil {
		return Who{}, fmt.Errorf("logging in: %w", err)
	}
	s.log.InfoContext(ctx, "logged in", "agent_id", agent)
	return Who{ID: agent, Role: role, Token: token}, nil
}

func (s *Service) limitLogin(origin, email string) error {
	if len(email) > 254 {
		return errWrong()
	}
	for _, try := range []struct {
		limit *auth.Limiter
		key   string
	}{{s.perOrigin, origin}, {s.perPair, origin + "\x00" + email}, {s.perEmail, email}} {
		if ok, wait := try.limit.Allow(try.key); !ok {
			wait = max(wait.Round(time.Second), time.Second)
			p := problem(http.StatusTooManyRequests, "too_many_tries",
				fmt.Sprintf("That was tried too often. Please wait %d seconds.", int(wait.Seconds())))
			p.Wait = wait
			return p
		}
	}
	return nil
}

// Authenticate gives who belongs to a session's token.
func (s *Service) Authenticate(ctx context.Context, token string) (Who, error) {
	found, err := s.sessions.Find(ctx, token)
	if errors.Is(err, auth.ErrNoSession) {
		return Who{}, notLoggedIn()
	}
	if err != nil {
		return Who{}, fmt.Errorf("finding a session: %w", err)
	}
	role, known, err := s.role(ctx, found.Agent)
	if err != nil {
		return Who{}, err
	}
	if !known {
		return Who{}, notLoggedIn()
	}
	return Who{ID: found.Agent, Role: role, Token: token}, nil
}

// Logout ends the session; who has logged out is offline.
func (s *Service) Logout(ctx context.Context, who Who) error {
	if err := s.sessions.Close(ctx, who.Token); err != nil {
		return fmt.Errorf("logging out: %w", err)
	}
	_, err := s.SetPresence(ctx, who, "", contact.Offline, false)
	if p := (*router.Refusal)(nil); errors.As(err, &p) {
		return nil
	}
	return err
}

// setUp reports whether the token is that of the set-up link, and no account
// has been made yet.
func (s *Service) setUp(token string) bool {
	want := s.cfg.Setup
	return want != "" && len(s.accounts.ids()) == 0 &&
		subtle.ConstantTimeCompare([]byte(token), []byte(want)) == 1
}

// NeedsSetup reports whether nobody has an account yet.
func (s *Service) NeedsSetup() bool { return len(s.accounts.ids()) == 0 }

// Invitation tells whose a one-time link is: with Agent "" it makes the first
// supervisor.
type Invitation struct {
	Agent string
	Name  string
	Email string
	Role  contact.Role
}

// Invited reads a one-time link.
func (s *Service) Invited(ctx context.Context, token string) (Invitation, error) {
	gone := problem(http.StatusGone, "link_used", "This link has been used, or it has expired. Ask for a new one.")
	if s.setUp(token) {
		return Invitation{Role: contact.RoleSupervisor}, nil
	}
	agent, err := s.sessions.Invited(ctx, token)
	if errors.Is(err, auth.ErrNoSession) {
		return Invitation{}, gone
	}
	if err != nil {
		return Invitation{}, fmt.Errorf("reading a link: %w", err)
	}
	role, known, err := s.role(ctx, agent)
	if err != nil {
		return Invitation{}, err
	}
	acc, there := s.accounts.get(agent)
	if !known || !there {
		return Invitation{}, gone
	}
	return Invitation{Agent: agent, Name: acc.Name, Email: acc.Email, Role: role}, nil
}

// SetUp uses a one-time link: it makes the first supervisor, or lets an agent
// choose their password. It logs them in.
func (s *Service) SetUp(ctx context.Context, origin, token, name, email, password string) (Who, error) {
	if ok, _ := s.perOrigin.Allow(origin); !ok {
		return Who{}, problem(http.StatusTooManyRequests, "too_many_tries", "That was tried too often. Please wait a minute.")
	}
	inv, err := s.Invited(ctx, token)
	if err != nil {
		return Who{}, err
	}
	if inv.Agent == "" {
		return s.firstSupervisor(ctx, token, name, email, password)
	}
	if err := s.changeAccount(ctx, inv.Agent, func(acc *Account) error {
		hash, err := s.hasher.Hash(ctx, password)
		if err != nil {
			return fmt.Errorf("setting a password: %w", err)
		}
		acc.Hash = hash
		if n := strings.TrimSpace(name); n != "" {
			acc.Name = n
		}
		return checkName(acc.Name)
	}); err != nil {
		return Who{}, err
	}
	if err := s.sessions.CloseAll(ctx, inv.Agent); err != nil {
		return Who{}, fmt.Errorf("ending old sessions: %w", err)
	}
	return s.open(ctx, inv.Agent, inv.Role)
}

func (s *Service) firstSupervisor(ctx context.Context, token, name, email, password string) (Who, error) {
	s.accounts.writing.Lock()
	defer s.accounts.writing.Unlock()
	if !s.setUp(token) {
		return Who{}, problem(http.StatusGone, "link_used", "This link has been used.")
	}
	id, err := newID()
	if err != nil {
		return Who{}, err
	}
	acc := Account{ID: id, Name: strings.TrimSpace(name), Email: strings.TrimSpace(email)}
	profile := router.AgentProfile{ID: id, Role: contact.RoleSupervisor}
	if err := s.addAccount(ctx, Who{ID: Control, Role: contact.RoleSupervisor}, "", acc, password, profile); err != nil {
		return Who{}, err
	}
	return s.open(ctx, id, contact.RoleSupervisor)
}
