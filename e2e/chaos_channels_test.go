//go:build chaos

package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"stagecoach/fault"
)

// channelCustomers is how many write on each channel.
const channelCustomers = 48

// channelKills are where the daemon dies, in the middle of receiving and of
// sending, five times and more each; "" is a random moment.
func channelKills() []fault.Point {
	return []fault.Point{
		fault.InboxBeforeStore, fault.InboxAfterStore, fault.InboxAfterStore, fault.IntakeBeforeCommand, fault.IntakeAfterCommand,
		fault.OutboxAfterPublish, fault.SendBeforeAttempt, fault.SendAfterAttempt, fault.SendAfterProvider, fault.SendAfterProvider, fault.SendAfterOutcome,
		"", "", "", "",
	}
}

// TestChaosChannels kills the daemon while customers write on every channel but
// e-mail, and are answered. Everybody has exactly one answer in the end.
func TestChaosChannels(t *testing.T) {
	random := rand.New(rand.NewPCG(seed(t), 1))
	s := newSquare(t)
	s.begin()
	s.open()
	ctx, stop := context.WithCancel(t.Context())
	var beside sync.WaitGroup
	defer beside.Wait()
	defer stop()
	for i := range 3 {
		w := newWorker(s.hire(fmt.Sprintf("Agent%d", i)), func(c card) string { return "An answer to " + c.Contact })
		beside.Go(func() { w.run(ctx) })
	}
	beside.Go(func() { s.settle(ctx) })

	kills := channelKills()
	random.Shuffle(len(kills), func(i, j int) { kills[i], kills[j] = kills[j], kills[i] })
	written := 0
	places := map[*line][]string{}
	for i, point := range kills {
		s.kill()
		armed := ""
		if point != "" {
			armed = fmt.Sprintf("%s:%d", point, 1+random.IntN(3))
		}
		s.start(armed)
		for ; written < channelCustomers*(i+1)/len(kills); written++ {
			for _, l := range s.lines {
				places[l] = append(places[l], l.write(written, "Where is it?"))
			}
		}
		if point != "" && s.diedByFault(60*time.Second) {
			continue
		}
		if point != "" {
			t.Errorf("fault point %s was never reached", armed)
		}
		select { // a random moment is a length of time
		case <-s.ended:
			t.Fatalf("the daemon ended by itself: %s", s.cmd.ProcessState)
		case <-time.After(time.Duration(random.Int64N(int64(3 * time.Second)))):
		}
	}
	s.kill()
	s.begin()
	s.untilAllReplied(len(s.lines) * channelCustomers)
	stop()
	beside.Wait()
	s.countAnswers(places)
	if a := s.audit().Summary; a.Messages != len(s.lines)*channelCustomers || a.Quarantined != 0 {
		t.Errorf("audited %+v", a)
	}
}

// settle is the person who looks after replies in doubt.
func (s *square) settle(ctx context.Context) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var v overview
		if s.boss.do(ctx, "GET", "/api/overview", nil, &v) != nil {
			continue // down
		}
		for _, it := range v.Doubtful {
			outcome := "again"
			if s.arrived(it) {
				outcome = "delivered"
			}
			s.t.Logf("reply %s is in doubt: %s", it.ID, outcome)
			_ = s.boss.do(ctx, "POST", "/api/replies/"+it.ID+"/resolve", map[string]any{"outcome": outcome, "command_id": "settle-" + it.ID + newUUID()}, nil)
		}
	}
}

// arrived looks for a reply at the customers': each has words of its own.
func (s *square) arrived(it item) bool {
	for _, l := range s.lines {
		for _, texts := range l.answers() {
			for _, text := range texts {
				if it.Text != "" && strings.Contains(text, it.Text) {
					return true
				}
			}
		}
	}
	return false
}

func (s *square) untilAllReplied(messages int) {
	s.t.Helper()
	var now summary
	eventually(s.t, 2*time.Minute, func() string { return fmt.Sprintf("all to be answered, is %+v", now) }, func() bool {
		if err := s.boss.do(s.t.Context(), "GET", "/api/summary", nil, &now); err != nil {
			s.t.Fatalf("the daemon at the end: %v", err)
		}
		return now.Open == 0 && now.Messages >= messages
	})
}

// countAnswers looks at the customers' for exactly one answer each.
func (s *square) countAnswers(places map[*line][]string) {
	s.t.Helper()
	for _, l := range s.lines {
		answers := l.answers()
		for i, place := range places[l] {
			if len(answers[place]) != 1 {
				s.t.Errorf("%s: customer %d got %q", l.name(), i, answers[place])
			}
			delete(answers, place)
		}
		for place, texts := range answers {
			s.t.Errorf("%s: %q stands at %q, where nobody wrote", l.name(), texts, place)
		}
	}
	for _, words := range s.complaints() {
		s.t.Errorf("a provider complains: %s", words)
	}
}
