package remote_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/goccy/go-yaml"
)

type ref struct {
	Ref string `yaml:"$ref"`
}

// description is as much of an AsyncAPI 3.0 document as is compared.
type description struct {
	AsyncAPI string `yaml:"asyncapi"`
	Info     struct {
		Version string `yaml:"version"`
	} `yaml:"info"`
	Channels map[string]struct {
		Address  string         `yaml:"address"`
		Messages map[string]ref `yaml:"messages"`
	} `yaml:"channels"`
	Operations map[string]struct {
		Action  string `yaml:"action"`
		Channel ref    `yaml:"channel"`
	} `yaml:"operations"`
	Components struct {
		Messages map[string]struct {
			Payload ref `yaml:"payload"`
		} `yaml:"messages"`
	} `yaml:"components"`
}

func readDescription(t *testing.T) description {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(docs, "asyncapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var d description
	if err := yaml.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	return d
}
