package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/customers/directory"
	"stagecoach/customers/register"
	"stagecoach/desk/view"
	"stagecoach/fault"
	"stagecoach/journal"
	"stagecoach/ledger"
	"stagecoach/policies"
	"stagecoach/router"
)

// rights is what people may ask of what is kept about them: to be given it, to have
// it erased, to have it restricted. It works beside a running daemon, and over a
// data directory whose log it has taken over.
type rights struct {
	dir      string
	office   string
	journal  *journal.Journal
	ledger   *ledger.Ledger
	keys     router.Keys
	router   rightsRouter
	words    *words
	register *register.Register
	// directory gives the customers' records; it is opened by the first who asks.
	directory func(ctx context.Context) (*directory.Directory, error)
	// policy gives the set that decides.
	policy func() *policies.Set
	// adapters gives the accounts that run, which keep data of their own.
	adapters func() []channels.Adapter
	logger   *slog.Logger
	// now is the calendar by which holds and laws end.
	now func() time.Time

	// wake has the job look for what was begun.
	wake chan struct{}

	// deciding is held from what is found of a person to what is decided of them, so that
	// no hold is lost that comes while an erasure begins.
	deciding sync.Mutex

	// veil is over what is being erased, and forget drops words of it that are kept at
	// hand.
	veil   *veil
	forget func(refs []string)

	mu     sync.Mutex
	states map[string]*erasing
	// blind is true while it can't be found out what must be veiled.
	blind bool
}

// rightsRouter is what the rights need of the router.
type rightsRouter interface {
	Do(ctx context.Context, e router.Envelope) (router.Result, error)
	View(ctx context.Context, f func(*router.State)) error
}

// newRights puts them together; register must have been opened.
func newRights(dir, office string, policy func() *policies.Set, j *journal.Journal, l *ledger.Ledger, r rightsRouter, w *words, reg *register.Register, logger *slog.Logger) *rights {
	return &rights{
		dir: dir, office: office, policy: policy, journal: j, ledger: l, router: r, words: w, register: reg,
		keys:     router.NewKeys(j.Keys().Key(journal.KeyHash), j.Keys().Key(journal.KeyToken)),
		adapters: func() []channels.Adapter { return nil },
		now:      fault.Now,
		logger:   logger.With("component", "rights"),
		wake:     make(chan struct{}, 1), states: map[string]*erasing{},
		veil: newVeil(), forget: func([]string) {},
	}
}

// openRights opens the register and puts the rights together.
func (d *Daemon) openRights() error {
	reg, err := register.Open(d.opts.Dir, d.cfg.Office, d.cfg.Backup.Register)
	if err != nil {
		return err
	}
	d.rights = newRights(d.opts.Dir, d.cfg.Office, d.policy.Load, d.journal, d.ledger, d.engine, d.words, reg, d.logger)
	d.rights.adapters = d.links.Adapters
	d.rights.directory = func(context.Context) (*directory.Directory, error) { return d.directory, nil }
	return nil
}

// runRights finishes erasures, those that come and those that a crash has left.
func (d *Daemon) runRights(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.rights.Run(ctx) })
	g.Go(func() error { return d.rights.followFrom(ctx, d.engine) })
	g.Go(func() error { return d.rights.keepRetention(ctx) })
	return g.Wait()
}

// resolve gives the customers of the person whom a text names: an id or the
// beginning of one, the company's own id, or an address; of who is restricted, their
// erasure's id too. The ledger has caught up with what was done before.
func (r *rights) resolve(ctx context.Context, text string) ([]string, error) {
	text = strings.TrimSpace(text)
	if err := r.catchUp(ctx); err != nil {
		return nil, err
	}
	found, err := r.lookUp(ctx, text)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		if found, err = r.restrictedNamed(ctx, text); err != nil || len(found) > 0 {
			return found, err
		}
	}
	if len(found) == 0 {
		return nil, &router.Refusal{Code: router.RefusedNotFound, Message: fmt.Sprintf("no customer has the id, external id or address %q", text)}
	}
	var all []string
	for _, id := range found {
		members, err := r.person(ctx, id)
		if err != nil {
			return nil, err
		}
		all = append(all, members...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// person gives all customers who are one person with this one, itself included.
func (r *rights) person(ctx context.Context, id string) ([]string, error) {
	p, _, err := r.ledger.Person(ctx, id)
	if err != nil {
		return nil, err
	}
	return append(p.Members, id), nil
}

// lookUp finds the customers whom a text names, without those they are linked to.
func (r *rights) lookUp(ctx context.Context, text string) ([]string, error) {
	if looksLikeID(text) {
		ids, err := r.ledger.CustomersBeginning(ctx, strings.ToLower(text), 3)
		if err != nil {
			return nil, err
		}
		switch {
		case slices.Contains(ids, strings.ToLower(text)):
			return []string{strings.ToLower(text)}, nil
		case len(ids) == 1:
			return ids, nil
		case len(ids) > 1:
			return nil, &router.Refusal{Code: router.RefusedInvalid, Message: fmt.Sprintf("more than one customer's id begins with %q: write more of it", text)}
		}
	}
	found, err := r.byAddress(ctx, text)
	if err != nil {
		return nil, err
	}
	more, err := r.named(ctx, text)
	return append(found, more...), err
}

// looksLikeID reports whether a text can be the beginning of an id.
func looksLikeID(text string) bool {
	return len(text) >= 8 && strings.Trim(strings.ToLower(text), "0123456789abcdef-") == ""
}

// byAddress finds the customers of an address, on whichever channel, and whoever
// names it and isn't proven to be there: their words hold it too.
func (r *rights) byAddress(ctx context.Context, address string) ([]string, error) {
	return r.ofKeys(ctx, r.keysOfAddress(address))
}

// keysOfAddress gives what the log may know an address by.
func (r *rights) keysOfAddress(address string) []string {
	var keys []string
	for _, ch := range contact.Channels() {
		named, rest, ok := strings.Cut(address, ":")
		if ok && strings.EqualFold(named, string(ch)) {
			keys = []string{r.keys.Identity(string(ch), rest), r.keys.Unproven(string(ch), rest)}
			break
		}
		keys = append(keys, r.keys.Identity(string(ch), address), r.keys.Unproven(string(ch), address))
	}
	return keys
}

// ofKeys gives the customers of identity keys who aren't erased.
func (r *rights) ofKeys(ctx context.Context, keys []string) ([]string, error) {
	_, known, err := r.ledger.Known(ctx, keys)
	if err != nil {
		return nil, err
	}
	var found []string
	err = r.router.View(ctx, func(s *router.State) {
		for _, key := range keys {
			if c := known[key].Customer; c != "" && !s.Erased(c) {
				found = append(found, c)
			}
		}
	})
	slices.Sort(found)
	return slices.Compact(found), err
}

// look gives what there is of a person.
func (r *rights) look(ctx context.Context, text string) (*view.CustomerData, error) {
	ids, err := r.resolve(ctx, text)
	if err != nil {
		return nil, err
	}
	t, err := r.ledger.Theirs(ctx, ids)
	if err != nil {
		return nil, err
	}
	gone, err := r.gone(ctx, ids)
	if err != nil {
		return nil, err
	}
	who := &identities{all: map[contact.Identity]bool{}}
	if !gone { // of whom is being erased nobody is told who they are
		if who, err = r.known(ctx, t); err != nil {
			return nil, err
		}
	}
	v := &view.CustomerData{
		Customers: ids, Name: who.name, Addresses: who.list(), Since: t.Since,
		Conversations: len(t.Conversations), Contacts: len(t.Contacts), Messages: len(t.Messages), Replies: len(t.Replies),
		Notes: len(t.Notes), Remarks: len(t.Remarks), Evidence: len(t.Evidence), Others: len(t.Messages) - t.Own,
		Open: []view.OpenContact{}, Same: []string{},
	}
	for _, c := range t.Open {
		v.Open = append(v.Open, view.OpenContact{ID: c.ID, Channel: string(c.Channel), Queue: c.Queue, State: c.State, Agent: c.Agent, Due: c.Due})
	}
	same, err := r.ofKeys(ctx, who.keys(r.keys))
	if err != nil {
		return nil, err
	}
	for _, id := range same {
		if !slices.Contains(ids, id) {
			v.Same = append(v.Same, id)
		}
	}
	if v.Restricted, err = r.restricted(ctx, ids); err != nil {
		return nil, err
	}
	if v.Restricted != nil {
		v.Statutory = v.Restricted.Kept
		return v, nil
	}
	if h := who.held; h != nil {
		v.Held, v.HeldUntil, v.HeldTold = h.Reason, h.Until, h.Told
	}
	if gone {
		return v, nil
	}
	v.Statutory, err = r.keptNow(ctx, t, who.held)
	return v, err
}

// gone reports whether it is decided that somebody of a person is erased.
func (r *rights) gone(ctx context.Context, ids []string) (gone bool, err error) {
	err = r.router.View(ctx, func(s *router.State) { gone = slices.ContainsFunc(ids, s.Erased) })
	return gone, err
}

// catchUp waits until the ledger has what the router knows.
func (r *rights) catchUp(ctx context.Context) error {
	var n uint64
	if err := r.router.View(ctx, func(s *router.State) { n = s.N }); err != nil {
		return err
	}
	return r.ledger.WaitFor(ctx, n)
}

// identities are the addresses of a person, as records and messages have them.
type identities struct {
	name string
	all  map[contact.Identity]bool
	// held is the hold that stands longest, nil where none does.
	held *customers.Hold
}

func (i *identities) list() []string {
	out := make([]string, 0, len(i.all))
	for one := range i.all {
		out = append(out, string(one.Channel)+":"+one.Address)
	}
	slices.Sort(out)
	return out
}

func (i *identities) keys(k router.Keys) []string {
	var out []string
	for one := range i.all {
		out = append(out, k.Identity(string(one.Channel), one.Address), k.Unproven(string(one.Channel), one.Address))
	}
	slices.Sort(out)
	return out
}

// add notes an address of theirs.
func (i *identities) add(ch contact.Channel, address string) {
	if address = strings.TrimSpace(address); address != "" {
		i.all[contact.Identity{Channel: ch, Address: address}] = true
	}
}

// mostAsked is how many of a person's messages are read for their addresses.
const mostAsked = 500

// known gathers the addresses of a person from their record and from what they
// wrote. What has been erased already names nobody.
func (r *rights) known(ctx context.Context, t *ledger.Theirs) (*identities, error) {
	who := &identities{all: map[contact.Identity]bool{}}
	if err := r.recorded(ctx, t.Customers, who); err != nil {
		return nil, err
	}
	for _, ref := range t.OwnRefs[:min(len(t.OwnRefs), mostAsked)] {
		m, err := r.words.Message(ctx, ref)
		switch {
		case errors.Is(err, ledger.ErrGone):
			continue
		case err != nil && ctx.Err() != nil:
			return nil, err
		case err != nil:
			continue // what can't be read names nobody
		}
		a := m.Sender()
		who.add(m.Channel, a.Address)
		who.name = cmp.Or(who.name, a.Name)
	}
	return who, nil
}

// newErasureID gives a random id for an erasure.
func newErasureID() string { return randomID() }

// rightsPause is how long the job rests after trouble.
const rightsPause = 5 * time.Second
