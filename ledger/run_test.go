package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stagecoach/fault"
	"stagecoach/router"
)

func TestRunFollows(t *testing.T) {
	s := newStory(t)
	l := openAt(t, t.TempDir())
	run(t, l, s.log, nil)
	ctx := within(t)
	s.do(router.ActorRouter, router.Begin{Life: "life-1"})
	for _, id := range []string{"a", "b", "c"} {
		n := s.do(router.ActorIntake, s.mail(id, id)).Commit
		if err := l.WaitFor(ctx, n); err != nil {
			t.Fatal(err)
		}
		if at := l.At(); at != n {
			t.Fatalf("at %d, want %d", at, n)
		}
		rows, err := l.Contacts(ctx, Filter{State: StateOpen, Limit: 1})
		if err != nil || len(rows) != 1 || rows[0].Messages[0].Ref != "inbox.0."+id {
			t.Fatalf("rows %+v, %v", rows, err)
		}
	}
	short, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	if err := l.WaitFor(short, s.n+1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting for what is not there: %v", err)
	}
}

func TestRunGoesOnAfterTheLinkWasCut(t *testing.T) {
	s := day(t)
	s.log.cutAt = 30
	l := openAt(t, t.TempDir())
	run(t, l, s.log, nil)
	if err := l.WaitFor(within(t), s.n); err != nil {
		t.Fatal(err)
	}
	compare(t, s, l)
}

func TestRunEndsAtALogOfALaterBuild(t *testing.T) {
	s := plain(t)
	s.log.append([]byte(`{"v":99,"n":8}`))
	l := openAt(t, t.TempDir())
	err := l.Run(within(t), s.log, nil)
	if !errors.Is(err, errUnreadable) || !strings.Contains(err.Error(), "schema 99") {
		t.Errorf("run: %v", err)
	}
	if l.At() != 7 {
		t.Errorf("at %d: what could be read must be folded", l.At())
	}
}

func TestADamagedFileIsMadeAnew(t *testing.T) {
	for name, share := range map[string]int{"from its head on": 0, "in its middle": 3, "at its end": 9} {
		t.Run(name, func(t *testing.T) {
			s := day(t)
			dir := t.TempDir()
			l := openAt(t, dir)
			s.fold(l)
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(factsPath(dir))
			if err != nil {
				t.Fatal(err)
			}
			const page = 4096
			for i := max(page, len(data)/page*share/10*page); i < len(data); i++ {
				data[i] = 0x5a
			}
			if err := os.WriteFile(factsPath(dir), data, 0o600); err != nil {
				t.Fatal(err)
			}
			again := openAt(t, dir)
			run(t, again, s.log, nil)
			ctx := within(t)
			// Whatever page is hit next, the ledger ends whole.
			for i := range 20 {
				n := s.do(router.ActorIntake, s.mail(fmt.Sprintf("more%d", i), "more")).Commit
				if err := again.WaitFor(ctx, n); err != nil {
					t.Fatal(err)
				}
			}
			if err := again.Rebuild(ctx, s.log); err != nil {
				t.Fatal(err)
			}
			compare(t, s, again)
		})
	}
}

func TestOpenMakesAnotherVersionAnew(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, path string){
		"older": func(t *testing.T, path string) {
			t.Helper()
			db, err := dial(path, factsKind())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.write.ExecContext(t.Context(), "PRAGMA user_version=99"); err != nil {
				t.Fatal(err)
			}
			if err := db.close(); err != nil {
				t.Fatal(err)
			}
		},
		"no database": func(t *testing.T, path string) {
			t.Helper()
			if err := os.WriteFile(path, []byte(strings.Repeat("this is no database ", 1000)), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := plain(t)
			dir := t.TempDir()
			l := openAt(t, dir)
			s.fold(l)
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			spoil(t, factsPath(dir))
			l = openAt(t, dir)
			if l.At() != 0 {
				t.Errorf("at %d in a new file", l.At())
			}
			s.fold(l)
			if l.At() != s.n {
				t.Errorf("at %d, want %d", l.At(), s.n)
			}
		})
	}
}

func TestRebuildGivesTheSameRows(t *testing.T) {
	s := day(t)
	lib := newShelf()
	l := openAt(t, t.TempDir())
	run(t, l, s.log, lib)
	ctx := within(t)
	if err := l.WaitFor(ctx, s.n); err != nil {
		t.Fatal(err)
	}
	before := dump(t, l)
	// Somebody reads all the time, and must never see it go back.
	var lowest atomic.Uint64
	lowest.Store(s.n)
	reading, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() {
		for reading.Err() == nil {
			asOf, known, err := l.Known(ctx, []string{"mid:m1"})
			if err != nil || len(known) != 1 {
				done <- errors.Join(err, errors.New("the key was lost"))
				return
			}
			if asOf < lowest.Load() {
				lowest.Store(asOf)
			}
		}
		done <- nil
	}()
	if err := l.Rebuild(ctx, s.log); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if lowest.Load() != s.n {
		t.Errorf("the ledger went back to %d", lowest.Load())
	}
	if after := dump(t, l); after != before {
		t.Errorf("rows differ:\n%s", difference(after, before))
	}
	n := s.do(router.ActorIntake, s.mail("after", "new")).Commit
	if err := l.WaitFor(ctx, n); err != nil {
		t.Fatalf("following after a rebuild: %v", err)
	}
	files, err := filepath.Glob(filepath.Join(l.cfg.Dir, "ledger", "*next*"))
	if err != nil || len(files) > 0 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

func TestCatchupBesideRun(t *testing.T) {
	s := plain(t)
	l := openAt(t, t.TempDir())
	run(t, l, s.log, nil)
	ctx := within(t)
	for range 5 {
		if err := l.Catchup(ctx, s.log); err != nil {
			t.Fatal(err)
		}
	}
	s.opened("c3", "v3", "m3")
	if err := l.WaitFor(ctx, s.n); err != nil {
		t.Fatal(err)
	}
	if a, err := l.Audit(ctx, nil); err != nil || len(a.Gaps) > 0 {
		t.Errorf("%+v, %v", a.Gaps, err)
	}
}

const childDir = "STAGECOACH_LEDGER_CHILD"

// TestKilledFold is run as a process of its own that ends at the fault point.
func TestKilledFold(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		t.Skip("runs as the child of TestKillAndReopen")
	}
	s := day(t)
	l := openAt(t, dir)
	for n := range s.log.commits { // a flush for each ten, as when the log grows
		if n%10 != 0 {
			continue
		}
		part := newMemoryLog()
		part.commits = s.log.commits[:n]
		if err := l.Catchup(t.Context(), part); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("the process was to be killed")
}

func TestKillAndReopen(t *testing.T) {
	s := day(t)
	want := dump(t, s.folded())
	dir := t.TempDir()
	for kill := range 4 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledFold$", "-test.count=1")
		cmd.Env = append(os.Environ(), childDir+"="+dir, fault.Env+"="+string(fault.LedgerBeforeFold)+":3")
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != -1 {
			t.Fatalf("kill %d: %v\n%s", kill, err, out)
		}
	}
	l := openAt(t, dir)
	if at := l.At(); at == 0 || at >= s.n {
		t.Fatalf("at %d of %d: the kills came too early or too late", at, s.n)
	}
	s.fold(l)
	if got := dump(t, l); got != want {
		t.Errorf("rows differ:\n%s", difference(got, want))
	}
}
