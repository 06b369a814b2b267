package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"

	"stagecoach/channels"
	"stagecoach/channels/email"
	"stagecoach/configs"
	"stagecoach/router"
)

// buildAccounts is the table from configuration to adapters: every channel has
// its lines here, and only here.
func buildAccounts(cfg *configs.Config, logger *slog.Logger) ([]*link, error) {
	var out []*link
	for _, e := range cfg.Channels.Email {
		adapter, err := email.New(emailConfig(&e), logger)
		if err != nil {
			return nil, fmt.Errorf("channel email/%s: %w", e.Name, err)
		}
		facts := router.AccountFacts{Skills: e.Skills, Language: e.Language}
		for _, a := range append([]string{e.Address}, e.Aliases...) {
			facts.Addresses = append(facts.Addresses, strings.ToLower(a))
		}
		out = append(out, &link{adapter: adapter.Channel(), facts: facts, settings: settingsOf(&e)})
	}
	return out, nil
}

// settingsOf gives a text that differs when any setting does, the password
// included; it is compared and never shown.
func settingsOf(e *configs.Email) string {
	data, err := json.Marshal(e)
	if err != nil {
		return randomID() // can't be compared: take it as changed
	}
	return string(data) + "\x00" + e.IMAP.Password.Reveal() + "\x00" + e.SMTP.Password.Reveal() + "\x00" + e.DKIM.Key.Reveal()
}

func emailConfig(e *configs.Email) email.Config {
	return email.Config{
		Account: e.Name, Address: e.Address, Aliases: e.Aliases, FromName: e.FromName,
		IMAP: email.IMAP{Endpoint: endpoint(e.IMAP.Server()), Folder: e.IMAP.Folder, SentFolder: e.IMAP.SentFolder},
		SMTP: email.SMTP{Endpoint: endpoint(e.SMTP.Server()), HELO: e.SMTP.HELO, MaxPerMinute: e.SMTP.MaxPerMinute},
		DKIM: email.DKIM{Selector: e.DKIM.Selector, Domain: e.DKIM.Domain, Key: email.Secret(e.DKIM.Key.Reveal())},

		Import: e.Import, OpenSince: e.OpenSince.Time, CopyToSent: e.CopyToSent,
	}
}

func endpoint(s configs.Server) email.Endpoint {
	return email.Endpoint{
		Host: s.Host, Port: s.Port, TLS: email.TLSMode(s.TLS), CAFile: s.CAFile,
		Username: s.Username, Password: email.Secret(s.Password.Reveal()),
	}
}

// anyParser gives a parser for a format whose account is configured no more.
func anyParser(format string) channels.Parser {
	if format != "rfc822" {
		return nil
	}
	a, err := email.New(email.Config{Account: "archive", Address: "archive@localhost"}, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil
	}
	return a
}
