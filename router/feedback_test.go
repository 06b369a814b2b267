package router

import (
	"os"
	"strings"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/policies"
)

// rated is what a customer says on the page of a contact that was answered.
func (r *rig) rated(id string, c *Contact, fb FeedbackFact) *Receive {
	r.t.Helper()
	m := r.mail(id, "alice")
	fb.Contact = c.ID
	m.Kind, m.Source, m.Feedback, m.Threads = KindFeedback, "page/support", &fb, []string{"mid:m1"}
	m.Class, m.Queue = "small talk", "elsewhere"
	return m
}

// following loads the built-in set with another feedback.
func following(t failer, feedback string) Rules {
	t.Helper()
	set, err := policies.LoadFiles("test", map[string][]byte{"escalation.yaml": []byte("version: 1\nfeedback: " + feedback + "\n")})
	if err != nil {
		t.Fatal(err)
	}
	return RulesOf(set)
}

// answered is a contact whose answer anna gave.
func (r *rig) answered() *Contact {
	r.t.Helper()
	r.agent("anna", contact.RoleAgent, 100)
	m := r.mail("m1", "alice")
	m.Class, m.Queue = "billing", "invoices"
	c := r.receive(m)
	r.deliver(r.reply(r.accept(c), c, contact.Answer, c.LastMessage()))
	return c
}

func feedbackStory(r *rig) {
	c := r.answered()
	r.agent("lead", contact.RoleSupervisor, 0)
	r.must(ActorIntake, *r.rated("f1", c, FeedbackFact{Rating: contact.RatedGood, Kind: contact.FeedbackPraise, Agent: "anna", Words: true}))
	r.must(ActorIntake, *r.rated("f2", c, FeedbackFact{Rating: contact.RatedBad, Kind: contact.FeedbackComplaint, Agent: "anna"}))
	r.must("lead", DecideIdea{Idea: "f1", Conversation: c.Conversation, State: IdeaPlanned, Ref: "reason.1"})
	r.must(ActorCustomer, EndPageLinks{Conversation: c.Conversation})
}

func TestFeedbackGolden(t *testing.T) {
	t.Parallel()
	if *update == "log-feedback" {
		r := newRig(t)
		feedbackStory(r)
		writeGolden(t, r, *update)
	}
}

// byLinkStory is of votes by the link alone, one of which the customer changes.
func byLinkStory(r *rig) {
	c := r.answered()
	r.must(ActorIntake, *r.rated("f1", c, FeedbackFact{Rating: contact.RatedBad, Kind: contact.FeedbackComplaint, Agent: "anna", ByLink: true}))
	r.must(ActorIntake, *r.rated("f2", c, FeedbackFact{Rating: contact.RatedGood, Kind: contact.FeedbackPraise, Agent: "anna", Words: true}))
}

func TestByLinkGolden(t *testing.T) {
	t.Parallel()
	if *update == "log-bylink" {
		r := newRig(t)
		byLinkStory(r)
		writeGolden(t, r, *update)
	}
	golden, err := os.ReadFile("testdata/log-bylink.jsonl")
	if err != nil || strings.Count(string(golden), `"by_link":true`) != 1 {
		t.Errorf("the log of votes by link has %d of them, %v", strings.Count(string(golden), `"by_link":true`), err)
	}
}

// Praise is counted and opens nothing.
func TestPraiseOpensNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.answered()
	opened := r.state.Totals.Opened
	res := r.must(ActorIntake, *r.rated("f1", c, FeedbackFact{Rating: contact.RatedGood, Kind: contact.FeedbackPraise, Agent: "anna", Words: true}))
	given := lastOf[FeedbackGiven](r)
	if given.Agent != "anna" || given.Contact != c.ID || given.Ref == "" || given.Follow != "" || given.Feedback != res.Message {
		t.Errorf("recorded as %+v", given)
	}
	if r.state.Totals.Opened != opened {
		t.Error("praise has opened a contact")
	}
	if again := r.must(ActorIntake, *r.rated("f1", c, FeedbackFact{Rating: contact.RatedGood})); !again.Known {
		t.Error("the same click counts twice")
	}
}

// A bad answer opens a contact with a promise of its own and the demand of the one
// that was answered; whoever gave the answer isn't asked first.
func TestBadAnswerIsFollowedUp(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.answered()
	r.agent("bert", contact.RoleAgent, 100)
	r.now = r.now.Add(26 * time.Hour)
	r.must(ActorIntake, *r.rated("f1", c, FeedbackFact{Rating: contact.RatedBad, Kind: contact.FeedbackComplaint, Agent: "anna"}))
	next := r.state.Contacts[lastOf[FeedbackGiven](r).Follow]
	switch {
	case next == nil:
		t.Fatal("nobody sees to it")
	case !next.Start.Equal(r.now) && next.Start.Before(c.Start):
		t.Errorf("its promise starts at %s", next.Start)
	case !next.Due.After(r.now):
		t.Errorf("it is due at %s", next.Due)
	case next.Class != "billing" || next.Queue != "invoices" || next.Kind != "complaint" || next.FollowsUp != c.ID:
		t.Errorf("class %q, queue %q, kind %q, follows %q", next.Class, next.Queue, next.Kind, next.FollowsUp)
	case next.Prefer != "" || !next.Cool["anna"].After(r.now):
		t.Errorf("prefers %q, passes over %v", next.Prefer, next.Cool)
	}
	for _, id := range next.Offers {
		if got := r.state.Offers[id].Agent; got != "bert" {
			t.Errorf("offered to %s", got)
		}
	}
	if len(next.Offers) == 0 {
		t.Error("bert isn't asked")
	}
	m := r.rated("f2", c, FeedbackFact{Rating: contact.RatedBad, Agent: "anna", Words: true})
	r.must(ActorIntake, *m)
	if got := lastOf[FeedbackGiven](r).Follow; got != next.ID || len(next.Messages) != 2 {
		t.Errorf("a second word went to %s", got)
	}
	if problems := invariants(r.state); len(problems) > 0 {
		t.Error(problems)
	}
}

func TestFollowUpByPolicy(t *testing.T) {
	t.Parallel()
	for _, one := range []struct {
		name, feedback string
		check          func(t *testing.T, c *Contact)
	}{
		{"never", "{follow_up: never}", func(t *testing.T, c *Contact) {
			t.Helper()
			if c != nil {
				t.Error("a contact was opened")
			}
		}},
		{"anyone", "{follow_up: anyone, queue: second look}", func(t *testing.T, c *Contact) {
			t.Helper()
			if c == nil || c.Prefer != "anna" || len(c.Cool) > 0 || c.Queue != "second look" {
				t.Errorf("%+v", c)
			}
		}},
		{"lead", "{follow_up: another, lead: boss@example.com, apart: 0}", func(t *testing.T, c *Contact) {
			t.Helper()
			if c == nil || len(c.Preferred) != 1 || c.Preferred[0] != "boss" || len(c.Cool) > 0 {
				t.Errorf("%+v", c)
			}
		}},
	} {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.agent("boss", contact.RoleSupervisor, 1)
			r.knows("boss@example.com", "boss")
			c := r.answered()
			r.rules = following(t, one.feedback)
			r.must(ActorIntake, *r.rated("f1", c, FeedbackFact{Rating: contact.RatedBad, Agent: "anna"}))
			one.check(t, r.state.Contacts[lastOf[FeedbackGiven](r).Follow])
		})
	}
}

// What is said on the page of an erased customer leads nowhere.
func TestFeedbackOfErased(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.answered()
	r.agent("lead", contact.RoleSupervisor, 0)
	r.must("lead", Erase{Erasure: "e1", Customers: []string{c.Customer}})
	r.must(ActorIntake, *r.rated("f1", c, FeedbackFact{Rating: contact.RatedBad, Agent: "anna"}))
	if r.state.Totals.Open != 0 {
		t.Error("a contact was opened")
	}
}

func TestIdeaAndLinksAreDecidedByWhoMay(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.answered()
	r.agent("lead", contact.RoleSupervisor, 0)
	idea := DecideIdea{Idea: c.ID, Conversation: c.Conversation, State: IdeaDone}
	r.refused(RefusedNotAllowed, "anna", idea)
	r.must("lead", idea)
	idea.State = "perhaps"
	r.refused(RefusedInvalid, "lead", idea)
	r.refused(RefusedNotAllowed, ActorIntake, EndPageLinks{Conversation: c.Conversation})
	r.must("anna", EndPageLinks{Conversation: c.Conversation})
	r.must(ActorCustomer, EndPageLinks{Conversation: c.Conversation})
	if got := r.state.Conversations[c.Conversation].PageEpoch; got != 2 {
		t.Errorf("epoch %d", got)
	}
	r.refused(RefusedNotFound, "anna", EndPageLinks{Conversation: "nowhere"})
}

// lastOf gives the last event of a kind.
func lastOf[E Event](r *rig) E {
	r.t.Helper()
	var found E
	for _, line := range r.log {
		c, err := DecodeCommit(line)
		if err != nil {
			r.t.Fatal(err)
		}
		for _, e := range c.Entries {
			for _, ev := range e.Events {
				if is, ok := ev.(E); ok {
					found = is
				}
			}
		}
	}
	return found
}

// What is said of an answer while its conversation waits in another's contact leaves
// that contact with its conversation.
func TestBadAnswerWaitsElsewhere(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.answered()
	chat := r.visit("w1", "visitor")
	chat.Class = c.Class
	one := r.receive(chat)
	mail := r.mail("m2", "alice", "m1")
	mail.Class, mail.Hints = c.Class, []Hint{{Customer: r.whose(chat), Evidence: customers.SignedWeb}}
	r.receive(mail)
	r.must(ActorIntake, *r.rated("f1", c, FeedbackFact{Rating: contact.RatedBad, Agent: "anna", Words: true}))
	if len(one.Messages) != 3 {
		t.Fatalf("there wait %v", one.Messages)
	}
	r.must("anna", Unlink{Link: r.edges()[0].Link, Edges: r.edges(), AsOf: r.state.N})
	own := r.state.Contacts[r.state.Conversations[c.Conversation].Contact]
	if own == nil || len(own.Messages) != 2 || len(one.Messages) != 1 {
		t.Errorf("what alice said waits with a stranger: %v", one.Messages)
	}
	r.check()
}
