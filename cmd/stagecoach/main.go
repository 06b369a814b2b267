// Command stagecoach routes customers' contacts to the people who can answer
// them, and proves that every contact got its reply.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"stagecoach/configs/strict"
	"stagecoach/demo"
)

// version is set by the linker (-X main.version=…).
var version = "dev"

// app is the command line. Every subcommand is a struct with a Run method.
type app struct {
	Serve      serveCmd      `cmd:"" help:"Run the daemon."`
	Demo       demoCmd       `cmd:"" help:"Run the whole thing with synthetic customers and agents."`
	Check      checkCmd      `cmd:"" help:"Check configuration and policies; with --connect try each channel."`
	Agents     agentsCmd     `cmd:"" help:"List, add and remove agents, and set passwords."`
	Ledger     ledgerCmd     `cmd:"" help:"What became of each contact, and the proof that it adds up."`
	Customers  customersCmd  `cmd:"" help:"Who writes to you: import your list, and see what is kept of each."`
	Adapter    adapterCmd    `cmd:"" help:"Run one account's channel as a process of its own, on this machine or another."`
	Mail       mailCmd       `cmd:"" help:"See how a mail is understood."`
	Policy     policyCmd     `cmd:"" help:"Write, check and try policies: what supervisors decide."`
	Simulate   simulateCmd   `cmd:"" help:"Try the matching rule on a synthetic day, beside what other routers do."`
	Bench      benchCmd      `cmd:"" help:"Measure, with the raw limit of this machine beside each figure."`
	Backup     backupCmd     `cmd:"" help:"Copy everything that must not be lost, while the daemon runs."`
	Restore    restoreCmd    `cmd:"" help:"Make a data directory of a backup, without whom was erased since."`
	Verify     verifyCmd     `cmd:"" help:"Read a data directory or a backup once, and say whether all is as it was written."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
	Completion completionCmd `cmd:"" help:"Print a completion script for bash, zsh or fish."`
}

// std is where a command reads and writes, so that tests can run it.
type std struct {
	in       io.Reader
	out, err io.Writer
}

// exitError ends the process with a code and no further word.
type exitError struct{ code int }

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", e.code) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], std{in: os.Stdin, out: os.Stdout, err: os.Stderr})
	stop()
	os.Exit(code)
}

// run parses the arguments and runs the command. It gives the exit code: 0 for
// success, 1 for what went wrong, 2 for a command line that can't be read, 130
// for what a signal ended before it was done.
func run(ctx context.Context, args []string, io std) int {
	var cli app
	exited := -1
	parser, err := kong.New(&cli,
		kong.Name("stagecoach"),
		kong.Description("Routes customers' contacts to people who can answer them, and proves that every contact got its reply.\n\n"+
			"Examples:\n  stagecoach demo                         see it work, with synthetic customers and agents\n"+
			"  stagecoach serve                        run it: embedded storage, desk on http://127.0.0.1:8080\n"+
			"  stagecoach serve --config office.yaml   run it with your mailboxes\n"+
			"  stagecoach check --config office.yaml --connect\n"+
			"  stagecoach ledger audit                 prove that everything adds up"),
		kong.UsageOnError(),
		kong.Writers(io.out, io.err),
		kong.Exit(func(code int) { exited = code }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(io),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	)
	if err != nil {
		fmt.Fprintln(io.err, "stagecoach:", err)
		return 2
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		fmt.Fprintf(io.err, "stagecoach: %v\nSee 'stagecoach --help'.\n", err)
		return 2
	}
	err = parsed.Run(parser)
	if err != nil && ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, demo.ErrInterrupted)) {
		fmt.Fprintln(io.err, "stagecoach:", interruption(err))
		return exitInterrupted
	}
	return report(err, io.err)
}

// exitInterrupted is the code of what Ctrl-C ended, as shells give it: 128 + 2.
const exitInterrupted = 130

// interruption says what a signal ended.
func interruption(err error) string {
	if errors.Is(err, demo.ErrInterrupted) {
		return err.Error()
	}
	return "interrupted: " + err.Error()
}

// report says what went wrong, each configuration error on a line of its own.
func report(err error, w io.Writer) int {
	if err == nil {
		return 0
	}
	if exit, ok := errors.AsType[exitError](err); ok {
		return exit.code
	}
	if problems, ok := errors.AsType[strict.Errors](err); ok {
		for _, p := range problems {
			fmt.Fprintln(w, p.Error())
		}
		return 1
	}
	fmt.Fprintln(w, "stagecoach:", err)
	return 1
}

type versionCmd struct {
	JSON bool `help:"Print JSON." name:"json"`
}

// Run prints the version.
func (c *versionCmd) Run(io std) error {
	if c.JSON {
		return printJSON(io.out, map[string]string{"version": version})
	}
	fmt.Fprintln(io.out, "stagecoach", version)
	return nil
}
