package configs_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stagecoach/configs"
)

func TestDKIMIsChecked(t *testing.T) {
	dir := t.TempDir()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	for name, data := range map[string][]byte{"good.pem": text, "bad.pem": []byte("no key"), "password": []byte("secret")} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for dkim, want := range map[string]string{
		"{selector: s1, key_file: good.pem}":                 "",
		"{key_file: good.pem}":                               "selector",
		"{selector: s1}":                                     "no key",
		"{selector: s1, key_file: bad.pem}":                  "holds no private key in PEM form",
		"{selector: s1, key_file: gone.pem}":                 "there is no such file",
		"{selector: 's 1', key_file: good.pem}":              "is not the name of a record",
		"{selector: s1, key_file: good.pem, key_env: NO}":    "a file is named too",
		"{selector: s1, key_env: STAGECOACH_NO_SUCH_THING}":  "is not set",
		"{selector: s1, key: abc}":                           "key_file",
		"{selector: s1, key_file: good.pem, selektor: x}":    "selector",
		"{selector: s1, key_file: good.pem, domain: a.test}": "",
	} {
		file := filepath.Join(dir, "stagecoach.yaml")
		config := "version: 1\nchannels:\n  email:\n    - name: support\n      address: support@acme.test\n" +
			"      smtp: {host: 127.0.0.1, password_file: password, max_per_minute: 30}\n      dkim: " + dkim + "\n"
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := configs.Load(file)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", dkim, err)
		case want == "" && (c.Channels.Email[0].DKIM.Key.Reveal() != string(text) || c.Channels.Email[0].SMTP.MaxPerMinute != 30):
			t.Errorf("%s: the key or the limit was not taken", dkim)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %q", dkim, err, want)
		}
	}
}
