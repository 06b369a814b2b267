package router

import (
	"testing"
	"time"

	"stagecoach/contact"
)

// remainders gives the replies that go to those alone who were refused.
func (r *rig) remainders() []*Reply {
	var out []*Reply
	for _, one := range r.state.Replies {
		if one.Kind == contact.Remainder {
			out = append(out, one)
		}
	}
	return out
}

// partly begins an attempt in which some are refused, for a time or for good.
func (r *rig) partly(reply string, main bool) int {
	r.t.Helper()
	attempt := r.must(ActorSender, Attempt{Reply: reply, Life: "life-1"}).Attempt
	r.must(ActorSender, Partly{
		Reply: reply, Attempt: attempt, Life: "life-1", Refused: []int{2}, Deferred: []int{1}, Main: main,
		Reason: "unavailable", Code: "4.2.0", RetryAfter: 5 * time.Minute,
	})
	return attempt
}

func TestDeferredRecipientsGetTheReplyLater(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	id := r.replyCopied("anna", c, "id:bob")
	attempt := r.partly(id, false)
	r.must(ActorSender, Outcome{Reply: id, Attempt: attempt, Life: "life-1", Delivered: true})
	if c = r.state.Contacts[c.ID]; c.End != EndReplied {
		t.Fatalf("the contact is %s", c.State)
	}
	rest := r.remainders()
	if len(rest) != 1 || rest[0].Of != id || len(rest[0].Only) != 1 || rest[0].Only[0] != 1 || rest[0].Ref != r.state.Replies[id].Ref {
		t.Fatalf("the rest is %+v", rest)
	}
	r.refused(RefusedEarly, ActorSender, Attempt{Reply: rest[0].ID, Life: "life-1"})
	r.wait(5 * time.Minute)
	r.deliver(rest[0].ID)
	if len(r.state.Unsent()) != 0 || r.state.Totals.Open != 0 || r.state.Totals.Replied != 1 {
		t.Errorf("%d are unsent, %+v", len(r.state.Unsent()), r.state.Totals)
	}
	r.check()
}

// The process dies after the provider took the reply and before that was
// recorded: whoever finds out that it was taken need not know of the rest.
func TestDeferredRecipientsAreKnownAfterACrash(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	id := r.replyCopied("anna", r.receive(r.mail("m1", "alice")), "id:bob")
	r.partly(id, false)
	r.must(ActorRouter, Begin{Life: "life-2"})
	if state := r.state.Replies[id].State; state != ReplyIsInDoubt {
		t.Fatalf("the reply is %s", state)
	}
	r.must(ActorSender, Resolve{Reply: id, Delivered: true})
	if n := len(r.remainders()); n != 1 {
		t.Errorf("%d remainders, want 1", n)
	}
	r.must(ActorSender, Outcome{Reply: id, Attempt: 1, Life: "life-1", Delivered: true}) // of the dead
	if n := len(r.remainders()); n != 1 {
		t.Errorf("%d remainders, want 1", n)
	}
	r.check()
}

// What was said of one attempt's recipients does not count for the next.
func TestRefusedRecipientsOfAnEarlierAttempt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	id := r.replyCopied("anna", r.receive(r.mail("m1", "alice")), "id:bob")
	attempt := r.partly(id, false)
	r.must(ActorSender, Outcome{Reply: id, Attempt: attempt, Life: "life-1", Reason: "unavailable", RetryAfter: time.Minute})
	r.refused(RefusedAttempt, ActorSender, Partly{Reply: id, Attempt: attempt, Life: "life-1", Deferred: []int{0}})
	r.wait(time.Minute)
	r.deliver(id)
	if rest := r.remainders(); len(rest) != 0 {
		t.Errorf("the rest is %+v", rest[0])
	}
}

// Who stands in To and never got it is a person's to see to, who got a copy not.
func TestRemainderThatFails(t *testing.T) {
	t.Parallel()
	for _, main := range []bool{true, false} {
		r := newRig(t)
		r.agent("anna", contact.RoleAgent, 100)
		c := r.receive(r.mail("m1", "alice"))
		due := c.Due
		id := r.replyCopied("anna", c, "id:bob")
		attempt := r.partly(id, main)
		r.must(ActorSender, Outcome{Reply: id, Attempt: attempt, Life: "life-1", Delivered: true})
		if main { // a contact that nothing awaits leaves memory
			r.must(ActorRouter, Trim{Before: r.state.N + 1})
		}
		r.wait(5 * time.Minute)
		rest := r.remainders()[0].ID
		attempt = r.must(ActorSender, Attempt{Reply: rest, Life: "life-1"}).Attempt
		r.must(ActorSender, Outcome{Reply: rest, Attempt: attempt, Life: "life-1", Permanent: true, Reason: "rejected", Code: "5.1.1"})
		want := map[bool]uint64{true: 1, false: 0}[main]
		if r.state.Totals.Open != want {
			t.Errorf("in To is %v: %d are open, want %d", main, r.state.Totals.Open, want)
		}
		if back := r.state.Contacts[c.ID]; back.Open() != main || !back.Due.Equal(due) {
			t.Errorf("in To is %v: the contact is %s, due %v, want %v (I5)", main, back.State, back.Due, due)
		}
		r.check()
	}
}

func TestBounceOfACopy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		failed []string
		open   uint64
	}{
		"the copy alone":              {[]string{"id:bob"}, 0},
		"all copies":                  {[]string{"id:bob", "id:carol"}, 0},
		"the customer":                {[]string{"id:alice"}, 1},
		"the customer and a copy":     {[]string{"id:bob", "id:alice"}, 1},
		"whom the report has renamed": {[]string{"id:alice-at-home"}, 1},
		"nobody is named":             {nil, 1},
	} {
		for _, faded := range []bool{false, true} {
			r := newRig(t)
			r.agent("anna", contact.RoleAgent, 100)
			id := r.replyCopied("anna", r.receive(r.mail("m1", "alice")), "id:bob", "id:carol")
			r.deliver(id)
			dsn := r.mail("dsn", "mailer")
			dsn.Bounce = &BounceFact{Permanent: true, Code: "5.1.1", Key: "mid:" + id, Failed: c.failed}
			if faded {
				reply, ended := *r.state.Replies[id], *r.state.Contacts[r.state.Replies[id].Contact]
				conversation := *r.state.Conversations[ended.Conversation]
				r.wait(2 * time.Hour)
				r.must(ActorRouter, Trim{Before: r.state.N + 1})
				dsn.AsOf, dsn.Known = r.state.N, map[string]Found{"mid:" + id: {
					Kind: KeyReply, Reply: id, Contact: ended.ID, Conversation: ended.Conversation,
					ReplyFacts: &reply, ContactFacts: &ended, ConversationFacts: &conversation,
				}}
			}
			r.must(ActorIntake, *dsn)
			if r.state.Totals.Open != c.open {
				t.Errorf("%s, faded is %v: %d are open, want %d", name, faded, r.state.Totals.Open, c.open)
			}
			if got := r.state.Totals; got.Opened != got.Open+got.Replied {
				t.Errorf("%s: %+v", name, got)
			}
		}
	}
}
