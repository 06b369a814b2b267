package main

import (
	"fmt"

	"stagecoach/policies"
)

// policyDiffCmd is `stagecoach policy diff`.
type policyDiffCmd struct {
	From string `arg:"" help:"The set as it was." placeholder:"DIR" type:"path"`
	To   string `arg:"" help:"The set as it shall be." placeholder:"DIR" type:"path"`
	JSON bool   `name:"json" help:"Print a JSON list of file, what, key, kind, from and to."`
}

// Help has examples.
func (*policyDiffCmd) Help() string {
	return `Says in words what two policy sets say differently: values, and entries that were added, removed or moved. Remarks,
spaces and the order of keys are no difference; what a file leaves out is as it is built in. The exit code is 0 also where
they differ.

Examples:
  stagecoach policy diff policies policies.new
  stagecoach policy diff policies policies.new --json | jq -r '.[].what'`
}

// Run compares two sets.
func (c *policyDiffCmd) Run(io std) error {
	was, err := policies.Load(nearPath(c.From))
	if err != nil {
		return err
	}
	is, err := policies.Load(nearPath(c.To))
	if err != nil {
		return err
	}
	changes, err := policies.Diff(was, is)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(io.out, changes)
	}
	if len(changes) == 0 {
		fmt.Fprintln(io.out, "They say the same.")
	}
	file := ""
	for i := range changes {
		if one := &changes[i]; one.File != file {
			file = one.File
			fmt.Fprintln(io.out, paint(io.out, bold, file))
		}
		fmt.Fprintf(io.out, "  %s\n", oneLine(changes[i].String()))
	}
	return nil
}
