package journal

import (
	"context"
	"fmt"
	"testing"
	"time"

	"stagecoach/channels"
)

// fill puts n items of a sender in the queue, each of size bytes.
func fill(t *testing.T, q *intakeQueue, seq *uint64, sender string, n, size int) {
	t.Helper()
	for range n {
		*seq++
		p := &pulled{seq: *seq, delivery: 1, answerTo: fmt.Sprint("to ", *seq), size: size}
		if err := q.put(t.Context(), p, &channels.Inbound{Account: "support", Sender: sender}); err != nil {
			t.Fatal(err)
		}
	}
}

// turns takes everything out, turn by turn, and gives whose each was and which.
func turns(t *testing.T, q *intakeQueue) (senders []string, items [][]*pulled) {
	t.Helper()
	for len(q.pending) > 0 {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		s, turn, err := q.next(ctx)
		cancel()
		if err != nil {
			t.Fatalf("%d items are pending and nobody is next: %v", len(q.pending), err)
		}
		for _, p := range turn {
			q.forget(p)
		}
		if err := q.done(t.Context(), s, turn, nil); err != nil {
			t.Fatal(err)
		}
		senders, items = append(senders, s.key), append(items, turn)
	}
	return senders, items
}

func TestSendersTakeTurns(t *testing.T) {
	t.Parallel()
	q, seq := newIntakeQueue(), uint64(0)
	fill(t, q, &seq, "storm", 3000, 2000)
	for i := range 10 {
		fill(t, q, &seq, fmt.Sprint("other", i), 1, 2000)
	}
	fill(t, q, &seq, "second storm", 300, 2000)
	if held := q.bytes; held > heldBytes || held > 2*heldItems*2000+10*2000 {
		t.Errorf("%d bytes are held", held)
	}
	senders, items := turns(t, q)
	others := 0
	for _, s := range senders[:12] {
		if s != "support\x00storm" && s != "support\x00second storm" {
			others++
		}
	}
	if others != 10 {
		t.Errorf("of the first 12 turns %d are the others', want 10: %q", others, senders[:12])
	}
	last, storm := map[string]uint64{}, 0
	for i, turn := range items {
		if len(turn) > turnItems {
			t.Errorf("a turn has %d items", len(turn))
		}
		for _, p := range turn {
			if p.seq <= last[senders[i]] {
				t.Errorf("%q: %d came after %d", senders[i], p.seq, last[senders[i]])
			}
			last[senders[i]] = p.seq
			if senders[i] == "support\x00storm" {
				storm++
			}
		}
	}
	if storm != 3000 {
		t.Errorf("%d of the storm's 3000 items came", storm)
	}
	if q.bytes != 0 || len(q.senders) != 0 || len(q.ring) != 0 {
		t.Errorf("nothing waits, and there are %d bytes, %d senders, %d in the ring", q.bytes, len(q.senders), len(q.ring))
	}
}

// However large the items are and however many senders there are, what is held
// has an end, and so has a turn.
func TestIntakeHoldsLittle(t *testing.T) {
	t.Parallel()
	q, seq := newIntakeQueue(), uint64(0)
	const size = 300_000
	for i := range 100 {
		fill(t, q, &seq, fmt.Sprint("sender", i), 5, size)
		if q.bytes > heldBytes {
			t.Fatalf("%d bytes are held", q.bytes)
		}
	}
	_, items := turns(t, q)
	for _, turn := range items {
		if len(turn)*size > turnBytes {
			t.Errorf("a turn of %d items is %d bytes large", len(turn), len(turn)*size)
		}
	}
	if q.bytes != 0 {
		t.Errorf("%d bytes are held of nothing", q.bytes)
	}
}

// What failed before may be why others beside it failed: it comes alone. So does
// a large original.
func TestWhatFailedComesAlone(t *testing.T) {
	t.Parallel()
	q := newIntakeQueue()
	for i := range uint64(6) {
		p, in := &pulled{seq: i + 1, delivery: 1}, &channels.Inbound{Account: "support", Sender: "anna"}
		switch i {
		case 2:
			p.delivery = 2
		case 4:
			in.RawObject = "object"
		}
		if err := q.put(t.Context(), p, in); err != nil {
			t.Fatal(err)
		}
	}
	_, items := turns(t, q)
	var sizes []int
	for _, turn := range items {
		sizes = append(sizes, len(turn))
	}
	if got := fmt.Sprint(sizes); got != "[2 1 1 1 1]" {
		t.Errorf("the turns have %s items", got)
	}
}

// The engine hands an item out once more when it hears nothing of it for long:
// it is taken in once, and the answer goes to where the engine waits now.
func TestItemThatIsHandedOutAgainWaitsOnce(t *testing.T) {
	t.Parallel()
	q := newIntakeQueue()
	for _, to := range []string{"first", "second"} {
		p := &pulled{seq: 7, delivery: 1, answerTo: to}
		if err := q.put(t.Context(), p, &channels.Inbound{Account: "support", Sender: "anna"}); err != nil {
			t.Fatal(err)
		}
	}
	_, turn, err := q.next(t.Context())
	if err != nil || len(turn) != 1 {
		t.Fatalf("a turn of %d items, %v", len(turn), err)
	}
	if to, _ := q.forget(turn[0]); to != "second" {
		t.Errorf("the answer goes to %q", to)
	}
	if len(q.unanswered()) != 0 {
		t.Error("it is still pending")
	}
}
