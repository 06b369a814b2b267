package desk

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/router"
)

// shownWaiting is how many waiting contacts a supervisor sees at once.
const shownWaiting = 200

// survey is what a supervisor's page needs of the router.
type survey struct {
	people  []view.Person
	waiting []facts
	held    []facts
	queues  map[string]*view.QueueCount
	total   int
	doubt   []router.Reply
	longest []router.LongestWait
	// at is when this was seen, took how long the router was kept by it.
	at   time.Time
	took time.Duration
}

// surveys are the last looks, by queue; nobody changes them.
type surveys struct {
	sync.Mutex
	last map[string]*survey
}

// latest is a heap of contacts with the last due on top, so that the first due
// of many are found without sorting all.
type latest []*router.Contact

// Len implements sort.Interface.
func (h *latest) Len() int { return len(*h) }

// Less implements sort.Interface.
func (h *latest) Less(i, j int) bool { return (*h)[j].Due.Before((*h)[i].Due) }

// Swap implements sort.Interface.
func (h *latest) Swap(i, j int) { (*h)[i], (*h)[j] = (*h)[j], (*h)[i] }

// Push implements heap.Interface.
func (h *latest) Push(x any) {
	if c, ok := x.(*router.Contact); ok {
		*h = append(*h, c)
	}
}

// Pop implements heap.Interface.
func (h *latest) Pop() any {
	old := *h
	c := old[len(old)-1]
	*h = old[:len(old)-1]
	return c
}

// survey looks at all open contacts. Where that takes the router long, as with
// a hundred thousand of them, a look serves for twenty times as long as it took.
func (s *Service) survey(ctx context.Context, queue string) (*survey, error) {
	s.surveys.Lock()
	defer s.surveys.Unlock()
	if last := s.surveys.last[queue]; last != nil && s.now().Sub(last.at) < 20*last.took && last.took > 5*time.Millisecond {
		return last, nil
	}
	v, err := s.look(ctx, queue)
	if err != nil {
		return nil, err
	}
	if len(s.surveys.last) > 100 {
		clear(s.surveys.last)
	}
	s.surveys.last[queue] = v
	return v, nil
}

func (s *Service) look(ctx context.Context, queue string) (*survey, error) {
	v := &survey{queues: map[string]*view.QueueCount{}, at: s.now()}
	err := s.deps.Router.View(ctx, func(st *router.State) {
		start := s.now()
		defer func() { v.took = s.now().Sub(start) }()
		v.people = people(st)
		var first latest
		for _, c := range st.Contacts {
			if !c.Open() {
				continue
			}
			v.count(c)
			if c.State != router.Waiting && c.State != router.Offered || queue != "" && c.Queue != queue {
				continue
			}
			v.total++
			if len(first) < shownWaiting || c.Due.Before(first[0].Due) {
				heap.Push(&first, c)
			}
			if len(first) > shownWaiting {
				heap.Pop(&first)
			}
		}
		for _, c := range first {
			v.waiting = append(v.waiting, copyContact(st, c))
		}
		v.copyHeld(st, queue)
		v.longest = s.longest(st, start)
		v.expect(st)
		for id := range st.InDoubt() {
			v.doubt = append(v.doubt, *st.Replies[id])
		}
	})
	if err != nil {
		return nil, fmt.Errorf("looking at all that waits: %w", err)
	}
	slices.SortFunc(v.waiting, byDue)
	slices.SortFunc(v.held, byDue)
	slices.SortFunc(v.doubt, func(a, b router.Reply) int { return a.QueuedAt.Compare(b.QueuedAt) })
	return v, nil
}

// copyHeld takes what agents hold, by the agents' own indexes.
func (v *survey) copyHeld(st *router.State, queue string) {
	for _, a := range st.Agents {
		for id := range a.Holds {
			c := st.Contacts[id]
			if c == nil || queue != "" && c.Queue != queue {
				continue
			}
			if len(v.held) < 5*shownWaiting {
				v.held = append(v.held, copyContact(st, c))
			}
		}
	}
}

// expect tells how long who comes now waits in each queue.
func (v *survey) expect(st *router.State) {
	for name, q := range v.queues {
		if x, ok := st.Forecast.Queue(name, v.at); ok {
			q.P50Seconds, q.P90Seconds = x.P50.Seconds(), x.P90.Seconds()
		}
	}
}

func (v *survey) count(c *router.Contact) {
	q := v.queues[c.Queue]
	if q == nil {
		q = &view.QueueCount{Queue: c.Queue}
		v.queues[c.Queue] = q
	}
	switch c.State {
	case router.Waiting:
		q.Waiting++
	case router.Offered:
		q.Offered++
	case router.AssignedTo, router.Sending:
		q.Assigned++
	case router.EndedContact:
	}
	if c.Foreseen && !c.Breached {
		q.Foreseen++
	}
	if c.Breached {
		q.Breached++
	} else if c.Risky {
		q.AtRisk++
	}
	if q.NextDue.IsZero() || c.Due.Before(q.NextDue) {
		q.NextDue = c.Due
	}
}

// Overview gives a supervisor's page: who is on, what waits, how the channels
// are doing. With a queue it shows only that queue's contacts.
func (s *Service) Overview(ctx context.Context, who Who, queue string) (view.Overview, error) {
	v, err := s.survey(ctx, queue)
	if err != nil {
		return view.Overview{}, err
	}
	me, err := s.Person(ctx, who.ID)
	if err != nil {
		return view.Overview{}, err
	}
	g, err := s.glance(ctx, who.ID)
	if err != nil {
		return view.Overview{}, err
	}
	out := view.Overview{
		Me: me, People: s.byName(slices.Clone(v.people)), Waiting: s.cards(ctx, v.waiting), Total: v.total,
		Held: s.cards(ctx, v.held), Channels: s.channelStates(), Alerts: s.alerts(who, g),
		Queues: []view.QueueCount{}, Doubtful: make([]view.Item, 0, len(v.doubt)), Longest: longestWaits(v.longest),
	}
	for _, name := range slices.Sorted(maps.Keys(v.queues)) {
		out.Queues = append(out.Queues, *v.queues[name])
	}
	for _, r := range v.doubt {
		out.Doubtful = append(out.Doubtful, s.replyItem(ctx, who, &r))
	}
	return out, nil
}

func (s *Service) channelStates() []view.ChannelState {
	out := []view.ChannelState{}
	for _, c := range s.deps.Channels.States() {
		out = append(out, view.ChannelState(c))
	}
	return out
}

// Review lists what rules propose as spam or machine, the first due first.
func (s *Service) Review(ctx context.Context, who Who) (view.Review, error) {
	var list []facts
	total := 0
	err := s.deps.Router.View(ctx, func(st *router.State) {
		total = len(st.Review())
		for id := range st.Review() {
			if len(list) == maxBulk {
				return
			}
			list = append(list, copyContact(st, st.Contacts[id]))
		}
	})
	if err != nil {
		return view.Review{}, fmt.Errorf("looking at the review: %w", err)
	}
	slices.SortFunc(list, func(a, b facts) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), byDue(a, b))
	})
	me, err := s.Person(ctx, who.ID)
	if err != nil {
		return view.Review{}, err
	}
	return view.Review{Me: me, Cards: s.cards(ctx, list), Total: total}, nil
}

// Filter chooses open contacts.
type Filter struct {
	Queue   string
	Agent   string
	State   router.ContactState
	Channel contact.Channel
	Limit   int
}

// Open lists open contacts live from the router, the first due first.
func (s *Service) Open(ctx context.Context, f Filter) ([]view.Card, error) {
	if f.Limit <= 0 || f.Limit > 1000 {
		f.Limit = shownWaiting
	}
	var list []facts
	err := s.deps.Router.View(ctx, func(st *router.State) {
		var first latest
		for _, c := range st.Contacts {
			if !c.Open() || !f.matches(c) {
				continue
			}
			if len(first) == f.Limit && !c.Due.Before(first[0].Due) {
				continue
			}
			heap.Push(&first, c)
			if len(first) > f.Limit {
				heap.Pop(&first)
			}
		}
		for _, c := range first {
			list = append(list, copyContact(st, c))
		}
	})
	if err != nil {
		return nil, fmt.Errorf("listing open contacts: %w", err)
	}
	slices.SortFunc(list, byDue)
	return s.cards(ctx, list), nil
}

func (f *Filter) matches(c *router.Contact) bool {
	return (f.Queue == "" || c.Queue == f.Queue) && (f.Agent == "" || c.Agent == f.Agent) &&
		(f.State == "" || c.State == f.State) && (f.Channel == "" || c.Channel == f.Channel)
}
