package router

import (
	"fmt"
	"slices"
	"time"

	"stagecoach/contact"
)

// ApplyCommit folds one commit of the log. A commit whose number isn't the next
// or whose epoch lies below the last takeover's is refused: the fold skips it
// and alarms.
func (s *State) ApplyCommit(c *Commit) error {
	if c.N != s.N+1 {
		return fmt.Errorf("commit %d does not follow %d", c.N, s.N)
	}
	if c.Epoch < s.Epoch {
		return fmt.Errorf("commit %d has epoch %d, the last takeover had %d", c.N, c.Epoch, s.Epoch)
	}
	s.beginCommit(c.N, c.Epoch, c.At)
	for i := range c.Entries {
		s.applyEntry(&c.Entries[i])
	}
	return nil
}

func (s *State) beginCommit(n, epoch uint64, at time.Time) {
	s.N, s.Epoch, s.At = n, epoch, at
	s.decided = 0
}

func (s *State) applyEntry(e *Entry) {
	for _, ev := range e.Events {
		s.Apply(ev)
	}
	s.remember(e)
}

// remember keeps the answer to a command of a person, so that the same id gives
// the same answer.
func (s *State) remember(e *Entry) {
	if e.Command != "" && e.Result != nil {
		s.Commands[e.Command] = &CommandRecord{At: s.At, Result: *e.Result}
	}
}

// Apply folds one event. It never fails: an event that is in the log is a fact.
// It reads no clock and no content.
func (s *State) Apply(ev Event) { //nolint:funlen // the table of the fold
	switch e := ev.(type) {
	case Takeover:
		s.Life, s.Resumed = e.Life, s.At
	case ClockStep:
		s.applyClockStep(&e)
	case PolicyActivated:
		s.applyPolicyActivated(&e)
	case PolicyDrafted:
		s.applyPolicyDrafted(&e)
	case PolicyDropped:
		s.dropDraft(e.Draft)
	case PolicyShadowed:
		s.Policies.Shadow = e
	case ContactsRevised:
		s.applyContactsRevised(&e)
	case SourceRead:
		s.applySourceRead(&e)
	case CustomerKnown:
		s.index(e.Identity, &IndexEntry{Kind: KeyIdentity, Customer: e.Customer})
	case CustomersLinked:
		s.applyPersons([]Person{e.Person})
		s.dropProposal(e.A, e.B)
		delete(s.Denied, pairOf(e.A, e.B))
	case CustomersUnlinked:
		s.applyPersons(e.Parts)
		s.deny(e.A, e.B)
	case LinkProposed:
		s.applyLinkProposed(&e)
	case LinkDeclined:
		s.dropProposal(e.A, e.B)
		s.deny(e.A, e.B)
	case ConversationJoined:
		s.applyConversationJoined(&e)
	case ConversationParted:
		s.applyConversationParted(&e)
	case CustomerChanged:
		s.applyCustomerChanged(&e)
	case ConversationOpened:
		v := e.Conversation
		v.Participants = slices.Clone(v.Participants)
		s.shareConversation(&v)
		s.Conversations[v.ID] = &v
		s.touch(&v)
		s.timeConversation(&v)
	case MessageReceived:
		s.applyMessage(&e)
	case EvidenceReceived:
		s.applyEvidence(&e)
	case Quarantined:
		s.source(&e.Item).Quarantined++
		s.index(e.ItemKey, &IndexEntry{Kind: KeyItem, Place: e.Place, Message: e.ID})
	case QuarantineLeft:
		if src := s.Sources[e.Source]; src != nil {
			src.Quarantined--
		}
	case ContactOpened:
		s.countOpened(e.Policy)
		s.applyContactOpened(e.Contact)
		if e.Behind {
			s.reviseLater(e.Contact.ID)
		}
	case MessageJoined:
		c := s.Contacts[e.Contact]
		c.JoinBy(&e)
		s.indexContact(c)
	case OfferMade:
		s.applyOfferMade(&e)
	case OfferEnded:
		s.applyOfferEnded(&e)
	case Assigned:
		s.applyAssigned(&e)
	case Unassigned:
		s.applyUnassigned(&e)
	case HolderWarned:
		c := s.Contacts[e.Contact]
		c.Warned = true
		s.indexContact(c)
	case HoldExtended:
		c := s.Contacts[e.Contact]
		c.PullAt = e.PullAt
		s.indexContact(c)
	case Moved:
		s.applyMoved(&e)
	case ReplyQueued:
		s.applyReplyQueued(&e)
	case AttemptGranted:
		r := s.Replies[e.Reply]
		r.State, r.Attempt, r.Life, r.Part = ReplyIsAttempted, e.Attempt, e.Life, nil
		s.countBegun(r)
	case AttemptFailed:
		s.applyAttemptFailed(&e)
	case ReplyDelivered:
		s.applyReplyDelivered(&e)
	case RecipientsRefused:
		r := s.Replies[e.Reply]
		r.Part = &Part{Refused: e.Refused, Deferred: e.Deferred, Main: e.Main, RetryAt: e.RetryAt, Reason: e.Reason, Code: e.Code}
	case ReplyInDoubt:
		r := s.Replies[e.Reply]
		r.State, r.Reason = ReplyIsInDoubt, e.Cause
		s.indexReply(r)
	case ReplyFailed:
		s.applyReplyFailed(&e)
	case ContactEnded:
		s.applyContactEnded(&e)
	case ContactReopened:
		s.applyContactReopened(&e)
	case AtRisk:
		c := s.Contacts[e.Contact]
		c.Risky = true
		s.indexContact(c)
	case Breached:
		c := s.Contacts[e.Contact]
		c.Risky, c.Breached = true, true
		s.Totals.Breached++
		s.indexContact(c)
	case NobodyAble:
		c := s.Contacts[e.Contact]
		c.NobodyAble, c.NobodyTold = e.Lacks, false
		s.indexContact(c)
	case MissForeseen:
		c := s.Contacts[e.Contact]
		c.Foreseen = true
		s.indexContact(c)
	case Escalated:
		s.applyEscalated(&e)
	case LadderPlanned:
		if c := s.Contacts[e.Contact]; c != nil {
			c.StepAt = e.Next
			s.timeContact(c)
		}
	case EscalationTold:
		s.applyEscalationTold(&e)
	case ResolutionBreached:
		if v := s.Conversations[e.Conversation]; v != nil {
			v.ResolveMissed = true
			s.timeConversation(v)
		}
	case LastResortTold:
		s.applyLastResortTold(&e)
	case ConversationClosed:
		if v := s.Conversations[e.Conversation]; v != nil {
			v.Close(&e, s.At)
			s.touch(v)
			s.timeConversation(v)
		}
	case Noted:
	case AgentSet:
		s.applyAgentSet(&e)
	case AgentRemoved:
		s.applyAgentRemoved(&e)
	case PresenceChanged:
		s.applyPresence(&e)
	case Trimmed:
		s.applyTrimmed(e.Before)
	case ReplyChannelChosen:
		s.applyReplyChannelChosen(&e)
	case OutboundHeld:
		s.applyHeld(&e)
	case OutboundReleased:
		s.applyReleased(&e)
	case OutboundDropped:
		s.applyDropped(&e)
	case AcknowledgementOwed:
		s.applyAcknowledgementOwed(&e)
	case Engaged:
		s.applyEngaged(&e)
	case Disengaged:
		s.dropEngagement(e.Conversation)
	case AcknowledgementDropped:
		s.applyAcknowledgementDropped(&e)
	case PageLinksEnded:
		s.applyPageLinksEnded(&e)
	case FeedbackGiven, IdeaDecided: // the ledger's alone
	case CustomersErased:
		s.applyCustomersErased(&e)
	case ErasureEnded:
		s.applyErasureEnded(&e)
	case ErasureHeld:
		s.applyErasureHeld(&e)
	case KeptRead:
		s.applyKeptRead(&e)
	case RetentionApplied:
	}
}

// applyClockStep forgets what was noted by a clock that was ahead, so that
// nothing waits for a time that is far away. What is due stays as it is.
func (s *State) applyClockStep(e *ClockStep) {
	s.Resumed = e.To
	if !e.To.Before(e.From) {
		return
	}
	if s.ToldAt.After(e.To) {
		s.ToldAt = time.Time{}
	}
	sooner := func(at time.Time) time.Time {
		if at.After(e.From) {
			return at.Add(e.To.Sub(e.From))
		}
		return at
	}
	for _, a := range s.Agents {
		a.IdleSince, a.SetAway, a.ChatsUntil = earlier(a.IdleSince, e.To), earlier(a.SetAway, e.To), sooner(a.ChatsUntil)
		a.span = span{}
		s.indexAgent(a)
	}
	for _, c := range s.Contacts {
		clear(c.Cool)
		if c.Agent != "" {
			c.WarnAt, c.PullAt = sooner(c.WarnAt), sooner(c.PullAt)
			s.timeContact(c)
		}
	}
	for id, one := range s.Engagements {
		one.Until = sooner(one.Until)
		s.timers.add(one.Until, timerEngagement, id)
	}
	for id, o := range s.Offers {
		if o.Expires.After(e.To) {
			o.Expires = e.To
			s.timers.add(e.To, timerOffer, id)
		}
	}
	s.waiting.TouchAll()
	s.matchDue = true
}

func (s *State) applySourceRead(e *SourceRead) {
	src := s.Sources[e.Source]
	if src == nil {
		src = &SourceState{}
		s.Sources[e.Source] = src
	}
	src.Channel, src.Account = contact.Channel(e.Channel), e.Account
	src.Position, src.At, src.Since, src.Seen = e.Position, e.At, e.Since, e.Seen
}

func (s *State) source(it *Item) *SourceState {
	src := s.Sources[it.Source]
	if src == nil {
		src = &SourceState{Channel: it.Channel, Account: it.Account}
		s.Sources[it.Source] = src
	}
	return src
}

func (s *State) channel(ch contact.Channel) *ChannelAccount {
	a := s.Channels[string(ch)]
	if a == nil {
		a = &ChannelAccount{}
		s.Channels[string(ch)] = a
	}
	return a
}

// index remembers a key until it fades. Keys may share an entry: none is ever
// changed after its commit.
func (s *State) index(key string, e *IndexEntry) {
	if key == "" {
		return
	}
	e.N = s.N
	s.Index[key] = e
	s.Fading = append(s.Fading, Fade{N: s.N, Kind: FadeKey, ID: key})
}

func (s *State) touch(v *Conversation) {
	if v.Touched != s.N {
		v.Touched = s.N
		s.Fading = append(s.Fading, Fade{N: s.N, Kind: FadeConversation, ID: v.ID})
	}
}

func (s *State) applyMessage(e *MessageReceived) {
	s.applyDuel(e)
	src := s.source(&e.Item)
	if e.Contact == "" {
		src.History++
	} else {
		src.Messages++
		s.channel(e.Channel).Seen++
	}
	entry := &IndexEntry{
		Kind: KeyMessage, Message: e.Message, Contact: e.Contact,
		Conversation: e.Conversation, Customer: e.Customer, Place: e.Place,
	}
	s.index(e.MessageKey, entry)
	for _, k := range e.Keys {
		s.index(k, entry)
	}
	item := *entry
	item.Kind = KeyItem
	s.index(e.ItemKey, &item)
	if v := s.Conversations[e.Conversation]; v != nil {
		v.Participants = Joined(v.Participants, e.Participants)
		s.touch(v)
	}
}

func (s *State) applyEvidence(e *EvidenceReceived) {
	s.source(&e.Item).Evidence++
	s.channel(e.Channel).Seen++
	s.index(e.ItemKey, &IndexEntry{
		Kind: KeyItem, Message: e.Evidence, Contact: e.Contact,
		Conversation: e.Conversation, Reply: e.Reply, Place: e.Place,
	})
	if c := s.Contacts[e.Contact]; c != nil && e.Kind == EvidenceElsewhere {
		c.Elsewhere = e.Ref
	}
}
