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

	"stagecoach/channels/mastodon/mastodonfake"
	"stagecoach/channels/webhook/webhookfake"
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
	s.start("")
	s.untilUp("webhook/shop", "mastodon/acme")
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
	posts := map[string]bool{}
	for i, point := range kills {
		s.kill()
		armed := ""
		if point != "" {
			armed = fmt.Sprintf("%s:%d", point, 1+random.IntN(3))
		}
		s.start(armed)
		for ; written < channelCustomers*(i+1)/len(kills); written++ {
			s.shop.Put(webhookfake.Message{ID: fmt.Sprintf("m%d", written), Conversation: fmt.Sprintf("order-%d", written), From: fmt.Sprintf("cust-%d", written), Text: "Where is it?"})
			posts[s.fedi.Put(mastodonfake.Post{From: fmt.Sprintf("cust%d@far.test", written), Text: "How does it work?"})] = true
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
	s.start("")
	s.untilUp("webhook/shop", "mastodon/acme")
	s.untilAllReplied(2 * channelCustomers)
	stop()
	beside.Wait()
	s.countAnswers(posts)
	if a := s.audit().Summary; a.Messages != 2*channelCustomers || a.Quarantined != 0 {
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

// arrived looks for a reply at the customers'.
func (s *square) arrived(it item) bool {
	for _, r := range s.shop.Received() {
		if r.ID == it.ID {
			return true
		}
	}
	for _, p := range s.fedi.Posted() {
		if it.Text != "" && strings.Contains(p.Text, it.Text) {
			return true
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
func (s *square) countAnswers(posts map[string]bool) {
	s.t.Helper()
	answers := map[string]int{}
	for _, r := range s.shop.Received() {
		answers[r.Conversation]++
	}
	for _, p := range s.fedi.Posted() {
		answers[p.InReplyTo]++
		if !posts[p.InReplyTo] {
			s.t.Errorf("posted in answer to %q, which nobody wrote: %q", p.InReplyTo, p.Text)
		}
	}
	for i := range channelCustomers {
		if n := answers[fmt.Sprintf("order-%d", i)]; n != 1 {
			s.t.Errorf("the customer of order %d got %d answers", i, n)
		}
	}
	for id := range posts {
		if answers[id] != 1 {
			s.t.Errorf("post %s has %d answers", id, answers[id])
		}
	}
	for _, fault := range s.shop.Faults() {
		s.t.Errorf("the shop complains: %s", fault)
	}
}
