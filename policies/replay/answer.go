package replay

import (
	"strconv"
	"time"

	"stagecoach/contact"
	"stagecoach/router"
)

// draftAt says when a draft was last saved: who works on a contact saves it all the
// time.
func (w *world) draftAt(id string) time.Time {
	one := w.jobs[id]
	if one == nil || one.silent || one.who == nil || one.who.hands.Paused && !one.sending {
		return time.Time{}
	}
	return w.Now
}

// written ends the work on a contact: by a reply, or by saying why none is needed.
func (w *world) written(p *person, one *job) error {
	if w.jobs[one.contact] != one || one.sending || one.who != p {
		return nil
	}
	t := w.turnOf(one)
	if t.disposedBy() && !one.extra {
		return w.dispose(one, p.id, t.Disposition)
	}
	one.sending = true
	w.Plan(w.Now.Add(w.Model.delivered(w.luck, t, t.Facts.Channel)), func() error { return w.reply(p, one) })
	return nil
}

// reply delivers the answer to a contact.
func (w *world) reply(p *person, one *job) error {
	c := w.State.Contacts[one.contact]
	if c == nil || !c.Open() {
		return nil
	}
	t := w.turnOf(one)
	last := one.turns[len(one.turns)-1]
	w.replies++
	r := router.Reply{
		ID: "r" + strconv.Itoa(w.replies), Kind: contact.Answer, Contact: c.ID, Channel: c.ReplyChannel, Account: c.Account,
		Covers: one.cover, Ref: "r",
	}
	if c.LastMessage() == "" {
		r.Covers = ""
	}
	if t.End == router.EndReplied && router.Covers(t.Reply) && !one.extra {
		r.Kind = t.Reply
	}
	if r.Kind == contact.Pledge {
		r.PledgeDue = w.Now.Add(t.PledgeDue.Sub(t.Ended))
	}
	if one.next != nil {
		w.carried = one.next
	} else if last.Place+1 < len(last.Chain.Turns) {
		w.carried = last.Chain.Turns[last.Place+1]
	}
	done, err := w.tolerant(p.id, router.Send{Delivered: true, Reply: r})
	if err == nil && !done && r.Kind == contact.Pledge { // promised too late for this set: it is answered
		r.Kind, r.PledgeDue = contact.Answer, time.Time{}
		done, err = w.tolerant(p.id, router.Send{Delivered: true, Reply: r})
	}
	w.carried = nil
	if err != nil || done {
		return err
	}
	one.sending = false // refused: whoever has it keeps it, and it is not answered
	return nil
}

// ended notes what became of the turns that a contact stood for.
func (w *world) ended(e *router.ContactEnded) {
	one := w.jobs[e.Contact]
	if one == nil {
		return
	}
	w.taken(e.Contact)
	delete(w.jobs, e.Contact)
	c := w.State.Contacts[e.Contact]
	if len(one.turns) == 0 {
		return
	}
	if one.extra {
		return
	}
	if one.next != nil && e.Left == 0 {
		one.turns = append(one.turns, one.next)
		w.came(one, one.next)
	}
	last := one.turns[len(one.turns)-1]
	for _, t := range one.turns {
		out := &w.run.Outcomes[t.Index]
		out.End, out.Ended, out.Agent, out.Due = e.End, w.Now, e.By, c.Due
	}
	if e.End != router.EndReplied {
		return
	}
	w.knows[last.Chain.Customer] = e.By
	v := w.chains[last.Chain]
	if conv := w.State.Conversations[c.Conversation]; conv != nil {
		facts := *conv
		facts.Contact = ""
		v.facts = &facts
	}
	w.finish(last, e.By, c.Conversation)
}

// finish plans what comes behind an answer: the customer's next message, and the end
// of a live conversation by its agent's word.
func (w *world) finish(t *Turn, agent, conversation string) {
	w.Plan(w.Now, func() error { w.follow(t); return nil })
	if t.Done.IsZero() || t.End != router.EndReplied {
		return
	}
	w.Plan(w.Now.Add(max(0, t.Done.Sub(t.Ended))), func() error {
		if live := w.State.Engagements[conversation]; live == nil || live.Agent != agent {
			return nil
		}
		_, err := w.tolerant(agent, router.Disengage{Conversation: conversation})
		return err
	})
}
