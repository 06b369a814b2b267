package main

import (
	"context"
	"slices"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/fault"
	"stagecoach/router"
)

// handOver sends a reply. Where the provider refuses some of its recipients, the
// log has that before the others get it: whatever happens then, those who were
// refused for a time get it later, and nobody twice.
func (s *sender) handOver(ctx context.Context, r *contact.Reply, reply string, attempt int) (channels.Receipt, error) {
	partial, ok := s.adapter.Sender.(channels.PartialSender)
	if !ok {
		return s.adapter.Sender.Send(ctx, r)
	}
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
