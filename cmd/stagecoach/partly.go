package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/fault"
	"stagecoach/router"
)

// handOver sends a reply. Where the provider refuses some of its recipients, the
// log has that before the others get it: whatever happens then, those who were
// refused for a time get it later, and nobody twice.
func (s *sender) handOver(ctx context.Context, r *contact.Reply, reply string, attempt int) (receipt channels.Receipt, err error) {
	err = s.guarded(ctx, "send", func() (err error) {
		partial, ok := s.adapter.Sender.(channels.PartialSender)
		if ok {
			receipt, err = s.sendPartly(ctx, partial, r, reply, attempt)
		} else {
			receipt, err = s.adapter.Sender.Send(ctx, r)
		}
		return err
	})
	return receipt, err
}

// guarded calls an adapter. One that panics takes neither the daemon with it nor the
// reply: nobody knows what it has done.
func (s *sender) guarded(ctx context.Context, op string, call func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			s.logger.ErrorContext(ctx, "an adapter panicked", "op", op, "stack", string(debug.Stack()))
			err = &channels.Error{
				Channel: s.adapter.Channel, Account: s.adapter.Account, Op: op, Reason: channels.InDoubt,
				Err: fmt.Errorf("the adapter broke off: %v", v),
			}
		}
	}()
	return call()
}

func (s *sender) sendPartly(ctx context.Context, partial channels.PartialSender, r *contact.Reply, reply string, attempt int) (channels.Receipt, error) {
	return partial.SendPartly(ctx, r, func(refused channels.Refusals) error {
		cmd := router.Partly{
			Reply: reply, Attempt: attempt, Life: s.life,
			Refused: placesOf(r, refused.Refused), Deferred: placesOf(r, refused.Deferred),
		}
		cmd.Main = slices.ContainsFunc(cmd.Deferred, func(at int) bool { return at < len(r.To) })
		if refused.Why != nil {
			why := outcomeOf(refused.Why, attempt)
			cmd.Reason, cmd.Code, cmd.RetryAfter = why.Reason, why.Code, why.RetryAfter
		}
		_, err := s.engine.Do(ctx, router.Envelope{Actor: router.ActorSender, Command: cmd})
		fault.On(s.adapter.Channel, fault.SendAfterRefusals)
		return err
	})
}

// placesOf gives where the refused stand among To and then CC. Who stands there
// twice is named once.
func placesOf(r *contact.Reply, refused []string) []int {
	var out []int
	seen := map[string]bool{}
	for i, one := range slices.Concat(r.To, r.CC) {
		if len(r.Only) > 0 && !slices.Contains(r.Only, i) || seen[one.Address] {
			continue
		}
		if slices.Contains(refused, one.Address) {
			seen[one.Address] = true
			out = append(out, i)
		}
	}
	return out
}
