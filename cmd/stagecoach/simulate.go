package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"stagecoach/policies"
	"stagecoach/router/sim"
)

// simulateCmd is `stagecoach simulate`.
type simulateCmd struct {
	Scenario  []string `required:"" sep:"none" help:"The day to simulate (JSON), or a folder of such files; may be given several times." placeholder:"FILE" type:"path"`
	Contacts  string   `help:"Take the exact contacts of this file (CSV) instead of drawing them; for one scenario only." placeholder:"FILE" type:"path"`
	Policies  string   `help:"Take the rule's parameters from this policy set." placeholder:"DIR" type:"path"`
	Rule      []string `help:"fifo, round-robin, least-active, strict, age-offset, edf (what other routers do), value-edf, accumulating, gcmu, stagecoach, or all; may be given several times." default:"stagecoach" complete:"fifo,round-robin,least-active,strict,age-offset,edf,value-edf,accumulating,gcmu,stagecoach,all"`
	Seeds     int      `help:"How many days to draw: the figures are their means." default:"10" placeholder:"N"`
	FirstSeed uint64   `help:"The seed of the first day; each further day has the next." default:"1" placeholder:"N"`
	JSON      bool     `name:"json" help:"Print a JSON list." xor:"format"`
	CSV       bool     `name:"csv" help:"Print CSV." xor:"format"`
	Plot      string   `help:"Draw waiting and lateness by tier over the day (SVG)." placeholder:"FILE" type:"path"`
}

// Help has examples.
func (*simulateCmd) Help() string {
	return `A scenario describes a day: customers, classes, agents with skills and shifts. Its contacts are drawn by a
seed, and simulated agents work on what the router of the daemon itself offers them. router/sim/README.md has the format.

Contacts and unanswered ones are counted over all seeds together; the other figures are means over the seeds. The same
seed gives the same contacts, handling times and answers to offers for every rule, so rules can be compared; with
--contacts only the luck of offers differs from seed to seed.

Examples:
  stagecoach simulate --scenario day.json                          the rule of this router on ten days
  stagecoach simulate --scenario day.json --rule all               compared with what other routers do
  stagecoach simulate --scenario days/ --rule all --json           every scenario of a folder
  stagecoach simulate --scenario day.json --contacts day.csv --rule edf --seeds 1
  stagecoach simulate --scenario day.json --plot day.svg           see when customers wait, and who`
}

// maxSeeds is more than any figure needs.
const maxSeeds = 10_000

// Run simulates every rule on every day of every scenario.
func (c *simulateCmd) Run(ctx context.Context, io std) error {
	rules, err := c.rules()
	if err != nil {
		return err
	}
	if c.Seeds < 1 || c.Seeds > maxSeeds {
		return fmt.Errorf("--seeds %d: take 1 to %d", c.Seeds, maxSeeds)
	}
	runners, exact, err := c.load(io)
	if err != nil {
		return err
	}
	plan := &simulation{runners: runners, exact: exact, rules: rules, seeds: c.Seeds, first: c.FirstSeed, keep: c.Plot != ""}
	bar := newProgress(io.err)
	err = plan.run(ctx, func(done, total int) { bar.show("Simulating days", done, total) })
	bar.end()
	if err != nil {
		return err
	}
	if err := c.plot(plan); err != nil {
		return err
	}
	plan.warn(io)
	switch {
	case c.JSON:
		return printJSON(io.out, plan.figures())
	case c.CSV:
		return printSimulationCSV(io.out, plan.figures())
	}
	plan.print(io.out)
	return nil
}

// rules gives the names of the rules that were asked for, each once.
func (c *simulateCmd) rules() ([]string, error) {
	known := append(sim.Rules(), "all")
	var out []string
	for _, name := range c.Rule {
		if name == "" {
			name = "(nothing)"
		}
		if err := knownWord("--rule", name, known); err != nil {
			return nil, err
		}
		if name == "all" {
			return sim.Rules(), nil
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out, nil
}

// load reads the scenarios, the contacts and the policy set. Everything that is
// wrong with a file is told at once.
func (c *simulateCmd) load(io std) (runners []*sim.Runner, exact []sim.Arrival, err error) {
	paths, err := scenarios(c.Scenario)
	if err != nil {
		return nil, nil, err
	}
	if c.Contacts != "" && len(paths) > 1 {
		return nil, nil, errors.New("--contacts are those of one scenario: give one --scenario")
	}
	var wrong []error
	for _, path := range paths {
		s, err := sim.Load(path)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		for _, w := range s.Warnings {
			fmt.Fprintln(io.err, "warning:", w.Error())
		}
		runners = append(runners, &sim.Runner{Scenario: s, Clock: time.Now})
	}
	if err := joined(wrong); err != nil {
		return nil, nil, err
	}
	if c.Contacts != "" {
		if exact, err = runners[0].LoadContacts(c.Contacts); err != nil {
			return nil, nil, err
		}
	}
	if c.Policies != "" {
		set, err := policies.Load(c.Policies)
		if err != nil {
			return nil, nil, err
		}
		tuning := set.Matching()
		for _, r := range runners {
			r.Tuning = &tuning
		}
	}
	return runners, exact, nil
}

// scenarios gives the files that were asked for: of a folder, all that end in
// .json, in order of name.
func scenarios(paths []string) ([]string, error) {
	var out []string
	for _, path := range paths {
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			out = append(out, path) // whoever opens it says what is wrong
			continue
		}
		list, err := os.ReadDir(path)
		if err != nil {
			return nil, fmt.Errorf("looking for scenarios: %w", err)
		}
		was := len(out)
		for _, f := range list {
			if filepath.Ext(f.Name()) == ".json" && !f.IsDir() {
				out = append(out, filepath.Join(path, f.Name()))
			}
		}
		if len(out) == was {
			return nil, fmt.Errorf("looking for scenarios in %q: no file there ends in .json", path)
		}
	}
	return out, nil
}

// plot draws what the days came to.
func (c *simulateCmd) plot(plan *simulation) (err error) {
	if c.Plot == "" {
		return nil
	}
	f, err := os.Create(c.Plot)
	if err != nil {
		return fmt.Errorf("drawing: %w", err)
	}
	defer func() {
		if failed := f.Close(); failed != nil && err == nil {
			err = fmt.Errorf("drawing %q: %w", filepath.Base(c.Plot), failed)
		}
	}()
	if err := sim.Plot(f, plan.courses()); err != nil {
		return fmt.Errorf("drawing %q: %w", filepath.Base(c.Plot), err)
	}
	return nil
}

// simulation is all days of a command: each rule on each day of each scenario.
type simulation struct {
	runners []*sim.Runner
	// exact are the contacts of every day, nil to draw them.
	exact []sim.Arrival
	rules []string
	seeds int
	first uint64
	// keep is true where what became of each contact is needed.
	keep bool
	// days are in the order of scenario, rule and seed.
	days  []sim.Result
	lacks [][]sim.Lack
}

// run simulates the days, as many at once as there are cores; what they come to
// doesn't depend on how many that are.
func (p *simulation) run(ctx context.Context, note func(done, total int)) error {
	total := len(p.runners) * len(p.rules) * p.seeds
	p.days, p.lacks = make([]sim.Result, total), make([][]sim.Lack, total)
	var done atomic.Int64
	note(0, total)
	group, until := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for at := range total {
		if until.Err() != nil {
			break
		}
		group.Go(func() error {
			if err := p.day(until, at); err != nil {
				return err
			}
			note(int(done.Add(1)), total)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// day simulates one of the days.
func (p *simulation) day(ctx context.Context, at int) error {
	r, rule := p.runners[at/(len(p.rules)*p.seeds)], p.rules[at/p.seeds%len(p.rules)]
	seed := p.first + uint64(at%p.seeds) //nolint:gosec // not negative
	arrivals := p.exact
	if arrivals == nil {
		arrivals = r.Draw(seed)
	}
	day, err := r.Day(ctx, rule, arrivals, seed)
	if err != nil {
		return err
	}
	p.lacks[at] = r.Lacks(day.Arrivals, day.Outcomes)
	if !p.keep {
		day.Arrivals, day.Outcomes = nil, nil
	}
	p.days[at] = day
	return nil
}

// of gives the days of a scenario and a rule.
func (p *simulation) of(scenario, rule int) []sim.Result {
	from := (scenario*len(p.rules) + rule) * p.seeds
	return p.days[from : from+p.seeds]
}

// figures gives the means, in the order of scenarios and rules.
func (p *simulation) figures() []sim.Figures {
	out := make([]sim.Figures, 0, len(p.runners)*len(p.rules))
	for i := range p.runners {
		for k := range p.rules {
			var days []sim.Figures
			for _, d := range p.of(i, k) {
				days = append(days, d.Figures)
			}
			out = append(out, sim.Mean(days))
		}
	}
	return out
}

// courses gives what is drawn, in the order of scenarios and rules.
func (p *simulation) courses() []sim.Course {
	var out []sim.Course
	for i, r := range p.runners {
		for k := range p.rules {
			out = append(out, r.Course(p.of(i, k)))
		}
	}
	return out
}
