package webhook_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stagecoach/channels/webhook"
)

func TestConfigSaysEverythingAtOnce(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(empty, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := webhook.Config{
		Account: "a b", Secrets: []webhook.Secret{"hush-hush"}, Window: -time.Second, MaxBody: -1, PerSecond: -1,
		AttachmentHosts: []string{"http://x/"}, CAFile: empty,
		Callback: webhook.Callback{
			URL: "http://shop.example/x", Secrets: []webhook.Secret{"psst-psst"}, TextLimit: -1,
			Headers: map[string]webhook.Secret{"Webhook-Id": "x", "b c": "y"},
		},
	}
	_, err := webhook.New(cfg, slog.New(slog.DiscardHandler))
	if err == nil {
		t.Fatal("it is taken")
	}
	for _, want := range []string{
		`account "a b"`, "secrets[0]", "window", "max_body", "per_second", "attachment_hosts", "ca_file", "callback.url", "https",
		"callback.secrets[0]", "text_limit", `callback.headers "Webhook-Id"`, `callback.headers "b c"`, "openssl rand",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing is said of %s in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "psst") {
		t.Errorf("it shows a secret: %v", err)
	}
}

func TestConfigThatWillDo(t *testing.T) {
	secret := []webhook.Secret{inSecret}
	for name, c := range map[string]struct {
		cfg         webhook.Config
		in, out, ok bool
	}{
		"both ways":       {webhook.Config{Account: "a", Secrets: secret, Callback: webhook.Callback{URL: "https://x.example/"}}, true, true, true},
		"in only":         {webhook.Config{Account: "a", Secrets: secret}, true, false, true},
		"out only":        {webhook.Config{Account: "a", Callback: webhook.Callback{URL: "https://x.example/", Secrets: secret}}, false, true, true},
		"nothing":         {webhook.Config{Account: "a"}, false, false, false},
		"out unsigned":    {webhook.Config{Account: "a", Callback: webhook.Callback{URL: "https://x.example/"}}, false, false, false},
		"http here":       {webhook.Config{Account: "a", Secrets: secret, Callback: webhook.Callback{URL: "http://[::1]:8000/x"}}, true, true, true},
		"http elsewhere":  {webhook.Config{Account: "a", Secrets: secret, Callback: webhook.Callback{URL: "http://x.example/"}}, false, false, false},
		"http by wish":    {webhook.Config{Account: "a", Secrets: secret, Callback: webhook.Callback{URL: "http://x.example/", PlainHTTP: true}}, true, true, true},
		"other scheme":    {webhook.Config{Account: "a", Secrets: secret, Callback: webhook.Callback{URL: "ftp://x.example/"}}, false, false, false},
		"password in url": {webhook.Config{Account: "a", Secrets: secret, Callback: webhook.Callback{URL: "https://u:p@x.example/"}}, false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := webhook.New(c.cfg, slog.New(slog.DiscardHandler))
			if (err == nil) != c.ok {
				t.Fatalf("New gives %v", err)
			}
			if !c.ok {
				return
			}
			ch := a.Channel()
			if (ch.Receiver != nil) != c.in || (ch.HTTP != nil) != c.in || (ch.Sender != nil) != c.out || (ch.Resolver != nil) != c.out {
				t.Errorf("the channel is %+v", ch)
			}
		})
	}
}

func TestSecretsHide(t *testing.T) {
	cfg := webhook.Config{Account: "a", Secrets: []webhook.Secret{inSecret}, Callback: webhook.Callback{Headers: map[string]webhook.Secret{"X": gateKey}}}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("config", "cfg", cfg, "secret", cfg.Secrets[0])
	data, err := json.Marshal(cfg.Secrets)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{fmt.Sprintf("%v %+v %#v %s", cfg, cfg, cfg, cfg.Secrets[0]), log.String(), string(data)} {
		if strings.Contains(shown, strings.TrimPrefix(inSecret, "whsec_")) || strings.Contains(shown, "gate-key") {
			t.Errorf("a secret shows in %s", shown)
		}
	}
}
