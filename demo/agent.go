package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"
)

// persona is who an agent is.
type persona struct {
	Name      string   `json:"name"`
	Email     string   `json:"email"`
	Role      string   `json:"role"`
	Languages []string `json:"languages"`
	Skills    []skill  `json:"skills"`
	Password  string   `json:"password"`
}

type skill struct {
	Name  string `json:"name"`
	Level int    `json:"level"`
}

// skills are those that the demonstration's policy speaks of.
func skills() []string { return []string{"billing", "complaints", "orders", "shipping", "technical"} }

// newcomer is the skill of who is in their first weeks: the policy keeps
// complaints from them.
const newcomer = "trainee"

// staff is who is on shift. For each of the skills, in their order, it says how
// well they have it, 0 for not at all.
func staff() []persona {
	one := func(name, email string, levels [5]int, languages ...string) persona {
		p := persona{Name: name, Email: email + "@lindenhof.example", Role: "agent", Languages: languages, Skills: []skill{}}
		for i, level := range levels {
			if level > 0 {
				p.Skills = append(p.Skills, skill{skills()[i], level})
			}
		}
		return p
	}
	// billing, complaints, orders, shipping, technical
	all := []persona{
		one("Mara Lindner", "mara", [5]int{4, 4, 0, 2, 3}, "de", "en"),
		one("Jonas Weber", "jonas", [5]int{0, 1, 2, 0, 5}, "de", "en"),
		one("Aylin Kaya", "aylin", [5]int{3, 0, 4, 0, 2}, "de", "fr"),
		one("Tom Baker", "tom", [5]int{4, 0, 3, 3, 0}, "en"),
		one("Grace Doyle", "grace", [5]int{2, 5, 0, 1, 4}, "en", "es"),
		one("Chloé Martin", "chloe", [5]int{4, 4, 0, 2, 3}, "fr", "en"),
		one("Lucas Moreau", "lucas", [5]int{0, 0, 3, 0, 4}, "fr", "es"),
		one("Elena Ruiz", "elena", [5]int{3, 0, 4, 0, 3}, "es", "en"),
		one("Pablo Ortega", "pablo", [5]int{4, 3, 0, 0, 0}, "es", "fr"),
		one("Ingrid Solberg", "ingrid", [5]int{2, 0, 2, 0, 0}, "en", "de"),
	}
	last := &all[len(all)-1]
	last.Skills = append(last.Skills, skill{newcomer, 1})
	return all
}

// agent works at the desk through its API.
type agent struct {
	persona
	api   *client
	stage *stage
	words *vocabulary
	pace  pace
	rng   *rand.Rand

	// ignored are offers that they will not look at, until when; silent are
	// contacts that they hold and do nothing about; known are offers that were
	// dealt with.
	ignored map[string]time.Time
	silent  map[string]bool
	known   map[string]bool
	// lost is true when they went without saying so.
	lost bool
}

func newAgent(p persona, base string, st *stage, words *vocabulary, pc pace, seed uint64) *agent {
	return &agent{
		persona: p, api: newClient(base), stage: st, words: words, pace: pc,
		rng:     rand.New(rand.NewPCG(seed, uint64(len(p.Name))<<32+uint64(p.Email[0]))), //nolint:gosec // a demonstration, not a secret
		ignored: map[string]time.Time{}, silent: map[string]bool{}, known: map[string]bool{},
	}
}

// errGone is how a session ends whose agent goes home, or loses the line.
var errGone = errors.New("the agent has left")

// run works until ctx ends, with breaks. ready is called once they can be given
// work.
func (a *agent) run(ctx context.Context, ready func()) error {
	defer a.api.close()
	for ctx.Err() == nil {
		err := a.session(ctx, ready)
		ready = func() {}
		switch {
		case ctx.Err() != nil:
			return nil
		case !errors.Is(err, errGone):
			return fmt.Errorf("agent %s: %w", a.Name, err)
		}
		absence := a.pace.gone
		if a.lost {
			absence = a.pace.lost
		}
		wait(ctx, absence.draw(a.rng))
	}
	return nil
}

// session is from login to leaving.
func (a *agent) session(ctx context.Context, ready func()) error {
	if err := a.login(ctx); err != nil {
		return err
	}
	if err := a.present(ctx, "available", false); err != nil {
		return err
	}
	ready()
	g, ctx := errgroup.WithContext(ctx)
	wake := make(chan struct{}, 1)
	g.Go(func() error { a.api.follow(ctx, wake); return nil })
	g.Go(func() error { return a.beat(ctx) })
	g.Go(func() error { return a.work(ctx, wake) })
	return g.Wait()
}

func (a *agent) login(ctx context.Context) error {
	var in login
	a.api.token = ""
	if err := a.api.post(ctx, "/api/login", map[string]string{"email": a.Email, "password": a.Password}, &in); err != nil {
		return fmt.Errorf("logging in: %w", err)
	}
	a.api.token = in.Token
	return nil
}

func (a *agent) present(ctx context.Context, presence string, handOver bool) error {
	return a.api.post(ctx, "/api/presence", map[string]any{"presence": presence, "hand_over": handOver}, nil)
}

// beat says again and again that they are there, until they log out.
func (a *agent) beat(ctx context.Context) error {
	for wait(ctx, a.pace.heartbeat) {
		if err := a.api.post(ctx, "/api/heartbeat", nil, nil); err != nil && ctx.Err() == nil {
			return unlessRefused(err)
		}
	}
	return nil
}

// work looks at the desk whenever something has changed, and does what is to be
// done.
func (a *agent) work(ctx context.Context, wake <-chan struct{}) error {
	look := time.NewTimer(0)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wake:
		case <-look.C:
		}
		busy, err := a.turn(ctx)
		if err != nil {
			return err
		}
		look.Reset(a.pace.poll)
		if busy {
			look.Reset(0)
		}
	}
}

// turn looks once and does the next thing. busy is true when there is more.
func (a *agent) turn(ctx context.Context) (busy bool, err error) {
	var d deskView
	if err := a.api.get(ctx, "/api/desk", &d); err != nil {
		return false, err
	}
	if d.Me.Presence != "available" {
		return true, a.present(ctx, "available", false)
	}
	a.notice(&d)
	for i := range d.Offers {
		if o := &d.Offers[i]; !a.known[o.ID] {
			a.known[o.ID] = true
			if err := a.consider(ctx, o); err != nil {
				return false, err
			}
			busy = true
		}
	}
	if busy {
		return true, nil
	}
	for i := range d.Mine {
		c := &d.Mine[i]
		if c.State != "assigned" || a.silent[c.Contact] || c.Promise == "pledge" && time.Since(c.Start) < a.pace.research {
			continue
		}
		return true, a.handle(ctx, c)
	}
	return false, nil
}

// notice counts what has come of doing nothing: offers that ran out, contacts
// that were taken back.
func (a *agent) notice(d *deskView) {
	offered, held := map[string]bool{}, map[string]bool{}
	for _, o := range d.Offers {
		offered[o.ID] = true
	}
	for _, c := range d.Mine {
		held[c.Contact] = true
	}
	for id, until := range a.ignored {
		if !offered[id] {
			delete(a.ignored, id)
			if time.Now().After(until) {
				a.stage.count(string(misses), 1)
			}
		}
	}
	for id := range a.silent {
		if !held[id] {
			delete(a.silent, id)
			a.stage.count(string(silence), 1)
		}
	}
	for id := range a.known {
		if !offered[id] {
			delete(a.known, id)
		}
	}
}

// consider answers an offer, or doesn't.
func (a *agent) consider(ctx context.Context, o *offer) error {
	st := a.stage.storyOf(o.Card.CustomerName)
	if a.stage.due(st, misses) {
		a.ignored[o.ID] = o.Expires
		return nil
	}
	wait(ctx, a.pace.react.draw(a.rng))
	if a.stage.due(st, declines) {
		reason := []string{"busy", "conflict", "other"}[a.rng.IntN(3)]
		err := a.api.post(ctx, "/api/offers/"+o.ID+"/decline", map[string]string{"command_id": "decline-" + o.ID, "reason": reason}, nil)
		if err == nil {
			a.stage.count(string(declines), 1)
			return nil
		}
		a.stage.undo(st)
		return unlessRefused(err)
	}
	return unlessRefused(a.api.post(ctx, "/api/offers/"+o.ID+"/accept", map[string]string{"command_id": "accept-" + o.ID}, nil))
}

// unlessRefused takes a no for an answer: somebody was faster, or things have
// changed meanwhile.
func unlessRefused(err error) error {
	if refused(err) {
		return nil
	}
	return err
}
