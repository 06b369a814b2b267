package router

import (
	"slices"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/policies"
)

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
		c.Feedback = &FeedbackFact{Rating: fb.Rating, Kind: fb.Kind, Contact: fb.Contact, Reply: fb.Reply, Agent: fb.Agent, Words: fb.Words, ByLink: fb.ByLink}
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
