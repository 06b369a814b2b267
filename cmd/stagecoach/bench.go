package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"syscall"
)

// benchCmd is `stagecoach bench`. Each figure stands beside the raw limit of
// the same machine: what the same work costs without Stagecoach.
type benchCmd struct {
	Names     []string `arg:"" optional:"" help:"ingest, journal, route, replay, search, activation, memory, restart, customers or all; all that there are if left out."`
	Channels  string   `help:"Channels that take part in ingest: email, others (Slack, web chat, Mastodon, Bluesky and webhook, all at once), or all." default:"all"`
	Mails     int      `help:"Mails of one burst." default:"2000"`
	Messages  int      `help:"Messages by the other channels, all at once." default:"10000"`
	Visitors  int      `help:"Visitors of the web chat that are connected at once." default:"2000"`
	Single    int      `help:"Messages that are timed one by one before a burst." default:"25"`
	Contacts  int      `help:"Open contacts of restart, replay and memory; messages of search." default:"10000"`
	Waiting   int      `help:"Contacts that wait as another policy set is activated." default:"100000"`
	Customers int      `help:"Customers of the directory; 1000000 takes some minutes." default:"100000"`
	Seconds   float64  `help:"How long each rate of journal is measured." default:"4"`
	Dir       string   `help:"Make temporary data here: the disk that is measured." placeholder:"DIR" type:"path"`
	Profile   string   `help:"Write a CPU profile (pprof) of all that is measured." placeholder:"FILE" type:"path" name:"cpu-profile"`
	JSON      bool     `name:"json" help:"Print a JSON list."`
}

// figure is one measurement.
type figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	// Limit is the raw limit of this machine in the same unit, 0 where there is
	// none; Ratio is Value by Limit.
	Limit float64 `json:"limit"`
	Ratio float64 `json:"ratio"`

	goal goal
}

// goal is what a figure should reach at least, or at most.
type goal struct {
	most  bool
	bound float64
}

func atLeast(v float64) goal { return goal{bound: v} }
func atMost(v float64) goal  { return goal{most: true, bound: v} }

func (g goal) met(v float64) bool { return g.most == (v <= g.bound) || v == g.bound }

// benches names what there is, in the order of `all`.
func benches() []benchmark {
	return []benchmark{
		{"ingest", (*bench).ingest},
		{"journal", (*bench).journal},
		{"route", (*bench).route},
		{"replay", (*bench).replay},
		{"search", (*bench).search},
		{"activation", (*bench).activation},
		{"memory", (*bench).memory},
		{"restart", (*bench).restart},
		{"customers", (*bench).customers},
	}
}

type benchmark struct {
	name string
	run  func(b *bench, ctx context.Context) error
}

// bench is one run of the command.
type bench struct {
	cmd     *benchCmd
	io      std
	bar     *progress
	log     *slog.Logger
	dir     string
	figures []figure
	notes   []string
}

// add records a figure; its ratio is worked out here.
func (b *bench) add(f figure, g goal) {
	if f.Limit != 0 {
		f.Ratio = round(f.Value / f.Limit)
	}
	f.Value, f.Limit, f.goal = round(f.Value), round(f.Limit), g
	b.figures = append(b.figures, f)
}

// note tells what a person should know beside the figures.
func (b *bench) note(format string, args ...any) {
	b.notes = append(b.notes, fmt.Sprintf(format, args...))
}

// folder makes a folder for one benchmark; it goes with the run.
func (b *bench) folder(name string) (string, error) {
	dir, err := os.MkdirTemp(b.dir, name+"-")
	if err != nil {
		return "", fmt.Errorf("making a folder: %w", err)
	}
	return dir, nil
}

// Run measures what was asked for.
func (c *benchCmd) Run(ctx context.Context, io std) (err error) {
	chosen, err := c.choose()
	if err != nil {
		return err
	}
	if err := knownWord("--channels", c.Channels, []string{"email", "others", "all"}); err != nil {
		return err
	}
	if c.Messages < 100 || c.Visitors < 1 {
		return errors.New("too little to measure: take at least 100 messages and one visitor")
	}
	if c.Mails < 10 || c.Single < 1 || c.Contacts < 100 || c.Customers < 100 || c.Waiting < 100 || c.Seconds <= 0 {
		return errors.New("too little to measure: take at least 10 mails, 1 single mail, 100 contacts (waiting ones and customers, too) and some seconds")
	}
	b := &bench{cmd: c, io: io, bar: newProgress(io.err), log: slog.New(slog.DiscardHandler), figures: []figure{}}
	if b.dir, err = os.MkdirTemp(c.Dir, "stagecoach-bench-"); err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	stop, err := c.profile()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	b.warnOfMemoryDisk()
	for _, one := range chosen {
		if err := one.run(b, ctx); err != nil {
			b.bar.end()
			return fmt.Errorf("measuring %s: %w", one.name, err)
		}
	}
	b.bar.end()
	return b.print()
}

// choose gives what was asked for.
func (c *benchCmd) choose() (chosen []benchmark, err error) {
	all := len(c.Names) == 0 || slices.Contains(c.Names, "all")
	known := []string{"all"}
	for _, one := range benches() {
		known = append(known, one.name)
		if all || slices.Contains(c.Names, one.name) {
			chosen = append(chosen, one)
		}
	}
	for _, name := range c.Names {
		if err := knownWord("bench", name, known); err != nil {
			return nil, err
		}
	}
	return chosen, nil
}

func (c *benchCmd) profile() (stop func() error, err error) {
	if c.Profile == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(c.Profile)
	if err != nil {
		return nil, fmt.Errorf("writing the profile: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(fmt.Errorf("profiling: %w", err), f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}

// tmpfsMagic is the type of a file system in memory (statfs(2)).
const tmpfsMagic = 0x01021994

// warnOfMemoryDisk says so when a synced write costs nothing here.
func (b *bench) warnOfMemoryDisk() {
	var st syscall.Statfs_t
	if err := syscall.Statfs(b.dir, &st); err == nil && int64(st.Type) == tmpfsMagic { //nolint:unconvert // differs by system
		b.note("%s is in memory: a synced write costs nothing there. Name a folder on a disk with --dir.", filepath.Dir(b.dir))
	}
}

func (b *bench) print() error {
	if b.cmd.JSON {
		for _, n := range b.notes {
			fmt.Fprintln(b.io.err, n)
		}
		return printJSON(b.io.out, b.figures)
	}
	printFigures(b.io.out, b.figures)
	for _, n := range b.notes {
		fmt.Fprintln(b.io.out, n)
	}
	return nil
}

func printFigures(w io.Writer, figures []figure) {
	t := table{head: []string{"FIGURE", "VALUE", "UNIT", "RAW LIMIT", "RATIO", "GOAL"}}
	for _, f := range figures {
		raw, ratio := cell{text: "-", style: faint}, cell{text: "-", style: faint}
		if f.Limit != 0 {
			raw, ratio = cell{text: number(f.Limit)}, cell{text: number(f.Ratio)}
		}
		aim := cell{text: "-", style: faint}
		if f.goal.bound != 0 {
			aim = cell{text: ">= " + number(f.goal.bound), style: green}
			if f.goal.most {
				aim.text = "<= " + number(f.goal.bound)
			}
			if !f.goal.met(f.Value) {
				aim.text, aim.style = aim.text+" missed", red
			}
		}
		t.add(cell{text: f.Name}, cell{text: number(f.Value), style: bold}, cell{text: f.Unit}, raw, ratio, aim)
	}
	t.print(w)
}

// number writes a figure as a person reads it.
func number(v float64) string {
	if v >= 1000 {
		digits := fmt.Sprintf("%.0f", v)
		var b strings.Builder
		for i, d := range digits {
			if i > 0 && (len(digits)-i)%3 == 0 {
				b.WriteByte(',')
			}
			b.WriteRune(d)
		}
		return b.String()
	}
	s := fmt.Sprintf("%.3f", v)
	return cmp.Or(strings.TrimSuffix(strings.TrimRight(s, "0"), "."), "0")
}
