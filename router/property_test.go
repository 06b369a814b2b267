package router

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stagecoach/contact"
	"stagecoach/policies"
	"stagecoach/router/match"
)

// timeline draws random commands of everybody at random moments. Refusals are
// fine; broken invariants and a replay that differs are not.
type timeline struct {
	*rig
	rt    *rapid.T
	mails int
	sent  []string // message ids that can be quoted
	// known is what a ledger would know of what has left memory.
	known         map[string]Found
	conversations map[string]Conversation
	contactFacts  map[string]Contact
	replyFacts    map[string]Reply
}

// fold notes what a ledger has by now.
func (t *timeline) fold() {
	for k, e := range t.state.Index {
		t.known[k] = Found{Kind: e.Kind, Message: e.Message, Place: e.Place, Contact: e.Contact, Conversation: e.Conversation, Customer: e.Customer, Reply: e.Reply}
	}
	for id, v := range t.state.Conversations {
		t.conversations[id] = *v
	}
	for id, c := range t.state.Contacts {
		t.contactFacts[id] = *c
	}
	for id, r := range t.state.Replies {
		t.replyFacts[id] = *r
	}
}

// lookUp is intake asking the ledger.
func (t *timeline) lookUp(m *Receive) {
	t.fold()
	m.AsOf, m.Known = t.state.N, map[string]Found{}
	keys := append(append([]string{m.ItemKey, m.MessageKey, m.Identity, m.Claimed}, m.Threads...), m.Keys...)
	if m.Bounce != nil {
		keys = append(keys, m.Bounce.Key)
	}
	for _, k := range keys {
		f, ok := t.known[k]
		if !ok {
			continue
		}
		if v, ok := t.conversations[f.Conversation]; ok {
			f.ConversationFacts = &v
		}
		if c, ok := t.contactFacts[f.Contact]; ok {
			f.ContactFacts = &c
		}
		if r, ok := t.replyFacts[f.Reply]; ok {
			f.ReplyFacts = &r
		}
		m.Known[k] = f
	}
}

func pick[T any](t *timeline, label string, from []T) (T, bool) {
	var zero T
	if len(from) == 0 {
		return zero, false
	}
	return from[rapid.IntRange(0, len(from)-1).Draw(t.rt, label)], true
}

func (t *timeline) agents() []string   { return slices.Sorted(maps.Keys(t.state.Agents)) }
func (t *timeline) contacts() []string { return slices.Sorted(maps.Keys(t.state.Contacts)) }
func (t *timeline) offers() []string   { return slices.Sorted(maps.Keys(t.state.Offers)) }
func (t *timeline) replies() []string  { return slices.Sorted(maps.Keys(t.state.Replies)) }

func (t *timeline) try(actor string, cmd Command) {
	_, _ = t.do(actor, cmd) // a refusal is an answer
}

func (t *timeline) arrive() {
	t.mails++
	id := fmt.Sprintf("m%d", t.mails)
	sender := rapid.SampledFrom([]string{"alice", "bob", "carol", "dave"}).Draw(t.rt, "sender")
	m := t.mail(id, sender)
	if quoted, ok := pick(t, "quotes", t.sent); ok && rapid.Bool().Draw(t.rt, "threads") {
		m.Threads = []string{quoted}
	}
	m.ReceivedAt = t.now.Add(-time.Duration(rapid.IntRange(0, 7200).Draw(t.rt, "age")) * time.Second)
	m.Demand.Languages = rapid.SampledFrom([][]string{nil, {"de"}, {"fr"}}).Draw(t.rt, "language")
	switch rapid.IntRange(0, 9).Draw(t.rt, "what") {
	case 0:
		m.Propose = contact.Machine
		m.Auto = rapid.SampledFrom([]contact.AutoKind{
			contact.AutoReply, contact.AutoReceipt, contact.AutoDelivered, contact.AutoCalendar, contact.AutoChallenge, contact.AutoList, contact.AutoBounce,
		}).Draw(t.rt, "auto")
	case 1:
		m.Kind = KindHistory
	case 2:
		m.Kind = KindOwnCopy
	case 3:
		m.Quarantine = "unreadable"
	case 4:
		if r, ok := pick(t, "bounced", t.replies()); ok {
			m.Bounce = &BounceFact{Permanent: rapid.Bool().Draw(t.rt, "permanent"), Key: "mid:" + r}
		}
	case 5:
		m.Trust, m.Claimed, m.Identity = contact.TrustForged, m.Identity, "unproven:"+sender
		m.Token = append(m.Threads, "")[0]
	case 6:
		m.Account = rapid.SampledFrom([]string{"support", "sales"}).Draw(t.rt, "account")
		m.Copies, m.Nameless = []string{"copy:" + sender}, rapid.Bool().Draw(t.rt, "nameless")
		m.Keys = append(m.Keys, m.Copies...)
	case 7:
		m.Subject = "subject:" + sender
		m.Keys = append(m.Keys, m.Subject)
		m.Participants = []string{rapid.SampledFrom([]string{"id:alice", "id:erin"}).Draw(t.rt, "in copy")}
	}
	t.lookUp(m)
	t.must(ActorIntake, *m)
	if rapid.IntRange(0, 4).Draw(t.rt, "again") == 0 {
		before := t.state.Totals.Opened
		t.lookUp(m)
		t.must(ActorIntake, *m)
		if t.state.Totals.Opened != before {
			t.rt.Fatal("I2: a redelivery opened a contact")
		}
	}
	t.sent = append(t.sent, "mid:"+id)
}

func (t *timeline) work() {
	agent, ok := pick(t, "agent", t.agents())
	if !ok {
		return
	}
	if o, ok := pick(t, "offer", t.offers()); ok {
		holder := t.state.Offers[o].Agent
		switch rapid.IntRange(0, 5).Draw(t.rt, "answer") {
		case 0:
			t.try(holder, Decline{Offer: o, Reason: "busy"})
		case 1:
			t.try(agent, Accept{Offer: o})
		default:
			t.must(holder, Accept{Offer: o})
		}
	}
	c, ok := pick(t, "contact", t.contacts())
	if !ok {
		return
	}
	to, _ := pick(t, "to", t.agents())
	switch rapid.IntRange(0, 8).Draw(t.rt, "work") {
	case 0:
		t.try(agent, TakeNext{})
	case 1:
		t.try(agent, Assign{Contact: c, Agent: to, Override: rapid.Bool().Draw(t.rt, "override")})
	case 2:
		t.try(agent, PullBack{Contact: c, Reason: "other"})
	case 3:
		t.try(agent, MoveTo{Contact: c, Queue: "other", Clear: true})
	case 4:
		t.try(agent, Dispose{Contacts: []string{c}, Disposition: contact.NoReplyNeeded})
	case 5:
		t.try(agent, Reopen{Contact: c})
	default:
		t.answer(t.state.Contacts[c])
	}
}

func (t *timeline) answer(c *Contact) {
	id := fmt.Sprintf("r%d", t.cmds)
	rep := Reply{
		ID: id, Contact: c.ID, Conversation: c.Conversation, Channel: contact.Email, Account: "support",
		Kind: rapid.SampledFrom([]contact.ReplyKind{contact.Answer, contact.Ask, contact.Pledge, contact.Forward}).Draw(t.rt, "kind"),
	}
	if m, ok := pick(t, "covers", c.Messages); ok {
		rep.Covers = m.ID
	}
	if rep.Kind == contact.Pledge {
		rep.PledgeDue = t.now.Add(time.Duration(rapid.IntRange(1, 200).Draw(t.rt, "hours")) * time.Hour)
	}
	send := Send{Reply: rep, Keys: []string{"mid:" + id}, Delivered: rapid.IntRange(0, 9).Draw(t.rt, "by hand") == 0}
	if v, ok := t.conversations[c.Conversation]; ok {
		send.Conversation = &v
	}
	t.try(cmp.Or(c.Agent, t.agents()[0]), send)
	t.sent = append(t.sent, "mid:"+id)
}

func (t *timeline) sending() {
	r, ok := pick(t, "reply", t.replies())
	if !ok {
		return
	}
	life := t.state.Life
	switch rapid.IntRange(0, 7).Draw(t.rt, "sending") {
	case 0:
		t.try(ActorSender, Resolve{Reply: r, Delivered: rapid.Bool().Draw(t.rt, "proof"), Again: rapid.Bool().Draw(t.rt, "again")})
	case 1:
		t.must(ActorRouter, Begin{Life: fmt.Sprintf("life-%d", t.cmds)})
	default:
		t.try(ActorSender, Attempt{Reply: r, Life: life})
		o := Outcome{Reply: r, Life: life, Attempt: t.state.Replies[r].Attempt}
		switch rapid.IntRange(0, 6).Draw(t.rt, "outcome") {
		case 0:
			o.InDoubt = true
		case 1:
			o.Permanent = true
		case 2:
			o.RetryAfter = time.Minute
		default:
			o.Delivered = true
		}
		t.try(ActorSender, o)
	}
}

func (t *timeline) staff() {
	agent, ok := pick(t, "who", t.agents())
	if !ok {
		return
	}
	all := []contact.Presence{contact.Available, contact.Available, contact.Busy, contact.Away, contact.Offline, contact.Unreachable}
	switch rapid.IntRange(0, 12).Draw(t.rt, "staff") {
	case 0:
		t.try("lead", RemoveAgent{Agent: agent})
		t.agent(agent, contact.RoleAgent, 60, "de")
	case 1:
		t.fold()
		t.try(ActorRouter, Trim{Before: t.state.N - min(t.state.N, 5)})
	default:
		t.must(ActorRouter, SetPresence{
			Agent: agent, Presence: rapid.SampledFrom(all).Draw(t.rt, "presence"),
			HandOver: rapid.Bool().Draw(t.rt, "hand over"),
		})
	}
}

// TestInvariantsOnRandomTimelines is I2, I3, I4, I6, I9 and I13 on whatever
// people, machines and clocks do to the core in whatever order.
func TestInvariantsOnRandomTimelines(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		tl := &timeline{
			rig: newRig(rt), rt: rt, known: map[string]Found{}, conversations: map[string]Conversation{},
			contactFacts: map[string]Contact{}, replyFacts: map[string]Reply{},
		}
		tl.agent("anna", contact.RoleAgent, 100, "de", "en")
		tl.agent("bert", contact.RoleAgent, 40, "fr")
		tl.agent("lead", contact.RoleSupervisor, 60, "de", "fr")
		for range rapid.IntRange(10, 60).Draw(rt, "steps") {
			tl.now = tl.now.Add(time.Duration(rapid.IntRange(0, 900).Draw(rt, "later")) * time.Second)
			switch rapid.IntRange(0, 9).Draw(rt, "step") {
			case 0, 1, 2:
				tl.arrive()
			case 3, 4, 5:
				tl.work()
			case 6, 7:
				tl.sending()
			case 8:
				tl.staff()
				tl.retune()
			default:
				tl.must(ActorRouter, Tick{})
			}
			overCapacity(tl)
		}
		tl.check()
		tl.checkUndelivered()
	})
}

// tunings are policy sets among which a timeline changes.
var tunings = sync.OnceValue(func() []Rules {
	var out []Rules
	for _, first := range []string{"30m", "6h"} {
		set, err := policies.LoadFiles("tuning", map[string][]byte{
			"sla.yaml": []byte("version: 1\ndefault: {first: " + first + ", next: 1h}\n"), "escalation.yaml": []byte("version: 1\nacknowledgement: {send: first}\n"),
		})
		if err != nil {
			panic(err)
		}
		out = append(out, RulesOf(set))
	}
	return out
})

// retune makes another policy set decide, now and then, or tells what it makes of
// the words that customers wrote.
func (t *timeline) retune() {
	switch rapid.IntRange(0, 3).Draw(t.rt, "tune") {
	case 0:
		rules := rapid.SampledFrom(tunings()).Draw(t.rt, "rules")
		if _, err := t.do("lead", Activate{Version: rules.Version(), Lengthen: rapid.Bool().Draw(t.rt, "lengthen")}); err == nil {
			t.rules = rules // unless they were taken out
		}
	case 1:
		if r := t.state.Revision; r != nil && len(r.Classes) > 0 {
			done := min(len(r.Classes), 1+rapid.IntRange(0, 3).Draw(t.rt, "done"))
			cmd := Reclassify{Policy: r.Policy, First: r.Classes[0], Done: done, Contacts: map[string]Reclassified{}}
			for _, id := range r.Classes[:done] {
				cmd.Contacts[id] = Reclassified{Class: "bill", Queue: "billing", Demand: match.Demand{Languages: []string{"fr"}}}
			}
			t.try(ActorRouter, cmd)
		}
	}
}

// checkUndelivered fails when a forward or a first message of ours failed and
// nobody saw to it: at its time or after, a contact must have stood for it.
func (t *timeline) checkUndelivered() {
	kinds, where := map[string]contact.ReplyKind{}, map[string]string{}
	failed := map[string]bool{} // conversations with what nobody sees to
	open := map[string]string{} // conversation of each contact that was opened for one
	for _, data := range t.log {
		commit, err := DecodeCommit(data)
		if err != nil {
			t.rt.Fatal(err)
		}
		for _, ev := range commit.Entries[0].Events {
			switch e := ev.(type) { //nolint:gochecksumtype // only what concerns it
			case ReplyQueued:
				kinds[e.Reply.ID], where[e.Reply.ID] = e.Reply.Kind, e.Reply.Conversation
			case ReplyFailed:
				_, seen := open[where[e.Reply]]
				if k := kinds[e.Reply]; (k == contact.Forward || k == contact.Outbound) && !seen {
					failed[where[e.Reply]] = true
				}
			case ContactOpened:
				if e.Contact.Promise == PromiseFailed {
					delete(failed, e.Contact.Conversation)
					open[e.Contact.Conversation] = e.Contact.ID
				}
			case ContactEnded:
				maps.DeleteFunc(open, func(_, id string) bool { return id == e.Contact })
			}
		}
	}
	for _, c := range t.state.Contacts {
		if c.Open() && c.Undelivered != nil {
			delete(failed, c.Conversation)
		}
	}
	if len(failed) > 0 {
		t.rt.Fatalf("nobody sees to what was not delivered in %v", slices.Sorted(maps.Keys(failed)))
	}
}

// overCapacity fails when the last commit offered an agent more than they have
// room for: only people may exceed a capacity.
func overCapacity(tl *timeline) {
	last, err := DecodeCommit(tl.log[len(tl.log)-1])
	if err != nil {
		tl.rt.Fatal(err)
	}
	offered := map[string]bool{}
	for _, ev := range last.Entries[0].Events {
		switch e := ev.(type) { //nolint:gochecksumtype // only what loads an agent
		case OfferMade:
			offered[e.Agent] = true
		case Assigned:
			delete(offered, e.Agent)
		}
	}
	for id := range offered {
		if a := tl.state.Agents[id]; last.N == tl.state.N && a.Load > a.Capacity {
			tl.rt.Fatalf("I6: offers lift %s to %d of %d units", id, a.Load, a.Capacity)
		}
	}
}
