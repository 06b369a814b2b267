package ledger

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"stagecoach/contact"
	"stagecoach/router"
)

func (f *fold) applyWork(ctx context.Context, ev router.Event) error {
	switch e := ev.(type) {
	case router.OfferMade:
		return f.offerMade(ctx, &e)
	case router.OfferEnded:
		return f.offerEnded(ctx, &e)
	case router.Assigned:
		return f.assigned(ctx, &e)
	case router.Unassigned:
		c, v, err := f.knownContact(ctx, e.Contact, "unassigned")
		if c == nil {
			return err
		}
		f.pos.Counts.Unassigned++
		release(&c.facts)
		c.facts.State = router.Waiting
		cool(&c.facts, e.Agent, e.CoolUntil)
		f.touchContact(c)
		f.line(v, c, Entry{Kind: "unassigned", Actor: e.By, Agent: e.Agent, Reason: e.Reason, Remark: e.Remark, Until: e.CoolUntil})
	default:
		return fmt.Errorf("event %T is not about the work on a contact", ev)
	}
	return nil
}

func (f *fold) offerMade(ctx context.Context, e *router.OfferMade) error {
	c, v, err := f.knownContact(ctx, e.Contact, "offer_made")
	if c == nil {
		return err
	}
	f.pos.Counts.Offers.Made++
	c.fate.Offered++
	c.facts.State = router.Offered
	c.facts.Offers = append(c.facts.Offers, e.Offer)
	f.touchContact(c)
	why := e.Why
	f.line(v, c, Entry{
		Kind: "offer_made", Item: e.Offer, Agent: e.Agent, Until: e.Expires,
		Detail: Detail{Policy: e.Policy, Why: &why, Units: e.Units},
	})
	return nil
}

func (f *fold) offerEnded(ctx context.Context, e *router.OfferEnded) error {
	c, v, err := f.knownContact(ctx, e.Contact, "offer_ended")
	if c == nil {
		return err
	}
	if !slices.Contains(c.facts.Offers, e.Offer) {
		f.gap(GapUnknown, "offer "+e.Offer, "it ended and did not stand")
		return nil
	}
	o := &f.pos.Counts.Offers
	switch e.End {
	case router.OfferDeclined:
		o.Declined++
		c.fate.Declined++
	case router.OfferExpired:
		o.Expired++
		c.fate.Missed++
	case router.OfferRevoked:
		o.Revoked++
	}
	dropOffer(&c.facts, e.Offer)
	if len(c.facts.Offers) == 0 && c.facts.State == router.Offered {
		c.facts.State = router.Waiting
	}
	cool(&c.facts, e.Agent, e.CoolUntil)
	f.touchContact(c)
	f.line(v, c, Entry{
		Kind: "offer_ended", Item: e.Offer, Agent: e.Agent, Code: string(e.End), Reason: e.Reason,
		Until: e.CoolUntil, Detail: Detail{Missed: e.Missed},
	})
	return nil
}

func (f *fold) assigned(ctx context.Context, e *router.Assigned) error {
	c, v, err := f.knownContact(ctx, e.Contact, "assigned")
	if c == nil {
		return err
	}
	f.pos.Counts.Assigned++
	if e.Offer != "" {
		f.pos.Counts.Offers.Accepted++
		dropOffer(&c.facts, e.Offer)
	}
	release(&c.facts)
	c.facts.State, c.facts.Agent, c.facts.AssignedAt, c.facts.Units = router.AssignedTo, e.Agent, f.at, e.Units
	c.facts.WarnAt, c.facts.PullAt, c.facts.RecallAt, c.facts.Warned = e.WarnAt, e.PullAt, e.RecallAt, false
	r, err := f.reply(ctx, c.facts.Reply)
	if err != nil {
		return err
	}
	if r != nil && r.facts.SettledN == 0 {
		c.facts.State = router.Sending
	}
	f.touchContact(c)
	f.line(v, c, Entry{
		Kind: "assigned", Actor: e.By, Item: e.Offer, Agent: e.Agent, Reason: e.Reason, Remark: e.Remark,
		Detail: Detail{Units: e.Units, Override: e.Override},
	})
	return nil
}

func dropOffer(c *router.Contact, id string) {
	c.Offers = slices.DeleteFunc(c.Offers, func(x string) bool { return x == id })
}

func cool(c *router.Contact, agent string, until time.Time) {
	if until.IsZero() {
		return
	}
	if c.Cool == nil {
		c.Cool = map[string]time.Time{}
	}
	c.Cool[agent] = until
}

// applyContact folds what changes one thing of a contact.
func (f *fold) applyContact(ctx context.Context, ev router.Event) error {
	var id string
	var e Entry
	var change func(c *contactRow)
	switch ev := ev.(type) {
	case router.MessageJoined:
		id, e = ev.Contact, Entry{Item: ev.Message.ID, Until: ev.Due}
		change = func(c *contactRow) {
			c.facts.JoinBy(&ev)
		}
	case router.HolderWarned:
		id, e = ev.Contact, Entry{Agent: ev.Agent}
		change = func(c *contactRow) { c.facts.Warned = true }
	case router.HoldExtended:
		id, e = ev.Contact, Entry{Until: ev.PullAt}
		change = func(c *contactRow) { c.facts.PullAt = ev.PullAt }
	case router.Moved:
		id = ev.Contact
		e = Entry{Actor: ev.By, Code: ev.Queue, Reason: ev.Reason, Remark: ev.Remark, Detail: Detail{Cleared: ev.Cleared}}
		change = func(c *contactRow) { c.facts.Move(&ev) }
	case router.AtRisk:
		id = ev.Contact
		change = func(c *contactRow) { c.facts.Risky = true }
	case router.MissForeseen:
		id, e = ev.Contact, Entry{Code: strconv.Itoa(ev.Chance)}
		change = func(c *contactRow) { c.facts.Foreseen = true }
	case router.Breached:
		id = ev.Contact
		change = f.breach
	case router.NobodyAble:
		id, e = ev.Contact, Entry{Reason: string(ev.Lacks)}
		change = func(c *contactRow) { c.facts.NobodyAble, c.facts.NobodyTold = ev.Lacks, false }
	default:
		return fmt.Errorf("event %T does not change a contact", ev)
	}
	e.Kind = router.EventName(ev)
	c, v, err := f.knownContact(ctx, id, e.Kind)
	if c == nil {
		return err
	}
	change(c)
	if e.Until.IsZero() {
		e.Until = c.facts.Due
	}
	f.touchContact(c)
	f.line(v, c, e)
	if joined, ok := ev.(router.MessageJoined); ok {
		return f.take(ctx, c, []router.MsgRef{joined.Message})
	}
	return nil
}

func (f *fold) breach(c *contactRow) {
	if c.facts.Breached {
		f.gap(GapTwice, "contact "+c.facts.ID, "its breach was recorded twice")
	}
	c.facts.Risky, c.facts.Breached = true, true
	f.pos.Counts.Contacts.Breached++
}

// contactsRevised folds what another policy set made of open contacts. One of
// which only the weights have changed has no line.
func (f *fold) contactsRevised(ctx context.Context, e *router.ContactsRevised) error {
	for i := range e.Contacts {
		one := &e.Contacts[i]
		c, v, err := f.knownContact(ctx, one.Contact, "contacts_revised")
		if err != nil {
			return err
		}
		if c == nil {
			continue
		}
		was := c.facts.Due
		c.facts.Revise(one, e.Policy, f.at)
		f.touchContact(c)
		if line := (Entry{Kind: "contacts_revised", Until: c.facts.Due, Detail: Detail{Policy: e.Policy}}); one.Class != nil || !was.Equal(c.facts.Due) {
			if one.Class != nil {
				line.Detail.Class, line.Detail.Queue, line.Detail.Rule = c.facts.Class, c.facts.Queue, c.facts.Rule
			}
			f.line(v, c, line)
		}
	}
	return nil
}

func (f *fold) lastResortTold(ctx context.Context, e *router.LastResortTold) error {
	for _, id := range e.Contacts {
		c, v, err := f.knownContact(ctx, id, "last_resort_told")
		if err != nil {
			return err
		}
		if c != nil {
			c.facts.NobodyTold = c.facts.NobodyAble != ""
			f.touchContact(c)
			f.line(v, c, Entry{Kind: "last_resort_told", Until: c.facts.Due, Reason: c.facts.LastResort})
		}
	}
	f.line(nil, nil, Entry{Kind: "last_resort_told", Code: strconv.Itoa(e.Total), Detail: Detail{Breached: e.Breached, Impossible: e.Impossible}})
	return nil
}

// covers reports whether a reply of this kind ends its contact when delivered.
func covers(k contact.ReplyKind) bool { return router.Covers(k) }
