package router

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
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

// read makes facts of an item. What can't be read is quarantined, with a code.
func (i *Intake) read(ref string, in *channels.Inbound) *reading {
	k := i.cfg.Keys
	ch := string(in.Channel)
	c := &Receive{
		Item: Item{
			Source: in.Source, Channel: in.Channel, Account: in.Account, Ref: ref,
			ItemKey:    k.Of("item", ch, in.Account, in.ProviderID),
			MessageKey: k.Of("message", ch, in.ProviderID),
			Place:      k.Of("place", in.Source, in.Position),
			ReceivedAt: in.ReceivedAt.UTC(),
		},
		Kind: string(in.Kind),
	}
	m, err := i.cfg.Parse(ref, in)
	if err != nil {
		i.logger.Warn("an item could not be read: it is quarantined", "channel", ch, "account", in.Account, "err", err)
		c.Quarantine = "unreadable"
		return &reading{cmd: c}
	}
	i.identify(c, m)
	i.correspond(c, m)
	if in.Kind == channels.OwnCopy {
		return &reading{cmd: c}
	}
	r := &reading{cmd: c, message: m}
	i.name(r, m)
	return r
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

// proposedBy names the rule that proposes a message, "" where none does.
func proposedBy(c *Receive) string {
	if c.Propose == "" {
		return ""
	}
	return c.Rule
}

// identify fills in the keys of the sender, the participants and the thread.
func (i *Intake) identify(c *Receive, m *contact.Message) {
	k, ch := i.cfg.Keys, string(c.Channel)
	sender := m.Sender().Address
	c.Trust, c.Identity, c.Public = m.Auth.Trust, k.Identity(ch, sender), m.Public
	switch {
	case sender == "":
		c.Identity = k.Nobody(c.ItemKey)
	case !c.Trust.Proven():
		c.Claimed, c.Identity = c.Identity, k.Unproven(ch, sender)
	}
	for _, a := range append(append([]contact.Address{m.From}, m.To...), m.CC...) {
		if key := k.Identity(ch, a.Address); a.Address != "" && !i.ours(c, a.Address) && key != c.Identity && key != c.Claimed {
			c.Participants = append(c.Participants, key)
		}
	}
	i.thread(c, m)
	if fb := m.Feedback; fb != nil && c.Kind == KindFeedback {
		c.Feedback = &FeedbackFact{Rating: fb.Rating, Kind: fb.Kind, Contact: fb.Contact, Reply: fb.Reply, Agent: fb.Agent, Words: fb.Words}
	}
	for _, mark := range m.Copies {
		c.Copies = append(c.Copies, k.Of("copy", ch, mark))
	}
	if m.Outreach != "" {
		c.Outreach = k.Of("outreach", ch, c.Identity)
		c.Keys = append(c.Keys, c.Outreach)
	}
	c.Nameless = m.MessageID == "" || m.DerivedID
	c.Keys = append(c.Keys, c.Copies...)
	c.Auto = m.Auto
	if m.Bounce != nil {
		c.Bounce = &BounceFact{Permanent: m.Bounce.Permanent, Code: m.Bounce.Code, Key: k.MessageID(ch, m.Bounce.OriginalID)}
		for _, one := range append([]string{m.Bounce.Recipient}, m.Bounce.Others...) {
			c.Bounce.Failed = append(c.Bounce.Failed, k.Identity(ch, one))
		}
	}
}

// thread fills in the keys by which the item finds its conversation, and later
// ones find it.
func (i *Intake) thread(c *Receive, m *contact.Message) {
	k, ch := i.cfg.Keys, string(c.Channel)
	if m.Replaces != "" {
		c.Replaces, c.Withdrawn = k.MessageID(ch, m.Replaces), m.Withdrawn
		c.Threads = append(c.Threads, c.Replaces)
	}
	if m.Concerns != "" {
		c.Threads = append(c.Threads, k.MessageID(ch, m.Concerns))
	}
	for n := len(m.References) - 1; n >= 0 && len(c.Threads) < maxThreads; n-- {
		c.Threads = append(c.Threads, k.MessageID(ch, m.References[n]))
	}
	if m.InReplyTo != "" {
		c.Threads = append(c.Threads, k.MessageID(ch, m.InReplyTo))
	}
	if m.Thread != "" {
		c.Threads = append(c.Threads, k.Of("thread", ch, c.Account, m.Thread))
		c.Keys = append(c.Keys, k.Of("thread", ch, c.Account, m.Thread))
	}
	if m.Token != "" {
		c.Token = k.TokenKey(m.Token)
		c.Threads = append(c.Threads, c.Token)
	}
	if m.MessageID != "" {
		c.Keys = append(c.Keys, k.MessageID(ch, m.MessageID))
	}
	if c.Kind == string(channels.OwnCopy) {
		return
	}
	// A subject leads back only where a program or a number says that it is of
	// the same matter.
	key := k.SubjectKey(ch, c.Account, c.Identity, m.Subject)
	if key == "" {
		return
	}
	if _, answers := bareSubject(m.Subject); answers || numbered(m.Subject) {
		c.Subject = key
	}
	if !m.Auto.Answers() && m.Auto != contact.AutoList {
		c.Keys = append(c.Keys, key)
	}
}

// maxThreads bounds how many ids of a References header are looked up.
const maxThreads = 50

// classify fills in what the policy makes of it.
func (i *Intake) classify(set *policies.Set, c *Receive, m *contact.Message, who customers.Known) {
	in := i.question(c, m)
	in.Customer = who
	got := set.Classify(in)
	Classified(c, &got)
	c.Classed = set.Version
	if said := c.Asked.Said; said != nil && said.Used != got.BySaid {
		now := *said
		now.Used = got.BySaid
		c.Asked.Said = &now
	}
	c.Preferred = i.named(got.Agents)
	if f := &c.Profile.Facts; f.Reach != "" && i.cfg.Reaches != nil {
		f.SetReach(slices.DeleteFunc(f.Reached(), func(ch contact.Channel) bool { return !i.cfg.Reaches(ch) }))
	}
}

// Classified tells a command what a policy made of its message. Whom that names is
// left to who knows their ids.
func Classified(c *Receive, got *policies.Classification) {
	c.Class, c.About, c.Queue, c.Rule, c.Tier = got.Class, got.Kind, got.Queue, got.Rule, got.Tier
	c.Language, c.Propose = got.Language, got.Propose
	c.UsualQueue, c.UsualRule = got.UsualQueue, got.Rule
	if got.Propose != "" {
		c.Rule = got.ProposeRule
	}
	c.Demand = got.Demand
	c.Profile.Facts = got.Known
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
