//go:build chaos

package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"stagecoach/fault"
)

// outpostKills is how often each adapter's process dies at each point of its way,
// and how often the daemon does in the middle of it.
func outpostKills(t *testing.T) int {
	t.Helper()
	given := os.Getenv("STAGECOACH_KILLS")
	if given == "" {
		return 3
	}
	n, err := strconv.Atoi(given)
	if err != nil || n < 1 {
		t.Fatalf("STAGECOACH_KILLS is %q", given)
	}
	return n
}

// TestChaosAdaptersElsewhere kills adapters' processes while they receive and
// while they send, and the daemon likewise. Everybody has exactly one answer in
// the end.
func TestChaosAdaptersElsewhere(t *testing.T) {
	random := rand.New(rand.NewPCG(seed(t), 7))
	o := newOutposts(t)
	o.serveAll()
	o.open()
	stop := o.answerAll(3)
	defer stop()
	type death struct {
		of    *line // nil for the daemon
		point fault.Point
	}
	var deaths []death
	for range outpostKills(t) {
		for _, l := range o.lines {
			for _, p := range []fault.Point{fault.ItemBeforeDeliver, fault.ItemAfterDeliver, fault.OrderBeforeSend, fault.OrderAfterProvider} {
				deaths = append(deaths, death{l, p})
			}
		}
		deaths = append(deaths, death{nil, fault.InboxAfterStore}, death{nil, fault.SendAfterAttempt}, death{nil, fault.SendAfterProvider}, death{nil, ""})
	}
	random.Shuffle(len(deaths), func(i, j int) { deaths[i], deaths[j] = deaths[j], deaths[i] })
	places := map[*line][]string{}
	for i, d := range deaths {
		armed := ""
		if d.point != "" {
			armed = fmt.Sprintf("%s:%d", d.point, 1+random.IntN(2))
		}
		if d.of == nil {
			o.kill()
			o.start(armed)
		} else {
			o.posts[d.of].kill()
			o.man(d.of, armed)
		}
		for _, l := range o.lines {
			places[l] = append(places[l], l.write(2*i, "Where is it?"), l.write(2*i+1, "And where is this?"))
		}
		begun := time.Now()
		switch {
		case d.of != nil:
			select {
			case <-o.posts[d.of].ended:
			case <-time.After(patience):
				t.Errorf("%s was never reached by %s", armed, d.of.name())
			}
		case d.point == "":
			select { // a random moment is a length of time
			case <-o.ended:
				t.Fatalf("the daemon ended by itself: %s", o.cmd.ProcessState)
			case <-time.After(time.Duration(random.Int64N(int64(2 * time.Second)))):
				o.kill()
			}
		case !o.diedByFault(patience):
			t.Errorf("%s was never reached by the daemon", armed)
		}
		t.Logf("%2d: died at %q after %v", i, armed, time.Since(begun).Round(time.Millisecond))
		o.serveAll()
	}
	o.untilAnswered(places)
}
