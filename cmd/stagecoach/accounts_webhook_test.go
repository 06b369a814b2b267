package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"stagecoach/channels/webhook"
	"stagecoach/configs"
)

// All that the configuration can say of a webhook reaches it.
func TestWebhookSettings(t *testing.T) {
	key := func(n byte) string {
		return "whsec_" + string([]byte{'A' + n}) + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY"
	}
	t.Setenv("STAGECOACH_TEST_A", key(0))
	t.Setenv("STAGECOACH_TEST_B", key(1))
	t.Setenv("STAGECOACH_TEST_C", key(2))
	t.Setenv("STAGECOACH_TEST_D", key(3))
	t.Setenv("STAGECOACH_TEST_GATE", "gate-key")
	file := filepath.Join(t.TempDir(), "stagecoach.yaml")
	const text = `version: 1
last_resort: {webhook: "https://alerts.example.org/"}
channels:
  webhook:
    - name: shop
      secret_env: STAGECOACH_TEST_A
      previous_secret_env: STAGECOACH_TEST_B
      max_per_second: 20
      burst: 30
      max_body: 5MiB
      callback:
        url: https://shop.example/replies
        secret_env: STAGECOACH_TEST_C
        previous_secret_env: STAGECOACH_TEST_D
        headers:
          - {name: X-Api-Key, value_env: STAGECOACH_TEST_GATE}
          - {name: X-Tenant, value: acme}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := configs.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	account := cfg.Channels.Webhook[0]
	want := webhook.Config{
		Account: "shop", Secrets: []webhook.Secret{webhook.Secret(key(0)), webhook.Secret(key(1))},
		PerSecond: 20, Burst: 30, MaxBody: 5 << 20, AttachmentHosts: account.AttachmentHosts, Window: account.Window,
		Callback: webhook.Callback{
			URL: "https://shop.example/replies", Secrets: []webhook.Secret{webhook.Secret(key(2)), webhook.Secret(key(3))},
			Headers: map[string]webhook.Secret{"X-Api-Key": "gate-key", "X-Tenant": "acme"}, Timeout: account.Callback.Timeout,
		},
	}
	if got := webhookConfig(&account); !reflect.DeepEqual(got, want) {
		t.Error("the settings differ from what the file says")
	}
	before, err := webhookAccounts(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("STAGECOACH_TEST_GATE", "another")
	changed, err := configs.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	after, err := webhookAccounts(changed, slog.New(slog.DiscardHandler))
	if err != nil || after[0].settings == before[0].settings {
		t.Errorf("another header's value makes no other account (%v)", err)
	}
}
