package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/alecthomas/kong"

	"stagecoach/desk"
	"stagecoach/desk/view"
	"stagecoach/policies/replay"
)

// policySimulateCmd is `stagecoach policy simulate`.
type policySimulateCmd struct {
	dataFlags
	Dir       string   `arg:"" optional:"" help:"The policy set; none to compare the active one with what happened." placeholder:"DIR" type:"path"`
	Since     string   `help:"From when on: 7d or 36h before the end, 2026-11-23, or a time." default:"7d" placeholder:"TIME"`
	Until     string   `help:"Until when; the log's end if left out." placeholder:"TIME"`
	Seeds     int      `help:"How many times, each with other luck." default:"5" placeholder:"N"`
	FirstSeed uint64   `help:"The seed of the first time; each further time has the next." default:"1" placeholder:"N"`
	Agents    staffing `help:"Others who are there: +2:german adds two who can or speak that, -1:anna takes somebody away; may be given several times." placeholder:"CHANGE"`
	BestSkill bool     `help:"Try which one skill, taught to one agent, would help most."`
	JSON      bool     `name:"json" help:"Print JSON."`
	HTML      string   `name:"html" help:"Write a report with charts, in one file." placeholder:"FILE" type:"path"`
}

// Help has examples.
func (*policySimulateCmd) Help() string {
	return `Replays the traffic of the log, by the router itself, through the active policy set and through another, with the same luck:
who wrote when, who was at work and how long answers take is taken from the log. First the active set is compared with what
really happened. Where the shares answered in time differ by more than 5 points, nothing is recommended, and the exit code
is 3. The same seeds give the same result. On a running daemon it takes a third of a core; nothing is changed.

Examples:
  stagecoach policy simulate                        is the simulation close to what happened?
  stagecoach policy simulate policies.new           what would become other
  stagecoach policy simulate policies.new --since 30d --html report.html
  stagecoach policy simulate --agents +2:german     what two more who speak German would change
  stagecoach policy simulate --agents -1:anna@example.com --since 2026-11-01 --until 2026-11-08
  stagecoach policy simulate --best-skill           which one skill of one agent would help most
  stagecoach policy simulate policies.new --json | jq '.total[0].sla'`
}

// staffing are changes of who is there. A value may begin with a minus.
type staffing []string

// Decode implements kong.MapperValue.
func (s *staffing) Decode(ctx *kong.DecodeContext) error {
	if ctx.Scan.Len() == 0 {
		return errors.New("say who comes or goes, such as +2:german or -1:anna@example.com")
	}
	text := ctx.Scan.Pop().String()
	if _, err := replay.ParseChange(text); err != nil {
		return err
	}
	*s = append(*s, text)
	return nil
}

const (
	// simulateLimit bounds a simulation.
	simulateLimit = time.Hour
	// exitNotTrusted is the code where the simulation is too far from what happened.
	exitNotTrusted = 3
)

// Run simulates.
func (c *policySimulateCmd) Run(ctx context.Context, io std) error {
	if c.Seeds < 1 || c.Seeds > replay.MaxSeeds {
		return fmt.Errorf("--seeds %d: take 1 to %d", c.Seeds, replay.MaxSeeds)
	}
	order := desk.SimulationOrder{
		Since: c.Since, Until: c.Until, Seeds: c.Seeds, FirstSeed: &c.FirstSeed, Agents: c.Agents, BestSkill: c.BestSkill,
	}
	if c.Dir != "" {
		var err error
		if order.PolicySource, err = filesOf(c.Dir); err != nil {
			return err
		}
	}
	return c.with(ctx, io, toRead, func(line *client) error {
		raw, r, err := c.simulate(ctx, io, line, order)
		if err != nil {
			return err
		}
		if c.JSON {
			err = printJSON(io.out, raw)
		} else {
			printSimulated(io.out, r)
		}
		// what took so long to find is not lost with a file that can't be written
		if err = errors.Join(err, c.write(r)); err == nil && !r.Trusted {
			return exitError{code: exitNotTrusted}
		}
		return err
	})
}

// simulate asks for it, and shows meanwhile how far it is.
func (c *policySimulateCmd) simulate(ctx context.Context, io std, line *client, order desk.SimulationOrder) (json.RawMessage, *replay.Report, error) {
	bar := newProgress(io.err)
	defer bar.end()
	patient := *line
	patient.http = &http.Client{Transport: line.http.Transport, Timeout: simulateLimit}
	type answer struct {
		raw    json.RawMessage
		report replay.Report
		err    error
	}
	done := make(chan *answer, 1)
	go func() {
		a := &answer{}
		a.raw, a.err = patient.call(ctx, http.MethodPost, "/api/policy/simulate", order, &a.report)
		done <- a
	}()
	look := time.NewTicker(250 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case a := <-done:
			if ctx.Err() != nil { // whoever asked wants no more: the answer says less
				return nil, nil, ctx.Err()
			}
			return a.raw, &a.report, a.err
		case <-look.C:
			if now := (view.Simulating{}); bar.on {
				if _, err := line.get(ctx, "/api/policy/simulate", &now); err == nil && now.Running {
					bar.show(now.What, now.Done, now.Total)
				}
			}
		}
	}
}

// write writes the report with charts.
func (c *policySimulateCmd) write(r *replay.Report) (err error) {
	if c.HTML == "" {
		return nil
	}
	f, err := os.Create(c.HTML)
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	defer func() {
		if failed := f.Close(); failed != nil {
			err = errors.Join(err, fmt.Errorf("writing %q: %w", filepath.Base(c.HTML), failed))
		}
	}()
	return r.HTML(f)
}
