// Package town is where a company's customers are who don't write mails: a
// workspace of Slack, a server of the Mastodon API, one of the AT protocol, a
// system of the company's own that posts to the webhook, and browsers before the
// web chat. All of them speak to Stagecoach over loopback, through the adapters
// themselves. It is for the demonstration, for bench and for tests.
package town

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"stagecoach/channels/bluesky/blueskyfake"
	"stagecoach/channels/mastodon/mastodonfake"
	"stagecoach/channels/slack/slackfake"
	"stagecoach/channels/webhook/webhookfake"
	"stagecoach/contact"
)

// The names of the accounts, one on each channel.
const (
	Workspace = "team"
	Fedi      = "fedi"
	Sky       = "sky"
	Shop      = "shop"
	Chat      = "web"
)

// Config says who the company is. The zero value is good.
type Config struct {
	// Company heads the web chat, "Acme" if empty.
	Company string
	// Handle is how the company is called where there are handles: letters and
	// digits, "acme" if empty.
	Handle string
	// Hashtags are listened to, on Mastodon and Bluesky.
	Hashtags []string
}

// Town is all of the providers, running.
type Town struct {
	cfg Config
	// Slack has what happens in the workspace, and so on.
	Slack    *slackfake.Server
	Mastodon *mastodonfake.Server
	Bluesky  *blueskyfake.Server
	Webhook  *webhookfake.System

	chatSecret, hookSecret string
	desk                   string
}

// Open starts the providers. They end by Close.
func Open(ctx context.Context, cfg Config) (*Town, error) {
	if cfg.Company == "" {
		cfg.Company = "Acme"
	}
	if cfg.Handle == "" {
		cfg.Handle = "acme"
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("making a secret: %w", err)
	}
	t := &Town{cfg: cfg, chatSecret: rand.Text() + rand.Text(), hookSecret: "whsec_" + base64.StdEncoding.EncodeToString(key)}
	var errs [4]error
	t.Slack, errs[0] = slackfake.New(slackfake.Config{Team: cfg.Company})
	t.Mastodon, errs[1] = mastodonfake.New(mastodonfake.Config{Account: cfg.Handle, Domain: "social.example"})
	t.Bluesky, errs[2] = blueskyfake.New(blueskyfake.Config{Handle: cfg.Handle + ".example"})
	t.Webhook, errs[3] = webhookfake.New(ctx, webhookfake.Config{Secret: t.hookSecret, Retry: 200 * time.Millisecond, LongestWait: 2 * time.Second})
	if err := errors.Join(errs[:]...); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the providers: %w", err), t.Close())
	}
	return t, nil
}

// Connect tells where the daemon serves HTTP: what posts to it begins then.
func (t *Town) Connect(url string) {
	t.desk = strings.TrimRight(url, "/")
	t.Webhook.Connect(t.desk + "/channels/webhook/" + Shop + "/messages")
}

// Close ends all of them.
func (t *Town) Close() error {
	var errs []error
	if t.Webhook != nil {
		t.Webhook.Close()
	}
	if t.Slack != nil {
		errs = append(errs, t.Slack.Close())
	}
	if t.Mastodon != nil {
		errs = append(errs, t.Mastodon.Close())
	}
	if t.Bluesky != nil {
		errs = append(errs, t.Bluesky.Close())
	}
	return errors.Join(errs...)
}

// Settings writes the secrets into a folder, and gives what stands below
// "channels:" in a configuration file there.
func (t *Town) Settings(dir string) (string, error) {
	for name, value := range map[string]string{
		"slack.bot": t.Slack.BotToken(), "slack.app": t.Slack.AppToken(), "mastodon.token": t.Mastodon.Token(),
		"bluesky.password": t.Bluesky.Password(), "webhook.secret": t.hookSecret, "webchat.secret": t.chatSecret,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(value+"\n"), 0o600); err != nil {
			return "", fmt.Errorf("writing a secret: %w", err)
		}
	}
	listen := ""
	if len(t.cfg.Hashtags) > 0 {
		listen = fmt.Sprintf("\n      listen: {hashtags: [%s], every: 5s}", strings.Join(t.cfg.Hashtags, ", "))
	}
	return fmt.Sprintf("  slack:\n    - name: %s\n      api: %q\n      bot_token_file: slack.bot\n      app_token_file: slack.app\n",
		Workspace, t.Slack.URL()) +
		fmt.Sprintf("  webchat:\n    - name: %s\n      title: %q\n      secret_file: webchat.secret\n", Chat, t.cfg.Company) +
		fmt.Sprintf("  mastodon:\n    - name: %s\n      server: %q\n      address: %q\n      token_file: mastodon.token\n      poll: 5s%s\n",
			Fedi, t.Mastodon.URL(), t.Mastodon.Address(), listen) +
		fmt.Sprintf("  bluesky:\n    - name: %s\n      server: %q\n      handle: %q\n      password_file: bluesky.password\n      poll: 5s%s\n",
			Sky, t.Bluesky.URL(), t.Bluesky.Handle(), listen) +
		fmt.Sprintf("  webhook:\n    - name: %s\n      secret_file: webhook.secret\n      max_per_second: 10000\n      callback: {url: %q}\n", Shop, t.Webhook.URL()), nil
}

// Channels are those of the town.
func Channels() []contact.Channel {
	return []contact.Channel{contact.Slack, contact.WebChat, contact.Mastodon, contact.Bluesky, contact.Webhook}
}
