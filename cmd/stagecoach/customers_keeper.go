package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/customers/directory"
	"stagecoach/journal"
	"stagecoach/ledger"
	"stagecoach/router"
)

// customerKeeper follows the log and gives every customer whom the router meets a
// record with the address and the name under which they were met. The log has but the
// address' keyed hash; which address that is of, the words of the same item tell.
type customerKeeper struct {
	directory *directory.Directory
	log       ledger.Log
	words     *words
	keys      router.Keys
	logger    *slog.Logger
	spoilt    *spoiltRecords
	// linked is told whose person has changed by a commit; it may be nil.
	linked func(ids []string, n uint64)
}

// keeperMark is the name under which it notes how far it has come.
const keeperMark = "keeper"

// How much is gathered before records are written, and how often it notes its place
// where nobody new was met.
const (
	keeperBatch = 500
	keeperNotes = 20_000
)

// met is a customer whom the router met, and the item that says under what address.
type met struct {
	customer, identity string
	item               string // of the message, or
	reply              string // of our reply to them
	channel            contact.Channel
	trust              contact.Trust
	at                 time.Time
}

// Run follows the log until ctx ends. Trouble is logged and tried again: it must not
// keep anybody from being answered.
func (k *customerKeeper) Run(ctx context.Context) error {
	pause := time.Second
	for ctx.Err() == nil {
		err := k.follow(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // being told to end is no error
		}
		k.logger.WarnContext(ctx, "keeping the customers' records was cut", "err", err, "pause", pause)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, time.Minute)
	}
	return nil
}

// follow keeps up with the log from where it came to. A reader gathers whom the commits
// name while the records of those before are written.
func (k *customerKeeper) follow(ctx context.Context) error {
	after, err := k.directory.Mark(ctx, keeperMark)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	type read struct {
		seq uint64
		met []met
	}
	commits := make(chan read, keeperBatch)
	ended := make(chan error, 1)
	go func() {
		defer close(commits)
		ended <- k.log.Follow(ctx, after, func(seq uint64, data []byte) error {
			select {
			case commits <- read{seq, whomMet(data)}:
				k.link(data)
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	var batch keeperWork
	for c := range commits {
		batch.seq = c.seq
		batch.met = append(batch.met, c.met...)
		if len(commits) > 0 && len(batch.met) < keeperBatch {
			continue
		}
		if err := k.keep(ctx, &batch); err != nil {
			stop()
			for range commits { // the reader ends
			}
			return errors.Join(err, <-ended)
		}
	}
	return <-ended
}

// link tells whose person a commit has changed: what is known of them is known of
// whatever is open on either side.
func (k *customerKeeper) link(data []byte) {
	if k.linked == nil || !bytes.Contains(data, []byte(`"customers_linked"`)) && !bytes.Contains(data, []byte(`"customers_unlinked"`)) {
		return
	}
	c, err := router.DecodeCommit(data)
	if err != nil {
		return // the router and the ledger say so
	}
	for _, e := range c.Entries {
		for _, ev := range e.Events {
			switch ev := ev.(type) { //nolint:gochecksumtype // only these
			case router.CustomersLinked:
				k.linked([]string{ev.A, ev.B}, c.N)
			case router.CustomersUnlinked:
				k.linked([]string{ev.A, ev.B}, c.N)
			}
		}
	}
}

// Catchup makes records of what the log has now.
func (k *customerKeeper) Catchup(ctx context.Context) error {
	after, err := k.directory.Mark(ctx, keeperMark)
	if err != nil {
		return err
	}
	batch := keeperWork{noted: after}
	last, err := k.log.Replay(ctx, after, func(seq uint64, data []byte) error {
		batch.seq = seq
		if batch.met = append(batch.met, whomMet(data)...); len(batch.met) < keeperBatch {
			return nil
		}
		return k.keep(ctx, &batch)
	})
	if err != nil {
		return fmt.Errorf("bringing the customers' records up to date: %w", err)
	}
	if err := k.keep(ctx, &batch); err != nil || batch.noted == last {
		return err
	}
	return k.directory.SetMark(ctx, keeperMark, last)
}

// keeperWork is what was read and isn't kept yet.
type keeperWork struct {
	met        []met
	seq, noted uint64
}

// keep writes the records of a batch, then notes the place.
func (k *customerKeeper) keep(ctx context.Context, batch *keeperWork) error {
	if len(batch.met) == 0 && batch.seq < batch.noted+keeperNotes {
		return nil
	}
	if err := k.write(ctx, batch.met); err != nil {
		return err
	}
	if err := k.directory.SetMark(ctx, keeperMark, batch.seq); err != nil {
		return err
	}
	batch.met, batch.noted = batch.met[:0], batch.seq
	return nil
}

// write makes sure that records have the identities under which customers were met.
func (k *customerKeeper) write(ctx context.Context, all []met) error {
	byCustomer := map[string][]customers.Identity{}
	var order []string
	for _, m := range all {
		i, err := k.identity(ctx, m)
		switch {
		case ctx.Err() != nil, errors.Is(err, journal.ErrUnavailable):
			return err
		case errors.Is(err, ledger.ErrGone):
			continue // erased, or a retention has passed
		case err != nil:
			k.logger.WarnContext(ctx, "a customer's address was not found", "item", m.item, "reply", m.reply, "err", err)
			continue
		}
		if i.Address == "" && i.Name == "" {
			continue
		}
		if byCustomer[m.customer] == nil {
			order = append(order, m.customer)
		}
		byCustomer[m.customer] = append(append(byCustomer[m.customer], i), k.vouched(ctx, m)...)
	}
	changes := make([]directory.Change, len(order))
	for n, id := range order {
		changes[n] = directory.Change{ID: id, Make: func(rec *customers.Record) error {
			for _, i := range byCustomer[id] {
				rec.Meet(i, k.directory.Same)
			}
			return nil
		}}
	}
	out, err := k.directory.UpdateAll(ctx, "router", changes)
	if err != nil {
		return err
	}
	return k.spoilt.sort(ctx, k.logger, changes, out, nil)
}

// identity finds the address of which the log has the key, in the words of the item.
func (k *customerKeeper) identity(ctx context.Context, m met) (customers.Identity, error) {
	addresses, err := k.addresses(ctx, m)
	if err != nil {
		return customers.Identity{}, err
	}
	i := customers.Identity{Channel: m.channel, Source: customers.FromMessage, At: m.at.UTC()}
	for _, a := range addresses {
		if a.Address == "" {
			continue
		}
		switch m.identity {
		case k.keys.Identity(string(m.channel), a.Address):
			i.Proven = m.reply == "" && (m.trust == contact.TrustProven || m.channel != contact.Email && knowsSenders(m.channel))
		case k.keys.Unproven(string(m.channel), a.Address):
			i.Unproven = true
		default:
			continue
		}
		i.Address, i.Name = a.Address, a.Name
		if m.reply != "" {
			i.Source = customers.FromAgent
		}
		if number, ok := customers.Number(a.Address); ok && (m.channel == contact.Phone || m.channel == contact.SMS) {
			i.Address = number
		}
		return i, nil
	}
	return customers.Identity{}, nil
}

// vouched gives other addresses of a sender's for which the channel vouches: by them
// they are known again on other channels.
func (k *customerKeeper) vouched(ctx context.Context, m met) []customers.Identity {
	if m.item == "" || m.channel == contact.Email {
		return nil
	}
	msg, err := k.words.Message(ctx, m.item)
	if err != nil {
		return nil
	}
	var out []customers.Identity
	for _, v := range msg.Vouched {
		out = append(out, customers.Identity{
			Channel: v.Channel, Address: v.Address, Name: v.Name, Source: string(customers.SignedWeb), At: m.at.UTC(), Proven: true,
		})
	}
	return out
}

// knowsSenders reports whether a channel's provider vouches for whom a message is from.
func knowsSenders(ch contact.Channel) bool {
	switch ch {
	case contact.Slack, contact.Mastodon, contact.Bluesky, contact.WebChat:
		return true
	case contact.Email, contact.Webhook, contact.SMS, contact.Phone, contact.Letter, contact.Visit:
	}
	return false
}

// addresses gives all that the words of an item name.
func (k *customerKeeper) addresses(ctx context.Context, m met) ([]contact.Address, error) {
	if m.reply != "" {
		r, err := k.words.Reply(ctx, m.reply)
		if err != nil {
			return nil, err
		}
		return append(r.To, r.CC...), nil
	}
	if m.item == "" {
		return nil, nil
	}
	msg, err := k.words.Message(ctx, m.item)
	if err != nil {
		return nil, err
	}
	// Who writes from an address of a form, say, has a name only there.
	sender := msg.Sender()
	if sender.Name == "" && sender.Address == msg.From.Address {
		sender.Name = msg.From.Name
	}
	return append([]contact.Address{sender, msg.From}, msg.ReplyTo...), nil
}

// whomMet gives the customers whom a commit meets.
func whomMet(data []byte) []met {
	if !bytes.Contains(data, []byte(`"customer_known"`)) {
		return nil
	}
	c, err := router.DecodeCommit(data)
	if err != nil {
		return nil // the router and the ledger say so
	}
	var all []met
	for _, e := range c.Entries {
		known := len(all)
		for _, ev := range e.Events {
			switch ev := ev.(type) { //nolint:gochecksumtype // only those that concern it
			case router.CustomerKnown:
				all = append(all, met{customer: ev.Customer, identity: ev.Identity, channel: ev.Channel, at: c.At})
			case router.MessageReceived:
				for n := known; n < len(all); n++ {
					all[n].item, all[n].trust, all[n].at = ev.Ref, ev.Trust, ev.ReceivedAt
				}
			case router.ReplyQueued:
				for n := known; n < len(all); n++ {
					all[n].reply = ev.Reply.Ref
				}
			}
		}
	}
	return all
}
