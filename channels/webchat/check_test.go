package webchat

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCheckBeforeTheFirstStart: a configuration is tried before there is a data directory,
// and none is made by that; what stands in the way of one is told.
func TestCheckBeforeTheFirstStart(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	checked := func() (string, error) {
		t.Helper()
		a, err := New(Config{Account: "acme", Dir: dir}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		report, err := a.Check(t.Context())
		return strings.Join(report.Lines, "\n"), err
	}
	if said, err := checked(); err != nil || !strings.Contains(said, "made by the first start") {
		t.Errorf("before the first start: %q, %v", said, err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("a check made the folder: %v", err)
	}
	if err := os.WriteFile(dir, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := checked(); err == nil {
		t.Errorf("a file in its place: %q", said)
	}
}
