package configs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stagecoach/configs"
)

func TestSignatures(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"kim.asc": "a key", "ca.pem": "no certificate"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"{pgp_keys: [keys, kim.asc]}": "",
		"{pgp_keys: [nowhere.asc]}":   "signatures.pgp_keys[0]: there is no such file",
		"{pgp_keys: [\"\"]}":          "signatures.pgp_keys[0]: must not be empty",
		"{ca_file: ca.pem}":           "signatures.ca_file: holds no certificate in PEM form",
		"{ca_file: nowhere.pem}":      "signatures.ca_file: there is no such file",
		"{keyring: kim.asc}":          "pgp_keys is a list of files and folders",
	} {
		c, err := configs.Parse(filepath.Join(dir, "c.yaml"), []byte("version: 1\nsignatures: "+text+"\n"))
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case want == "":
			if got := c.Signatures.PGPKeys; len(got) != 2 || got[0] != filepath.Join(dir, "keys") {
				t.Errorf("%s: %q", text, got)
			}
		case err == nil || !strings.Contains(err.Error(), want):
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
