package desk

import (
	"cmp"
	"context"
	"strings"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/desk/view"
	"stagecoach/ledger"
	"stagecoach/router"
)

// heldUntil says when a held message goes out, by the customer's clock where their
// zone is known.
func (s *Service) heldUntil(ctx context.Context, reply string, state *replyState) string {
	zone := ""
	if err := s.deps.Router.View(ctx, func(st *router.State) {
		if r := st.Replies[reply]; r != nil {
			zone = r.Begins.Zone
		}
	}); err != nil {
		s.log.WarnContext(ctx, "a held message not looked up", "err", err)
	}
	return "Goes out " + s.theirClock(state.until, zone) + ": " + heldWords(state.reason) + "."
}

// theirClock is a moment by the clock of a customer's zone, and by the office's where
// that isn't known.
func (s *Service) theirClock(at time.Time, zone string) string {
	if zone != "" {
		if place, err := time.LoadLocation(zone); err == nil {
			return "at " + at.In(place).Format("15:04 on Mon 2 Jan") + " in their zone (" + zone + ")"
		}
	}
	return "at " + at.In(s.cfg.Zone).Format("15:04 on Mon 2 Jan")
}

// SendHeld lets a held message go now, for a reason.
func (s *Service) SendHeld(ctx context.Context, who Who, commandID, reply, reason string) (view.Done, error) {
	if strings.TrimSpace(reason) == "" {
		return view.Done{}, invalid("Say why it can't wait: the customer is not to be disturbed now.")
	}
	code, remark, err := s.remark(ctx, who, commandID, reason)
	if err != nil {
		return view.Done{}, err
	}
	return s.do(ctx, who, commandID, router.ReleaseHeld{Reply: reply, Remark: cmp.Or(remark, code)})
}

// TakeBack takes a held message back: it is never sent.
func (s *Service) TakeBack(ctx context.Context, who Who, commandID, reply string) (view.Done, error) {
	return s.do(ctx, who, commandID, router.DropHeld{Reply: reply})
}

// beginning says what bounds a message that nobody has asked for.
func beginning(records []*customers.Record, ch contact.Channel, purpose string) router.Beginning {
	b := router.Beginning{Purpose: purpose}
	var said []customers.Consent
	for _, r := range records {
		b.Members = append(b.Members, r.ID)
		said = append(said, r.Consents...)
		b.Zone = cmp.Or(b.Zone, r.Zone)
	}
	b.Allowed = customers.ConsentTo(said, ch, purpose)
	return b
}

// begins says what bounds a conversation that we begin.
func (s *Service) begins(ctx context.Context, who Who, customer, identity string, r *contact.Reply, in *Outbound) (router.Beginning, error) {
	records := s.records(ctx, customer)
	if len(records) == 0 && s.deps.Directory != nil {
		if holder, err := s.deps.Directory.Holder(ctx, identity); err == nil && holder != "" {
			records = s.records(ctx, holder)
		}
	}
	b := beginning(records, r.Channel, cmp.Or(in.Purpose, customers.Service))
	if strings.TrimSpace(in.Urgent) == "" {
		return b, nil
	}
	code, remark, err := s.remark(ctx, who, "urgent "+r.ID, in.Urgent)
	b.Remark = cmp.Or(remark, code)
	return b, err
}

// begunWords says what became of a message that nobody has asked for, before it went.
func (s *Service) begunWords(ctx context.Context, e *ledger.Entry) string {
	switch {
	case e.Kind == "outbound_held":
		return "Our message waits until " + s.moment(e.Until) + ": " + heldWords(e.Reason) + "."
	case e.Kind == "outbound_dropped":
		return s.accounts.name(e.Actor) + " took the message back before it went." + s.saidWords(ctx, e)
	case e.Actor == router.ActorRouter:
		return "Our message goes out now."
	}
	return s.accounts.name(e.Actor) + " sent the message at once." + s.saidWords(ctx, e)
}
