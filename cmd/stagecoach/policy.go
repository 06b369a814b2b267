package main

import (
	"os"
	"path/filepath"
	"strings"
)

// policyCmd is `stagecoach policy`.
type policyCmd struct {
	Init    policyInitCmd    `cmd:"" help:"Write a policy set to begin with: what is built in, with comments."`
	Lint    policyLintCmd    `cmd:"" help:"Find what is wrong with a policy set, and what could never work."`
	Explain policyExplainCmd `cmd:"" help:"Tell what a policy set makes of a contact, and why."`
	Diff    policyDiffCmd    `cmd:"" help:"Say in words what two policy sets say differently."`
	Test    policyTestCmd    `cmd:"" help:"Run the tests of a policy set, by the router itself."`

	Simulate policySimulateCmd `cmd:"" help:"Say what a policy set, or other staff, would have made of the log's traffic."`

	Status   policyStatusCmd   `cmd:"" help:"Say which policy set decides, what is drafted, and what is tried."`
	Preview  policyPreviewCmd  `cmd:"" help:"Say what a policy set would change of what is open now."`
	Activate policyActivateCmd `cmd:"" help:"Make a policy set decide, draft it, or approve a draft."`
	History  policyHistoryCmd  `cmd:"" help:"List who activated what, when and why."`
	Rollback policyRollbackCmd `cmd:"" help:"Make a policy set decide again that did before."`
	Shadow   policyShadowCmd   `cmd:"" help:"Try a policy set beside the active one."`
}

// Help says where to begin.
func (*policyCmd) Help() string {
	return `A policy set is a directory of a few small files: what messages are about, how long customers may wait, who is
asked, and what is done when time runs out. policies/README.md explains them.

Examples:
  stagecoach policy init policies      begin with what is built in
  stagecoach policy lint policies      see what is wrong with it
  stagecoach policy test policies      run its tests
  stagecoach policy explain policies --text "Where is my invoice?"
  stagecoach policy diff policies policies.new
  stagecoach policy simulate policies  see what it would have made of last week
  stagecoach policy preview policies   see what it would change of what is open now
  stagecoach policy activate policies  let it decide
  stagecoach policy rollback 3f0a9c    let the one decide again that did before`
}

// nearPath gives a path as a person would write it: from the working directory if
// it is below it.
func nearPath(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	near, err := filepath.Rel(here, path)
	if err != nil || near == ".." || strings.HasPrefix(near, ".."+string(filepath.Separator)) {
		return path
	}
	return near
}
