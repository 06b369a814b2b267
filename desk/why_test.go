package desk_test

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"stagecoach/desk/view"
	"stagecoach/router"
)

// past replays the rig's own log.
func (r *rig) past(rules func() router.Rules) func(context.Context, uint64, string) (*router.Past, error) {
	p := &router.Replayed{Office: "main", Log: r.journal.Log(), Logger: slog.New(slog.DiscardHandler)}
	return func(ctx context.Context, n uint64, offer string) (*router.Past, error) {
		return p.Past(ctx, n, offer, rules())
	}
}

// Why is told live, in the language that is asked for, of one agent and of all.
func TestWhyIsTold(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	boss := r.boss()
	in := r.mail("Kim Kunde <kim@customer.example>", "Parcel", "Where is it?")
	why := "/api/contacts/" + in.Contact + "/why"

	var w view.Why
	boss.get(why, &w)
	if w.Lang != "en" || w.Standing == nil || w.Standing.State != router.Waiting || !strings.Contains(w.Text, "Why it still waits:") {
		t.Fatalf("why is %+v", w)
	}
	boss.get(why+"?lang=de", &w)
	if w.Lang != "de" || !strings.Contains(w.Text, "Warum er noch wartet:") || len(w.Short) == 0 {
		t.Errorf("in German it is %s", w.Text)
	}
	c := boss.conversation(in.Conversation)
	if len(c.Why) == 0 || len(c.WhyMore) < len(c.Why) {
		t.Errorf("the side says %q, in full %q", c.Why, c.WhyMore)
	}
	if page := boss.page("/c/" + in.Conversation); !strings.Contains(page, "Why it still waits") || !strings.Contains(page, "All reasons") {
		t.Error("the conversation's page does not say why it waits")
	}

	anna := boss.agent("Anna Arndt", nil)
	ben := boss.agent("Ben Bauer", map[string]any{"capacity": 1})
	anna.take()
	boss.get(why+"?all=true", &w)
	if len(w.Past) != 1 || !w.Past[0].Agrees || w.Past[0].Candidates[0].Agent != anna.me.ID {
		t.Fatalf("past is %+v", w.Past)
	}
	boss.get(why+"?agent="+ben.me.ID, &w)
	if !strings.Contains(strings.Join(w.Answer, "\n"), "Ben Bauer") {
		t.Errorf("of Ben: %q", w.Answer)
	}
	boss.refused(http.StatusNotFound, "not_found", http.MethodGet, why+"?agent=nobody", nil)
	if page := boss.page("/why/" + in.Contact + "?lang=de"); !strings.Contains(page, `lang="de"`) || !strings.Contains(page, "Warum Anna Arndt") {
		t.Error("the page is not told in German")
	}
}

// Why somebody is idle is told to themselves and to supervisors.
func TestWhyIdle(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	boss := r.boss()
	anna, ben := boss.agent("Anna Arndt", nil), boss.agent("Ben Bauer", nil)
	var d view.Idle
	anna.get("/api/agents/"+anna.me.ID+"/why", &d)
	if d.Agent.ID != anna.me.ID || d.Facts == nil || !slices.Contains(d.Answer, "Nobody waits.") {
		t.Errorf("Anna is told %+v", d)
	}
	boss.get("/api/agents/"+ben.me.ID+"/why?lang=de", &d)
	if d.Lang != "de" || !slices.Contains(d.Answer, "Niemand wartet.") {
		t.Errorf("of Ben is told %+v", d)
	}
	anna.refused(http.StatusForbidden, "not_allowed", http.MethodGet, "/api/agents/"+ben.me.ID+"/why", nil)
	boss.refused(http.StatusNotFound, "not_found", http.MethodGet, "/api/agents/nobody/why", nil)
}
