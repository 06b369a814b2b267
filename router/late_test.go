package router_test

import (
	"context"
	"sync"
	"testing"

	"stagecoach/journal"
	"stagecoach/journal/journaltest"
	"stagecoach/router"
)

// lateLog holds one append back: it says that nobody knows, and the commit
// arrives only when the next one is on its way.
type lateLog struct {
	*journal.Log
	mu   sync.Mutex
	hold bool
	held func() error
}

func (l *lateLog) Append(ctx context.Context, id string, prev uint64, commit []byte) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hold {
		l.hold = false
		ctx := context.WithoutCancel(ctx)
		l.held = func() error {
			_, err := l.Log.Append(ctx, id, prev, commit)
			return err
		}
		return 0, journal.ErrUnavailable
	}
	if held := l.held; held != nil {
		l.held = nil
		if err := held(); err != nil {
			return 0, err
		}
	}
	return l.Log.Append(ctx, id, prev, commit)
}

// A commit of which nobody knew whether it was written arrives after the router
// has begun anew from the log: what is in memory is what the log has.
func TestCommitThatArrivesAfterTheReplay(t *testing.T) {
	t.Parallel()
	model := journaltest.NewModel(nil)
	log := &lateLog{Log: model.OpenTrying(1)}
	e := engine(t, "life-1", log, newOutbox())
	stop := start(t, e)
	do(t, e, "", router.ActorIntake, mail("m1", "alice"))
	log.mu.Lock()
	log.hold = true
	log.mu.Unlock()
	for _, m := range []string{"m2", "m2", "m3"} { // the first has no answer
		do(t, e, "", router.ActorIntake, mail(m, m))
	}
	sameAsReplay(t, e, model.Commits())
	if err := e.View(t.Context(), func(s *router.State) {
		if s.Totals.Opened != 3 {
			t.Errorf("%d contacts for 3 mails", s.Totals.Opened)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}
