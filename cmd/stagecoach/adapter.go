package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"stagecoach/channels"
	"stagecoach/channels/remote"
	"stagecoach/configs"
	"stagecoach/configs/strict"
	"stagecoach/contact"
)

// adapterSecretEnv holds the secret of the account at the daemon.
const adapterSecretEnv = "STAGECOACH_ADAPTER_SECRET"

// adapterCmd is `stagecoach adapter`.
type adapterCmd struct {
	Name       string `arg:"" help:"The account, as <channel>/<account>: mastodon/acme."`
	NATS       string `name:"nats" required:"" help:"Where the daemon takes adapters (its nats.listen): tls://HOST:PORT, or nats://HOST:PORT on one machine." placeholder:"URL" env:"STAGECOACH_NATS"`
	Config     string `help:"Configuration file with the account's section below channels, and its secrets." placeholder:"FILE" type:"path"`
	CA         string `name:"ca" help:"PEM file of authorities to trust besides the system's, for the daemon's certificate." placeholder:"FILE" type:"path"`
	SecretFile string `help:"File with the account's secret at the daemon; or give it in $STAGECOACH_ADAPTER_SECRET." placeholder:"FILE" type:"path"`
	Listen     string `help:"Where a webhook's messages are taken, below /channels/webhook/NAME/." placeholder:"HOST:PORT" default:"127.0.0.1:8090"`
	Data       string `help:"Directory where logins without passwords are kept (stagecoach mail login)." placeholder:"DIR" env:"STAGECOACH_DATA"`
	Check      bool   `help:"Only try the account and the way to the daemon, and say what lacks."`
}

// Help tells what the daemon needs.
func (*adapterCmd) Help() string {
	return "The daemon names the account under channels.remote, with the same secret, and listens at nats.listen.\n" +
		"Its provider's tokens and passwords stand in the configuration of this process only.\n\n" +
		"Examples:\n" +
		"  stagecoach adapter mastodon/acme --config acme.yaml --nats tls://router.example.org:4222 --secret-file acme.secret\n" +
		"  stagecoach adapter slack/team --config team.yaml --nats tls://10.0.0.5:4222 --ca router-ca.pem --check\n\n" +
		"acme.yaml:\n" +
		"  version: 1\n" +
		"  channels:\n" +
		"    mastodon:\n" +
		"      - {name: acme, server: https://social.example.org, address: support@social.example.org, token_file: acme.token}\n\n" +
		"In other languages: docs/adapters/README.md."
}

// Run serves until a signal ends it.
func (c *adapterCmd) Run(ctx context.Context, io std) error {
	if c.Config == "" {
		return errors.New("--config is missing: a file with the account's section below channels; see 'stagecoach adapter --help'")
	}
	cfg, err := configs.Load(c.Config)
	if err != nil {
		return err
	}
	for _, w := range cfg.Warnings {
		if strings.HasPrefix(w.Key, "channels.") {
			fmt.Fprintln(io.err, "warning:", w.Error())
		}
	}
	secret, err := c.secret()
	if err != nil {
		return err
	}
	logger := newLogger(cfg.Log, io.err)
	adapter, err := c.find(cfg, logger)
	if err != nil {
		return err
	}
	p, err := remote.NewProcess(remote.ProcessConfig{
		URL: c.NATS, Office: cfg.Office, Secret: secret, CAFile: c.CA, Program: "stagecoach " + version,
	}, adapter, logger)
	if err != nil {
		return plainlyConfigured(err)
	}
	if c.Check {
		return c.try(ctx, io, p, adapter)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return p.Run(ctx) })
	if adapter.HTTP != nil {
		g.Go(func() error { return c.serve(ctx, adapter, logger) })
	}
	return g.Wait()
}

// plainlyConfigured makes one line of what is wrong with the command line.
func plainlyConfigured(err error) error {
	return errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))
}

// secret gives the account's secret at the daemon.
func (c *adapterCmd) secret() (channels.Secret, error) {
	if c.SecretFile == "" {
		if value := os.Getenv(adapterSecretEnv); value != "" {
			return channels.Secret(value), nil
		}
		return "", fmt.Errorf("there is no secret to log in with at the daemon: give --secret-file, or $%s", adapterSecretEnv)
	}
	data, err := os.ReadFile(c.SecretFile)
	if err != nil {
		return "", fmt.Errorf("reading the secret: %w", err)
	}
	value := strings.TrimRight(string(data), "\r\n")
	if value == "" || strings.ContainsAny(value, "\r\n\x00") {
		return "", fmt.Errorf("the file %s must hold the secret alone, on one line", c.SecretFile)
	}
	return channels.Secret(value), nil
}

// find makes the adapter of the account that was named.
func (c *adapterCmd) find(cfg *configs.Config, logger *slog.Logger) (channels.Adapter, error) {
	if channel, _, _ := strings.Cut(c.Name, "/"); channel == string(contact.WebChat) {
		return channels.Adapter{}, errors.New("the web chat can't run as a process of its own: the daemon serves browsers itself, and keeps what they see")
	}
	cfg.Channels.WebChat, cfg.Channels.Remote = nil, nil // those are the daemon's
	all, err := buildAccounts(cfg, dataDir(c.Data, cfg), nil, logger)
	if err != nil {
		return channels.Adapter{}, err
	}
	var names []string
	for _, k := range all {
		if k.name() == c.Name {
			return k.adapter, nil
		}
		names = append(names, k.name())
	}
	if len(names) == 0 {
		return channels.Adapter{}, fmt.Errorf("%s has no account below channels: it must have the section of %s", c.Config, c.Name)
	}
	return channels.Adapter{}, fmt.Errorf("%s has no account %q: there is %s%s", c.Config, c.Name, strings.Join(names, ", "), meant(c.Name, names))
}

func meant(name string, names []string) string {
	if hint := strict.DidYouMean(name, names); hint != "" {
		return " (" + hint + ")"
	}
	return ""
}

// try tries the account and the way to the daemon.
func (c *adapterCmd) try(ctx context.Context, io std, p *remote.Process, adapter channels.Adapter) error {
	tried := tryAccount(ctx, adapter)
	tried.print(io.out)
	way := triedAccount{Channel: "daemon", Account: strings.TrimPrefix(strings.TrimPrefix(c.NATS, "tls://"), "nats://"), OK: true, WouldOpen: -1}
	limited, cancel := context.WithTimeout(ctx, tryLimit)
	defer cancel()
	if err := p.Try(limited); err != nil {
		way.OK, way.Trouble = false, channels.Words(err)
	} else {
		way.Lines = []string{"connected and logged in as " + c.Name}
	}
	way.print(io.out)
	if !tried.OK || !way.OK {
		return exitError{1}
	}
	return nil
}

// serve takes what the provider sends by HTTP.
func (c *adapterCmd) serve(ctx context.Context, adapter channels.Adapter, logger *slog.Logger) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("taking messages at %s: %w (is another program using the port? set --listen)", c.Listen, err)
	}
	prefix := inletPath + string(adapter.Channel) + "/" + adapter.Account
	mux := http.NewServeMux()
	mux.Handle(prefix+"/", http.StripPrefix(prefix, adapter.HTTP))
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	logger.InfoContext(ctx, "taking messages", "url", "http://"+l.Addr().String()+prefix+"/")
	return serveUntil(ctx, srv, func() error { return srv.Serve(l) })
}
