package sim

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stagecoach/configs/strict"
)

var update = flag.Bool("update", false, "write the expected errors anew")

// TestBadScenarios loads each testdata/bad/*.json, which must fail with exactly
// the text of the .errors file beside it.
func TestBadScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.json")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			_, err := Load(file)
			if _, ok := errors.AsType[strict.Errors](err); !ok {
				t.Fatalf("got %T: %v", err, err)
			}
			expect(t, strings.TrimSuffix(file, ".json")+".errors", err.Error()+"\n")
		})
	}
}

// TestBadContacts does the same with each testdata/bad/*.csv for the scenario that
// the bad ones were made of.
func TestBadContacts(t *testing.T) {
	s := small(t)
	files, err := filepath.Glob("testdata/bad/*.csv")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			_, err := s.LoadContacts(file)
			if _, ok := errors.AsType[strict.Errors](err); !ok {
				t.Fatalf("got %T: %v", err, err)
			}
			expect(t, strings.TrimSuffix(file, ".csv")+".csv.errors", err.Error()+"\n")
		})
	}
}

func expect(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// small is the scenario that the bad ones were made of, changed by replacing
// words.
func small(t *testing.T, changes ...string) *Scenario {
	t.Helper()
	data, err := os.ReadFile("testdata/small/small.json")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(text, changes[i]) {
			t.Fatalf("the scenario has no %s", changes[i])
		}
		text = strings.Replace(text, changes[i], changes[i+1], 1)
	}
	s, err := Parse("small.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
