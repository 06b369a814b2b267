package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"path/filepath"
	"sync"

	"stagecoach/configs"
)

// serveCmd is `stagecoach serve`.
type serveCmd struct {
	Config string `help:"Configuration file (YAML). Without one: embedded storage, desk on 127.0.0.1:8080." placeholder:"FILE" type:"path"`
	Data   string `help:"Data directory." placeholder:"DIR" env:"STAGECOACH_DATA"`
	Listen string `help:"Serve the desk here, whatever the configuration says." placeholder:"HOST:PORT"`
}

// Run serves until a signal ends it.
func (c *serveCmd) Run(ctx context.Context, io std) error {
	cfg, err := loadConfig(c.Config, io.err)
	if err != nil {
		return err
	}
	if c.Listen != "" {
		cfg.HTTP.Listen = c.Listen
	}
	logger := newLogger(cfg.Log, io.err)
	d, err := NewDaemon(ctx, cfg, Options{Dir: dataDir(c.Data, cfg)}, logger)
	if err != nil {
		return err
	}
	defer func() {
		if err := d.Close(); err != nil {
			logger.ErrorContext(ctx, "closing", "err", err)
		}
	}()
	ctx, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	wg.Go(func() { d.reloadOn(ctx, c.Config) })
	wg.Go(func() { d.welcome(ctx, io.out) })
	return d.Run(ctx)
}

// loadConfig reads a configuration; its warnings go to the terminal.
func loadConfig(path string, w io.Writer) (*configs.Config, error) {
	if path == "" {
		return configs.Default(), nil
	}
	cfg, err := configs.Load(path)
	if err != nil {
		return nil, err
	}
	for _, warning := range cfg.Warnings {
		fmt.Fprintln(w, "warning:", warning.Error())
	}
	return cfg, nil
}

// dataDir gives the data directory: the command line's, the configuration's, or
// ./data.
func dataDir(given string, cfg *configs.Config) string {
	for _, dir := range []string{given, cfg.Data} {
		if dir != "" {
			return dir
		}
	}
	return filepath.Join(".", "data")
}

func newLogger(cfg configs.Log, w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.Level)); err != nil {
		level = slog.LevelInfo
	}
	opts := &slog.HandlerOptions{Level: level}
	if cfg.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// welcome says where the desk is once it can be used, and how to make the first
// account while there is none.
func (d *Daemon) welcome(ctx context.Context, w io.Writer) {
	select {
	case <-ctx.Done():
		return
	case <-d.Active():
	}
	base := d.cfg.HTTP.BaseURL
	if base == "" {
		base = d.URL()
	}
	fmt.Fprintf(w, "Stagecoach %s is ready: %s\n", version, base)
	if d.desk.NeedsSetup() {
		fmt.Fprintf(w, "Make the first account (this link works once): %s/setup?token=%s\n", base, url.QueryEscape(d.setup))
	}
	if len(d.links.list()) == 0 {
		fmt.Fprintln(w, "No channel is configured yet: see configs/stagecoach.example.yaml, or try 'stagecoach demo'.")
	}
}
