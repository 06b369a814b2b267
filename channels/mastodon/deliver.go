package mastodon

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"stagecoach/channels"
)

// delivering is how many senders' items are delivered beside each other, and
// passedKept how many items are remembered so as not to be delivered again by
// this process.
const (
	delivering = 8
	passedKept = 8192
)

// item is something to deliver: make fetches what belongs to it.
type item struct {
	sender string
	id     string
	// files tells that it may be large.
	files bool
	make  func(ctx context.Context) (*channels.Inbound, error)
	// edited tells that it was edited before it was read here.
	edited bool
	// done is called once it is stored; before tells that it may have been before,
	// as it read then.
	done func(before bool)
}

// deliver hands notifications over.
func (r *run) deliver(ctx context.Context, l *list, entries []entry) error {
	var items []item
	for _, e := range entries {
		if it, ok := r.notificationItem(l, e); ok {
			items = append(items, it)
		}
	}
	return r.handOver(ctx, l, items)
}

// handOver delivers items, those of one sender in their order, and counts them. It
// returns when all is stored, or with the first error.
func (r *run) handOver(ctx context.Context, l *list, items []item) error {
	var order []string
	bySender := map[string][]item{}
	for _, it := range items {
		if _, ok := bySender[it.sender]; !ok {
			order = append(order, it.sender)
		}
		bySender[it.sender] = append(bySender[it.sender], it)
	}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(delivering)
	for _, sender := range order {
		group.Go(func() error {
			for _, it := range bySender[sender] {
				if err := r.handOne(inner, it); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, it := range items {
		if counted, _ := r.a.passed.Get(it.id); !counted && !slices.Contains(l.counting, it.id) {
			l.mark.Seen++
			l.counting = append(l.counting, it.id)
		}
	}
	return nil
}

func (r *run) handOne(ctx context.Context, it item) error {
	if r.a.passed.Contains(it.id) {
		return nil
	}
	if it.files {
		done, err := r.a.files.Turn(ctx)
		if err != nil {
			return err
		}
		defer done()
	}
	in, err := it.make(ctx)
	if err != nil {
		return err
	}
	before := false
	if it.edited {
		before, err = channels.DeliverAgain(ctx, r.src, in)
	} else {
		err = r.src.Deliver(ctx, in)
	}
	if err != nil {
		return err
	}
	r.a.passed.Add(it.id, false)
	if it.done != nil {
		it.done(before)
	}
	return nil
}

// notificationItem makes what is delivered of a notification, and false of one
// that is no message.
func (r *run) notificationItem(l *list, e entry) (item, bool) {
	a := r.a
	if e.broken {
		id := a.base.Host + "/" + e.id
		return item{id: id, make: func(context.Context) (*channels.Inbound, error) {
			return a.inbound(channels.Fresh, l.mark.Source, e.id, id, "", e.at, &envelope{Kind: kindNotification, Event: e.raw})
		}}, true
	}
	s := e.n.Status
	if s == nil || s.ID == "" || s.Account.ID == r.me.id {
		return item{}, false
	}
	kind, id := channels.Fresh, a.providerID(s)
	switch e.n.Type {
	case typeMention, typeQuote:
	case typeUpdate:
		if !s.mentions(r.me.id) {
			return item{}, false
		}
		kind, id = channels.Changed, editID(id, s)
	default:
		return item{}, false
	}
	sender := s.Account.full(a.cfg.domain())
	return item{
		sender: sender, id: id, files: len(s.Media) > 0,
		make: func(ctx context.Context) (*channels.Inbound, error) {
			env := &envelope{Kind: kindNotification, Event: e.raw}
			a.complete(ctx, env, s)
			return a.inbound(kind, l.mark.Source, e.id, id, sender, e.at, env)
		},
		edited: s.EditedAt != "" && kind == channels.Fresh,
		done:   func(before bool) { a.watched.add(s, sender, "", e.at, before) },
	}, true
}

func editID(id string, s *status) string { return id + "#edited-" + s.EditedAt }

// complete fetches what belongs to a post: the posts before it, and its files.
func (a *Adapter) complete(ctx context.Context, env *envelope, s *status) {
	if s.InReplyToID != "" {
		env.Thread = a.threadOf(ctx, s.ID)
	}
	env.Files, env.Notes = a.fetchFiles(ctx, s.Media)
}

// longestThread is how many posts before one are kept.
const longestThread = 50

// threadOf asks for the posts before one. Without them it's a message all the
// same. https://docs.joinmastodon.org/methods/statuses/#context
func (a *Adapter) threadOf(ctx context.Context, id string) []ancestor {
	var thread struct {
		Ancestors []status `json:"ancestors"`
	}
	if _, err := a.get(ctx, opFetch, "/api/v1/statuses/"+pathOf(id)+"/context", nil, &thread); err != nil {
		a.log.DebugContext(ctx, "the posts before a message can't be had", "err", err)
		return nil
	}
	var out []ancestor
	for i, s := range thread.Ancestors {
		if i > 0 && i <= len(thread.Ancestors)-longestThread {
			continue // the first one names the thread
		}
		one := ancestor{ID: s.ID, Account: s.Account.ID, Acct: s.Account.full(a.cfg.domain())}
		if i == len(thread.Ancestors)-1 && len(s.Content) <= maxContent {
			one.Content = s.Content
		}
		out = append(out, one)
	}
	return out
}
