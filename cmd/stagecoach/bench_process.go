package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"stagecoach/journal"
	"stagecoach/router"
)

// process is a daemon of its own, started from this very program.
type process struct {
	cmd   *exec.Cmd
	dir   string
	ready time.Duration
	// url is where its desk is.
	url string
}

// startProcess starts a daemon on a directory and waits until it says that it
// is ready, on its output and by /readyz.
func startProcess(ctx context.Context, dir string, more ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	args := append([]string{"serve", "--data", dir, "--listen", "127.0.0.1:0"}, more...)
	cmd := exec.CommandContext(ctx, self, args...) //nolint:gosec // this program
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting a daemon: %w", err)
	}
	p := &process{cmd: cmd, dir: dir}
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting a daemon: %w", err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || !strings.Contains(lines.Text(), "is ready") {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil, fmt.Errorf("the daemon did not start: %s%s", lines.Text(), errs.String())
	}
	p.ready = time.Since(begin)
	go func() { _, _ = io.Copy(io.Discard, out) }() // ends with the process
	c, err := awaitSocket(ctx, dir, errors.New("the daemon has the directory"))
	if err == nil {
		err = c.untilReady(ctx)
		p.url = c.deskAddress(ctx)
		err = errors.Join(err, c.close())
	}
	if err != nil {
		_, stopped := p.stop()
		return nil, errors.Join(err, stopped)
	}
	return p, nil
}

// untilReady waits until the daemon has all that it needs, its channels' links
// included.
func (c *client) untilReady(ctx context.Context) error {
	for until := time.Now().Add(readyLimit); ; pause(ctx, 20*time.Millisecond) {
		_, err := c.call(ctx, http.MethodGet, "/readyz", nil, nil)
		if err == nil || ctx.Err() != nil || time.Now().After(until) {
			return err
		}
	}
}

// readyLimit is how long the links to providers may take.
const readyLimit = 30 * time.Second

// stop ends the daemon by SIGTERM and tells how long that took.
func (p *process) stop() (time.Duration, error) {
	begin := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, fmt.Errorf("stopping the daemon: %w", err)
	}
	err := p.cmd.Wait()
	if err != nil {
		err = fmt.Errorf("stopping the daemon: %w", err)
	}
	return time.Since(begin), err
}

// cpu gives the processor time that the daemon has used (proc_pid_stat(5)).
func (p *process) cpu() (time.Duration, error) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/stat")
	if err != nil {
		return 0, fmt.Errorf("reading the daemon's processor time: %w", err)
	}
	_, rest, _ := strings.Cut(string(data), ") ") // the name may have spaces
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, errors.New("the system does not tell the daemon's processor time")
	}
	var ticks int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("reading the daemon's processor time: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / clockTicks, nil
}

// clockTicks a second are what Linux counts processor time in, everywhere.
const clockTicks = 100

// resident gives the process's memory in use, in MiB (proc_pid_status(5)).
func (p *process) resident() (float64, error) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/status")
	if err != nil {
		return 0, fmt.Errorf("reading the daemon's memory: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
			return kib / 1024, err
		}
	}
	return 0, errors.New("the system does not tell the daemon's memory")
}

// restarts is how often a start and a stop are timed.
const restarts = 3

// restart measures a daemon of its own: from start to ready, on a new directory
// and on one with open contacts, and from SIGTERM to gone.
func (b *bench) restart(ctx context.Context) error {
	fresh, err := b.folder("restart")
	if err != nil {
		return err
	}
	p, err := startProcess(ctx, fresh)
	if err != nil {
		return err
	}
	first := p.ready
	if _, err := p.stop(); err != nil {
		return err
	}
	engine, _, err := b.engineAlone(ctx, fresh)
	if err != nil {
		return err
	}
	b.add(figure{Name: "restart_first", Value: first.Seconds(), Unit: "s", Limit: engine.Seconds()}, atMost(2))
	full, err := b.filled(ctx, "restart", b.cmd.Contacts)
	if err != nil {
		return err
	}
	// The first start also fills the ledger.
	if p, err = startProcess(ctx, full); err != nil {
		return err
	}
	rebuilt := p.ready
	if _, err := p.stop(); err != nil {
		return err
	}
	replayed, _, err := b.startOften(ctx, full, "restart without a snapshot")
	if err != nil {
		return err
	}
	if err := b.snapshot(ctx, full); err != nil {
		return err
	}
	starts, stops, err := b.startOften(ctx, full, "restart")
	if err != nil {
		return err
	}
	engine, engineStop, err := b.engineAlone(ctx, full)
	if err != nil {
		return err
	}
	limit := engine.Seconds()
	b.add(figure{Name: "restart", Value: slices.Max(starts).Seconds(), Unit: "s", Limit: limit}, atMost(2))
	b.add(figure{Name: "restart_replay", Value: slices.Max(replayed).Seconds(), Unit: "s", Limit: limit}, goal{})
	b.add(figure{Name: "restart_rebuild", Value: rebuilt.Seconds(), Unit: "s", Limit: limit}, goal{})
	b.add(figure{Name: "restart_stop", Value: slices.Max(stops).Seconds(), Unit: "s", Limit: engineStop.Seconds()}, atMost(2))
	b.note("restart: the slowest of %d starts of the whole program with %d open contacts, from its start to /readyz: from a snapshot, from the log alone, and the first one, "+
		"which fills the ledger too; first: a new directory. Raw limit: opening and closing the engine alone.", restarts, b.cmd.Contacts)
	return nil
}

// startOften times starts and stops.
func (b *bench) startOften(ctx context.Context, dir, what string) (starts, stops []time.Duration, err error) {
	for i := range restarts {
		b.bar.show(what, i, restarts)
		p, err := startProcess(ctx, dir)
		if err != nil {
			return nil, nil, err
		}
		took, err := p.stop()
		if err != nil {
			return nil, nil, err
		}
		starts, stops = append(starts, p.ready), append(stops, took)
	}
	return starts, stops, nil
}

// snapshot saves one, as a daemon does every few minutes.
func (b *bench) snapshot(ctx context.Context, dir string) (err error) {
	j, err := journal.Open(ctx, journal.Config{Dir: dir}, b.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	return router.SaveSnapshot(ctx, j.Office(), j.Log(), j, b.log)
}

// engineAlone times opening and closing the engine in this process.
func (b *bench) engineAlone(ctx context.Context, dir string) (start, stop time.Duration, err error) {
	var j *journal.Journal
	start, err = timed(func() (err error) {
		j, err = journal.Open(ctx, journal.Config{Dir: dir}, b.log)
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	stop, err = timed(j.Close)
	return start, stop, err
}

// settled is how long a daemon is left alone before its memory is read.
const settled = 3 * time.Second

// memory measures what an idle daemon holds, beside the same program doing
// nothing.
func (b *bench) memory(ctx context.Context) error {
	bare, err := bareMemory(ctx)
	if err != nil {
		return err
	}
	fresh, err := b.folder("memory")
	if err != nil {
		return err
	}
	full, err := b.filled(ctx, "memory", b.cmd.Contacts)
	if err != nil {
		return err
	}
	for _, one := range []struct {
		name, dir string
		goal      goal
	}{{"memory_idle", fresh, atMost(120)}, {"memory_contacts", full, goal{}}} {
		b.bar.show("memory: waiting for "+one.name, 0, 0)
		p, err := startProcess(ctx, one.dir)
		if err != nil {
			return err
		}
		pause(ctx, settled)
		mib, err := p.resident()
		if _, stopped := p.stop(); err != nil || stopped != nil {
			return errors.Join(err, stopped)
		}
		b.add(figure{Name: one.name, Value: mib, Unit: "MiB", Limit: bare}, one.goal)
	}
	b.note("memory: resident, %s after the start, without and with %d open contacts; raw limit: 'stagecoach mail explain' before any mail.", settled, b.cmd.Contacts)
	return nil
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// bareMemory gives the memory of this program when it waits for its input and
// does nothing else, in MiB.
func bareMemory(ctx context.Context) (float64, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, fmt.Errorf("finding this program: %w", err)
	}
	p := &process{cmd: exec.CommandContext(ctx, self, "mail", "explain")} //nolint:gosec // this program
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return 0, fmt.Errorf("running this program: %w", err)
	}
	if err := p.cmd.Start(); err != nil {
		return 0, fmt.Errorf("running this program: %w", err)
	}
	pause(ctx, time.Second)
	mib, err := p.resident()
	return mib, errors.Join(err, in.Close(), p.cmd.Wait())
}
