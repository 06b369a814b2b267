package router

import (
	"fmt"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/policies"
)

// TestReceiptKnowsWhatIsExpected has mails answered: from the fifth on a receipt has
// the time that the router foresees, as part of the log.
func TestReceiptKnowsWhatIsExpected(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.rules = acknowledging(t, "always")
	r.agent("anna", contact.RoleAgent, 100)
	owed := func(i int) (*Contact, *AcknowledgementOwed) {
		t.Helper()
		c := r.receive(r.customer(fmt.Sprintf("m%d", i), fmt.Sprintf("customer %d", i)))
		return c, r.state.Owed[r.owed()[0]]
	}
	for i := range 5 {
		c, receipt := owed(i)
		if !receipt.Expected.IsZero() {
			t.Errorf("after %d answers %v is expected", i, receipt.Expected)
		}
		r.receipts()
		r.deliver(r.reply(r.accept(c), c, contact.Answer, c.LastMessage()))
	}
	c, receipt := owed(5)
	x, ok := r.state.Forecast.Told(c.ID, r.now)
	if want := r.now.Add(x.P90).Truncate(time.Second); !ok || !receipt.Expected.Equal(want) || !receipt.Expected.After(r.now) || receipt.Expected.After(c.Due) {
		t.Errorf("expected %v, want %v, with the promise until %v", receipt.Expected, want, c.Due)
	}
	r.receipts()
	r.must("anna", SetPresence{Agent: "anna", Presence: contact.Offline})
	if _, receipt = owed(6); !receipt.Expected.IsZero() {
		t.Errorf("nobody is there, and %v is expected", receipt.Expected)
	}
	r.check()
}

// TestExpectedCountsClosedHours has a mail come in the evening: nobody is there, and
// its time counts from when it opens.
func TestExpectedCountsClosedHours(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	set, err := policies.LoadFiles("ack", map[string][]byte{
		"escalation.yaml": []byte("version: 1\nacknowledgement: {send: always}\n"),
		"sla.yaml":        []byte("version: 1\ndefault: {first: 4h, calendar: office}\ncalendars:\n  - name: office\n    zone: UTC\n    hours: [{days: [monday, tuesday, wednesday, thursday, friday, saturday, sunday], spans: ['08:00-18:00']}]\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	r.rules = RulesOf(set)
	r.now = time.Date(r.now.Year(), r.now.Month(), r.now.Day()+1, 12, 0, 0, 0, time.UTC)
	r.agent("anna", contact.RoleAgent, 100)
	for i := range 6 {
		c := r.receive(r.mail(fmt.Sprintf("m%d", i), fmt.Sprintf("customer %d", i)))
		r.deliver(r.reply(r.accept(c), c, contact.Answer, c.LastMessage()))
	}
	r.must("anna", SetPresence{Agent: "anna", Presence: contact.Offline})
	r.wait(time.Date(r.now.Year(), r.now.Month(), r.now.Day(), 21, 0, 0, 0, time.UTC).Sub(r.now))
	c := r.receive(r.customer("late", "zoe"))
	x, ok := r.state.Forecast.Told(c.ID, r.now)
	opens := r.now.Add(11 * time.Hour)
	if got := r.state.Owed[r.owed()[0]].Expected; !ok || !got.Equal(opens.Add(x.P90).Truncate(time.Second)) {
		t.Errorf("expected %v, %v after it opens at %v", got, x.P90, opens)
	}
	r.check()
}
