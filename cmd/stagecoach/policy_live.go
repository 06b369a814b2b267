package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"

	"stagecoach/desk"
	"stagecoach/desk/view"
	"stagecoach/policies"
)

// filesOf reads a policy set as people wrote it, and says at once what is wrong
// with it.
func filesOf(dir string) (desk.PolicySource, error) {
	src := desk.PolicySource{Files: map[string]string{}}
	if _, err := policies.CheckDir(nearPath(dir)); err != nil {
		return src, err
	}
	for _, name := range policies.FileNames() {
		text, err := os.ReadFile(filepath.Join(dir, name)) //nolint:gosec // the files that the caller names
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return src, fmt.Errorf("reading policies: %w", err)
		}
		src.Files[name] = string(text)
	}
	if len(src.Files) == 0 {
		return src, fmt.Errorf("%s holds no file of a policy set: begin with 'stagecoach policy init %s'", nearPath(dir), nearPath(dir))
	}
	return src, nil
}

// policyStatusCmd is `stagecoach policy status`.
type policyStatusCmd struct {
	dataFlags
	JSON bool `name:"json" help:"Print JSON."`
}

// Run says which policy set decides.
func (c *policyStatusCmd) Run(ctx context.Context, io std) error {
	return c.withPolicy(ctx, io, c.JSON, func(p *view.Policy) { printPolicy(io.out, p) })
}

// policyHistoryCmd is `stagecoach policy history`.
type policyHistoryCmd struct {
	dataFlags
	JSON bool `name:"json" help:"Print JSON."`
}

// Run lists who activated what.
func (c *policyHistoryCmd) Run(ctx context.Context, io std) error {
	return c.withPolicy(ctx, io, c.JSON, func(p *view.Policy) { printHistory(io.out, p.History) })
}

// withPolicy asks the daemon and prints what it says.
func (f *dataFlags) withPolicy(ctx context.Context, io std, asJSON bool, text func(p *view.Policy)) error {
	return f.with(ctx, io, toRead, func(line *client) error {
		var p view.Policy
		raw, err := line.get(ctx, "/api/policy", &p)
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(io.out, raw)
		}
		text(&p)
		return nil
	})
}

// policyPreviewCmd is `stagecoach policy preview`.
type policyPreviewCmd struct {
	dataFlags
	Dir  string `arg:"" help:"The policy set." placeholder:"DIR" type:"path"`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Help has examples.
func (*policyPreviewCmd) Help() string {
	return `Says what a policy set would change of what is open now: how many contacts would be taken for something else, stand in
another queue, be due earlier or later, be late at once, or need what nobody has; and how many customers were told a time that
would no longer hold. Nothing is changed.

Examples:
  stagecoach policy preview policies
  stagecoach policy preview policies --json | jq .told`
}

// Run previews a set.
func (c *policyPreviewCmd) Run(ctx context.Context, io std) error {
	src, err := filesOf(c.Dir)
	if err != nil {
		return err
	}
	return c.with(ctx, io, toRead, func(line *client) error {
		var p view.PolicyPreview
		raw, err := line.call(ctx, http.MethodPost, "/api/policy/preview", src, &p)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(io.out, raw)
		}
		printPreview(io.out, &p)
		return nil
	})
}

// policyActivateCmd is `stagecoach policy activate`.
type policyActivateCmd struct {
	dataFlags
	Dir      string `arg:"" optional:"" help:"The policy set." placeholder:"DIR" type:"path"`
	Approve  string `help:"Approve this draft of another supervisor instead." placeholder:"ID"`
	Draft    bool   `help:"Put it before a second supervisor, who approves it."`
	Because  string `help:"Why, in words; the history shows it." placeholder:"WORDS"`
	Lengthen int    `help:"Let promises become longer that customers were told: the number that the preview names." placeholder:"N"`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// Help has examples.
func (*policyActivateCmd) Help() string {
	return `Makes a policy set decide at once. What is open is promised anew within seconds, those due first before the others; what
customers were told stays, unless --lengthen confirms it. The set is kept for ever: 'policy rollback' brings it back.

Examples:
  stagecoach policy activate policies --because "summer hours"
  stagecoach policy activate policies --draft
  stagecoach policy activate --approve 0199f6c2-7d0e-7a51-9c1b-3f4a2b1c0d9e`
}

// Run activates a set, drafts it, or approves a draft.
func (c *policyActivateCmd) Run(ctx context.Context, io std) error {
	if (c.Dir == "") == (c.Approve == "") {
		return errors.New("name the directory of a policy set, or a draft with --approve")
	}
	order := desk.PolicyOrder{PolicySource: desk.PolicySource{Draft: c.Approve}, Remark: c.Because}
	if c.Lengthen > 0 {
		order.Lengthen = &c.Lengthen
	}
	if c.Dir != "" {
		var err error
		if order.PolicySource, err = filesOf(c.Dir); err != nil {
			return err
		}
	}
	path, said := "/api/policy/activate", "It decides now: see 'stagecoach policy status'."
	if c.Draft {
		path, said = "/api/policy/drafts", "It waits for a second supervisor."
	}
	return c.order(ctx, io, path, order, said, c.JSON)
}

// policyRollbackCmd is `stagecoach policy rollback`.
type policyRollbackCmd struct {
	dataFlags
	Version  string `arg:"" help:"A version of 'policy history', or the beginning of it." placeholder:"VERSION"`
	Because  string `help:"Why, in words; the history shows it." placeholder:"WORDS"`
	Lengthen int    `help:"Let promises become longer that customers were told: the number that the preview names." placeholder:"N"`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// Help has examples.
func (*policyRollbackCmd) Help() string {
	return `Makes a policy set decide again that did before. It needs no file, and stays after a restart until the policy directory is
changed again.

Examples:
  stagecoach policy rollback 3f0a9c
  stagecoach policy rollback 3f0a9c --because "the night shift drowned"`
}

// Run rolls back.
func (c *policyRollbackCmd) Run(ctx context.Context, io std) error {
	order := desk.PolicyOrder{PolicySource: desk.PolicySource{Version: c.Version}, Remark: c.Because}
	if c.Lengthen > 0 {
		order.Lengthen = &c.Lengthen
	}
	return c.order(ctx, io, "/api/policy/activate", order, "It decides again: see 'stagecoach policy status'.", c.JSON)
}

// policyShadowCmd is `stagecoach policy shadow`.
type policyShadowCmd struct {
	dataFlags
	Dir  string `arg:"" optional:"" help:"The policy set." placeholder:"DIR" type:"path"`
	Stop bool   `help:"Try none any more."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Help has examples.
func (*policyShadowCmd) Help() string {
	return `Tries a policy set beside the active one on everything that comes from now on: what it would take each contact for, where
it would stand, what it would need and when it would be due. It acts on nothing; 'policy status' and the desk show what would be
other. It goes on after a restart.

Examples:
  stagecoach policy shadow policies-next
  stagecoach policy status
  stagecoach policy shadow --stop`
}

// Run begins or ends a trial.
func (c *policyShadowCmd) Run(ctx context.Context, io std) error {
	if (c.Dir == "") != c.Stop {
		return errors.New("name the directory of a policy set, or --stop")
	}
	order, said := desk.PolicyOrder{}, "None is tried any more."
	if c.Dir != "" {
		var err error
		if order.PolicySource, err = filesOf(c.Dir); err != nil {
			return err
		}
		said = "It is tried on what comes from now on: see 'stagecoach policy status'."
	}
	return c.order(ctx, io, "/api/policy/shadow", order, said, c.JSON)
}

// order has the daemon do something with a policy set.
func (f *dataFlags) order(ctx context.Context, io std, path string, order desk.PolicyOrder, said string, asJSON bool) error {
	return f.with(ctx, io, toWrite, func(line *client) error {
		var body any = order
		if path == "/api/policy/shadow" {
			body = order.PolicySource
		}
		var done view.Done
		raw, err := line.call(ctx, http.MethodPost, path, body, &done)
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(io.out, raw)
		}
		if done.Draft != "" {
			said += " Its id is " + done.Draft + "."
		}
		fmt.Fprintln(io.out, said)
		return nil
	})
}
