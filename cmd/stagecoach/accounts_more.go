package main

import (
	"fmt"
	"log/slog"
	"strings"

	"stagecoach/channels/bluesky"
	"stagecoach/channels/slack"
	"stagecoach/configs"
	"stagecoach/router"
)

func slackAccounts(cfg *configs.Config, logger *slog.Logger) ([]*link, error) {
	var out []*link
	for _, s := range cfg.Channels.Slack {
		adapter, err := slack.New(slack.Config{
			Account: s.Name, BotToken: slack.Secret(s.BotToken.Reveal()), AppToken: slack.Secret(s.AppToken.Reveal()),
			Channels: s.Channels, Bots: s.Bots, API: s.API, CAFile: s.CAFile, Timeout: s.Timeout,
		}, logger)
		if err != nil {
			return nil, fmt.Errorf("channel slack/%s: %w", s.Name, err)
		}
		made := adapter.Channel()
		out = append(out, &link{
			adapter: made, settings: settingsOf(s, s.BotToken, s.AppToken),
			facts: router.AccountFacts{Addresses: []string{strings.ToLower(made.Address)}, Skills: s.Skills, Language: s.Language},
		})
	}
	return out, nil
}

func blueskyAccounts(cfg *configs.Config, logger *slog.Logger) ([]*link, error) {
	var out []*link
	for _, b := range cfg.Channels.Bluesky {
		adapter, err := bluesky.New(bluesky.Config{
			Account: b.Name, Handle: b.Handle, Password: bluesky.Secret(b.Password.Reveal()), Server: b.Server, CAFile: b.CAFile,
			Listen:     bluesky.Listen{Hashtags: b.Listen.Hashtags, Keywords: b.Listen.Keywords},
			NoMessages: b.NoMessages, PollInterval: b.Poll, ListenInterval: b.Listen.Every,
			MessageInterval: b.PollMessages, LateInterval: b.LookBack, Timeout: b.Timeout,
			Resolver: b.Resolver, Directory: b.Directory, ChatService: b.ChatService,
		}, logger)
		if err != nil {
			return nil, fmt.Errorf("channel bluesky/%s: %w", b.Name, err)
		}
		made := adapter.Channel()
		out = append(out, &link{
			adapter: made, settings: settingsOf(b, b.Password),
			facts: router.AccountFacts{Addresses: []string{strings.ToLower(made.Address)}, Skills: b.Skills, Language: b.Language},
		})
	}
	return out, nil
}
