package desk

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/router"
	"stagecoach/router/match"
)

// Member is an agent as a supervisor writes them down.
type Member struct {
	Name      string
	Email     string
	Password  string
	Role      contact.Role
	Skills    []view.Skill
	Languages []string
	Channels  []contact.Channel
	Capacity  int
	// Most, DailyCap and Shifts limit them; nil leaves them as they are.
	Most     []view.ChannelMost
	DailyCap *int
	Shifts   []string
	// Link asks for a one-time link instead of a password made here.
	Link bool
}

func (m Member) profile(id string) (router.AgentProfile, error) {
	p := router.AgentProfile{
		ID: id, Role: cmp.Or(m.Role, contact.RoleAgent), Channels: m.Channels, Capacity: m.Capacity,
		Skills: []match.Skill{}, Languages: []string{},
	}
	if p.Role != contact.RoleAgent && p.Role != contact.RoleSupervisor {
		return p, invalid("The role is agent or supervisor.")
	}
	if m.Capacity < 0 || m.Capacity > 100_000 {
		return p, invalid("The capacity is a number of units, 0 for the usual one.")
	}
	for _, sk := range m.Skills {
		name := strings.ToLower(strings.TrimSpace(sk.Name))
		if name == "" || sk.Level < 1 || sk.Level > 5 {
			return p, invalid("A skill has a name and a level from 1 to 5.")
		}
		p.Skills = append(p.Skills, match.Skill{Name: name, Level: sk.Level})
	}
	for _, l := range m.Languages {
		l = strings.ToLower(strings.TrimSpace(l))
		if len(l) < 2 || len(l) > 3 {
			return p, invalid(fmt.Sprintf("%q is not a language code such as de or en.", l))
		}
		p.Languages = append(p.Languages, l)
	}
	return p, m.limits(&p)
}

// maxMost and maxDailyCap bound an agent's own limits.
const (
	maxMost     = 10_000
	maxDailyCap = 100_000
)

// limits fills in what limits the agent.
func (m Member) limits(p *router.AgentProfile) error {
	for _, one := range m.Most {
		one.Channel = contact.Channel(strings.ToLower(strings.TrimSpace(string(one.Channel))))
		switch {
		case !slices.Contains(contact.Channels(), one.Channel):
			return invalid(fmt.Sprintf("At most per channel: %q is no channel such as email or webchat.", one.Channel))
		case one.Most < 1 || one.Most > maxMost:
			return invalid(fmt.Sprintf("At most per channel: %s:%d is not between 1 and %d; leave the channel out for the policy's number.", one.Channel, one.Most, maxMost))
		case slices.ContainsFunc(p.Most, func(c router.ChannelMost) bool { return c.Channel == one.Channel }):
			return invalid(fmt.Sprintf("At most per channel: %s is there twice.", one.Channel))
		}
		p.Most = append(p.Most, router.ChannelMost(one))
	}
	if m.DailyCap != nil {
		if *m.DailyCap < 0 || *m.DailyCap > maxDailyCap {
			return invalid("Contacts a day: a number, 0 or nothing for as many as there are.")
		}
		p.DailyCap = *m.DailyCap
	}
	shifts, err := ParseShifts(m.Shifts)
	if err != nil {
		return invalid("Shifts: " + err.Error() + ".")
	}
	if len(shifts) > 0 {
		p.Shifts = shifts
	}
	return nil
}

// keepLimits takes over from what is known of an agent which limits a change does
// not speak of.
func (s *Service) keepLimits(ctx context.Context, m *Member, p *router.AgentProfile) error {
	err := s.deps.Router.View(ctx, func(st *router.State) {
		a := st.Agents[p.ID]
		if a == nil {
			return
		}
		if m.Most == nil {
			p.Most = slices.Clone(a.Most)
		}
		if m.DailyCap == nil {
			p.DailyCap = a.DailyCap
		}
		if m.Shifts == nil {
			p.Shifts = slices.Clone(a.Shifts)
		}
	})
	if err != nil {
		return fmt.Errorf("looking at an agent's limits: %w", err)
	}
	return nil
}

// AddAgent makes an account. With no password given, one is made and told once,
// or a one-time link.
func (s *Service) AddAgent(ctx context.Context, who Who, commandID string, m Member) (view.Member, error) {
	s.accounts.writing.Lock()
	defer s.accounts.writing.Unlock()
	id, err := newID()
	if err != nil {
		return view.Member{}, err
	}
	if commandID != "" {
		id = derivedID("agent", who.ID, commandID)
	}
	profile, err := m.profile(id)
	if err != nil {
		return view.Member{}, err
	}
	made := ""
	if m.Password == "" && !m.Link {
		made = rand.Text()[:16]
		m.Password = made
	}
	acc := Account{ID: id, Name: strings.TrimSpace(m.Name), Email: strings.TrimSpace(m.Email)}
	if err := s.addAccount(ctx, who, commandID, acc, m.Password, profile); err != nil {
		return view.Member{}, err
	}
	out := view.Member{Password: made}
	if m.Link && m.Password == "" {
		if out.SetupLink, err = s.link(ctx, id); err != nil {
			return view.Member{}, err
		}
	}
	out.Person, err = s.Person(ctx, id)
	return out, err
}

// addAccount stores the words about a new agent, then the facts. The caller
// holds accounts.writing. An empty password lets nobody in yet.
func (s *Service) addAccount(ctx context.Context, who Who, commandID string, acc Account, password string, p router.AgentProfile) error {
	if err := errors.Join(checkName(acc.Name), checkEmail(acc.Email)); err != nil {
		return firstProblem(err)
	}
	if err := s.emailFree(ctx, acc); err != nil {
		return err
	}
	if password != "" {
		hash, err := s.hasher.Hash(ctx, password)
		if err != nil {
			return fmt.Errorf("setting a password: %w", err)
		}
		acc.Hash = hash
	}
	acc.CreatedAt = s.now().UTC()
	if err := s.accounts.put(ctx, acc); err != nil {
		return err
	}
	_, err := s.do(ctx, who, commandID, router.SetAgent{Agent: p})
	return err
}

// emailFree refuses an address that a colleague logs in with.
func (s *Service) emailFree(ctx context.Context, acc Account) error {
	other, taken := s.accounts.find(acc.Email)
	if !taken || other.ID == acc.ID {
		return nil
	}
	if _, known, err := s.role(ctx, other.ID); err != nil || !known {
		return err
	}
	return problem(409, router.RefusedTaken, "Somebody with this e-mail address is here already.")
}

// changeAccount changes the words about an agent.
func (s *Service) changeAccount(ctx context.Context, id string, change func(*Account) error) error {
	s.accounts.writing.Lock()
	defer s.accounts.writing.Unlock()
	acc, ok := s.accounts.get(id)
	if !ok {
		return missing("There is no such agent.")
	}
	if err := change(&acc); err != nil {
		return err
	}
	if err := s.emailFree(ctx, acc); err != nil {
		return err
	}
	return s.accounts.put(ctx, acc)
}

// ChangeAgent changes what is known of an agent; an empty name or address
// stays as it is.
func (s *Service) ChangeAgent(ctx context.Context, who Who, commandID, id string, m Member) (view.Member, error) {
	id = s.accounts.resolve(id)
	profile, err := m.profile(id)
	if err != nil {
		return view.Member{}, err
	}
	if _, known, err := s.role(ctx, id); err != nil || !known {
		return view.Member{}, orMissing(err, "There is no such agent.")
	}
	if err := s.keepLimits(ctx, &m, &profile); err != nil {
		return view.Member{}, err
	}
	if profile.Role != contact.RoleSupervisor {
		if err := s.keepsSupervisor(ctx, id); err != nil {
			return view.Member{}, err
		}
	}
	err = s.changeAccount(ctx, id, func(acc *Account) error {
		if n := strings.TrimSpace(m.Name); n != "" {
			acc.Name = n
		}
		if e := strings.TrimSpace(m.Email); e != "" {
			acc.Email = e
		}
		return firstProblem(errors.Join(checkName(acc.Name), checkEmail(acc.Email)))
	})
	if err != nil {
		return view.Member{}, err
	}
	if _, err := s.do(ctx, who, commandID, router.SetAgent{Agent: profile}); err != nil {
		return view.Member{}, err
	}
	person, err := s.Person(ctx, id)
	return view.Member{Person: person}, err
}

// AgentID gives the id of who has an account with this e-mail address.
func (s *Service) AgentID(email string) (id string, known bool) {
	acc, known := s.accounts.find(email)
	return acc.ID, known
}

// AgentEmail gives the e-mail address of an agent, "" where there is none.
func (s *Service) AgentEmail(id string) string {
	acc, _ := s.accounts.get(id)
	return acc.Email
}

// RemoveAgent takes an agent out: their contacts go back, their sessions end.
func (s *Service) RemoveAgent(ctx context.Context, who Who, commandID, id string) (view.Done, error) {
	id = s.accounts.resolve(id)
	if err := s.keepsSupervisor(ctx, id); err != nil {
		return view.Done{}, err
	}
	done, err := s.do(ctx, who, commandID, router.RemoveAgent{Agent: id})
	if err != nil {
		return view.Done{}, err
	}
	if err := s.sessions.CloseAll(ctx, id); err != nil {
		return view.Done{}, fmt.Errorf("ending the sessions of a removed agent: %w", err)
	}
	return done, nil
}

// keepsSupervisor refuses what would leave nobody who can add people.
func (s *Service) keepsSupervisor(ctx context.Context, without string) error {
	others, is := 0, false
	err := s.deps.Router.View(ctx, func(st *router.State) {
		for id, a := range st.Agents {
			switch {
			case a.Removed || a.Role != contact.RoleSupervisor:
			case id == without:
				is = true
			default:
				others++
			}
		}
	})
	if err != nil {
		return fmt.Errorf("counting supervisors: %w", err)
	}
	if is && others == 0 {
		return problem(409, router.RefusedInvalid, "This is the last supervisor. Make somebody else one first.")
	}
	return nil
}

// SetPassword gives an agent a new password and ends their sessions. With none
// given, one is made, or a one-time link.
func (s *Service) SetPassword(ctx context.Context, who Who, id, password string, link bool) (view.Member, error) {
	id = s.accounts.resolve(id)
	if who.ID != id && !who.Supervisor() {
		return view.Member{}, forbidden("Only a supervisor sets the password of somebody else.")
	}
	if _, known, err := s.role(ctx, id); err != nil || !known {
		return view.Member{}, orMissing(err, "There is no such agent.")
	}
	made := ""
	if password == "" && !link {
		made = rand.Text()[:16]
		password = made
	}
	err := s.changeAccount(ctx, id, func(acc *Account) error {
		acc.Hash = ""
		if password == "" {
			return nil
		}
		hash, err := s.hasher.Hash(ctx, password)
		if err != nil {
			return fmt.Errorf("setting a password: %w", err)
		}
		acc.Hash = hash
		return nil
	})
	if err != nil {
		return view.Member{}, err
	}
	if err := s.sessions.CloseAll(ctx, id); err != nil {
		return view.Member{}, fmt.Errorf("ending sessions after a new password: %w", err)
	}
	out := view.Member{Password: made}
	if password == "" {
		if out.SetupLink, err = s.link(ctx, id); err != nil {
			return view.Member{}, err
		}
	}
	out.Person, err = s.Person(ctx, id)
	return out, err
}

func (s *Service) link(ctx context.Context, agent string) (string, error) {
	token, err := s.sessions.Invite(ctx, agent)
	if err != nil {
		return "", fmt.Errorf("making a link: %w", err)
	}
	return s.cfg.BaseURL + "/setup?token=" + url.QueryEscape(token), nil
}

// SetSignature changes one's own signature.
func (s *Service) SetSignature(ctx context.Context, who Who, text string) error {
	if len(text) > 8<<10 {
		return invalid("A signature has at most 8 KiB.")
	}
	return s.changeAccount(ctx, who.ID, func(acc *Account) error {
		acc.Signature = strings.TrimRight(text, " \t\r\n")
		return nil
	})
}

// Signature gives one's own signature.
func (s *Service) Signature(who Who) string {
	acc, _ := s.accounts.get(who.ID)
	return acc.Signature
}

// firstProblem gives the first of joined problems: one thing at a time.
func firstProblem(err error) error {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	return err
}

func orMissing(err error, words string) error {
	if err != nil {
		return err
	}
	return missing(words)
}
