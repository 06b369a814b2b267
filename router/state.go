package router

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"stagecoach/contact"
	"stagecoach/router/forecast"
	"stagecoach/router/match"
)

// State is all that the router knows. It is made by Apply from the log alone;
// what is not exported is derived from the rest and rebuilt after a snapshot.
// One goroutine owns it.
type State struct {
	Office string    `json:"office"`
	N      uint64    `json:"n"`
	Epoch  uint64    `json:"epoch"`
	At     time.Time `json:"at"`
	Life   string    `json:"life"`
	Policy string    `json:"policy"`
	// Policies is what is known of policy sets; Revision is what is left to be found
	// anew by the active one, nil for nothing.
	Policies PolicyState `json:"policies,omitzero"`
	Revision *Revision   `json:"revision,omitempty"`

	Agents        map[string]*Agent         `json:"agents"`
	Contacts      map[string]*Contact       `json:"contacts"`
	Conversations map[string]*Conversation  `json:"conversations"`
	Offers        map[string]*Offer         `json:"offers"`
	Replies       map[string]*Reply         `json:"replies"`
	Sources       map[string]*SourceState   `json:"sources"`
	Index         map[string]*IndexEntry    `json:"index"`
	Commands      map[string]*CommandRecord `json:"commands"`
	// Persons are whom customers are part of, as far as the ledger may not know yet.
	Persons map[string]*PersonEntry `json:"persons,omitempty"`
	// Proposals are those of whom it was proposed lately that they are the same.
	Proposals map[string][]string `json:"proposals,omitempty"`
	// Denied are the pairs of whom a person said lately that they are two, with the commit.
	Denied map[string]uint64 `json:"denied,omitempty"`
	// Engagements are the live conversations that go on, by conversation.
	Engagements map[string]*Engagement     `json:"engagements,omitempty"`
	Totals      Totals                     `json:"totals"`
	Channels    map[string]*ChannelAccount `json:"channels"`
	// Owed are the receipts that are owed and not queued, by reply; Began is when
	// what nobody had asked for went to a customer in the last days; Acknowledged
	// is when each customer last got one; Duels are by correspondent.
	Owed         map[string]*AcknowledgementOwed `json:"owed,omitempty"`
	Began        map[string][]time.Time          `json:"began,omitempty"`
	Acknowledged map[string]time.Time            `json:"acknowledged,omitempty"`
	Duels        map[string]*Duel                `json:"duels,omitempty"`
	// Forecast is what has been learnt of waits.
	Forecast *forecast.Book `json:"forecast,omitempty"`
	// Owing are what somebody is still to be told outside the desk, by step.
	Owing map[string]*Telling `json:"owing,omitempty"`
	// Resumed is when a router last took over or the clock was set: what ran out
	// before, nobody could see to.
	Resumed time.Time `json:"resumed"`
	// ToldAt is when the last resort was last told.
	ToldAt time.Time `json:"told_at"`
	// TrimmedTo is the commit before which keys have left memory: a look-up in
	// the ledger must reach it.
	TrimmedTo uint64 `json:"trimmed_to"`
	// Fading is what leaves memory at the next Trimmed, oldest first.
	Fading []Fade `json:"fading"`
	// Erasures are those of customers, also ended ones: nobody is led to who was
	// erased.
	Erasures map[string]*Erasure `json:"erasures,omitempty"`

	// erased are the customers of all erasures.
	erased  map[string]bool
	waiting *match.Waiting
	// needs are those of all contacts; known are the profiles of all agents, at
	// work or not, as of profilesAt; unjudged are waiting contacts of which it has
	// changed whether anybody could take them, untold those of which nobody has
	// been told that nobody could.
	needs               *match.Needs
	known               map[string]*match.Agent
	knownAt, profilesAt uint64
	unjudged, untold    map[string]bool
	// limits are the policy's, as of the last decision.
	limits     *match.Limits
	timers     timers
	tally      tally
	byCustomer map[string][]string
	// nearby has those of whoever has many, so that a message finds its own.
	nearby map[string]*nearby
	review map[string]bool
	// alarmed are the open contacts at risk or breached that nobody holds.
	alarmed map[string]bool
	// inDoubt and unsent are replies that need somebody.
	inDoubt map[string]bool
	unsent  map[string]bool
	roster  *match.Roster
	// knowing are the waiting contacts by the agents who know their customer, ranked
	// those of them for whom several do.
	knowing, ranked map[string]map[string]bool
	// foreseen are the open contacts whose promise will probably be missed, and
	// is not yet.
	foreseen map[string]bool
	// staff counts the agents who are at their desks.
	staff int
	// words are the names that many contacts share, each held once.
	words map[string]string
	// decided counts the ids given within the commit being built.
	decided int
	// matchDue is true when an offer may have become possible.
	matchDue bool
	// lookAgain is when the rule wants to look again although nothing happens.
	lookAgain time.Time
}

// Offer is a live offer.
type Offer struct {
	ID      string            `json:"id"`
	Contact string            `json:"contact"`
	Agent   string            `json:"agent"`
	Units   int               `json:"units"`
	MadeAt  time.Time         `json:"made_at"`
	Expires time.Time         `json:"expires"`
	Why     match.Explanation `json:"why"`
	// After is how many offers the agent had already. Among those of one instant it
	// is the order in which the rule chose them.
	After int `json:"after,omitempty"`
}

// IndexEntry is what a key leads to, for keys that the ledger may not have yet.
type IndexEntry struct {
	Kind         KeyKind `json:"kind"`
	Message      string  `json:"message,omitempty"`
	Place        string  `json:"place,omitempty"`
	Contact      string  `json:"contact,omitempty"`
	Conversation string  `json:"conversation,omitempty"`
	Customer     string  `json:"customer,omitempty"`
	Reply        string  `json:"reply,omitempty"`
	N            uint64  `json:"n"`
}

// CommandRecord is the answer to a person's command, kept for 24 hours.
type CommandRecord struct {
	At     time.Time `json:"at"`
	Result Result    `json:"result"`
}

// ChannelAccount counts what came and went on one channel.
type ChannelAccount struct {
	Seen    uint64 `json:"seen"`
	Replied uint64 `json:"replied"`
}

// FadeKind says what a Fade names.
type FadeKind string

// The kinds of things that leave memory.
const (
	FadeKey          FadeKind = "key"
	FadeContact      FadeKind = "contact"
	FadeConversation FadeKind = "conversation"
	FadeReply        FadeKind = "reply"
	FadePerson       FadeKind = "person"
	FadeProposal     FadeKind = "proposal"
	FadeDenied       FadeKind = "denied"
)

// Fade names a thing that may leave memory once the ledger has passed N.
type Fade struct {
	N    uint64   `json:"n"`
	Kind FadeKind `json:"kind"`
	ID   string   `json:"id"`
}

// NewState gives the state before the first commit.
func NewState(office string) *State {
	s := &State{
		Office:        office,
		Agents:        map[string]*Agent{},
		Contacts:      map[string]*Contact{},
		Conversations: map[string]*Conversation{},
		Offers:        map[string]*Offer{},
		Replies:       map[string]*Reply{},
		Sources:       map[string]*SourceState{},
		Index:         map[string]*IndexEntry{},
		Commands:      map[string]*CommandRecord{},
		Channels:      map[string]*ChannelAccount{},
		Owed:          map[string]*AcknowledgementOwed{},
		Acknowledged:  map[string]time.Time{},
		Duels:         map[string]*Duel{},
		Engagements:   map[string]*Engagement{},
		Persons:       map[string]*PersonEntry{},
		Proposals:     map[string][]string{},
		Denied:        map[string]uint64{},
		Forecast:      forecast.New(),
		Totals:        Totals{Disposed: map[contact.Disposition]uint64{}},
	}
	s.derive()
	return s
}

// Hash gives a hash of all that is in the state. Equal logs give equal hashes
// (I9).
func (s *State) Hash() (string, error) {
	data, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("hashing state %d: %w", s.N, err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// RestoreState makes a state of a snapshot.
func RestoreState(data []byte) (*State, error) {
	s := NewState("")
	if err := json.Unmarshal(data, s); err != nil {
		return nil, fmt.Errorf("decoding snapshot: %w", err)
	}
	s.derive()
	return s, nil
}

// derive rebuilds what is not in a snapshot.
func (s *State) derive() {
	s.waiting = match.NewWaiting()
	s.erased = map[string]bool{}
	for _, e := range s.Erasures {
		for _, id := range e.Customers {
			s.erased[id] = true
		}
	}
	s.timers, s.tally = timers{}, newTally()
	s.nearby = map[string]*nearby{}
	s.byCustomer, s.words = map[string][]string{}, map[string]string{}
	s.knowing, s.ranked = map[string]map[string]bool{}, map[string]map[string]bool{}
	s.review = map[string]bool{}
	s.alarmed = map[string]bool{}
	s.needs, s.known, s.profilesAt, s.knownAt = match.NewNeeds(), nil, 1, 0
	s.unjudged, s.untold = map[string]bool{}, map[string]bool{}
	s.foreseen = map[string]bool{}
	s.staff = 0
	s.inDoubt = map[string]bool{}
	s.unsent = map[string]bool{}
	s.matchDue = true
	s.roster = match.NewRoster(s.waiting)
	s.recount()
	for _, a := range s.Agents {
		a.cand, a.staffs, a.span, a.timedAt = nil, false, span{}, time.Time{}
		if a.Holds == nil {
			a.Holds = map[string]bool{}
		}
		if a.Offers == nil {
			a.Offers = map[string]bool{}
		}
		s.indexAgent(a)
	}
	for id, v := range s.Conversations {
		v.ID = id
		s.shareConversation(v)
	}
	for id, c := range s.Contacts {
		c.ID, c.tallied, c.need = id, tallied{}, nil
		s.shareContact(c)
		if c.Open() {
			s.indexContact(c)
		}
	}
	s.Forecast.Restore()
	for _, e := range s.Engagements {
		s.timers.add(e.Until, timerEngagement, e.Conversation)
	}
	for _, o := range s.Offers {
		s.timers.add(o.Expires, timerOffer, o.ID)
	}
	for _, v := range s.Conversations {
		s.timeConversation(v)
	}
	for _, r := range s.Replies {
		s.indexReply(r)
		s.timeReply(r)
	}
}

// indexContact puts an open contact where decisions find it, as its state is
// now. It is called whenever that changes.
func (s *State) indexContact(c *Contact) {
	fresh := c.tallied.oldest == 0
	s.tally.count(c)
	s.waiting.Remove(c.ID)
	s.forgetKnown(c)
	delete(s.review, c.ID)
	delete(s.alarmed, c.ID)
	delete(s.unjudged, c.ID)
	delete(s.untold, c.ID)
	delete(s.foreseen, c.ID)
	if !c.Open() {
		s.forgetCustomer(c)
		return
	}
	if fresh {
		s.noteCustomer(c)
		s.timers.add(nextLook(c, s.At), timerForecast, c.ID)
	}
	s.noteNearby(c)
	switch {
	case c.State == Waiting && c.Proposed != "":
		s.review[c.ID] = true
	case c.State == Waiting:
		s.indexNeed(c)
		s.noteKnown(c)
		s.wait(c)
	}
	if c.Foreseen && !c.Breached {
		s.foreseen[c.ID] = true
	}
	if (c.Risky || c.Breached || c.Foreseen) && (c.Agent == "" || c.State == Sending) {
		s.alarmed[c.ID] = true
	}
	s.timeContact(c)
}

// indexAgent puts an agent where decisions find them. It is called whenever
// their profile, presence, load or capacity changes.
func (s *State) indexAgent(a *Agent) {
	if there := !a.Removed && works(a.Presence); there != a.staffs {
		a.staffs = there
		if there {
			s.staff++
		} else {
			s.staff--
		}
	}
	if a.Removed {
		if a.cand != nil {
			s.roster.Remove(a.ID)
			a.cand = nil
		}
		return
	}
	if a.cand == nil {
		a.cand = &match.Agent{ID: a.ID}
	}
	s.fill(a.cand, a, s.At)
	s.roster.Put(a.cand, a.Presence == contact.Available)
	if s.roster.Free() > 0 {
		s.matchDue = true
	}
	if full := s.isFull(a); full != a.full {
		a.full = full
		s.choose(s.ranked[a.ID])
	}
	s.timeAgent(a)
}

func (s *State) indexReply(r *Reply) {
	delete(s.inDoubt, r.ID)
	delete(s.unsent, r.ID)
	switch r.State {
	case ReplyIsInDoubt:
		s.inDoubt[r.ID] = true
	case ReplyIsQueued, ReplyIsAttempted:
		s.unsent[r.ID] = true
	case ReplyIsDelivered, ReplyHasFailed:
	}
}

// Review gives the ids of the contacts that are proposed as spam or machine.
func (s *State) Review() map[string]bool { return s.review }

// InDoubt gives the ids of the replies of which nobody knows whether they
// arrived.
func (s *State) InDoubt() map[string]bool { return s.inDoubt }

// Unsent gives the ids of the replies that are queued or being attempted.
func (s *State) Unsent() map[string]bool { return s.unsent }

// Alarmed gives the ids of the contacts at risk or late that nobody holds.
func (s *State) Alarmed() map[string]bool { return s.alarmed }

// Waiting counts the contacts that wait for an offer.
func (s *State) Waiting() int { return s.waiting.Len() }

// WaitingFor counts the waiting contacts that an agent's skills, languages and
// channels are enough for, however much they hold. It costs O(groups).
func (s *State) WaitingFor(agent string) int {
	a := s.Agents[agent]
	if a == nil || a.Removed {
		return 0
	}
	return s.waiting.Count(func(d *match.Demand) bool { return match.Able(d, &match.Traits{}, 0, a.cand) == "" })
}
