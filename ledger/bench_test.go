package ledger

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/router"
	"stagecoach/router/match"
)

// mails makes a log of n mails, each received, offered, accepted, answered and
// delivered, in commits of a few commands as under load.
func mails(b *testing.B, n int) (s *story, events int) {
	b.Helper()
	s = newStory(b)
	s.epoch = 1
	s.tell("router", router.Takeover{Life: "l"})
	why := match.Explanation{Winner: match.Candidate{Agent: "anna", Terms: []match.Term{{Name: "idle_seconds", Value: 42}}}, Failed: map[match.Gate]int{match.GatePresence: 3}}
	uuid := func(kind byte, i int) string { return fmt.Sprintf("019cadc8-%04x-7%c00-8000-%012x", i>>8, kind, i) }
	for i := range n {
		c, v, m, y, o, k := uuid('a', i), uuid('b', i), uuid('c', i), uuid('d', i), uuid('e', i), uuid('f', i)
		s.now = s.now.Add(time.Millisecond)
		it := item(fmt.Sprintf("%032x", i*7919), s.now)
		facts := planContact(c, v, m)
		facts.Customer = k
		steps := [][]router.Event{
			{
				router.CustomerKnown{Customer: k, Identity: "identity:" + k},
				router.ConversationOpened{Conversation: router.Conversation{ID: v, Customer: k, Channel: contact.Email, Account: "support"}},
				router.MessageReceived{Item: it, Message: m, Customer: k, Conversation: v, Contact: c, Keys: []string{"mid:" + it.ItemKey}},
				router.ContactOpened{Contact: facts, Policy: "p"},
				router.OfferMade{Offer: o, Contact: c, Agent: "anna", Units: 1, Expires: s.now.Add(time.Minute), Why: why, Policy: "p"},
			},
			{router.Assigned{Contact: c, Agent: "anna", Offer: o, By: "anna", Units: 1}},
			{router.ReplyQueued{Reply: router.Reply{ID: y, Kind: contact.Answer, Conversation: v, Contact: c, Agent: "anna", Ref: "reply." + y}, Keys: []string{"mid:" + y, "token:" + y}}},
			{router.AttemptGranted{Reply: y, Attempt: 1, Life: "l"}},
			{
				router.ReplyDelivered{Reply: y},
				router.ContactEnded{Contact: c, End: router.EndReplied, Reply: y, By: "anna"},
				router.ConversationClosed{Conversation: v, State: router.ConversationResolved},
			},
		}
		for _, evs := range steps {
			s.tell("router", evs...)
			events += len(evs)
		}
	}
	return s, events
}

// BenchmarkCatchup is the fold of a log that is already there.
func BenchmarkCatchup(b *testing.B) {
	s, events := mails(b, 4000)
	b.ResetTimer()
	before := cpu(b)
	for range b.N {
		b.StopTimer()
		l := openAt(b, b.TempDir())
		b.StartTimer()
		if err := l.Catchup(context.Background(), s.log); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(4000*b.N), "cpu-µs/mail")
	b.ReportMetric(float64(events*b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(4000*b.N), "µs/mail")
}

// BenchmarkOneCommit is the time from a commit's append to its being readable.
func BenchmarkOneCommit(b *testing.B) {
	s, _ := mails(b, 100)
	l := openAt(b, b.TempDir())
	run(b, l, s.log, nil)
	ctx := context.Background()
	if err := l.WaitFor(ctx, s.n); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	before := cpu(b)
	for range b.N {
		s.tell("router", router.AtRisk{Contact: "019cadc8-0000-7a00-8000-000000000001"})
		if err := l.WaitFor(ctx, s.n); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
}

// cpu gives the time that the process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// BenchmarkKnown looks up the keys of one mail.
func BenchmarkKnown(b *testing.B) {
	s, _ := mails(b, 4000)
	l := s.foldedBench(b)
	ctx := context.Background()
	b.ResetTimer()
	for i := range b.N {
		id := fmt.Sprintf("%032x", i%4000*7919)
		_, known, err := l.Known(ctx, []string{"item:" + id, "message:" + id, "mid:item:" + id, "mid:nothing", "identity:nothing"})
		if err != nil || len(known) != 3 {
			b.Fatal(len(known), err)
		}
	}
}

func (s *story) foldedBench(b *testing.B) *Ledger {
	b.Helper()
	l := openAt(b, b.TempDir())
	if err := l.Catchup(context.Background(), s.log); err != nil {
		b.Fatal(err)
	}
	return l
}

// BenchmarkSearch finds a common word among 20,000 messages, newest first.
func BenchmarkSearch(b *testing.B) {
	lib := newLibrary(b)
	for i := range 20000 {
		lib.put(fmt.Sprintf("Anfrage %d", i), "Die Rechnung wurde doppelt abgebucht, bitte prüfen Sie das und geben Sie mir Bescheid, vielen Dank im Voraus")
	}
	l := openAt(b, b.TempDir())
	if err := l.Catchup(context.Background(), lib.log); err != nil {
		b.Fatal(err)
	}
	begin := time.Now()
	fillAll(b, l, lib.shelf)
	filled := time.Since(begin)
	for _, q := range []string{"rechnung", "rech", "rechnung doppelt besc", "anfrage 777"} {
		b.Run(q, func(b *testing.B) {
			for range b.N {
				if hits, err := l.Search(context.Background(), q, SearchOptions{}); err != nil || len(hits) == 0 {
					b.Fatal(len(hits), err)
				}
			}
		})
	}
	b.ReportMetric(20000/filled.Seconds(), "filled/s")
}
