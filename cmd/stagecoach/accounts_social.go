package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"strings"

	"stagecoach/channels/mastodon"
	"stagecoach/channels/webhook"
	"stagecoach/configs"
	"stagecoach/router"
)

func webhookAccounts(cfg *configs.Config, logger *slog.Logger) ([]*link, error) {
	var out []*link
	for _, w := range cfg.Channels.Webhook {
		adapter, err := webhook.New(webhookConfig(&w), logger)
		if err != nil {
			return nil, fmt.Errorf("channel webhook/%s: %w", w.Name, err)
		}
		out = append(out, &link{
			adapter: adapter.Channel(), facts: router.AccountFacts{Addresses: []string{strings.ToLower(w.Name)}, Skills: w.Skills, Language: w.Language},
			settings: settingsOf(w, webhookSecrets(&w)...),
		})
	}
	return out, nil
}

// webhookSecrets are those of an account, for which it is made anew when one changes.
func webhookSecrets(w *configs.Webhook) []configs.Secret {
	out := []configs.Secret{w.Secret, w.PreviousSecret, w.Callback.Secret, w.Callback.PreviousSecret}
	for _, h := range w.Callback.Headers {
		out = append(out, h.Content)
	}
	return out
}

func webhookConfig(w *configs.Webhook) webhook.Config {
	c := webhook.Config{
		Account: w.Name, Window: w.Window, PerSecond: float64(w.MaxPerSecond), Burst: cmp.Or(w.Burst, 2*w.MaxPerSecond), MaxBody: int64(w.MaxBody), Public: w.Public,
		AttachmentHosts: w.AttachmentHosts, CAFile: w.CAFile,
		Callback: webhook.Callback{
			URL: w.Callback.URL, NotIdempotent: w.Callback.NotIdempotent, PlainHTTP: w.Callback.PlainHTTP,
			TextLimit: w.Callback.TextLimit, Timeout: w.Callback.Timeout,
		},
	}
	for _, one := range []configs.Secret{w.Secret, w.PreviousSecret} {
		if !one.Empty() {
			c.Secrets = append(c.Secrets, webhook.Secret(one.Reveal()))
		}
	}
	for _, one := range []configs.Secret{w.Callback.Secret, w.Callback.PreviousSecret} {
		if !one.Empty() {
			c.Callback.Secrets = append(c.Callback.Secrets, webhook.Secret(one.Reveal()))
		}
	}
	for _, h := range w.Callback.Headers {
		if c.Callback.Headers == nil {
			c.Callback.Headers = map[string]webhook.Secret{}
		}
		c.Callback.Headers[h.Name] = webhook.Secret(h.Content.Reveal())
	}
	return c
}

func mastodonAccounts(cfg *configs.Config, logger *slog.Logger) ([]*link, error) {
	var out []*link
	for _, m := range cfg.Channels.Mastodon {
		adapter, err := mastodon.New(mastodon.Config{
			Account: m.Name, Server: m.Server, Address: m.Address, Token: mastodon.Secret(m.Token.Reveal()), CAFile: m.CAFile,
			ReplyVisibility: mastodon.ReplyVisibility(m.ReplyVisibility),
			Listen:          mastodon.Listen{Hashtags: m.Listen.Hashtags, Keywords: m.Listen.Keywords},
			PollInterval:    m.Poll, ListenInterval: m.Listen.Every, WatchInterval: m.Watch,
			NoStreaming: m.NoStreaming, Timeout: m.Timeout,
		}, logger)
		if err != nil {
			return nil, fmt.Errorf("channel mastodon/%s: %w", m.Name, err)
		}
		out = append(out, &link{
			adapter: adapter.Channel(), settings: settingsOf(m, m.Token),
			facts: router.AccountFacts{
				Addresses: []string{strings.ToLower(strings.TrimPrefix(m.Address, "@"))}, Skills: m.Skills, Language: m.Language,
			},
		})
	}
	return out, nil
}
