package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"

	"stagecoach/configs"
	"stagecoach/demo"
)

// demoCmd is `stagecoach demo`.
type demoCmd struct {
	Headless bool   `help:"Run a number of contacts to their end, print the ledger, and succeed only if it adds up and nobody is unanswered."`
	Contacts int    `help:"How many contacts; without --headless those to begin with (default: 150, or 25)." placeholder:"N"`
	Seed     uint64 `help:"Decides who does what." default:"1"`
	JSON     bool   `help:"Print one JSON value." name:"json"`
	Listen   string `help:"Serve the desk here (default: 127.0.0.1:8080, or any free port with --headless)." placeholder:"HOST:PORT"`
}

// Run gives the demonstration.
func (c *demoCmd) Run(ctx context.Context, io std) error {
	bar := newProgress(io.err)
	defer bar.end()
	return demo.Run(ctx, demo.Options{
		Headless: c.Headless, Contacts: c.Contacts, Seed: c.Seed, JSON: c.JSON, Listen: c.Listen,
		Out: io.out, Err: io.err, Bar: demoBar{bar},
		Start: func(ctx context.Context, config string) (*demo.Daemon, error) { return startForDemo(ctx, config, io) },
	})
}

// nobody looks at what a command says.
func nobody() std { return std{out: io.Discard, err: io.Discard} }

// demoBar lends the demonstration this program's bar.
type demoBar struct{ bar *progress }

// Show implements demo.Bar.
func (b demoBar) Show(words string, done, total int) { b.bar.show(words, done, total) }

// End implements demo.Bar.
func (b demoBar) End() { b.bar.end() }

// startForDemo starts the daemon on a configuration, as serve does.
func startForDemo(ctx context.Context, config string, io std) (*demo.Daemon, error) {
	cfg, err := configs.Load(config)
	if err != nil {
		return nil, err
	}
	if _, port, err := net.SplitHostPort(cfg.HTTP.Listen); err == nil && port != "0" { // customers are on this machine
		cfg.HTTP.CustomerURL = "http://" + cfg.HTTP.Listen
	}
	shop := customersImportCmd{File: filepath.Join(filepath.Dir(config), demo.Listed)}
	shop.Data = cfg.Data
	if err := shop.Run(ctx, nobody()); err != nil {
		return nil, fmt.Errorf("loading the shop's list of customers: %w", err)
	}
	d, err := NewDaemon(ctx, cfg, Options{Dir: cfg.Data}, newLogger(cfg.Log, io.err))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	var result error
	go func() {
		defer close(ended)
		result = errors.Join(d.Run(ctx), d.Close())
	}()
	stop := func() error {
		cancel()
		<-ended
		return result
	}
	select {
	case <-d.Active():
	case <-ended:
		return nil, errors.Join(fmt.Errorf("the daemon did not start"), stop())
	}
	return &demo.Daemon{URL: d.URL(), Setup: d.setup, Stop: stop, Ended: ended}, nil
}
