package router

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/fault"
	"stagecoach/policies"
)

// Lookup is what the ledger knows of keys, as of a commit.
type Lookup interface {
	Known(ctx context.Context, keys []string) (asOf uint64, found map[string]Found, err error)
}

// AccountFacts is what is set for one account of a channel.
type AccountFacts struct {
	// Addresses are our own on it, lower case.
	Addresses []string
	// Skills are demanded of everything that comes to it.
	Skills []string
	// Language is assumed where none can be told.
	Language string
}

// IntakeConfig is what intake needs to know.
type IntakeConfig struct {
	Keys Keys
	// Parse makes a message of the original that INBOX keeps under ref. The
	// message is read only.
	Parse func(ref string, in *channels.Inbound) (*contact.Message, error)
	// Policy gives the active policy set.
	Policy func() *policies.Set
	// Ours reports whether an address is one of our own on a channel, whatever
	// the account; it may be nil.
	Ours func(ch contact.Channel, address string) bool
	// Agent gives the id of an agent whom a policy names by their e-mail address; it
	// may be nil.
	Agent func(address string) (id string, known bool)
	// Consult asks an external classifier about messages, all at the same time, since
	// when each waits, and gives its word on each; it is nil where there is none.
	Consult func(ctx context.Context, set *policies.Set, asked []Consulted) []policies.Said
	// Directory is what is kept of customers; it may be nil.
	Directory Directory
	// Reaches reports whether anything can be sent by a channel; nil where nobody
	// knows.
	Reaches func(ch contact.Channel) bool
	// Account gives what is set for an account.
	Account func(ch contact.Channel, account string) AccountFacts
}

// Intake reads what INBOX holds: it parses, hashes the keys, classifies, asks
// the ledger, and hands the router facts. It holds no state, so any number of
// them may run.
type Intake struct {
	cfg    IntakeConfig
	router interface {
		DoAll(ctx context.Context, envs []Envelope) []Answer
		View(ctx context.Context, look func(*State)) error
	}
	ledger Lookup
	logger *slog.Logger
}

// NewIntake gives an intake.
func NewIntake(cfg IntakeConfig, engine *Engine, ledger Lookup, logger *slog.Logger) *Intake {
	return &Intake{cfg: cfg, router: engine, ledger: ledger, logger: logger.With("component", "intake")}
}

// Stored is an item that INBOX holds, with its reference there.
type Stored struct {
	Ref     string
	Inbound *channels.Inbound
	// At is when it was read there, zero for just now.
	At time.Time
}

// Handle decides stored items in their order. Where it gives nil, the item's
// fate is in the log; any error means: try again. The items share a look-up and
// commits.
func (i *Intake) Handle(ctx context.Context, items []Stored) []error {
	read := make([]*reading, len(items))
	for n, item := range items {
		read[n] = i.read(item.Ref, item.Inbound)
		read[n].at = item.At
	}
	i.consult(ctx, read...)
	failed := make([]error, len(items))
	for n, a := range i.decide(ctx, ActorIntake, read) {
		failed[n] = a.Err
	}
	return failed
}

// Seen reports whether an item was taken in before, by its ProviderID.
func (i *Intake) Seen(ctx context.Context, in *channels.Inbound) (seen bool, err error) {
	key := i.cfg.Keys.Of("item", string(in.Channel), in.Account, in.ProviderID)
	if err := i.router.View(ctx, func(s *State) { seen = s.Index[key] != nil }); err != nil || seen {
		return seen, err
	}
	_, known, err := i.ledger.Known(ctx, []string{key})
	_, seen = known[key]
	return seen, err
}

// Take decides one stored item that an actor, such as a person, enters.
func (i *Intake) Take(ctx context.Context, actor, ref string, in *channels.Inbound) (Result, error) {
	one := i.read(ref, in)
	i.consult(ctx, one)
	a := i.decide(ctx, actor, []*reading{one})[0]
	return a.Result, a.Err
}

// reading is an item that was read, on its way to the router.
type reading struct {
	cmd *Receive
	// known is what the directory knows of its sender.
	known customers.Known
	// message is what it says, nil where it is not to be classified, or is.
	message *contact.Message
	// vouched and mentioned are keys of addresses that it names beside its sender's.
	vouched, mentioned []string
	// at is since when it waits for its turn, zero where it doesn't.
	at time.Time
}

// decide asks the router for the commands in their order, and again for those
// that it decided on a look-up which was too old.
func (i *Intake) decide(ctx context.Context, actor string, read []*reading) []Answer {
	answers := make([]Answer, len(read))
	open := make([]int, len(read))
	for n := range open {
		open[n] = n
	}
	for range 5 {
		got := i.ask(ctx, actor, read, open)
		var stale []int
		for k, n := range open {
			answers[n] = got[k]
			if refusal, is := errors.AsType[*Refusal](got[k].Err); is && refusal.Code == RefusedStale {
				answers[n].Err = errors.New("the ledger is too far behind the router")
				stale = append(stale, n)
			}
		}
		if open = stale; len(open) == 0 {
			break
		}
	}
	return answers
}

// ask looks the keys of those commands up, all at once, classifies what isn't yet,
// and has the router decide them.
func (i *Intake) ask(ctx context.Context, actor string, read []*reading, which []int) []Answer {
	answers := make([]Answer, len(which))
	people := i.lookPeople(ctx, read, which)
	var keys []string
	for _, n := range which {
		keys = append(append(keys, lookups(read[n].cmd)...), read[n].others()...)
		keys = append(keys, people.askedOf(read[n])...)
	}
	asOf, known, err := i.ledger.Known(ctx, keys)
	if err != nil {
		for k := range answers {
			answers[k].Err = fmt.Errorf("looking keys up in the ledger: %w", err)
		}
		return answers
	}
	envs := make([]Envelope, len(which))
	for k, n := range which {
		cmd := read[n].cmd
		cmd.AsOf, cmd.Known = asOf, known
		i.complete(ctx, read[n], people, known)
		fault.On(cmd.Channel, fault.IntakeBeforeCommand)
		envs[k] = Envelope{Actor: actor, Command: *cmd}
	}
	answers = i.router.DoAll(ctx, envs)
	for k := range answers {
		if answers[k].Err == nil {
			fault.On(read[which[k]].cmd.Channel, fault.IntakeAfterCommand)
		}
	}
	return answers
}

// complete classifies an item, once, with what the ledger knows of its customer.
func (i *Intake) complete(ctx context.Context, r *reading, p people, known map[string]Found) {
	if r.message == nil {
		return
	}
	r.known = i.meet(ctx, r, p, known)
	r.cmd.Asked.Contacts = known[r.cmd.Identity].Contacts
	i.classify(i.cfg.Policy(), r.cmd, r.message, r.known)
	r.message = nil
}

// Again reads an item that is in quarantine once more, after an upgrade or
// because a person wants it. A refusal says that it still can't be read.
func (i *Intake) Again(ctx context.Context, id, ref string, in *channels.Inbound) (Result, error) {
	one := i.read(ref, in)
	one.cmd.Released = id
	i.consult(ctx, one)
	a := i.decide(ctx, ActorIntake, []*reading{one})[0]
	return a.Result, a.Err
}

// lookups gives every key that the decision may ask for.
func lookups(c *Receive) []string {
	keys := append([]string{c.ItemKey, c.MessageKey, c.Identity}, c.Threads...)
	keys = append(keys, c.Keys...)
	keys = append(append(keys, c.Copies...), c.Claimed, c.Subject)
	if c.Bounce != nil {
		keys = append(keys, c.Bounce.Key)
	}
	return keys
}

// Classify gives what a policy set makes of a stored item that a contact begins
// with: it is told what the one that decided was told besides, and what is known of
// the customer now. It changes nothing.
func (i *Intake) Classify(ctx context.Context, set *policies.Set, of *Contact, ref string, in *channels.Inbound) (Reclassified, error) {
	m, err := i.cfg.Parse(ref, in)
	if err != nil {
		return Reclassified{}, fmt.Errorf("reading item %q: %w", ref, err)
	}
	c := &Receive{Item: Item{Channel: in.Channel, Account: in.Account, ReceivedAt: in.ReceivedAt.UTC()}, Asked: of.Asked}
	i.classify(set, c, m, i.KnownOf(ctx, of.Customer, of.Known))
	found := Reclassified{
		Class: c.Class, Kind: c.About, Rule: c.UsualRule, Queue: queueOr(c.UsualQueue, queueGeneral), Language: c.Language, Tier: c.Tier,
		Demand: c.Demand, Preferred: c.Preferred, Propose: c.Propose, ProposeRule: proposedBy(c),
	}
	if facts := c.Profile.Facts; facts != (customers.Facts{}) {
		found.Known = &facts
	}
	return found, nil
}

// named gives the ids of agents by their addresses. Who has no account is passed
// over.
func (i *Intake) named(addresses []string) []string {
	var out []string
	for _, one := range addresses {
		if i.cfg.Agent == nil {
			break
		}
		if id, known := i.cfg.Agent(one); known {
			out = append(out, id)
		}
	}
	return out
}
