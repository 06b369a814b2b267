package router

import (
	"testing"
	"time"

	"stagecoach/contact"
)

// lingering lets every conversation go on after its reply.
type lingering struct{ Rules }

func (l lingering) Work(ch contact.Channel) Work {
	w := l.Rules.Work(ch)
	w.Linger = 3 * time.Minute
	return w
}

// talk has an agent answer a customer in a live conversation.
func talk(t *testing.T) (r *rig, agent, conversation string) {
	t.Helper()
	r = newRig(t)
	r.rules = lingering{r.rules}
	r.agent("anna", contact.RoleAgent, 100)
	c := r.receive(r.mail("m1", "alice"))
	agent = r.accept(c)
	r.deliver(r.reply(agent, c, contact.Answer, c.LastMessage()))
	if a := r.state.Agents[agent]; a.Load == 0 || r.state.Engagements[c.Conversation] == nil {
		t.Fatalf("after the reply anna has load %d", a.Load)
	}
	r.check()
	return r, agent, c.Conversation
}

func TestLiveConversationComesBackToItsAgent(t *testing.T) {
	r, agent, conversation := talk(t)
	r.agent("bert", contact.RoleAgent, 100)
	r.now = r.now.Add(time.Minute)
	c := r.receive(r.mail("m2", "alice", "m1"))
	if c.Conversation != conversation || c.State != AssignedTo || c.Agent != agent || r.state.Engagements[conversation] != nil {
		t.Errorf("the next message is %s, with %q", c.State, c.Agent)
	}
	r.deliver(r.reply(agent, c, contact.Answer, c.LastMessage()))
	if e := r.state.Engagements[conversation]; e == nil || !e.Until.Equal(r.now.Add(3*time.Minute)) {
		t.Errorf("after the second reply: %+v", e)
	}
	r.check()
}

func TestEngagementEnds(t *testing.T) {
	for name, end := range map[string]func(r *rig, agent, conversation string){
		"when it is quiet": func(r *rig, _, _ string) { r.wait(3 * time.Minute) },
		"by its agent":     func(r *rig, agent, v string) { r.must(agent, Disengage{Conversation: v}) },
		"when they leave": func(r *rig, agent, _ string) {
			r.must(agent, SetPresence{Agent: agent, Presence: contact.Offline, Cause: "self"})
		},
		"when they are removed": func(r *rig, agent, _ string) { r.must(ActorRouter, RemoveAgent{Agent: agent}) },
	} {
		t.Run(name, func(t *testing.T) {
			r, agent, v := talk(t)
			end(r, agent, v)
			if a := r.state.Agents[agent]; len(r.state.Engagements) > 0 || a.Load != 0 {
				t.Errorf("%d go on, load %d", len(r.state.Engagements), a.Load)
			}
			r.check()
		})
	}
}

func TestOnlyTheirsIsEnded(t *testing.T) {
	r, agent, v := talk(t)
	r.agent("bert", contact.RoleAgent, 100)
	r.refused(RefusedNotYours, "bert", Disengage{Conversation: v})
	r.must(agent, Disengage{Conversation: v})
	if res := r.must(agent, Disengage{Conversation: v}); !res.Known {
		t.Error("ended twice")
	}
}

func TestEngagedIsFull(t *testing.T) {
	r, agent, v := talk(t)
	units := r.rules.Work(contact.Email).Units
	var last *Contact
	for i := 0; i*units < 100; i++ {
		last = r.receive(r.mail("n"+string(rune('a'+i)), "c"+string(rune('a'+i))))
	}
	if last.State != Waiting {
		t.Fatalf("the last is %s although a conversation goes on", last.State)
	}
	r.must(agent, Disengage{Conversation: v})
	if last.State != Offered {
		t.Errorf("once it is over the last is %s", last.State)
	}
	r.check()
}
