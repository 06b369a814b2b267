package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"stagecoach/router"
)

// customersRetentionCmd is `stagecoach customers retention`.
type customersRetentionCmd struct {
	dataFlags
	DryRun bool `help:"Say what is old, and remove nothing."`
	JSON   bool `name:"json" help:"Print JSON."`
}

// Help adds examples.
func (*customersRetentionCmd) Help() string {
	return `Examples:
  stagecoach customers retention --dry-run
  stagecoach customers retention

A running daemon does this by itself, ten minutes after its start and then every day. How long words are kept stands in
privacy.yaml. What a conversation with an open contact holds is spared, and what is held (see 'customers hold').
What was removed is recorded in the log, by number and kind.`
}

// Run removes what is old.
func (c *customersRetentionCmd) Run(ctx context.Context, io std) error {
	if c.Server != "" {
		return errors.New("this is done on the machine that has the data: leave --server out")
	}
	what, path := toWrite, "/control/retention"
	if c.DryRun {
		what, path = toRead, path+"?dry=1"
	}
	return c.with(ctx, io, what, func(line *client) error {
		raw, err := line.work(ctx, path, "looking for what is old", io.err)
		if err != nil {
			return err
		}
		var out retained
		if err := json.Unmarshal(raw, &out); err != nil {
			return fmt.Errorf("reading what was removed: %w", err)
		}
		if c.JSON {
			return printJSON(io.out, &out)
		}
		said := "removed"
		if out.DryRun {
			said = "would be removed"
		}
		for _, list := range []struct {
			words  string
			counts []router.Count
		}{{said, out.Removed}, {"spared, as they are needed or held", out.Spared}} {
			for _, n := range list.counts {
				fmt.Fprintf(io.out, "%d %s %s\n", n.N, n.Kind, list.words)
			}
		}
		if len(out.Removed) == 0 {
			fmt.Fprintln(io.out, "Nothing is older than it may be.")
		}
		return nil
	})
}
