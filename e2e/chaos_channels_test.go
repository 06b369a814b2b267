//go:build chaos

package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"stagecoach/fault"
)

// killsEnv says how often each adapter is killed in the middle of receiving, and as
// often of sending.
const killsEnv = "STAGECOACH_KILLS"

// fewKills is that where nothing is said.
const fewKills = 5

// inTheAir is the moment when the provider has been asked to take a reply, and has
// not answered.
const inTheAir fault.Point = "in the air"

// deaths gives the places where a channel's adapter is killed while it receives, and
// while it sends.
func deaths(channel string) (receiving, sending []fault.Point) {
	receiving = []fault.Point{
		fault.InboxBeforeStore, fault.InboxAfterStore, fault.SourceBeforeMark, fault.IntakeBeforeCommand, fault.InboxAfterStore, fault.SourceAfterMark,
	}
	sending = []fault.Point{fault.SendAfterAttempt, fault.SendAfterProvider, inTheAir, fault.SendAfterOutcome, fault.SendBeforeAttempt}
	switch channel {
	case "webhook": // its senders keep what isn't confirmed: there is no bookmark
		receiving = []fault.Point{fault.InboxBeforeStore, fault.InboxAfterStore, fault.IntakeBeforeCommand, fault.IntakeAfterCommand, fault.InboxAfterStore}
	case "webchat": // it asks nobody
		sending[2] = fault.SendAfterProvider
	case "email":
		sending[4] = fault.SentBeforeAppend
	default:
		sending = []fault.Point{fault.SendAfterPart, fault.SendAfterUpload, inTheAir, fault.SendAfterProvider, fault.SendAfterAttempt, fault.SendAfterOutcome}
	}
	return receiving, sending
}

// TestChaosChannels kills the daemon while customers write on every channel, go on,
// change what they wrote, and are answered: in the middle of the receiving and of
// the sending of each adapter. In the end each contact has exactly one answer, whole
// and in its place, and the last of a place is about what was written last.
func TestChaosChannels(t *testing.T) {
	t.Parallel() // much of it is waiting
	random := rand.New(rand.NewPCG(seed(t), 1))
	s := newSquare(t)
	s.begin()
	s.open()
	run := newTrial(s, random)
	ctx, stop := context.WithCancel(t.Context())
	var beside sync.WaitGroup
	defer beside.Wait()
	defer stop()
	for i := range 3 {
		w := newWorker(s.hire(fmt.Sprintf("Agent%d", i)), numbered)
		w.file = billed
		beside.Go(func() { w.run(ctx) })
	}
	beside.Go(func() { s.settle(ctx) })
	for _, d := range run.plan() {
		s.kill()
		run.write(d.line)
		run.die(d)
	}
	s.kill()
	s.begin()
	run.untilAnswered()
	stop()
	beside.Wait()
	run.check()
}

// trial is one run: what is written on each line.
type trial struct {
	*square
	random  *rand.Rand
	written map[*line]*matters
	// order are the places by line, in the order of writing.
	order    map[*line][]string
	messages int
}

func newTrial(s *square, random *rand.Rand) *trial {
	r := &trial{square: s, random: random, written: map[*line]*matters{}, order: map[*line][]string{}}
	for _, l := range s.lines {
		r.written[l] = &matters{all: map[string]matter{}}
	}
	return r
}

// death is one end of the daemon.
type death struct {
	line  *line
	point fault.Point
}

// plan gives all deaths in an order of chance.
func (r *trial) plan() []death {
	kills := fewKills
	if s := os.Getenv(killsEnv); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			r.t.Fatalf("%s: %v", killsEnv, err)
		}
		kills = n
	}
	var out []death
	for _, l := range r.lines {
		receiving, sending := deaths(l.channel)
		for k := range kills {
			out = append(out, death{l, receiving[k%len(receiving)]}, death{l, sending[k%len(sending)]})
		}
	}
	r.random.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// write has new customers write on a line, one go on and one change their words.
func (r *trial) write(l *line) {
	r.begun(l)
	r.begun(l)
	old := r.order[l][r.random.IntN(len(r.order[l]))]
	l.more(old, r.written[l].next(old))
	r.messages++
	if l.edit != nil { // a server of the Mastodon API is asked about the last 60 only
		old = r.order[l][max(0, len(r.order[l])-1-r.random.IntN(10))]
		l.edit(old, r.written[l].next(old))
	}
}

// begun has a new customer write.
func (r *trial) begun(l *line) {
	m := matter{i: len(r.order[l]), version: 1}
	place := l.write(m.i, m.text())
	r.written[l].mu.Lock()
	r.written[l].all[place] = m
	r.written[l].mu.Unlock()
	r.order[l] = append(r.order[l], place)
	r.messages++
}

// die lets the daemon live until its end.
func (r *trial) die(d death) {
	r.t.Helper()
	begun := time.Now()
	armed, asked := "", 0
	if d.point == inTheAir {
		asked = d.line.asked()
		d.line.slow(true)
		defer d.line.slow(false)
	} else {
		k := 1
		if d.point != fault.SourceBeforeMark && d.point != fault.SourceAfterMark {
			k += r.random.IntN(2)
		}
		armed = fmt.Sprintf("%s@%s:%d", d.point, d.line.channel, k)
	}
	r.start(armed)
	again := time.NewTicker(2 * time.Second)
	defer again.Stop()
	for reached := false; !reached; {
		limit := 25 * time.Millisecond
		select {
		case <-again.C: // what is under way doesn't come by there: more is written
			r.begun(d.line)
		default:
		}
		if d.point == inTheAir {
			reached = d.line.asked() > asked
		}
		if !reached {
			reached = r.diedByFault(limit)
		}
		if time.Since(begun) > time.Minute {
			r.t.Errorf("%s %s was never reached", d.line.name(), d.point)
			break
		}
	}
	r.kill()
	r.t.Logf("killed %-8s %-24s after %6v", d.line.channel, d.point, time.Since(begun).Round(time.Millisecond))
}

// untilAnswered waits until nobody waits and the last answer of each place is about
// what was written there last.
func (r *trial) untilAnswered() {
	r.t.Helper()
	var now summary
	var behind []string
	eventually(r.t, 3*time.Minute, func() string {
		return fmt.Sprintf("all to be answered, %d messages, is %+v, and these wait: %q", r.messages, now, behind)
	}, func() bool {
		if err := r.boss.do(r.t.Context(), "GET", "/api/summary", nil, &now); err != nil {
			r.t.Fatalf("the daemon at the end: %v", err)
		}
		if now.Open > 0 || now.Messages < r.messages {
			return false
		}
		behind = behind[:0]
		for _, l := range r.lines {
			answers := l.answers()
			for place, m := range r.written[l].all {
				newest := 0
				for _, post := range answers[place] {
					newest = max(newest, newestOf(post).version)
				}
				if newest != m.version {
					behind = append(behind, fmt.Sprintf("%s m%d: answered v%d of %d", l.name(), m.i, newest, m.version))
				}
			}
		}
		return len(behind) == 0
	})
}

// check counts at the customers' and in the ledger.
func (r *trial) check() {
	t := r.t
	contacts := map[string]bool{}
	posts, long, billed := 0, 0, 0
	for _, l := range r.lines {
		answers := l.answers()
		for place, m := range r.written[l].all {
			posts += len(answers[place])
			for contact, a := range readAnswers(answers[place]) {
				if a.wrong != "" || !a.whole || a.files != files(contact) || contacts[contact] {
					t.Errorf("%s: %+v of contact %s for customer %d: %q", l.name(), *a, contact, m.i, answers[place])
				}
				contacts[contact] = true
				long += min(1, a.words/10)
				billed += a.files
			}
			if slices.ContainsFunc(answers[place], func(post string) bool { of := newestOf(post); return of.version > 0 && of.i != m.i }) {
				t.Errorf("%s: customer %d got another's answer: %q", l.name(), m.i, answers[place])
			}
			delete(answers, place)
		}
		for place, texts := range answers {
			t.Errorf("%s: %q stands at %q, where nobody wrote", l.name(), texts, place)
		}
	}
	for _, words := range r.complaints() {
		t.Errorf("a provider complains: %s", words)
	}
	a := r.audit()
	t.Logf("%d lives; %d contacts answered by %d posts, %d of them long, %d with a file; the ledger: %+v", r.lives, len(contacts), posts, long, billed, a.Summary)
	if a.Summary.Messages < r.messages || a.Summary.Quarantined != 0 || a.Summary.Replied != len(contacts) || a.Summary.Contacts != len(contacts) {
		t.Errorf("%d messages written and %d contacts answered; the ledger ends with %+v", r.messages, len(contacts), a.Summary)
	}
	r.stop()
	if stopped := r.audit(); fmt.Sprint(stopped.Summary) != fmt.Sprint(a.Summary) {
		t.Errorf("audited while stopped: %+v", stopped.Summary)
	}
}

// settle is the person who looks after replies in doubt: at the customers', once
// some time has passed, and then says what happened.
func (s *square) settle(ctx context.Context) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	seen := map[string]int{}
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
			if seen[it.ID]++; seen[it.ID] < 3 {
				continue
			}
			outcome := "again"
			if s.arrived(it) {
				outcome = "delivered"
			}
			s.t.Logf("reply %s is in doubt: %s", it.ID, outcome)
			_ = s.boss.do(ctx, "POST", "/api/replies/"+it.ID+"/resolve", map[string]any{"outcome": outcome, "command_id": "settle-" + it.ID + newUUID()}, nil)
		}
	}
}

// arrived looks for the whole of a reply at the customers'.
func (s *square) arrived(it item) bool {
	found := tokenForm.FindStringSubmatch(it.Text)
	if found == nil {
		s.t.Errorf("a reply in doubt is shown as %q", it.Text)
		return false
	}
	for _, l := range s.lines {
		for _, posts := range l.answers() {
			if a := readAnswers(posts)[found[1]]; a != nil {
				return a.whole
			}
		}
	}
	return false
}
