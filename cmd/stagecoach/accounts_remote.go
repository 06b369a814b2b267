package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"stagecoach/channels"
	"stagecoach/channels/email"
	"stagecoach/channels/remote"
	"stagecoach/configs"
	"stagecoach/contact"
	"stagecoach/router"
)

func remoteAccounts(cfg *configs.Config, logger *slog.Logger) ([]*link, error) {
	var out []*link
	for _, r := range cfg.Channels.Remote {
		account, err := remote.NewAccount(remote.AccountConfig{
			Channel: contact.Channel(r.Channel), Account: r.Name, Secret: channels.Secret(r.Secret.Reveal()),
			Address: r.Address, Aliases: r.Aliases, Parser: parserOf(cfg, &r),
			Limits: contact.Limits{
				TextRunes: r.Limits.Text, AttachmentCount: r.Limits.Files, AttachmentBytes: r.Limits.FileBytes, CC: r.Channel == string(contact.Email),
			},
		}, logger)
		if err != nil {
			return nil, fmt.Errorf("channel %s/%s: %w", r.Channel, r.Name, err)
		}
		facts := router.AccountFacts{Addresses: []string{strings.ToLower(r.Name)}, Skills: r.Skills, Language: r.Language}
		if r.Address != "" {
			facts.Addresses = []string{strings.ToLower(strings.TrimPrefix(r.Address, "@"))}
		}
		for _, a := range r.Aliases {
			facts.Addresses = append(facts.Addresses, strings.ToLower(a))
		}
		out = append(out, &link{
			adapter: account.Channel(), facts: facts, remote: account,
			settings: settingsOf(struct {
				Account configs.Remote
				Listen  string
			}{r, cfg.NATS.Listen}, r.Secret),
		})
	}
	return out, nil
}

// parserOf gives what reads the originals of an account that is fetched elsewhere.
func parserOf(cfg *configs.Config, r *configs.Remote) func(format string) channels.Parser {
	if r.Channel != string(contact.Email) {
		return anyParser
	}
	vouched, _ := email.LoadVouched(signaturesOf(cfg)) // check says which can't be read
	mail := email.Reader(email.Config{Account: r.Name, Address: r.Address, Aliases: r.Aliases, Vouched: vouched})
	return func(format string) channels.Parser {
		if format == "rfc822" {
			return mail
		}
		return anyParser(format)
	}
}

// newGate makes where adapters that run elsewhere connect to; nil if nowhere.
func newGate(cfg *configs.Config, logger *slog.Logger) (*remote.Gate, error) {
	if cfg.NATS.Listen == "" {
		return nil, nil //nolint:nilnil // it is off
	}
	return remote.NewGate(remote.GateConfig{
		Listen: cfg.NATS.Listen, Cert: cfg.NATS.TLS.Cert, Key: cfg.NATS.TLS.Key, Office: cfg.Office,
	}, logger)
}

func (d *Daemon) runGate(ctx context.Context) error {
	if d.gate == nil {
		return nil
	}
	return d.gate.Run(ctx)
}

// tryElsewhere has the process of an account try it.
func (d *Daemon) tryElsewhere(ctx context.Context, name string) triedAccount {
	channel, account, _ := strings.Cut(name, "/")
	k := d.links.get(contact.Channel(channel), account)
	if k == nil || k.remote == nil {
		return triedAccount{
			Channel: channel, Account: account, Lines: []string{}, WouldOpen: -1, Reason: string(channels.Unavailable),
			Trouble: "the running daemon doesn't know this account yet: reload it (SIGHUP)",
		}
	}
	return tryAccount(ctx, k.adapter)
}

// askDaemon has the running daemon try an account whose adapter runs elsewhere:
// its process is connected to it alone.
func askDaemon(ctx context.Context, dir string, a channels.Adapter) triedAccount {
	t := triedAccount{Channel: string(a.Channel), Account: a.Account, Lines: []string{}, WouldOpen: -1, Reason: string(channels.Unavailable)}
	c, err := openSocket(ctx, dir)
	if errors.Is(err, errNobody) {
		t.Trouble = "its adapter runs as a process of its own and connects to the daemon, and no daemon runs on " + dir + ": start it, then check again"
		return t
	}
	if err == nil {
		defer func() { _ = c.close() }()
		_, err = c.get(ctx, "/control/adapters/"+url.PathEscape(t.Channel)+"/"+url.PathEscape(t.Account), &t)
	}
	if err != nil {
		t.Trouble = "the daemon can't be asked: " + err.Error()
	}
	return t
}
