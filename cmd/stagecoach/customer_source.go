package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"stagecoach/desk/portal"
	"stagecoach/ledger"
	"stagecoach/policies"
	"stagecoach/router"
)

// customerPages is what the customers' own pages show and do.
type customerPages struct{ d *Daemon }

var _ portal.Source = customerPages{}

// matter is a conversation as its customer's page knows it.
type matter struct {
	ledger.ConversationRow
	// contact is the open one, or the last; nil where there was none.
	contact *router.Contact
}

// matter finds a conversation, live from the router or from the ledger; ErrGone where
// its customer was erased.
func (p customerPages) matter(ctx context.Context, id string) (*matter, error) {
	row, err := p.row(ctx, id)
	if err != nil {
		return nil, err
	}
	m := &matter{ConversationRow: row}
	erased := false
	err = p.d.engine.View(ctx, func(st *router.State) {
		erased = st.Erased(row.Customer)
		live := st.Conversations[id]
		if live == nil {
			return
		}
		m.State, m.PageEpoch, m.LastAgent, m.Contact = live.State, live.PageEpoch, live.LastAgent, live.Contact
		if c := st.Contacts[cmp.Or(live.Contact, row.LastContact)]; c != nil {
			m.contact = &router.Contact{
				ID: c.ID, State: c.State, Due: c.Due, Start: c.Start, Agent: c.Agent, Language: c.Language, Channel: c.Channel, Account: c.Account,
				Class: c.Class, Kind: c.Kind, Queue: c.Queue, Tier: c.Tier, End: c.End, Promise: c.Promise,
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("looking up a conversation: %w", err)
	}
	if erased {
		return nil, portal.ErrGone
	}
	if m.contact == nil && row.LastContact != "" {
		last, err := p.d.ledger.Contact(ctx, row.LastContact)
		if err != nil && !errors.Is(err, ledger.ErrNotFound) {
			return nil, err
		}
		if err == nil {
			m.contact = &last.Contact
		}
	}
	return m, nil
}

// behindTime is how long a page waits for the ledger to know what the router does.
const behindTime = 5 * time.Second

// row gives a conversation from the ledger, ErrGone where it has none. A link may be
// opened before the ledger has caught up, at the latest while it is built anew: that is
// waited for, since nobody is told then that their link holds no longer.
func (p customerPages) row(ctx context.Context, id string) (ledger.ConversationRow, error) {
	row, err := p.d.ledger.Conversation(ctx, id)
	if !errors.Is(err, ledger.ErrNotFound) {
		return row, err
	}
	var n uint64
	if err := p.d.engine.View(ctx, func(st *router.State) { n = st.N }); err != nil {
		return row, fmt.Errorf("looking up a conversation: %w", err)
	}
	limited, cancel := context.WithTimeout(ctx, behindTime)
	defer cancel()
	if err := p.d.ledger.WaitFor(limited, n); err != nil {
		return row, err
	}
	if row, err = p.d.ledger.Conversation(ctx, id); errors.Is(err, ledger.ErrNotFound) {
		err = portal.ErrGone
	}
	return row, err
}

// Standing implements portal.Source.
func (p customerPages) Standing(ctx context.Context, conversation string) (*portal.Standing, error) {
	m, err := p.matter(ctx, conversation)
	if errors.Is(err, portal.ErrGone) {
		row, rerr := p.row(ctx, conversation)
		if rerr != nil {
			return nil, rerr
		}
		return p.restricted(ctx, &row)
	}
	if err != nil {
		return nil, err
	}
	out := &portal.Standing{State: portal.StateNothing, Epoch: m.PageEpoch, LastAt: m.LastAt, Zone: time.Local}
	c := m.contact
	if c == nil {
		return out, nil
	}
	out.Language, out.AskedAt, out.Zone = c.Language, c.Start, p.zone(c)
	agent := c.Agent
	switch {
	case !c.Open():
		agent = m.LastAgent
		out.State = endedState(m.State, c.End)
	case c.State == router.Sending:
		out.State = portal.StateSending
	case c.State == router.AssignedTo:
		out.State = portal.StateHeld
	default:
		out.State = portal.StateWaiting
	}
	if c.Open() {
		out.Due, out.Late = c.Due, time.Now().After(c.Due)
	}
	out.Name = p.d.desk.AgentName(agent)
	return out, nil
}

func endedState(state router.ConversationState, end router.EndKind) portal.State {
	switch {
	case state == router.ConversationWithCustomer:
		return portal.StateWithYou
	case end == router.EndReplied:
		return portal.StateAnswered
	}
	return portal.StateEnded
}

// zone is the clock of the promise's calendar, as in a receipt.
func (p customerPages) zone(c *router.Contact) *time.Location {
	set := p.d.policy.Load()
	f := policies.Facts{
		Channel: c.Channel, Account: c.Account, Class: c.Class, Kind: c.Kind, Queue: c.Queue, Language: c.Language, Tier: c.Tier,
	}
	if own, ok := set.Calendar(set.Promise(f).Calendar).(interface{ Location() *time.Location }); ok {
		return own.Location()
	}
	return time.Local
}
