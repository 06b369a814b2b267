package demo

import (
	"context"
	"math/rand/v2"
	"time"
)

// span is a time from … to …, drawn evenly.
type span [2]time.Duration

func (s span) draw(rng *rand.Rand) time.Duration {
	if s[1] <= s[0] {
		return s[0]
	}
	return s[0] + time.Duration(rng.Int64N(int64(s[1]-s[0])))
}

// pace is how fast everybody is.
type pace struct {
	// policy names the directory of the policy that goes with it.
	policy string
	// log is from which level the daemon logs.
	log string
	// arrival is the mean time between two customers, gentle the one after
	// those that were asked for.
	arrival, gentle time.Duration
	// afterthought is when who writes again does so; answer is how long a
	// customer takes to answer, bounce how long a mail takes to come back.
	afterthought, answer, bounce span
	// react is how long an agent takes to look at an offer, think how long to
	// write a reply, gone how long one who has left stays away, lost how long one
	// whose line broke: longer than the policy waits for a sign of life.
	react, think, gone, lost span
	// pledge is what an agent promises for more, research what it takes.
	pledge   time.Duration
	research time.Duration
	// heartbeat is how often an agent's program says that it is there, poll how
	// often it looks without having been told to.
	heartbeat, poll time.Duration
	// review is how long the supervisor lets a batch for review grow; leftover
	// is the share of a promise after which they assign what waits.
	review   time.Duration
	leftover float64
	// opinions is the share of customers who say how an answer was.
	opinions float64
}

func fast() pace {
	ms := time.Millisecond
	return pace{
		policy: "fast", log: "warn", arrival: 125 * ms, gentle: 250 * ms,
		afterthought: span{50 * ms, 250 * ms}, answer: span{250 * ms, 900 * ms}, bounce: span{200 * ms, 500 * ms},
		react: span{60 * ms, 200 * ms}, think: span{250 * ms, 700 * ms}, gone: span{2 * time.Second, 3 * time.Second}, lost: span{9 * time.Second, 10 * time.Second},
		pledge: 12 * time.Second, research: 1200 * ms,
		heartbeat: time.Second, poll: 700 * ms, review: 1500 * ms, leftover: 0.15,
	}
}

func live() pace {
	s := time.Second
	return pace{
		policy: "live", log: "error", arrival: 400 * time.Millisecond, gentle: 2500 * time.Millisecond,
		afterthought: span{500 * time.Millisecond, 3 * s}, answer: span{5 * s, 20 * s}, bounce: span{2 * s, 4 * s},
		react: span{1 * s, 4 * s}, think: span{5 * s, 15 * s}, gone: span{20 * s, 40 * s}, lost: span{50 * s, 60 * s},
		pledge: 60 * s, research: 6 * s,
		heartbeat: 5 * s, poll: 3 * s, review: 20 * s, leftover: 0.5, opinions: 0.5,
	}
}

// wait gives false when ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
