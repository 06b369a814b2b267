//go:build chaos

package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"stagecoach/fault"
)

// The size of the test: who writes, how often the daemon is killed at random
// (and once more at every fault point), and how many work at the desk.
const (
	chaosMails  = 500
	chaosRandom = 10
	chaosAgents = 4
)

// unreachable are the fault points that this test can't come by, with the
// reason. What is put here must be killed at elsewhere.
var unreachable = map[fault.Point]string{
	fault.ReceiptBeforeStore: "TestChaosReceipts", fault.ReceiptAfterStore: "TestChaosReceipts", fault.ReceiptAfterQueue: "TestChaosReceipts",
	fault.SendAfterUpload: "TestChaosChannels", fault.SendAfterPart: "TestChaosChannels",
	fault.SendAfterRefusals: "needs a provider that refuses some: TestWhoIsDeferredGetsItLater",
}

// TestChaosKillNine kills the daemon at random and at every fault point while
// mail comes in and answers go out. In the end every customer has exactly one
// answer, and the ledger adds up.
func TestChaosKillNine(t *testing.T) {
	random := rand.New(rand.NewPCG(seed(t), 0))
	people := []string{support}
	for i := range chaosMails {
		people = append(people, customer(i))
	}
	o := newOffice(t, people...)
	o.configure(support)
	o.start("")
	o.untilUp("email/support")
	o.open()

	run := &chaos{office: o, random: random}
	for i := range chaosAgents {
		run.workers = append(run.workers, newWorker(o.hire(fmt.Sprintf("Agent%d", i)), func(c card, _ conversation) string { return "Answer to " + c.Subject }))
	}
	ctx, stop := context.WithCancel(t.Context())
	var beside sync.WaitGroup
	defer beside.Wait()
	defer stop()
	for _, w := range run.workers {
		beside.Go(func() { w.run(ctx) })
	}
	beside.Go(func() { run.write(ctx) })
	beside.Go(func() { run.settle(ctx) })

	run.killEverywhere()
	run.untilAllAnswered()
	stop()
	beside.Wait()
	run.check()
}

func customer(i int) string { return fmt.Sprintf("c%03d@cust.test", i) }

func mailID(i int) string { return fmt.Sprintf("question-%03d@cust.test", i) }

// chaos is one run.
type chaos struct {
	*office
	random  *rand.Rand
	workers []*worker

	// allowed is how many mails may have been written by now; written is how
	// many have been.
	allowed, written atomic.Int64
	// confirmed and again count the replies in doubt that had arrived, and those
	// that had not.
	confirmed, again atomic.Int64
	unreached        []string
}

// write has a new customer write every so often, as far as the part of the run
// allows, whether the daemon lives or not.
func (c *chaos) write(ctx context.Context) {
	tick := time.NewTicker(150 * time.Millisecond)
	defer tick.Stop()
	for i := 0; i < chaosMails; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for burst := 0; burst < 3 && int64(i) < c.allowed.Load(); burst++ {
			l := letter{from: customer(i), to: support, subject: fmt.Sprintf("Question %03d", i), text: "How?", id: mailID(i)}
			if err := send(c.postfix, l); err != nil {
				c.t.Errorf("mail %d: %v", i, err)
				return
			}
			i++
			c.written.Store(int64(i))
		}
	}
}

// step is one life of the daemon and how it ends.
type step struct {
	name  string
	point string
	after time.Duration
}

// killEverywhere lets the daemon die once at every fault point and at random
// moments, in an order that the seed gives.
func (c *chaos) killEverywhere() {
	var steps, last []step
	for range chaosRandom {
		after := time.Duration(c.random.Int64N(int64(4 * time.Second)))
		steps = append(steps, step{name: "at random", after: after})
	}
	for _, p := range fault.Points() {
		if _, never := unreachable[p]; never {
			continue
		}
		s := step{name: string(p), point: fmt.Sprintf("%s:%d", p, 1+c.random.IntN(8))}
		if p == fault.SnapshotBeforeSave || p == fault.SnapshotAfterSave {
			s.point = string(p)
			last = append(last, s) // needs a long log and a minute
			continue
		}
		steps = append(steps, s)
	}
	c.random.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
	steps = append(steps, last...)
	share := float64(chaosMails) / float64(len(steps))
	c.kill() // the first life was for setting up
	for i, s := range steps {
		c.allowed.Store(int64(share * float64(i+1)))
		c.die(s)
	}
	c.allowed.Store(chaosMails)
	c.start("")
	c.untilUp("email/support")
}

func (c *chaos) die(s step) {
	c.t.Helper()
	if strings.HasPrefix(s.name, "snapshot.") {
		c.start("")
		c.growLog()
		c.kill()
	}
	begun := time.Now()
	c.start(s.point)
	switch {
	case s.point == "":
		select { // a random moment is a length of time
		case <-c.ended:
			c.t.Fatalf("the daemon ended by itself: %s", c.cmd.ProcessState)
		case <-time.After(s.after):
		}
	case !c.diedByFault(100 * time.Second):
		c.unreached = append(c.unreached, s.name)
	}
	c.kill()
	c.t.Logf("killed %-24s after %6v; %3d mails written, replies in doubt so far: %d arrived, %d not",
		s.name+" "+strings.TrimPrefix(s.point, s.name), time.Since(begun).Round(time.Millisecond), c.written.Load(), c.confirmed.Load(), c.again.Load())
}

// growLog makes the log long enough for a snapshot to be worth its while.
func (c *chaos) growLog() {
	c.t.Helper()
	c.untilUp("email/support")
	const worth = 1_000
	var a struct {
		N int `json:"n"`
	}
	c.boss.must(c.t, "GET", "/api/ledger/audit", nil, &a)
	from := a.N
	for n := a.N; n < worth+100; n++ {
		presence := []string{"away", "offline"}[n%2]
		c.boss.must(c.t, "POST", "/api/presence", map[string]any{"presence": presence}, nil)
	}
	c.t.Logf("the log had %d commits, and has %d now", from, max(from, worth+100))
}

// settle is the person who looks after replies in doubt: into the customer's
// mailbox, once nothing of the reply is on its way any more, and then says what
// happened.
func (c *chaos) settle(ctx context.Context) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	quiet := map[string]int{} // how often a reply in doubt was not on its way
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var v overview
		if err := c.boss.do(ctx, "GET", "/api/overview", nil, &v); err != nil {
			continue // down
		}
		for _, it := range v.Doubtful {
			if quiet[it.ID]++; c.onItsWay(it.ID) {
				quiet[it.ID] = 0
			}
			if quiet[it.ID] > 3 && c.settleOne(ctx, it) {
				delete(quiet, it.ID)
			}
		}
	}
}

func (c *chaos) onItsWay(reply string) bool {
	for _, raw := range c.postfix.Queued() {
		if strings.Contains(string(raw), reply) {
			return true
		}
	}
	return false
}

func (c *chaos) settleOne(ctx context.Context, it item) bool {
	if len(it.To) != 1 {
		c.t.Errorf("reply %s in doubt goes to %v", it.ID, it.To)
		return false
	}
	there, err := c.hasMail(ctx, it.To[0].Address, it.ID+"@acme.test")
	if err != nil {
		c.t.Logf("looking for reply %s: %v", it.ID, err)
		return false
	}
	outcome, counter := "again", &c.again
	if there {
		outcome, counter = "delivered", &c.confirmed
	}
	err = c.boss.do(ctx, "POST", "/api/replies/"+it.ID+"/resolve", map[string]any{"outcome": outcome, "command_id": "settle-" + it.ID + newUUID()}, nil)
	if err != nil {
		return false
	}
	counter.Add(1)
	return true
}

func (c *chaos) untilAllAnswered() {
	c.t.Helper()
	var s summary
	eventually(c.t, 2*time.Minute, func() string { return fmt.Sprintf("all to be answered, %d written, is %+v", c.written.Load(), s) }, func() bool {
		if err := c.boss.do(c.t.Context(), "GET", "/api/summary", nil, &s); err != nil {
			c.t.Fatalf("the daemon at the end: %v", err)
		}
		return s.Open == 0 && s.Messages >= chaosMails
	})
}

// check counts in the customers' mailboxes and in the ledger.
func (c *chaos) check() {
	t := c.t
	for _, name := range c.unreached {
		t.Errorf("fault point %s was never reached", name)
	}
	eventually(t, patience, words("Postfix to deliver what it has taken"), func() bool { return len(c.postfix.Queued()) == 0 })
	none, doubled := 0, 0
	var sent map[string]int
	eventually(t, patience, func() string { return fmt.Sprintf("copies of all replies, %d are there", len(sent)) }, func() bool {
		sent = c.copies()
		return len(sent) >= chaosMails
	})
	for i := range chaosMails {
		mails := c.inbox(customer(i))
		switch {
		case len(mails) == 0:
			none++
			t.Errorf("%s got no answer", customer(i))
			continue
		case len(mails) > 1:
			doubled++
			t.Errorf("%s got %d answers: %s", customer(i), len(mails), idsOf(mails))
		}
		m := mails[0]
		if want := fmt.Sprintf("Re: Question %03d", i); m.Get("Subject") != want || m.ids("In-Reply-To")[0] != mailID(i) {
			t.Errorf("%s got %q in reply to %v", customer(i), m.Get("Subject"), m.ids("In-Reply-To"))
		}
		if n := sent[m.id()]; n != 1 {
			t.Errorf("the folder of sent mail has %d copies of the answer %s to %s", n, m.id(), customer(i))
		}
	}
	a := c.audit()
	c.stop()
	stopped := c.audit()
	var answered, unsure, refused int64
	for _, w := range c.workers {
		answered, unsure, refused = answered+w.answered.Load(), unsure+w.unsure.Load(), refused+w.refused.Load()
	}
	t.Logf("%d lives; agents' calls: %d replies taken, %d without an answer, %d refused; in doubt: %d had arrived, %d sent again",
		c.lives, answered, unsure, refused, c.confirmed.Load(), c.again.Load())
	t.Logf("%d customers without an answer, %d with more than one; copies in the folder of sent mail of %d replies", none, doubled, len(sent))
	t.Logf("the ledger: %+v", a.Summary)
	if s := a.Summary; s.Messages != chaosMails || s.Contacts != chaosMails || s.Replied != chaosMails || s.Quarantined != 0 {
		t.Errorf("the ledger ends with %+v, want %d messages, contacts and replies", s, chaosMails)
	}
	if fmt.Sprint(stopped.Summary) != fmt.Sprint(a.Summary) {
		t.Errorf("audited while stopped: %+v", stopped.Summary)
	}
}

func idsOf(mails []got) string {
	var ids []string
	for _, m := range mails {
		ids = append(ids, m.id())
	}
	return strings.Join(ids, " ")
}

// copies counts the copies of each reply in the folder of sent mail.
func (c *chaos) copies() map[string]int {
	count := map[string]int{}
	for _, raw := range c.dovecot.Mails(support, sentFolder) {
		count[read(c.t, raw).id()]++
	}
	return count
}
