package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/customers/directory"
	"stagecoach/ledger"
	"stagecoach/router"
)

// habitKeeper follows the log and counts, with each customer's record, by which
// channels they answer us and how fast.
type habitKeeper struct {
	directory *directory.Directory
	log       ledger.Log
	ledger    *ledger.Ledger
	logger    *slog.Logger
	spoilt    *spoiltRecords
}

// habitsMark is the name under which it notes how far it has come.
const habitsMark = "habits"

// habitsBatch is how many turns are gathered at most before records are written.
const habitsBatch = 500

// turnSaid is a turn of a conversation, as the log has it: Reply names one of ours, which
// was delivered.
type turnSaid struct {
	customers.Turn
	conversation, reply string
}

// Run follows the log until ctx ends. Trouble is logged and tried again.
func (k *habitKeeper) Run(ctx context.Context) error {
	pause := time.Second
	for ctx.Err() == nil {
		err := k.follow(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // being told to end is no error
		}
		k.logger.WarnContext(ctx, "learning where customers answer was cut", "err", err, "pause", pause)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, time.Minute)
	}
	return nil
}

func (k *habitKeeper) follow(ctx context.Context) error {
	after, err := k.directory.Mark(ctx, habitsMark)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	type read struct {
		seq  uint64
		said []turnSaid
	}
	commits := make(chan read, habitsBatch)
	ended := make(chan error, 1)
	go func() {
		defer close(commits)
		ended <- k.log.Follow(ctx, after, func(seq uint64, data []byte) error {
			select {
			case commits <- read{seq, turnsOf(data)}:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	noted := after
	var batch []turnSaid
	for c := range commits {
		batch = append(batch, c.said...)
		if len(commits) > 0 && len(batch) < habitsBatch || len(batch) == 0 && c.seq < noted+keeperNotes {
			continue
		}
		if err := k.keep(ctx, batch, c.seq); err != nil {
			stop()
			for range commits { // the reader ends
			}
			return errors.Join(err, <-ended)
		}
		batch, noted = batch[:0], c.seq
	}
	return <-ended
}

// keep counts what was said, then notes the place: what is not counted is read again.
func (k *habitKeeper) keep(ctx context.Context, batch []turnSaid, seq uint64) error {
	if err := k.count(ctx, batch); err != nil {
		return err
	}
	return k.directory.SetMark(ctx, habitsMark, seq)
}

// turnsOf gives what was said by a commit of the log. What machines wrote is left out.
func turnsOf(data []byte) []turnSaid {
	c, err := router.DecodeCommit(data)
	if err != nil {
		return nil
	}
	var out []turnSaid
	for _, entry := range c.Entries {
		for _, ev := range entry.Events {
			switch e := ev.(type) { //nolint:gochecksumtype // only those that say something
			case router.MessageReceived:
				if e.Contact != "" && !e.Machine && !e.Echo {
					out = append(out, turnSaid{Turn: customers.Turn{N: c.N, Channel: e.Channel, At: e.ReceivedAt}, conversation: e.Conversation})
				}
			case router.ReplyDelivered:
				out = append(out, turnSaid{Turn: customers.Turn{N: c.N, At: c.At, Ours: true}, reply: e.Reply})
			}
		}
	}
	return out
}

// errNoRecord is that a customer has no record, and needs none for this.
var errNoRecord = errors.New("no record")

// count adds what was said to the records of those whom it was said with.
func (k *habitKeeper) count(ctx context.Context, batch []turnSaid) error {
	if len(batch) == 0 {
		return nil
	}
	if err := k.ledger.WaitFor(ctx, batch[len(batch)-1].N); err != nil {
		return err
	}
	turns := map[string][]customers.Turn{}
	var order []string
	for i := range batch {
		who, err := k.whose(ctx, &batch[i])
		if err != nil {
			return err
		}
		if who == "" {
			continue
		}
		if turns[who] == nil {
			order = append(order, who)
		}
		turns[who] = append(turns[who], batch[i].Turn)
	}
	changes := make([]directory.Change, len(order))
	for n, id := range order {
		changes[n] = directory.Change{ID: id, Make: func(rec *customers.Record) error {
			rec.Count(turns[id])
			if rec.Version == 0 && len(rec.Habits) == 0 {
				return errNoRecord // they have begun something: there is nothing to learn
			}
			return nil
		}}
	}
	out, err := k.directory.UpdateAll(ctx, "router", changes)
	if err != nil {
		return err
	}
	return k.spoilt.sort(ctx, k.logger, changes, out, errNoRecord)
}

// whose gives the customer with whom something was said, "" where it counts for
// nothing, and fills in by which channel we answered.
func (k *habitKeeper) whose(ctx context.Context, one *turnSaid) (string, error) {
	if one.Ours {
		r, err := k.ledger.ReplyFacts(ctx, one.reply)
		switch {
		case errors.Is(err, ledger.ErrNotFound):
			return "", nil
		case err != nil:
			return "", fmt.Errorf("looking up a reply: %w", err)
		case r.Kind != contact.Answer && r.Kind != contact.Ask && r.Kind != contact.Pledge:
			return "", nil
		}
		one.conversation, one.Channel = r.Conversation, r.Channel
	}
	v, err := k.ledger.Conversation(ctx, one.conversation)
	if errors.Is(err, ledger.ErrNotFound) {
		return "", nil
	}
	return v.Customer, err
}
