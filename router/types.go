package router

import (
	"slices"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/policies"
	"stagecoach/router/match"
)

// PromiseKind says which promise a contact stands under.
type PromiseKind string

// The kinds of promise. A pledge is due when its author said; a failed one is a
// message that we started and that did not arrive.
const (
	PromiseFirst  PromiseKind = "first"
	PromiseNext   PromiseKind = "next"
	PromisePledge PromiseKind = "pledge"
	PromiseReview PromiseKind = "review"
	PromiseFailed PromiseKind = "failed_outbound"
	// PromiseResolution is a conversation's.
	PromiseResolution PromiseKind = "resolution"
)

// ContactState says what a contact waits for.
type ContactState string

// The states of a contact. Sending is with its holder, who has replied; the
// provider has not taken it yet.
const (
	Waiting      ContactState = "waiting"
	Offered      ContactState = "offered"
	AssignedTo   ContactState = "assigned"
	Sending      ContactState = "sending"
	EndedContact ContactState = "ended"
)

// EndKind is one of the three ways out of a contact.
type EndKind string

// The ends.
const (
	EndReplied  EndKind = "replied"
	EndMerged   EndKind = "merged"
	EndDisposed EndKind = "disposed"
)

// Asked is what a policy was told of a contact beside its message, so that it can
// be asked again and answers the same.
type Asked struct {
	// Contacts is how many contacts the customer had had, as far as they are
	// counted.
	Contacts int `json:"contacts,omitempty"`
	// Said is what an external classifier said of the message, nil where none was
	// asked.
	Said *policies.Said `json:"said,omitempty"`
}

// Contact is the unit of work: a conversation's turn that awaits a reply.
type Contact struct {
	ID           string `json:"id"`
	Conversation string `json:"conversation"`
	Customer     string `json:"customer"`
	// Person is whom the customer is part of, "" where they are of nobody else.
	Person string `json:"person,omitempty"`
	// Also are other conversations of that person whose messages it stands for.
	Also    []string        `json:"also,omitempty"`
	Channel contact.Channel `json:"channel"`
	Account string          `json:"account"`
	// Known is what was known of the customer, in numbers, codes and times, nil for
	// nothing. What it points to is never changed.
	Known *customers.Facts `json:"known,omitempty"`
	// ReplyChannel is the channel on which the reply shall go.
	ReplyChannel contact.Channel `json:"reply_channel"`
	// ReplyBy says why it is that one; Tried are the channels by which an answer of
	// ours did not arrive.
	ReplyBy  ReplyBy           `json:"reply_by,omitzero"`
	Tried    []contact.Channel `json:"reply_tried,omitempty"`
	Queue    string            `json:"queue"`
	Class    string            `json:"class,omitempty"`
	Kind     string            `json:"kind,omitempty"`
	Language string            `json:"language,omitempty"`
	Tier     string            `json:"tier,omitempty"`
	Demand   match.Demand      `json:"demand"`
	Traits   match.Traits      `json:"traits,omitzero"`
	// Proposed is what a rule takes it for; it then stands in review.
	Proposed contact.Disposition `json:"proposed,omitempty"`
	// Rule names the rule that classified it.
	Rule string `json:"rule,omitempty"`
	// Asked is what the policy was told beside the message itself.
	Asked Asked `json:"asked,omitzero"`

	Promise  PromiseKind `json:"promise"`
	Start    time.Time   `json:"start"`
	Due      time.Time   `json:"due"`
	AtRiskAt time.Time   `json:"at_risk_at"`
	// Entry is the entry of the policy that it is promised by, EntryOf the version of
	// the set; "" where a person has promised.
	Entry   string `json:"promise_entry,omitempty"`
	EntryOf string `json:"promise_policy,omitempty"`
	// Told is the due time that the customer was told, zero for none.
	Told time.Time `json:"told,omitzero"`
	// Placed is true once a person has put it into its queue.
	Placed bool `json:"placed,omitempty"`
	// LastResort is the owner from the first instant: a name of the policy.
	LastResort string `json:"last_resort"`

	// Messages are its newest messages, in order; Earlier counts those before
	// them, which only the ledger lists.
	Messages []MsgRef `json:"messages"`
	Earlier  int      `json:"earlier,omitempty"`
	// Undelivered is a message of ours in the conversation, beside the reply,
	// that did not arrive: the contact stands for it too, until it ends.
	Undelivered *Undelivered `json:"undelivered,omitempty"`

	State ContactState `json:"state"`
	// Agent is the holder, "" while it waits or is offered.
	Agent      string    `json:"agent,omitempty"`
	AssignedAt time.Time `json:"assigned_at,omitzero"`
	Units      int       `json:"units,omitempty"`
	WarnAt     time.Time `json:"warn_at,omitzero"`
	PullAt     time.Time `json:"pull_at,omitzero"`
	Warned     bool      `json:"warned,omitempty"`
	// RecallAt is when it must go to somebody else if its holder is not there:
	// the due time less the handling time.
	RecallAt time.Time `json:"recall_at,omitzero"`
	// FollowsUp is the contact whose answer was bad, where it sees to that.
	FollowsUp string `json:"follows_up,omitempty"`
	// Offers are the live offers of it.
	Offers []string `json:"offers,omitempty"`
	// Cool holds until when each agent who declined or missed it is passed over.
	Cool map[string]time.Time `json:"cool,omitempty"`
	// Reply is the reply on its way that would end it.
	Reply string `json:"reply,omitempty"`
	// Prefer is the agent who answered this customer last, Preferred the
	// customer's named agents, the first to be asked first.
	Prefer    string   `json:"prefer,omitempty"`
	Preferred []string `json:"preferred,omitempty"`
	// Turn is what its assignment added to what its holder owes.
	Turn int64 `json:"turn,omitempty"`

	// NobodyAble is what nobody who is known meets, "" where somebody could take
	// it; NobodyTold is true once the last resort was told.
	NobodyAble match.Gate `json:"nobody_able,omitempty"`
	NobodyTold bool       `json:"nobody_told,omitempty"`

	Risky    bool `json:"risky,omitempty"`
	Breached bool `json:"breached,omitempty"`
	// Foreseen is true once it was found that the promise will probably be missed.
	Foreseen bool `json:"foreseen,omitempty"`

	// Unrevised is true where its reply was being sent as another policy set began
	// to decide: what that makes of it is found should the reply fail.
	Unrevised bool `json:"unrevised,omitempty"`
	// Steps are those of the ladder that it has taken, in order; StepAt is when the
	// next one comes, zero for none. Widened is to which age its demand was brought
	// forward by them.
	Steps   []string      `json:"steps,omitempty"`
	StepAt  time.Time     `json:"step_at,omitzero"`
	Widened time.Duration `json:"widened,omitempty"`

	// End and EndedAt are set once it has ended.
	End         EndKind             `json:"end,omitempty"`
	Disposition contact.Disposition `json:"disposition,omitempty"`
	EndedBy     string              `json:"ended_by,omitempty"`
	EndedAt     time.Time           `json:"ended_at,omitzero"`
	// EndedN is the commit that ended it.
	EndedN uint64 `json:"ended_n,omitempty"`
	// Elsewhere is evidence that somebody replied outside: the item's ref.
	Elsewhere string `json:"elsewhere,omitempty"`

	// need is that of its demand, held once for all of them.
	need *match.Need
	// own is whom it is offered to first, of those who know the customer.
	own string
	// timedAt is the timer that stands for it in the heap.
	timedAt time.Time
	// tallied is as what it was counted.
	tallied tallied
}

// Undelivered is a forwarded message, or one that we started, which did not
// arrive: somebody must see to it.
type Undelivered struct {
	Reply string `json:"reply"`
	// Agent wrote it.
	Agent  string `json:"agent"`
	Reason string `json:"reason"`
	Code   string `json:"code,omitempty"`
}

// A contact lists at most messagesAtMost messages, and at least messagesKept
// when it has more: whoever writes thousands must not make a contact that is
// too large to be brought back.
const (
	messagesAtMost = 1_000
	messagesKept   = 500
)

// Join adds a message to the contact's.
func (c *Contact) Join(m MsgRef) {
	c.Messages = append(c.Messages, m)
	if len(c.Messages) > messagesAtMost {
		c.Earlier += len(c.Messages) - messagesKept
		c.Messages = slices.Clone(c.Messages[len(c.Messages)-messagesKept:])
	}
}

// JoinBy adds a message, with what is owed from then on.
func (c *Contact) JoinBy(e *MessageJoined) {
	c.Join(e.Message)
	if c.Due, c.AtRiskAt = e.Due, e.AtRiskAt; e.Entry != "" {
		c.Entry, c.EntryOf = e.Entry, e.Policy
	}
	if !e.RecallAt.IsZero() {
		c.RecallAt = e.RecallAt
	}
}

// recallBy gives when the contact must go to somebody else if its holder is not there and
// it is due sooner, zero where that stays.
func (c *Contact) recallBy(due time.Time) time.Time {
	if c.RecallAt.IsZero() || !due.Before(c.Due) {
		return time.Time{}
	}
	return c.RecallAt.Add(due.Sub(c.Due))
}

// Move takes the contact to another queue, out of review if it was cleared.
func (c *Contact) Move(e *Moved) {
	c.Queue = e.Queue
	c.Placed = c.Placed || e.By != ActorRouter && !e.Cleared
	if !e.Cleared {
		return
	}
	c.Proposed = ""
	if e.Promise != "" {
		c.Promise, c.Due, c.AtRiskAt, c.Entry, c.EntryOf = e.Promise, e.Due, e.AtRiskAt, e.Entry, e.Policy
	}
	if e.Traits != (match.Traits{}) {
		c.Traits = e.Traits
	}
}

// Owe makes the contact stand for what did not arrive.
func (c *Contact) Owe(e *ReplyFailed) {
	c.Undelivered = &Undelivered{Reply: e.Reply, Agent: e.Agent, Reason: e.Reason, Code: e.Code}
	c.Due, c.AtRiskAt = e.Due, e.AtRiskAt
}

// Conversations gives those whose messages the contact stands for, its own first.
func (c *Contact) Conversations() []string {
	if len(c.Also) == 0 {
		return []string{c.Conversation}
	}
	return append([]string{c.Conversation}, c.Also...)
}

// Attend makes the contact stand for another conversation too.
func (c *Contact) Attend(conversation string) {
	if conversation != c.Conversation && !slices.Contains(c.Also, conversation) {
		c.Also = append(slices.Clip(c.Also), conversation)
	}
}

// Part takes a conversation off the contact, with its messages. The reply on its way,
// nil for none, covers what it did of the rest.
func (c *Contact) Part(e *ConversationParted, r *Reply) {
	covered, last := false, ""
	kept := make([]MsgRef, 0, len(c.Messages))
	for _, m := range c.Messages {
		leaves := slices.Contains(e.Messages, m.ID)
		if !leaves {
			kept = append(kept, m)
		}
		if !covered && !leaves {
			last = m.ID
		}
		covered = covered || r != nil && m.ID == r.Covers
	}
	if r != nil && slices.Contains(e.Messages, r.Covers) {
		r.Covers = last
	}
	c.Messages = kept
	c.Also = slices.DeleteFunc(slices.Clone(c.Also), func(id string) bool { return id == e.Conversation })
}

// Leave takes the last n messages off the contact: they belong to the next one.
func (c *Contact) Leave(n int) { c.Messages = c.Messages[:max(0, len(c.Messages)-n)] }

// LastMessage gives the id of the newest message, "" if it has none.
func (c *Contact) LastMessage() string {
	if len(c.Messages) == 0 {
		return ""
	}
	return c.Messages[len(c.Messages)-1].ID
}

// Open reports whether the contact still awaits its reply.
func (c *Contact) Open() bool { return c.State != EndedContact }

// SourceState is the account of one source (I13).
type SourceState struct {
	Channel     contact.Channel `json:"channel"`
	Account     string          `json:"account"`
	Position    string          `json:"position"`
	At          time.Time       `json:"at"`
	Since       time.Time       `json:"since"`
	Seen        uint64          `json:"seen"`
	Messages    uint64          `json:"messages"`
	Evidence    uint64          `json:"evidence"`
	Quarantined uint64          `json:"quarantined"`
	History     uint64          `json:"history"`
}

// Totals is the account of all contacts (I13).
type Totals struct {
	Opened   uint64                         `json:"opened"`
	Replied  uint64                         `json:"replied"`
	Merged   uint64                         `json:"merged"`
	Disposed map[contact.Disposition]uint64 `json:"disposed,omitempty"`
	Open     uint64                         `json:"open"`
	Breached uint64                         `json:"breached"`
	// Kept counts contacts replied to by their due time.
	Kept uint64 `json:"kept"`
}

// AddsUp reports whether opened = open + replied + merged + disposed.
func (t Totals) AddsUp() bool {
	sum := t.Open + t.Replied + t.Merged
	for _, n := range t.Disposed {
		sum += n
	}
	return sum == t.Opened
}
