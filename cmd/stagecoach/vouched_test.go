package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whose signatures are known stands in the configuration: check says what of it
// can't be read, and mail explain goes by the rest.
func TestKeysOfSignatures(t *testing.T) {
	dir := t.TempDir()
	keys := filepath.Join(dir, "keys")
	if err := os.Mkdir(keys, 0o700); err != nil {
		t.Fatal(err)
	}
	testdata := filepath.Join("..", "..", "channels", "email", "testdata")
	key, err := os.ReadFile(filepath.Join(testdata, "signatures", "kim.asc"))
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "office.yaml")
	for file, text := range map[string]string{
		config: "version: 1\nsignatures: {pgp_keys: [keys]}\n", filepath.Join(keys, "kim.asc"): string(key),
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ok(t, "", "check", "--config", config)
	mail := filepath.Join(testdata, "mail", "seal-pgp-known-clear.eml")
	if out := ok(t, "", "mail", "explain", "--config", config, mail); !strings.Contains(out, "the signature fits the mail, and the key is known here") {
		t.Error(out)
	}
	if out := ok(t, "", "mail", "explain", mail); !strings.Contains(out, "is not known here") {
		t.Error(out)
	}
	bad := filepath.Join(keys, "sam.asc")
	for text, want := range map[string]string{
		"nothing": "is no key of PGP, or damaged",
		"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n":      "holds a secret key: export the public one only",
		"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxxxx\n": "holds no whole block of a public key",
		"": "holds no key",
	} {
		if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		out := cli(t, "", "check", "--config", config, "--json").out
		var found struct {
			OK     bool                             `json:"ok"`
			Errors []struct{ File, Message string } `json:"errors"`
		}
		if err := json.Unmarshal([]byte(out), &found); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if found.OK || len(found.Errors) != 1 || found.Errors[0].File != bad || !strings.Contains(found.Errors[0].Message, want) {
			t.Errorf("%q: %s, want %q", text, out, want)
		}
	}
	if out := ok(t, "", "mail", "explain", "--config", config, mail); !strings.Contains(out, "and the key is known here") {
		t.Error("a file that can't be read keeps the others out:", out)
	}
}
