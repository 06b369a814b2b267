package replay

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/router"
	"stagecoach/router/sim/stage"
)

// Scene is what is simulated: a history under a policy set, by its staff or by
// another. It may be run by several goroutines at once.
type Scene struct {
	History *History
	Model   *Model
	Set     Set
	// Staff is who is there; nil for those of the history.
	Staff []StaffEvent
	// Log, if given, gets what the core decides, as a log would have it.
	Log func(c *router.Commit)
}

// Outcome is what became of a turn.
type Outcome struct {
	// End is how it ended, "" where it did not or never came.
	End router.EndKind
	// Came is true where it came at all: what a customer writes after a reply
	// doesn't come where there is none.
	Came bool
	// Start is from when it counts, Ended when it ended, Due what was owed.
	Start, Ended, Due time.Time
	Agent, Queue      string
}

// Run is what came of simulating a scene once.
type Run struct {
	// Outcomes are in the order of the history's turns.
	Outcomes []Outcome
	// Present and Busy are how long each agent was at work until the end of the
	// history, and for how long of that with something in hand.
	Present, Busy map[string]time.Duration
	// Extra counts contacts that came up although there was none such in the
	// history, as when a reply went out between two messages.
	Extra int
}

// world is one run of a scene.
type world struct {
	*stage.Stage
	*Scene
	luck   luck
	run    *Run
	jobs   map[string]*job
	people map[string]*person
	chains map[*Chain]*chainRun
	// knows is who answered a customer last.
	knows map[string]string
	// arriving is the turn whose message is being given to the core.
	arriving *Turn
	// carried is what a pledge, or what a reply doesn't cover, becomes.
	carried *Turn
	begun   time.Time
	replies int
}

// chainRun is a conversation while it is simulated.
type chainRun struct {
	key string
	// facts is the conversation as it was after the last reply.
	facts *router.Conversation
	// came is up to which turn it has come.
	came int
}

// job is a contact of the core while it is open.
type job struct {
	contact string
	// turns are those that it stands for, the first one first.
	turns []*Turn
	// cover is the last message that a reply answers; next is the turn of those
	// behind it.
	cover string
	next  *Turn
	// extra is true where no turn stands for it.
	extra bool
	tries int
	takes int
	who   *person
	left  float64
	// sending is true once the reply is written, silent while the holder does
	// nothing about it.
	sending, silent bool
}

// Work implements stage.Job.
func (j *job) Work() *float64 { return &j.left }

// lead is who decides for a person what the core does not: what people disposed of
// without taking it, cleared, or gave to somebody.
const lead = "replay:lead"

// grace is for how long after the end of the history it is still worked.
const grace = 24 * time.Hour

// Run simulates the scene. The same seed gives the same. Note, if given, is told how
// far it is, from 0 to 1.
func (s *Scene) Run(ctx context.Context, seed uint64, note func(share float64)) (*Run, error) {
	w := &world{
		Scene: s, luck: luck(seed), jobs: map[string]*job{}, people: map[string]*person{},
		chains: make(map[*Chain]*chainRun, len(s.History.Chains)), knows: map[string]string{},
		run: &Run{Outcomes: make([]Outcome, len(s.History.Turns)), Present: map[string]time.Duration{}, Busy: map[string]time.Duration{}},
	}
	if err := w.prepare(); err != nil {
		return nil, fmt.Errorf("preparing the simulation: %w", err)
	}
	until := s.History.Until
	steps, span := 0, until.Sub(w.begun).Seconds()
	err := w.Stage.Run(ctx, until.Add(grace), func() bool {
		if steps++; note != nil && steps%1024 == 0 {
			note(min(1, w.Now.Sub(w.begun).Seconds()/max(span, 1)))
		}
		return w.Now.After(until) && len(w.jobs) == 0
	})
	if err != nil {
		return nil, fmt.Errorf("simulating: %w", err)
	}
	return w.run, nil
}

// prepare puts all that comes from outside on the agenda.
func (w *world) prepare() error {
	staff := w.Staff
	if staff == nil {
		staff = w.History.Staff
	}
	w.begun = w.History.From
	if len(staff) > 0 && staff[0].At.Before(w.begun) || w.begun.IsZero() && len(staff) > 0 {
		w.begun = staff[0].At
	}
	w.Stage = stage.New(newSetRules(w.Set.Set), w.begun)
	w.See, w.Stage.Log = w.see, w.Scene.Log
	w.Facts.DraftAt = w.draftAt
	if err := w.Do(router.ActorRouter, router.Begin{Life: "replay"}); err != nil {
		return err
	}
	if err := w.Do(router.ActorRouter, router.SetAgent{Agent: router.AgentProfile{ID: lead, Role: contact.RoleSupervisor}}); err != nil {
		return err
	}
	for i := range staff {
		e := &staff[i]
		w.Plan(e.At, func() error { return w.staffed(e) })
	}
	for i, v := range w.History.Chains {
		w.chains[v] = &chainRun{key: "v" + strconv.Itoa(i), came: -1}
		for _, t := range v.Turns {
			if !t.follows() {
				w.come(t, w.begun)
			}
		}
	}
	w.Plan(w.History.Until, func() error { w.account(); return nil })
	return nil
}

// follows reports whether a turn came after a reply to the one before it, so that it
// comes after that reply again.
func (t *Turn) follows() bool {
	if t.Place == 0 {
		return false
	}
	before := t.Chain.Turns[t.Place-1]
	return before.End == router.EndReplied && before.comes() && !t.Opened.Before(before.Ended)
}

// comes reports whether a turn comes from outside or after another: what an agent
// owed before From, and what we sent and did not arrive, does not.
func (t *Turn) comes() bool {
	return len(t.Messages) > 0 && t.Facts.Promise != router.PromiseFailed || t.Facts.Promise == router.PromisePledge && t.Place > 0
}

// come plans a turn that follows nothing: at its own time, what is older at the
// beginning.
func (w *world) come(t *Turn, begin time.Time) {
	if !t.comes() {
		return
	}
	for j := range t.Messages {
		if m := &t.Messages[j]; !m.Late {
			w.Plan(later(m.At, begin), func() error { return w.arrive(t, j, m.Received) })
		}
	}
	w.plannedLate(t)
}

// plannedLate plans what came while the reply to this turn was being written: it is
// the next one's.
func (w *world) plannedLate(t *Turn) {
	if t.Place+1 >= len(t.Chain.Turns) {
		return
	}
	next := t.Chain.Turns[t.Place+1]
	for j := range next.Messages {
		if m := &next.Messages[j]; m.Late {
			at := m.At
			w.Plan(later(at, w.Now), func() error { return w.arrive(next, j, m.Received) })
		}
	}
}

// follow plans the turn behind one that was answered just now: as long after the
// reply as it came then.
func (w *world) follow(t *Turn) {
	chain := t.Chain.Turns
	n := t.Place + 1
	for n < len(chain) && len(chain[n].Messages) == 0 && w.chains[t.Chain].came < n { // an answer that is not owed this time
		t = chain[n]
		n++
	}
	if n >= len(chain) || !chain[n].follows() {
		return
	}
	next := chain[n]
	shift := w.Now.Sub(t.Ended)
	for j := range next.Messages {
		if m := &next.Messages[j]; !m.Late {
			w.Plan(later(m.At.Add(shift), w.Now), func() error { return w.arrive(next, j, m.Received.Add(shift)) })
		}
	}
	if next.Place+1 < len(chain) {
		after := chain[next.Place+1]
		for j := range after.Messages {
			if m := &after.Messages[j]; m.Late {
				w.Plan(later(m.At.Add(shift), w.Now), func() error { return w.arrive(after, j, m.Received.Add(shift)) })
			}
		}
	}
}

// worthOf gives what the customer of a turn is worth by the set that is tried, or was
// when it came: a promise may ask for it.
func worthOf(t *Turn, k *router.Reclassified) customers.Facts {
	known := t.Facts.Known
	if k.Known != nil {
		known = k.Known
	}
	if known == nil {
		return customers.Facts{}
	}
	return customers.Facts{Value: known.Value, ValueSource: known.ValueSource, Stale: known.Stale, Objected: known.Objected, TierRule: known.TierRule}
}

// arrive gives the core one message of a turn.
func (w *world) arrive(t *Turn, j int, received time.Time) error {
	v, k := w.chains[t.Chain], w.class(t)
	id := strconv.Itoa(t.Index) + "." + strconv.Itoa(j)
	person := "p" + v.key
	r := router.Receive{
		Item: router.Item{
			Source: "replay", Channel: t.Facts.Channel, Account: t.Facts.Account, Ref: id,
			ItemKey: "i" + id, MessageKey: "m" + id, Place: id, ReceivedAt: received,
		},
		Kind: router.KindFresh, Identity: person, Participants: []string{person}, Threads: []string{v.key}, Keys: []string{v.key},
		Class: k.Class, About: k.Kind, Rule: k.Rule, Queue: k.Queue, UsualQueue: k.Queue, UsualRule: k.Rule, Language: k.Language, Tier: k.Tier,
		Demand: k.Demand, Preferred: k.Preferred, LastAgent: w.knownBy(t), Propose: t.Facts.Proposed, Asked: t.Facts.Asked, AsOf: w.State.N,
	}
	r.Profile.Facts = worthOf(t, &k)
	if v.facts == nil && t.Place == 0 && t.Facts.Promise == router.PromiseNext {
		v.facts = &router.Conversation{
			ID: v.key, Customer: person, Channel: t.Facts.Channel, Account: t.Facts.Account, State: router.ConversationWithCustomer,
			LastAgent: t.Facts.Prefer, Answered: true, Participants: []string{person},
		}
	}
	if v.facts != nil {
		r.Known = map[string]router.Found{v.key: {Kind: router.KeyMessage, Conversation: v.facts.ID, ConversationFacts: v.facts}}
	}
	w.arriving = t
	e, err := w.Step(router.ActorIntake, r)
	if err != nil {
		return fmt.Errorf("contact %s: %w", t.Contact, err)
	}
	w.see(e.Events)
	w.arriving = nil
	if one := w.jobs[e.Result.Contact]; one != nil {
		w.joined(one, t, j, e.Result.Message)
	}
	return nil
}

// joined notes that a message of a turn belongs to an open contact.
func (w *world) joined(one *job, t *Turn, j int, message string) {
	switch {
	case len(one.turns) == 0 || one.extra:
	case t.Messages[j].Late && one.turns[0] != t: // as then, the reply will not cover it
		one.next = t
		return
	case one.turns[len(one.turns)-1].Place < t.Place:
		one.turns = append(one.turns, t)
		w.came(one, t)
	}
	one.cover = message
}

// came notes that a turn has come.
func (w *world) came(one *job, t *Turn) {
	c, out := w.State.Contacts[one.contact], &w.run.Outcomes[t.Index]
	out.Came, out.Start, out.Due, out.Queue = true, c.Start, c.Due, c.Queue
	v := w.chains[t.Chain]
	v.came = max(v.came, t.Place)
}

func (w *world) class(t *Turn) router.Reclassified {
	k := t.Facts.Was
	k.Preferred = t.Facts.Preferred
	if w.Set.Classes != nil && t.Facts.Proposed == "" {
		k = w.Set.Classes(t)
	}
	return k
}

// knownBy is who answered the customer last.
func (w *world) knownBy(t *Turn) string {
	if who := w.knows[t.Chain.Customer]; who != "" {
		return who
	}
	return t.Facts.Prefer
}

// tolerant gives the core what somebody does: that it is refused changes nothing, as
// things have changed meanwhile.
func (w *world) tolerant(actor string, cmd router.Command) (bool, error) {
	err := w.Do(actor, cmd)
	if _, refused := errors.AsType[*router.Refusal](err); refused {
		return false, nil
	}
	return err == nil, err
}
