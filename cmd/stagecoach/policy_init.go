package main

import (
	"fmt"
	"path/filepath"

	"stagecoach/policies"
)

// policyInitCmd is `stagecoach policy init`.
type policyInitCmd struct {
	Dir  string `arg:"" help:"Where to write it; made if it isn't there." placeholder:"DIR" type:"path"`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Help has examples.
func (*policyInitCmd) Help() string {
	return `Writes every file of a policy set as it is built in, with comments that say what each word does, a first test, and
schemas by which editors complete and check the files (yaml-language-server). Nothing that is there already is written over. A file, or a key, that you take out again is taken from what is built in.

Examples:
  stagecoach policy init policies
  stagecoach policy init /etc/stagecoach/policies --json`
}

// Run writes the files.
func (c *policyInitCmd) Run(io std) error {
	names, err := policies.Init(nearPath(c.Dir))
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(io.out, map[string]any{"directory": nearPath(c.Dir), "files": names})
	}
	for _, name := range names {
		fmt.Fprintln(io.out, filepath.Join(nearPath(c.Dir), name))
	}
	fmt.Fprintf(io.out, "Say what shall be different, then: stagecoach policy lint %s\n", nearPath(c.Dir))
	return nil
}
