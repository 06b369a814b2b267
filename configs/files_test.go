package configs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"stagecoach/configs"
)

func TestContainerConfigurationWarnsOfNothingElse(t *testing.T) {
	c, err := configs.Load("container.yaml")
	if err != nil {
		t.Fatal(err)
	}
	// It listens on every address, and says so where it matters.
	if len(c.Warnings) != 1 || c.Warnings[0].Key != "http.listen" {
		t.Errorf("warnings: %v", c.Warnings)
	}
}

func TestComposeNamesWhatIsThere(t *testing.T) {
	data, err := os.ReadFile("compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var compose struct {
		Services map[string]struct {
			Build   struct{ Context string }
			Volumes []string
			Secrets []string
		}
		Volumes map[string]any
		Secrets map[string]any
	}
	if err := yaml.Unmarshal(data, &compose); err != nil {
		t.Fatal(err)
	}
	service, ok := compose.Services["stagecoach"]
	if !ok {
		t.Fatal("no service")
	}
	if _, err := os.Stat(filepath.Join(service.Build.Context, "Dockerfile")); err != nil {
		t.Error(err)
	}
	for _, secret := range service.Secrets {
		if _, ok := compose.Secrets[secret]; !ok {
			t.Errorf("no secret %q", secret)
		}
	}
	for _, volume := range service.Volumes {
		name, _, _ := strings.Cut(volume, ":")
		if _, ok := compose.Volumes[name]; !ok && !strings.HasPrefix(name, ".") {
			t.Errorf("no volume %q", name)
		}
	}
}

func TestSystemdUnit(t *testing.T) {
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd-analyze")
	}
	text, err := os.ReadFile("stagecoach.service")
	if err != nil {
		t.Fatal(err)
	}
	// The binary and the user are not on this machine.
	unit := filepath.Join(t.TempDir(), "stagecoach.service")
	replaced := strings.NewReplacer("/usr/local/bin/stagecoach", "/bin/true", "User=stagecoach", "User=root", "Group=stagecoach", "Group=root").Replace(string(text))
	write(t, unit, replaced, 0o644)
	if out, err := exec.CommandContext(t.Context(), tool, "verify", unit).CombinedOutput(); err != nil || strings.Contains(string(out), "Unknown") {
		t.Errorf("verify: %v\n%s", err, out)
	}
}
