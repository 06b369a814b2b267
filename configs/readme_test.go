package configs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"stagecoach/configs"
)

var (
	yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")
	namedFile = regexp.MustCompile(`(\w+_file): *([^\s,}#]+)`)
	namedEnv  = regexp.MustCompile(`(\w+)_env: *([A-Z][A-Z0-9_]+)`)
)

// secretFor gives a secret of the form that a key wants.
func secretFor(key string) string {
	switch {
	case strings.HasPrefix(key, "bot_token"):
		return "xoxb-secret"
	case strings.HasPrefix(key, "app_token"):
		return "xapp-secret"
	default:
		return "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
	}
}

// TestExamplesOfChannels loads every piece of configuration in the channels'
// pages.
func TestExamplesOfChannels(t *testing.T) {
	pages, err := filepath.Glob("../channels/*/README.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for i, block := range yamlBlock.FindAllStringSubmatch(string(text), -1) {
			if !strings.HasPrefix(block[1], "channels:") {
				continue
			}
			t.Run(fmt.Sprintf("%s %d", filepath.Base(filepath.Dir(page)), i), func(t *testing.T) { loads(t, block[1]) })
		}
	}
}

// loads reads a configuration, with the secrets that it names.
func loads(t *testing.T, text string) {
	t.Helper()
	dir := t.TempDir()
	for _, m := range namedFile.FindAllStringSubmatch(text, -1) {
		if m[1] == "ca_file" {
			text = strings.ReplaceAll(text, m[0], `ca_file: ""`)
			continue
		}
		path := filepath.Join(dir, filepath.Base(m[2]))
		text = strings.ReplaceAll(text, m[0], m[1]+": "+path)
		write(t, path, secretFor(m[1]), 0o600)
	}
	for _, m := range namedEnv.FindAllStringSubmatch(text, -1) {
		t.Setenv(m[2], secretFor(m[1]))
	}
	file := filepath.Join(dir, "stagecoach.yaml")
	write(t, file, text, 0o600)
	if _, err := configs.Load(file); err != nil {
		t.Errorf("%v", err)
	}
}
