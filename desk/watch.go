package desk

import (
	"context"
	"maps"
	"slices"
	"time"

	"stagecoach/contact"
	"stagecoach/router"
)

// watch turns commits into news: offers at once, as they come live from the
// router; what pages read from the ledger when the ledger has it. Where it was
// too slow, every page looks anew.
func (s *Service) watch(ctx context.Context) error {
	for ctx.Err() == nil {
		for c := range s.deps.Router.Watch(ctx) {
			s.digest(ctx, c)
		}
		if ctx.Err() == nil {
			s.log.WarnContext(ctx, "too slow for the router's commits: all pages look anew")
			s.lookAnew(ctx)
		}
	}
	return nil
}

// lookAnew does what the commits that were missed would have done.
func (s *Service) lookAnew(ctx context.Context) {
	if err := s.accounts.load(ctx); err != nil {
		s.log.WarnContext(ctx, "agents not read again", "err", err)
	}
	s.hub.hangUp()
}

func (s *Service) digest(ctx context.Context, c *router.Commit) {
	n := newNews()
	for _, e := range c.Entries {
		for i, ev := range e.Events {
			n.note(ev)
			n.inherit(e.Events[:i], ev)
		}
	}
	for _, id := range n.changed {
		if err := s.accounts.refresh(ctx, id); err != nil {
			s.log.WarnContext(ctx, "agent not read again", "agent_id", id, "err", err)
		}
	}
	for _, e := range n.ended {
		if err := s.drafts.pass(ctx, e.contact, e.heir); err != nil {
			s.log.WarnContext(ctx, "draft not passed on or erased", "contact_id", e.contact, "err", err)
		}
	}
	if len(n.topics) == 0 || s.hub.empty() {
		return
	}
	if err := s.deps.Router.View(ctx, n.place); err != nil {
		s.log.DebugContext(ctx, "router not asked whom a change concerns", "err", err)
	}
	for agent := range n.offered {
		s.hub.tell(agent, TopicOffer)
	}
	s.hub.later(c.N, n)
}

// announce passes on what had to wait for the ledger.
func (s *Service) announce(ctx context.Context) error {
	for {
		n, all, err := s.hub.ripe(ctx)
		if err != nil {
			return nil //nolint:nilerr // the context has ended: so has this
		}
		wait, cancel := context.WithTimeout(ctx, 2*time.Second)
		if err := s.deps.Ledger.WaitFor(wait, n); err != nil && ctx.Err() == nil {
			s.log.DebugContext(ctx, "ledger is behind", "commit", n)
		}
		cancel()
		s.hub.tell("", slices.Collect(maps.Keys(all.topics))...)
		for agent := range all.agents { // whose pages don't rest before this
			s.hub.tell(agent, TopicDesk)
		}
	}
}

// news is what one commit means to the pages.
type news struct {
	// offered and agents are whose offers, and whose list, changed.
	offered map[string]bool
	agents  map[string]bool
	topics  map[string]bool
	// contacts and replies are named by id: whose they are is looked up.
	contacts []string
	replies  []string
	// changed are agents whose account may have changed, ended contacts.
	changed []string
	ended   []ended
}

// ended is a contact that has ended, with the one that goes on in its place, ""
// if none does: what was begun for the one is for the other.
type ended struct{ contact, heir string }

func newNews() *news {
	return &news{offered: map[string]bool{}, agents: map[string]bool{}, topics: map[string]bool{}}
}

func (n *news) offer(agent string) {
	n.offered[agent] = true
	n.agents[agent] = true
}

func (n *news) holder(agent string) {
	if agent != "" {
		n.agents[agent] = true
	}
}

func (n *news) contact(id string) {
	if id != "" {
		n.contacts = append(n.contacts, id)
	}
}

func (n *news) conversation(id string) {
	if id != "" {
		n.topics[TopicConversation+id] = true
	}
}

// place finds the conversations and holders of what was named by id alone.
func (n *news) place(st *router.State) {
	for _, id := range n.replies {
		if r := st.Replies[id]; r != nil {
			n.conversation(r.Conversation)
			n.holder(r.Agent)
		}
	}
	for _, id := range n.contacts {
		c := st.Contacts[id]
		if c == nil {
			continue
		}
		n.conversation(c.Conversation)
		n.holder(c.Agent)
		if c.Proposed != "" {
			n.topics[TopicReview] = true
		}
		for _, o := range c.Offers {
			if offer := st.Offers[o]; offer != nil {
				n.holder(offer.Agent)
			}
		}
	}
}

// note takes in one event.
func (n *news) note(e router.Event) {
	switch e.(type) { //nolint:gochecksumtype // those that no page shows
	case router.SourceRead, router.Trimmed, router.CustomerKnown, router.ClockStep, router.AttemptGranted, router.RecipientsRefused:
		return
	}
	n.topics[TopicOverview] = true
	n.noteWaiting(e)
	n.noteWork(e)
	n.noteWords(e)
	n.notePeople(e)
}

// inherit finds the contact that remains after a reply: it is opened right after
// the answered one has ended.
func (n *news) inherit(before []router.Event, e router.Event) {
	opened, ok := e.(router.ContactOpened)
	if !ok || len(before) == 0 {
		return
	}
	if end, ok := before[len(before)-1].(router.ContactEnded); ok && end.End == router.EndReplied {
		n.ended[len(n.ended)-1].heir = opened.Contact.ID
	}
}

// noteWaiting says when there may be more or less to take.
func (n *news) noteWaiting(e router.Event) {
	switch e.(type) { //nolint:gochecksumtype // only those that concern it
	case router.ContactOpened, router.ContactReopened, router.ContactEnded, router.Moved,
		router.OfferMade, router.OfferEnded, router.Assigned, router.Unassigned:
		n.topics[TopicWaiting] = true
	}
}

func (n *news) noteWork(e router.Event) {
	switch e := e.(type) { //nolint:gochecksumtype // only those that concern it
	case router.OfferMade:
		n.offer(e.Agent)
		n.contact(e.Contact)
	case router.OfferEnded:
		n.offer(e.Agent)
		n.contact(e.Contact)
	case router.Assigned:
		n.holder(e.Agent)
		n.holder(e.By)
		n.contact(e.Contact)
	case router.Unassigned:
		n.holder(e.Agent)
		n.contact(e.Contact)
	case router.Engaged:
		n.conversation(e.Conversation)
		n.holder(e.Agent)
	case router.Disengaged:
		n.conversation(e.Conversation)
		n.holder(e.Agent)
	case router.HolderWarned:
		n.contact(e.Contact)
	case router.Escalated:
		n.contact(e.Contact)
		for _, agent := range e.Agents {
			n.holder(agent)
		}
	case router.Moved:
		n.contact(e.Contact)
		n.topics[TopicReview] = true
	case router.ReplyChannelChosen:
		n.contact(e.Contact)
	case router.ContactsRevised:
		for i := range e.Contacts {
			n.contact(e.Contacts[i].Contact)
		}
	case router.AtRisk:
		n.contact(e.Contact)
	case router.MissForeseen:
		n.contact(e.Contact)
	case router.Breached:
		n.contact(e.Contact)
	case router.ContactEnded:
		n.contact(e.Contact)
		n.ended = append(n.ended, ended{e.Contact, e.Into})
		if e.End == router.EndDisposed {
			n.topics[TopicReview] = true
		}
	case router.ContactReopened:
		n.contact(e.Contact.ID)
		n.conversation(e.Contact.Conversation)
	case router.ContactOpened:
		if e.Contact.Kind == string(contact.FeedbackPraise) {
			n.holder(e.Contact.Prefer) // who earned it
		}
		n.contact(e.Contact.ID)
		n.conversation(e.Contact.Conversation)
	}
}

func (n *news) noteWords(e router.Event) {
	switch e := e.(type) { //nolint:gochecksumtype // only those that concern it
	case router.MessageReceived:
		n.conversation(e.Conversation)
		n.contact(e.Contact)
	case router.EvidenceReceived:
		n.conversation(e.Conversation)
		n.contact(e.Contact)
	case router.Noted:
		n.conversation(e.Conversation)
	case router.ConversationClosed:
		n.conversation(e.Conversation)
	case router.ReplyQueued:
		n.conversation(e.Reply.Conversation)
		n.holder(e.Reply.Agent)
	case router.AttemptFailed:
		n.replies = append(n.replies, e.Reply)
	case router.ReplyDelivered:
		n.replies = append(n.replies, e.Reply)
	case router.ReplyInDoubt:
		n.replies = append(n.replies, e.Reply)
	case router.ReplyFailed:
		n.replies = append(n.replies, e.Reply)
		n.contact(e.Contact)
	case router.OutboundHeld:
		n.replies = append(n.replies, e.Reply)
	case router.OutboundReleased:
		n.replies = append(n.replies, e.Reply)
	case router.OutboundDropped:
		n.replies = append(n.replies, e.Reply)
	case router.AcknowledgementDropped:
		n.conversation(e.Conversation)
	case router.FeedbackGiven:
		n.conversation(e.Conversation)
		n.holder(e.Agent)
	}
}

func (n *news) notePeople(e router.Event) {
	switch e := e.(type) { //nolint:gochecksumtype // only those that concern it
	case router.AgentSet:
		n.changed = append(n.changed, e.Agent.ID)
		n.holder(e.Agent.ID)
	case router.AgentRemoved:
		n.holder(e.Agent)
	case router.PresenceChanged:
		n.holder(e.Agent)
	}
}
