package router

import (
	"slices"
	"testing"

	"stagecoach/contact"
	"stagecoach/customers"
)

// replyBy answers a contact on another channel than its own.
func (r *rig) replyBy(agent string, c *Contact, ch contact.Channel, account string) string {
	r.t.Helper()
	id := "by-" + string(ch)
	r.must(agent, Send{
		Reply: Reply{ID: id, Kind: contact.Answer, Contact: c.ID, Channel: ch, Account: account, Covers: c.LastMessage(), Ref: "reply." + id},
		Keys:  []string{"mid:" + id}, Participants: []string{"id:alice@" + string(ch)},
	})
	return id
}

// An answer by e-mail to what came by chat: what the customer answers joins the
// conversation, and a bounce has the contact answered in the chat again.
func TestAnswerOnAnotherChannel(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.agent("anna", contact.RoleAgent, 100)
	c := r.chat("m1", "visitor")
	agent := r.accept(c)
	r.must(agent, ChooseReply{Contact: c.ID, Channel: contact.Email, Source: customers.PreferStated})
	if c.ReplyChannel != contact.Email || c.Demand.ReplyChannel != contact.Email || c.ReplyBy.By != agent || c.ReplyBy.Source != "stated" {
		t.Fatalf("chosen: %s, %+v", c.ReplyChannel, c.ReplyBy)
	}
	if got := r.state.Agents[agent].held; len(got) != 1 || got[0].Channel != contact.Email || got[0].Count != 1 || got[0].Units != c.Units {
		t.Errorf("held by channel: %+v, want %d units by e-mail", got, c.Units)
	}
	id := r.replyBy(agent, c, contact.Email, "support")
	r.deliver(id)
	dsn := r.mail("dsn", "mailer")
	dsn.Bounce = &BounceFact{Permanent: true, Code: "5.1.1", Key: "mid:" + id}
	r.must(ActorIntake, *dsn)
	c = r.state.Contacts[c.ID]
	if !c.Open() || c.ReplyChannel != contact.WebChat || !slices.Equal(c.Tried, []contact.Channel{contact.Email}) {
		t.Fatalf("after the bounce: %s, answered by %s (%+v), tried %v", c.State, c.ReplyChannel, c.ReplyBy, c.Tried)
	}
	r.check()
	r.deliver(r.replyBy(agent, c, contact.WebChat, "shop"))
	back := r.mail("m2", "alice@email", id)
	if next := r.receive(back); next.Conversation != c.Conversation || next.Channel != contact.Email {
		t.Errorf("the answer by mail opened %+v, want one in %s", next, c.Conversation)
	}
	r.check()
}

// Who holds a contact and doesn't work on the channel by which it is answered now gives
// it back; nobody moves one to a channel that they don't work on.
func TestChosenChannelNeedsSomebody(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.able("anna", true, AgentProfile{Channels: []contact.Channel{contact.WebChat}})
	c := r.chat("m1", "visitor")
	r.accept(c)
	r.must(ActorRouter, SetAgent{Agent: AgentProfile{ID: "lead", Role: contact.RoleSupervisor, Channels: []contact.Channel{contact.WebChat}}})
	r.able("carl", false, AgentProfile{})
	r.refused(RefusedNotYours, "carl", ChooseReply{Contact: c.ID, Channel: contact.Email})
	r.refused(RefusedNotAllowed, "anna", ChooseReply{Contact: c.ID, Channel: contact.Email})
	r.refused(RefusedInvalid, "anna", ChooseReply{Contact: c.ID, Channel: "fax"})
	r.must("lead", ChooseReply{Contact: c.ID, Channel: contact.Email, Source: customers.PreferStated})
	if c.State != Waiting || c.Agent != "" {
		t.Errorf("it is %s with %q", c.State, c.Agent)
	}
	r.check()
	r.able("ben", true, AgentProfile{Channels: []contact.Channel{contact.Email, contact.WebChat}})
	if got := r.accept(c); got != "ben" {
		t.Errorf("%s took it", got)
	}
	r.check()
}

// They go on by another channel, and nothing is known of what they prefer: the answer
// follows.
func TestAnswerFollowsTheCustomer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.chat("m1", "visitor")
	m := r.mail("m2", "visitor", "m1")
	m.Threads = []string{"mid:m1"}
	m.Identity = "id:visitor"
	if got := r.receive(m); got.ID != c.ID || got.ReplyChannel != contact.Email {
		t.Errorf("joined %s, answered by %s", got.ID, got.ReplyChannel)
	}
	r.check()
}
