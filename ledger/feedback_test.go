package ledger

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/router"
)

// answeredTo has anna answer a new customer's mail.
func (s *story) answeredTo(id, sender, kind string) *router.Contact {
	s.t.Helper()
	m := s.mail(id, sender)
	m.About, m.Class, m.Tier = kind, "billing", "gold"
	c := s.receive(m)
	s.take(c, "anna")
	s.deliver(s.reply(c, contact.Answer, c.LastMessage()))
	return c
}

// rate has a customer say something on the page of an answered contact.
func (s *story) rate(id, mail string, c *router.Contact, fb router.FeedbackFact) router.Result {
	s.t.Helper()
	m := s.mail(id, "page", mail)
	fb.Contact = c.ID
	m.Kind, m.Source, m.Feedback = router.KindFeedback, "page/support", &fb
	return s.do(router.ActorIntake, m)
}

func praise(words bool) router.FeedbackFact {
	return router.FeedbackFact{Rating: contact.RatedGood, Kind: contact.FeedbackPraise, Agent: "anna", Words: words}
}

func TestFeedbackIsCollected(t *testing.T) {
	s := newStory(t)
	s.do(router.ActorRouter, router.Begin{Life: "life-1"})
	s.agent("anna")
	s.wait(time.Minute)
	first, second := s.answeredTo("m1", "alice", "question"), s.answeredTo("m2", "bob", "idea")
	third := s.answeredTo("m3", "alice", "praise")
	s.rate("f1", "m1", first, praise(false))
	s.rate("f2", "m1", first, praise(true)) // a line is added: it counts once
	s.rate("f3", "m2", second, router.FeedbackFact{Rating: contact.RatedBad, Kind: contact.FeedbackComplaint, Agent: "anna"})
	idea := s.rate("f4", "m1", first, router.FeedbackFact{Kind: contact.FeedbackIdea, Words: true})
	s.do("anna", router.DecideIdea{Idea: idea.Message, Conversation: first.Conversation, State: router.IdeaPlanned, Ref: "reason.1"})
	s.do("anna", router.EndPageLinks{Conversation: first.Conversation})
	l := s.folded()

	said, err := l.SaidOfKind(t.Context(), contact.FeedbackPraise, "anna", 10)
	if err != nil || len(said) != 1 || said[0].Ref != "inbox.0.f2" {
		t.Errorf("praise for anna: %+v, %v", said, err)
	}
	if all, err := l.SaidOfKind(t.Context(), contact.FeedbackPraise, "", 10); err != nil || len(all) != 2 || all[1].Contact != third.ID && all[0].Contact != third.ID {
		t.Errorf("all praise: %+v, %v", all, err)
	}
	fans, err := l.Fans(t.Context(), 10)
	if err != nil || len(fans) != 2 || fans[0].Customer != first.Customer || fans[0].Praise != 2 || fans[0].Ideas != 1 || fans[1].Ideas != 1 {
		t.Errorf("fans: %+v, %v", fans, err)
	}
	ideas, err := l.Ideas(t.Context(), "", 10)
	if err != nil || len(ideas) != 2 {
		t.Fatalf("ideas: %+v, %v", ideas, err)
	}
	planned, err := l.Ideas(t.Context(), router.IdeaPlanned, 10)
	if err != nil || len(planned) != 1 || planned[0].ID != idea.Message || planned[0].By != "anna" || planned[0].Remark != "reason.1" {
		t.Errorf("planned: %+v, %v", planned, err)
	}
	for _, one := range []struct {
		since time.Time
		want  int
	}{{time.Time{}, 1}, {s.now.Add(time.Hour), 0}} {
		if n, err := l.PraiseSince(t.Context(), "anna", one.since); err != nil || n != one.want {
			t.Errorf("anna's praise since %s: %d, want %d; %v", one.since, n, one.want, err)
		}
	}
	if v, err := l.Conversation(t.Context(), first.Conversation); err != nil || v.PageEpoch != 1 {
		t.Errorf("epoch %d, %v", v.PageEpoch, err)
	}
	got, err := l.Satisfaction(t.Context(), time.Time{}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if a := got.All; a.Answered != 3 || a.Good != 1 || a.Bad != 1 || a.Kept != 3 || a.KeptBad != 1 {
		t.Errorf("counted %+v", a)
	}
	if len(got.Tiers) != 1 || got.Tiers[0].Name != "gold" || got.Channels[0].Name != "email" || got.Classes[0].Name != "billing" {
		t.Errorf("by what: %+v", got)
	}
	if later, err := l.Satisfaction(t.Context(), s.now.Add(time.Hour), time.Time{}); err != nil || later.All.Answered != 0 || later.All.Gap != nil {
		t.Errorf("of no time: %+v, %v", later, err)
	}
	if a, err := l.Audit(t.Context(), nil); err != nil || !a.OK() {
		t.Errorf("the ledger doesn't add up: %+v, %v", a.Gaps, err)
	}
}

// Nobody knows whose a vote by the link is: it never takes the place of one that stands,
// whichever the log has first.
func TestVoteByTheLinkReplacesNone(t *testing.T) {
	s := newStory(t)
	s.do(router.ActorRouter, router.Begin{Life: "life-1"})
	s.agent("anna")
	s.wait(time.Minute)
	c := s.answeredTo("m1", "alice", "question")
	link := func(r contact.Rating) router.FeedbackFact {
		return router.FeedbackFact{Rating: r, Agent: "anna", ByLink: true}
	}
	for n, one := range []struct {
		fb   router.FeedbackFact
		want string
	}{
		{link(contact.RatedGood), "inbox.0.f0"},
		{link(contact.RatedBad), "inbox.0.f0"},
		{praise(true), "inbox.0.f2"},
		{link(contact.RatedBad), "inbox.0.f2"},
	} {
		one.fb.Words = true // so that it can be told by its reference
		s.rate(fmt.Sprintf("f%d", n), "m1", c, one.fb)
		said, err := s.folded().Feedback(t.Context(), c.Conversation)
		if err != nil || len(said) != 1 || said[0].Ref != one.want {
			t.Errorf("after %d: %+v, %v", n, said, err)
		}
	}
}

// Three votes aren't read as 100 %, and a hundred are told from chance.
func TestGapKnowsHowSureItIs(t *testing.T) {
	for _, one := range []struct {
		answered, kept, good, bad int
		sure                      bool
		low, high                 float64
	}{
		{answered: 10, kept: 7, good: 3, sure: false, low: 0.43, high: 1},
		{answered: 1000, kept: 950, good: 30, bad: 30, sure: true, low: 0.37, high: 0.63},
		// Nine say the same, and it may be chance; ten don't.
		{answered: 1000, kept: 990, bad: 9, sure: false, low: 0, high: 0.30},
		{answered: 1000, kept: 990, bad: 10, sure: true, low: 0, high: 0.28},
		{answered: 1000, kept: 500, good: 95, bad: 5, sure: true, low: 0.88, high: 0.98},
	} {
		t.Run(fmt.Sprint(one), func(t *testing.T) {
			g := Gauge{Answered: one.answered, Kept: one.kept, Good: one.good, Bad: one.bad}
			g.weigh()
			if g.Sure != one.sure {
				t.Errorf("sure: %v, gap %+v", g.Sure, g.Gap)
			}
			if s := g.GoodShare; s.Low < one.low-0.01 || s.Low > one.low+0.01 || s.High < one.high-0.01 || s.High > one.high+0.01 {
				t.Errorf("good: %+v", s)
			}
			if want := 100 * (float64(one.kept)/float64(one.answered) - float64(one.good)/float64(one.good+one.bad)); g.Gap.Value < want-0.1 || g.Gap.Value > want+0.1 {
				t.Errorf("gap %+v, want %.1f", g.Gap, want)
			}
		})
	}
}

// Who praises us is counted for each person, whichever of their addresses it came from.
func TestFansArePeople(t *testing.T) {
	s := newStory(t)
	s.do(router.ActorRouter, router.Begin{Life: "life-1"})
	s.agent("anna")
	s.wait(time.Minute)
	first, second := s.answeredTo("m1", "alice", "question"), s.answeredTo("m2", "bob", "idea")
	s.answeredTo("m3", "carol", "praise")
	s.rate("f1", "m1", first, praise(true))
	s.do("anna", router.Link{A: first.Customer, B: second.Customer, Evidence: customers.ByAgent, AsOf: s.n})
	l := s.folded()
	fans, err := l.Fans(t.Context(), 10)
	if err != nil || len(fans) != 2 {
		t.Fatalf("fans: %+v, %v", fans, err)
	}
	if f := fans[0]; f.Customer != min(first.Customer, second.Customer) || f.Praise != 1 || f.Ideas != 1 {
		t.Errorf("one person is %+v", f)
	}
}

// Lists of what customers say look at no contact and no vote of another kind.
func TestVoicesAreFoundByAnIndex(t *testing.T) {
	l := newStory(t).folded()
	said := func(kind string) string {
		var plan strings.Builder
		queries := map[string]string{"fans": fansOf(), "ideas": ideasOf(), "praise": praiseSince, "pages": fmt.Sprintf(saidOnPages, "?1"), "mails": fmt.Sprintf(saidByMail, "?1")}
		args := map[string][]any{"fans": {10}, "ideas": {"", 10}, "praise": {"anna", 0}, "pages": {"praise"}, "mails": {"praise"}}[kind]
		err := l.view(t.Context(), func(tx querier) error {
			return each(t.Context(), tx, "EXPLAIN QUERY PLAN "+queries[kind], args, func(rows *sql.Rows) error {
				var a, b, c int
				var line string
				err := rows.Scan(&a, &b, &c, &line)
				plan.WriteString(line + "\n")
				return err
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		return plan.String()
	}
	for _, kind := range []string{"fans", "ideas", "praise", "pages", "mails"} {
		plan := said(kind)
		for _, scan := range []string{"SCAN c\n", "SCAN contact", "SCAN feedback"} {
			if strings.Contains(plan, scan) {
				t.Errorf("%s:\n%s", kind, plan)
			}
		}
	}
}
