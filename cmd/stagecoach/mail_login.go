package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"stagecoach/channels/email"
	"stagecoach/channels/email/oauth"
	"stagecoach/configs"
)

// mailLoginCmd is `stagecoach mail login`.
type mailLoginCmd struct {
	Account string `arg:"" help:"The account's name in the configuration."`
	Config  string `help:"Configuration file." placeholder:"FILE" type:"path"`
	Data    string `help:"Data directory, where the login is kept." placeholder:"DIR" env:"STAGECOACH_DATA"`
}

// Run has a person log in, keeps the login, and tries it.
func (c *mailLoginCmd) Run(ctx context.Context, streams std) error {
	cfg, err := loadConfig(c.Config, streams.err)
	if err != nil {
		return err
	}
	account, err := findAccount(cfg, c.Config, c.Account)
	if err != nil {
		return err
	}
	dir := dataDir(c.Data, cfg)
	source := loginSource(account, dir, slog.New(slog.DiscardHandler))
	var typed io.Reader
	if streams.in != nil {
		typed = streams.in
	}
	if err := source.Login(ctx, oauth.Terminal{Out: streams.out, In: typed}); err != nil {
		return err
	}
	fmt.Fprintf(streams.out, "%s The login is kept in %s.\n", paint(streams.out, green, "Done."), oauth.FileFor(dir, account.Name))
	return c.try(ctx, account, dir, streams)
}

// try logs in at the mail servers with what was just kept.
func (c *mailLoginCmd) try(ctx context.Context, account *configs.Email, dir string, streams std) error {
	log := slog.New(slog.DiscardHandler)
	adapter, err := email.New(emailConfig(account, dir, log), log)
	if err != nil {
		return err
	}
	tried := tryAccount(ctx, adapter.Channel())
	tried.print(streams.out)
	if !tried.OK {
		return errors.New("the login is good, but the mail servers can't be used with it: see above")
	}
	fmt.Fprintln(streams.out, "A running daemon takes it up by itself: it reads again within about a minute, and sends within ten.")
	return nil
}

// findAccount gives an account that logs in by OAuth.
func findAccount(cfg *configs.Config, file, name string) (*configs.Email, error) {
	if len(cfg.Channels.Email) == 0 {
		if file == "" {
			return nil, errors.New("there are no e-mail accounts without a configuration: give --config FILE")
		}
		return nil, fmt.Errorf("%s has no e-mail accounts", file)
	}
	var names []string
	for i := range cfg.Channels.Email {
		e := &cfg.Channels.Email[i]
		if !strings.EqualFold(e.Name, name) {
			names = append(names, e.Name)
			continue
		}
		if !e.OAuth.On() {
			return nil, fmt.Errorf("the account %q logs in with a password: to log in by OAuth, give it oauth.client_id in %s", e.Name, file)
		}
		return e, nil
	}
	return nil, fmt.Errorf("no e-mail account %q: there is %s", name, strings.Join(names, ", "))
}
