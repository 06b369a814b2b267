package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stagecoach/fault"
)

// The night in which the clocks of Berlin go forward: quiet from 21:00 of the 28th, in
// winter time, until 08:00 of the 29th, in summer time.
const (
	evening   = "2026-03-28T20:10:00Z"
	beforeEnd = "2026-03-29T05:59:54Z"
	endOfIt   = "2026-03-29T06:00:00Z"
	noon      = "2026-03-29T10:00:00Z"
	weekLater = "2026-04-05T05:59:54Z"
)

// heldItem is a message of ours as the timeline shows it.
type heldItem struct {
	ID        string    `json:"id"`
	Kind      string    `json:"kind"`
	State     string    `json:"state"`
	Detail    string    `json:"detail"`
	HeldUntil time.Time `json:"held_until"`
}

// begin has an agent begin a conversation with Rosa.
func (c *client) begin(t *testing.T, subject, purpose string) (d done) {
	t.Helper()
	c.must(t, "POST", "/api/outbound", c.outbound(subject, purpose), &d)
	return d
}

func (*client) outbound(subject, purpose string) map[string]any {
	return map[string]any{
		"reply_id": newUUID(), "account": "email/acme", "to": []map[string]any{{"address": rosa}}, "subject": subject, "text": "It is about " + subject + ".", "purpose": purpose,
	}
}

// shown gives a message of ours as the timeline shows it.
func (c *client) shown(t *testing.T, d done) (it heldItem) {
	t.Helper()
	conversation := d.Conversation
	var v struct {
		Items []heldItem `json:"items"`
	}
	c.must(t, "GET", "/api/conversations/"+conversation, nil, &v)
	for _, it := range v.Items {
		if it.ID == d.Reply {
			return it
		}
	}
	return heldItem{}
}

// mailsOf counts the mails that the server took, by subject.
func (w *wanderer) mailsOf(subject string) (n int) {
	for _, m := range w.post.Taken() {
		if header(w.t, m.Raw, "Subject") == subject {
			n++
		}
	}
	return n
}

func (w *wanderer) at(clock, point string) {
	w.t.Helper()
	w.clock = clock
	w.start(point)
	w.untilUp("email/acme", "mastodon/acme", "webchat/acme")
}

// TestNotTooMuch has us write to a customer in the night in which her clocks go forward,
// and too often in a week: what we begin waits, is shown with its time, and goes once
// though the process is killed; the answer to her own question waits for nothing.
func TestNotTooMuch(t *testing.T) {
	w := newWanderer(t)
	list := "external_id,name,emails,language,timezone\nK-7,Rosa Winter," + rosa + ",en,Europe/Berlin\n"
	if err := os.WriteFile(filepath.Join(filepath.Dir(w.config), "list.csv"), []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	w.policies(map[string]string{"customers.yaml": "version: 1\nlimits: {quiet: \"21:00-08:00\", zone: \"\", per_week: 2, consent: [marketing, feedback]}\n"})
	w.listed()
	w.at(evening, "")
	w.open()
	anna := w.hire("Anna")

	// It is 21:10 there. Her question is answered at once.
	w.mail("Where are my boots?")
	anna.answer(t, anna.takeAny(t), "On their way.")
	first := anna.begin(t, "your order", "service")
	it := anna.shown(t, first)
	if end, _ := time.Parse(time.RFC3339, endOfIt); !it.HeldUntil.Equal(end) || it.State != "queued" || !strings.Contains(it.Detail, "Goes out at 08:00 on Sun 29 Mar in their zone (Europe/Berlin)") {
		t.Errorf("held: %+v", it)
	}
	if err := anna.do(t.Context(), "POST", "/api/outbound", anna.outbound("our sale", "marketing"), nil); err == nil {
		t.Error("a sale went out without consent")
	} else if r := new(refusal); !errors.As(err, &r) || r.Code != "no_consent" || !strings.Contains(r.Detail, "consent") {
		t.Errorf("refused with %v", err)
	}
	w.killedAround(anna, first)

	// The next day: a second one goes at once, a third is one too many this week.
	w.kill()
	w.at(noon, "")
	second := anna.begin(t, "your second order", "service")
	anna.untilDelivered(t, second.Conversation, second.Reply)
	third := anna.begin(t, "your third order", "service")
	it = anna.shown(t, third)
	if !strings.Contains(it.Detail, "this week the customer has had as many as they may get") || it.HeldUntil.Format("2006-01-02T15:04") != "2026-04-05T06:00" {
		t.Errorf("held: %+v", it)
	}
	w.mail2("And the laces?")
	anna.answer(t, anna.takeAny(t), "With them.")
	w.kill()
	w.at(weekLater, "")
	if n := w.mailsOf("your third order"); n != 0 {
		t.Errorf("%d went before the week was over", n)
	}
	anna.untilDelivered(t, third.Conversation, third.Reply)
	for subject, want := range map[string]int{"your order": 1, "your second order": 1, "your third order": 1, "our sale": 0, "Re: Boots": 1, "Re: Something else": 1} {
		if got := w.mailsOf(subject); got != want {
			t.Errorf("%d mails %q, want %d", got, subject, want)
		}
	}
	if a := w.audit(); len(a.Gaps) != 0 {
		t.Errorf("gaps: %+v", a.Gaps)
	}
}

// killedAround kills the process while a message is held, and between its release and
// its going: it goes once, and not before its time.
func (w *wanderer) killedAround(anna *client, held done) {
	w.t.Helper()
	w.kill()
	w.at(evening, "")
	if it := anna.shown(w.t, held); it.HeldUntil.IsZero() || it.State != "queued" || w.mailsOf("your order") != 0 {
		w.t.Errorf("after a kill it is %+v", it)
	}
	for _, point := range []fault.Point{fault.OutboxBeforePublish, fault.OutboxAfterPublish, fault.SendBeforeAttempt} {
		w.kill()
		w.clock = beforeEnd
		w.start(string(point))
		if !w.diedByFault(patience) {
			w.t.Fatalf("%s was not reached", point)
		}
		if n := w.mailsOf("your order"); n != 0 {
			w.t.Errorf("%d went before %s", n, point)
		}
	}
	w.at(beforeEnd, "")
	eventually(w.t, patience, words("the mail after the night"), func() bool { return w.mailsOf("your order") > 0 })
	anna.untilDelivered(w.t, held.Conversation, held.Reply)
	if it := anna.shown(w.t, held); !it.HeldUntil.IsZero() {
		w.t.Errorf("it went, and is shown as held: %+v", it)
	}
}
