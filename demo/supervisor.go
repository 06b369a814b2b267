package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"
)

// supervisor keeps things going: confirms what stands in review, and assigns
// what nobody has taken.
type supervisor struct {
	persona
	api   *client
	stage *stage
	words *vocabulary
	pace  pace
	rng   *rand.Rand
	// since is when something for review was first seen.
	since time.Time
}

// lead is the supervisor of the shift.
func lead() persona {
	return persona{Name: "Petra Vogel", Email: "petra@lindenhof.example", Role: "supervisor", Languages: []string{"de", "en"}, Skills: []skill{}}
}

// newSupervisor uses the set-up link: the supervisor is the first who comes.
func newSupervisor(ctx context.Context, base, token, password string, st *stage, words *vocabulary, pc pace, seed uint64) (*supervisor, error) {
	s := &supervisor{
		persona: lead(), api: newClient(base), stage: st, words: words, pace: pc,
		rng: rand.New(rand.NewPCG(seed, 0x6c656164)), //nolint:gosec // a demonstration, not a secret
	}
	s.Password = password
	var in login
	err := s.api.post(ctx, "/api/setup", map[string]string{"token": token, "name": s.Name, "email": s.Email, "password": password}, &in)
	if err != nil {
		return nil, fmt.Errorf("making the first supervisor: %w", err)
	}
	s.api.token = in.Token
	return s, nil
}

// hire makes an account for each.
func (s *supervisor) hire(ctx context.Context, people []persona) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(2)
	for i := range people {
		g.Go(func() error {
			if err := s.api.post(ctx, "/api/agents", &people[i], nil); err != nil {
				return fmt.Errorf("adding %s: %w", people[i].Name, err)
			}
			return nil
		})
	}
	return g.Wait()
}

// run looks after everything until ctx ends.
func (s *supervisor) run(ctx context.Context) error {
	if err := s.api.post(ctx, "/api/presence", map[string]string{"presence": "busy"}, nil); err != nil {
		return fmt.Errorf("supervisor: %w", err)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.beat(ctx) })
	g.Go(func() error {
		for wait(ctx, s.pace.poll) {
			if err := s.look(ctx); err != nil && ctx.Err() == nil {
				return fmt.Errorf("supervisor: %w", err)
			}
		}
		return nil
	})
	return g.Wait()
}

func (s *supervisor) beat(ctx context.Context) error {
	for wait(ctx, s.pace.heartbeat) {
		if err := s.api.post(ctx, "/api/heartbeat", nil, nil); err != nil && ctx.Err() == nil {
			return fmt.Errorf("supervisor: %w", err)
		}
	}
	return nil
}

func (s *supervisor) look(ctx context.Context) error {
	if err := s.review(ctx); err != nil {
		return err
	}
	return s.leftovers(ctx)
}

// review confirms in bulk what rules take for spam or machines.
func (s *supervisor) review(ctx context.Context) error {
	var list cardList
	if err := s.api.get(ctx, "/api/review", &list); err != nil {
		return err
	}
	if len(list.Cards) == 0 {
		s.since = time.Time{}
		return nil
	}
	if s.since.IsZero() {
		s.since = time.Now()
	}
	if time.Since(s.since) < s.pace.review {
		return nil
	}
	s.since = time.Time{}
	ids := make([]string, len(list.Cards))
	for i, c := range list.Cards {
		ids[i] = c.Contact
	}
	err := s.api.post(ctx, "/api/review/confirm", map[string]any{"command_id": newUUID(), "contacts": ids}, nil)
	if err == nil {
		s.stage.count("reviewed", len(ids))
	}
	return unlessRefused(err)
}

// leftovers assigns what waits too long: nobody has the language, or everybody
// who has it is busy.
func (s *supervisor) leftovers(ctx context.Context) error {
	var all overview
	if err := s.api.get(ctx, "/api/overview", &all); err != nil {
		return err
	}
	for _, c := range all.Waiting {
		if c.State != "waiting" || c.Proposed != "" || c.UsedShare < s.pace.leftover {
			continue
		}
		to := choose(s.rng, all.People, c.Language)
		if to == "" {
			return nil // nobody has room: look again soon
		}
		in := map[string]string{"command_id": newUUID(), "agent": to, "reason": s.words.say(s.rng, "en", "leftover", nil).text}
		err := s.api.post(ctx, "/api/contacts/"+c.Contact+"/assign", in, nil)
		if err != nil && !refused(err) {
			return err
		}
		if err == nil {
			s.stage.count("assigned", 1)
			take(all.People, to)
		}
	}
	return nil
}

// take remembers what was just given to somebody.
func take(people []person, id string) {
	for i := range people {
		if people[i].ID == id {
			people[i].Load += room
		}
	}
}

// summary and audit give the ledger in one line, and its proof.
func (s *supervisor) summary(ctx context.Context) (summary, error) {
	var out summary
	err := s.api.get(ctx, "/api/summary", &out)
	return out, err
}

func (s *supervisor) audit(ctx context.Context) (audit, error) {
	var out audit
	err := s.api.get(ctx, "/api/ledger/audit", &out)
	return out, err
}

// open lists what is still open, in words.
func (s *supervisor) open(ctx context.Context) ([]string, error) {
	var list contactList
	if err := s.api.get(ctx, "/api/contacts?limit=20", &list); err != nil {
		return nil, err
	}
	out := make([]string, 0, len(list.Contacts))
	for _, c := range list.Contacts {
		line := fmt.Sprintf("%q of %s is %s", c.Subject, c.CustomerName, c.State)
		if c.AgentName != "" {
			line += " with " + c.AgentName
		}
		if c.Trouble != "" {
			line += ": " + c.Trouble
		}
		out = append(out, line)
	}
	return out, nil
}
