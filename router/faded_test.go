package router

import (
	"testing"
	"time"

	"stagecoach/contact"
)

// fadeAll takes out of memory whatever may go.
func (r *rig) fadeAll() {
	r.t.Helper()
	r.now = r.now.Add(2 * time.Hour)
	r.must(ActorRouter, Trim{Before: r.state.N + 1})
}

func (r *rig) outbound(id string) {
	r.t.Helper()
	r.must("anna", StartOutbound{
		Identity: "id:alice", Channel: contact.Email, Account: "support", Keys: []string{"mid:" + id},
		Reply: Reply{ID: id, Channel: contact.Email, Account: "support", Ref: "reply." + id},
	})
}

// The mail server is away for hours: what we wrote first is delivered then.
func TestOutboundIsDeliveredAfterHours(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	r.outbound("o1")
	r.fadeAll()
	r.deliver("o1")
	v := r.state.Conversations[r.state.Replies["o1"].Conversation]
	if v == nil || v.State != ConversationWithCustomer || !v.Answered {
		t.Errorf("the conversation is %+v", v)
	}
	r.fadeAll()
	r.fadeAll()
	if len(r.state.Conversations) != 0 || len(r.state.Replies) != 0 {
		t.Error("what is over stays in memory")
	}
	r.check()
}

// A message of ours fails after hours: somebody sees to it.
func TestOutboundThatFailsAfterHoursIsAContact(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	r.outbound("o1")
	r.fadeAll()
	res := r.must(ActorSender, Attempt{Reply: "o1", Life: "life-1"})
	r.must(ActorSender, Outcome{Reply: "o1", Attempt: res.Attempt, Life: "life-1", Permanent: true, Reason: "rejected"})
	if r.state.Totals.Open != 1 {
		t.Errorf("%d contacts are open", r.state.Totals.Open)
	}
	r.check()
}

// A disposal is undone long after, and done again.
func TestReopenedAfterItLeftMemory(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	r.must("anna", Dispose{Contacts: []string{c.ID}, Disposition: contact.Spam})
	facts, conversation := *r.state.Contacts[c.ID], *r.state.Conversations[c.Conversation]
	r.fadeAll()
	if r.state.Contacts[c.ID] != nil || r.state.Conversations[c.Conversation] != nil {
		t.Fatal("it is still in memory")
	}
	r.must("anna", Reopen{Contact: c.ID, Facts: &facts, Conversation: &conversation})
	if v := r.state.Conversations[c.Conversation]; v == nil || v.Contact != c.ID {
		t.Errorf("its conversation is %+v", v)
	}
	r.must("anna", Dispose{Contacts: []string{c.ID}, Disposition: contact.Duplicate})
	r.check()
}

// Without the facts of its conversation it comes back all the same.
func TestReopenedWithoutItsConversation(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	r.must("anna", Dispose{Contacts: []string{c.ID}, Disposition: contact.Spam})
	facts := *r.state.Contacts[c.ID]
	r.fadeAll()
	r.must("anna", Reopen{Contact: c.ID, Facts: &facts})
	r.must("anna", Dispose{Contacts: []string{c.ID}, Disposition: contact.Duplicate})
	r.check()
}
