package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"

	"stagecoach/channels"
	"stagecoach/channels/bluesky"
	"stagecoach/channels/email"
	"stagecoach/channels/email/oauth"
	"stagecoach/channels/mastodon"
	"stagecoach/channels/remote"
	"stagecoach/channels/slack"
	"stagecoach/channels/webchat"
	"stagecoach/channels/webhook"
	"stagecoach/configs"
	"stagecoach/router"
)

// buildAccounts is the table from configuration to adapters: every channel has
// its lines here, and only here. dir is the data directory, where logins are kept.
// with is nil where nothing is run.
func buildAccounts(cfg *configs.Config, dir string, with *chats, logger *slog.Logger) ([]*link, error) {
	out, err := emailAccounts(cfg, dir, logger)
	if err != nil {
		return nil, err
	}
	for _, build := range []func(*configs.Config, *slog.Logger) ([]*link, error){webhookAccounts, mastodonAccounts, slackAccounts, blueskyAccounts, remoteAccounts} {
		more, err := build(cfg, logger)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	chats, err := webChatAccounts(cfg, dir, with, logger)
	return append(out, chats...), err
}

func emailAccounts(cfg *configs.Config, dir string, logger *slog.Logger) ([]*link, error) {
	if len(cfg.Channels.Email) == 0 {
		return nil, nil
	}
	vouched, unread := email.LoadVouched(signaturesOf(cfg))
	for _, one := range unread {
		logger.Warn("a file with keys for signatures can't be read: the others are used", "file", one.File, "err", one.Err)
	}
	var out []*link
	for _, e := range cfg.Channels.Email {
		mailbox := emailConfig(&e, dir, logger)
		mailbox.Vouched = vouched
		adapter, err := email.New(mailbox, logger)
		if err != nil {
			return nil, fmt.Errorf("channel email/%s: %w", e.Name, err)
		}
		facts := router.AccountFacts{Skills: e.Skills, Language: e.Language}
		for _, a := range append([]string{e.Address}, e.Aliases...) {
			facts.Addresses = append(facts.Addresses, strings.ToLower(a))
		}
		out = append(out, &link{adapter: adapter.Channel(), facts: facts, settings: emailSettings(&e) + vouched.Digest()})
	}
	return out, nil
}

// signaturesOf gives whose signatures are known.
func signaturesOf(cfg *configs.Config) email.Signatures {
	return email.Signatures{PGPKeys: cfg.Signatures.PGPKeys, CAFile: cfg.Signatures.CAFile}
}

func emailSettings(e *configs.Email) string {
	return settingsOf(e, e.IMAP.Password, e.SMTP.Password, e.OAuth.ClientSecret, e.DKIM.Key)
}

// settingsOf gives a text that differs when any setting of an account does, the
// secrets included; it is compared and never shown.
func settingsOf(account any, secrets ...configs.Secret) string {
	data, err := json.Marshal(account)
	if err != nil {
		return randomID() // can't be compared: take it as changed
	}
	all := []string{string(data)}
	for _, one := range secrets {
		all = append(all, one.Reveal())
	}
	return strings.Join(all, "\x00")
}

func emailConfig(e *configs.Email, dir string, logger *slog.Logger) email.Config {
	cfg := email.Config{
		Account: e.Name, Address: e.Address, Aliases: e.Aliases, FromName: e.FromName, TrustedAuthserv: e.TrustedAuthserv, Hint: e.Hint,
		IMAP: email.IMAP{Endpoint: endpoint(e.IMAP.Server()), Folder: e.IMAP.Folder, Folders: e.IMAP.Folders, SentFolder: e.IMAP.SentFolder},
		SMTP: email.SMTP{Endpoint: endpoint(e.SMTP.Server()), HELO: e.SMTP.HELO, MaxPerMinute: e.SMTP.MaxPerMinute},
		DKIM: email.DKIM{Selector: e.DKIM.Selector, Domain: e.DKIM.Domain, Key: email.Secret(e.DKIM.Key.Reveal())},

		Subaddress: e.Subaddress, SharedMailbox: e.SharedMailbox, SharedByNamespace: !e.SharedByName(),
		Import: e.Import, OpenSince: e.OpenSince.Time, CopyToSent: e.CopyToSent,
	}
	if e.After != "leave" {
		cfg.After = email.Afterwards{Mode: email.AfterMode(e.After), Folder: e.MoveTo}
	}
	if e.OAuth.On() {
		cfg.Tokens = loginSource(e, dir, logger)
	}
	return cfg
}

// loginSource is where an account's OAuth tokens come from.
func loginSource(e *configs.Email, dir string, logger *slog.Logger) *oauth.Source {
	o := e.OAuth
	user := e.Username
	if user == "" {
		user = e.Address
	}
	return oauth.New(oauth.Config{
		Account: e.Name, User: user, ClientID: o.ClientID, ClientSecret: o.ClientSecret.Reveal(),
		AuthURL: o.AuthURL, TokenURL: o.TokenURL, DeviceURL: o.DeviceURL, Scopes: o.Scopes, Params: o.Params,
		Flow: oauth.Flow(o.Flow), File: oauth.FileFor(dir, e.Name),
	}, logger)
}

func endpoint(s configs.Server) email.Endpoint {
	return email.Endpoint{
		Host: s.Host, Port: s.Port, TLS: email.TLSMode(s.TLS), CAFile: s.CAFile, Fingerprint: s.Fingerprint,
		Auth: email.AuthMode(s.Auth), Username: s.Username, Password: email.Secret(s.Password.Reveal()),
	}
}

// anyParser gives a parser for a format whose account is configured no more.
func anyParser(format string) channels.Parser {
	switch format {
	case "rfc822":
		return email.Archive()
	case webhook.FormatMessage, webhook.FormatFiles:
		return webhook.Archive()
	case mastodon.Format:
		return mastodon.Archive()
	case slack.Format:
		return slack.Archive()
	case bluesky.Format:
		return bluesky.Archive()
	case webchat.Format:
		return webchat.Archive()
	case remote.FormatMessage:
		return remote.Archive()
	}
	return nil
}
