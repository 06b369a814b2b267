package journal_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"stagecoach/fault"
	"stagecoach/journal"
	"stagecoach/journal/journaltest"
)

// The environment that makes a child of this test, and one that erases.
const (
	childEnv = "STAGECOACH_JOURNAL_CHILD"
	eraseEnv = "STAGECOACH_JOURNAL_ERASE"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		work := child
		if os.Getenv(eraseEnv) != "" {
			work = erasingChild
		}
		if err := work(context.Background(), dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child writes for ever, and says after each acknowledgement what it was for.
func child(ctx context.Context, dir string) error {
	j, err := journal.Open(ctx, journal.Config{Dir: dir}, discard())
	if err != nil {
		return err
	}
	prev, err := j.Log().Last(ctx)
	if err != nil {
		return err
	}
	for {
		next := prev + 1
		if prev, err = j.Log().Append(ctx, fmt.Sprint("c", next), prev, fmt.Append(nil, "commit ", next)); err != nil {
			return err
		}
		fmt.Println("log", prev)
		raw := fmt.Sprint("mail ", next)
		if next%10 == 0 {
			raw = strings.Repeat(raw, journal.LargeValue/4)
		}
		ref, _, err := j.PutInbound(ctx, mail(fmt.Sprint("m", next), raw))
		if err != nil {
			return err
		}
		fmt.Println("inbound", ref, next)
		if ref, err = j.Put(ctx, journal.KindReply, fmt.Sprint("r", next), fmt.Append(nil, "reply ", next)); err != nil {
			return err
		}
		fmt.Println("content", ref, next)
		if err := j.PublishOutbox(ctx, journal.OutboxItem{Reply: fmt.Sprint("r", next), Channel: "email", Account: "support"}); err != nil {
			return err
		}
		fmt.Println("outbox", next)
		if next%5 == 0 {
			if err := j.SaveSnapshot(ctx, next, next, strings.NewReader(fmt.Sprint("state ", next))); err != nil {
				return err
			}
			fmt.Println("snapshot", next)
		}
	}
}

// spawn starts a child and gives the lines that it says.
func spawn(t *testing.T, dir string, env ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0]) // this very test
	cmd.Env = append(append(os.Environ(), childEnv+"="+dir), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	ok(t, err)
	ok(t, cmd.Start())
	return cmd, bufio.NewScanner(out)
}

// acknowledged is what a child said before it ended.
type acknowledged struct {
	log, snapshot uint64
	inbound       map[string]uint64
	content       map[string]uint64
	outbox        map[uint64]bool
}

func (a *acknowledged) take(t *testing.T, line string) {
	t.Helper()
	var ref string
	var n uint64
	switch what, rest, _ := strings.Cut(line, " "); what {
	case "log":
		mustScan(t, rest, &a.log)
	case "inbound":
		mustScan(t, rest, &ref, &n)
		a.inbound[ref] = n
	case "content":
		mustScan(t, rest, &ref, &n)
		a.content[ref] = n
	case "outbox":
		mustScan(t, rest, &n)
		a.outbox[n] = true
	case "snapshot":
		mustScan(t, rest, &a.snapshot)
	default:
		t.Fatalf("the child says %q", line)
	}
}

func mustScan(t *testing.T, s string, into ...any) {
	t.Helper()
	if _, err := fmt.Sscan(s, into...); err != nil {
		t.Fatalf("the child says %q: %v", s, err)
	}
}

// verify opens what a killed child left and looks for all that it had been
// told was stored.
func (a *acknowledged) verify(t *testing.T, dir string) {
	t.Helper()
	j := journaltest.OpenAt(t, journal.Config{Dir: dir})
	ctx := t.Context()
	n := uint64(0)
	last, err := j.Log().Replay(ctx, 0, func(seq uint64, commit []byte) error {
		if n++; seq != n || string(commit) != fmt.Sprint("commit ", n) {
			return fmt.Errorf("sequence %d holds %q", seq, commit)
		}
		return nil
	})
	if err != nil || last < a.log || last > a.log+1 {
		t.Errorf("the log ends at %d, %v; acknowledged was %d", last, err, a.log)
	}
	for ref, n := range a.inbound {
		in, err := j.Inbound(ctx, ref)
		if err != nil || !strings.HasPrefix(string(in.Raw), fmt.Sprint("mail ", n)) {
			t.Errorf("%q, acknowledged: %v", ref, err)
		}
		again, dup, err := j.PutInbound(ctx, mail(fmt.Sprint("m", n), "mail"))
		if again != ref || !dup || err != nil {
			t.Errorf("item m%d stored again as %q %v %v, was %q", n, again, dup, err, ref)
		}
	}
	for ref, n := range a.content {
		if got, err := j.Get(ctx, ref); string(got) != fmt.Sprint("reply ", n) || err != nil {
			t.Errorf("%q holds %q, %v", ref, got, err)
		}
	}
	if n, err := j.OutboxPending(ctx); n < len(a.outbox) || err != nil {
		t.Errorf("OUTBOX holds %d, %v; acknowledged were %d", n, err, len(a.outbox))
	}
	if n, _, data, _, err := j.LatestSnapshot(ctx); n < a.snapshot || err != nil || n > 0 && string(data) != fmt.Sprint("state ", n) {
		t.Errorf("the latest snapshot is %d %q, %v; acknowledged was %d", n, data, err, a.snapshot)
	}
	ok(t, j.Healthy(ctx))
	ok(t, j.Close())
}

func (a *acknowledged) reset() {
	*a = acknowledged{inbound: map[string]uint64{}, content: map[string]uint64{}, outbox: map[uint64]bool{}}
}

func TestWhatWasAcknowledgedOutlivesKill(t *testing.T) {
	dir := t.TempDir()
	var a acknowledged
	a.reset()
	for round, lines := range []int{7, 60, 143, 1, 90} {
		cmd, out := spawn(t, dir)
		for i := 0; out.Scan(); i++ {
			a.take(t, out.Text())
			if i == lines {
				ok(t, cmd.Process.Kill())
			}
		}
		if err := cmd.Wait(); !killed(err) {
			t.Fatalf("round %d: the child ended with %v", round, err)
		}
		a.verify(t, dir)
	}
	t.Logf("%d commits, %d items, %d replies over 5 kills", a.log, len(a.inbound), len(a.content))
}

func killed(err error) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	status, isWait := exit.Sys().(syscall.WaitStatus)
	return isWait && status.Signaled() && status.Signal() == syscall.SIGKILL //nolint:misspell // as syscall has it
}

func TestKilledAtEveryPointOfTheJournal(t *testing.T) {
	for _, p := range []fault.Point{
		fault.InboxBeforeStore, fault.InboxAfterStore, fault.LogBeforeAppend, fault.LogAfterAppend,
		fault.ReplyBeforeStore, fault.ReplyAfterStore, fault.OutboxBeforePublish, fault.OutboxAfterPublish,
		fault.SnapshotBeforeSave, fault.SnapshotAfterSave,
	} {
		t.Run(string(p), func(t *testing.T) {
			dir := t.TempDir()
			var a acknowledged
			a.reset()
			cmd, out := spawn(t, dir, fault.Env+"="+string(p)+":2")
			for out.Scan() {
				a.take(t, out.Text())
			}
			if err := cmd.Wait(); !killed(err) {
				t.Fatalf("the child ended with %v, want a kill at %s", err, p)
			}
			a.verify(t, dir)
		})
	}
}

func TestSecondChildIsRefusedWhileTheFirstLives(t *testing.T) {
	dir := t.TempDir()
	cmd, out := spawn(t, dir)
	if !out.Scan() {
		t.Fatal("the child said nothing")
	}
	_, err := journal.Open(t.Context(), journal.Config{Dir: dir}, discard())
	wantErr(t, err, journal.ErrLocked)
	if want := fmt.Sprint("process ", cmd.Process.Pid); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %q doesn't name %q", err, want)
	}
	ok(t, cmd.Process.Kill())
	for out.Scan() { // drained so that the child's pipe closes
	}
	_ = cmd.Wait()
	journaltest.OpenAt(t, journal.Config{Dir: dir})
}
