package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// asProgram makes this test binary be the program, for what starts it anew.
const asProgram = "STAGECOACH_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) == "1" {
		main()
	}
	os.Exit(m.Run())
}

// program puts a command of this name on the path that is this test binary.
func program(t *testing.T) (dir string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, "stagecoach")); err != nil {
		t.Fatal(err)
	}
	t.Setenv(asProgram, "1")
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return dir
}

// Bash itself completes lines with the script.
func TestCompletionInBash(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Fatal(err)
	}
	dir := program(t)
	writeFile(t, filepath.Join(dir, "office one.yaml"), "")
	for line, want := range map[string]string{
		"stagecoach agents ":             "add list password remove",
		"stagecoach agents add --role=s": "--role=supervisor",
		"stagecoach check --config offi": "office one.yaml",
		"stagecoach serve nonsense ":     "",
	} {
		script := `source <(stagecoach completion bash)
COMP_LINE="$1"; COMP_POINT=${#COMP_LINE}
shift; COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]}-1))
_stagecoach
printf '%s\n' "${COMPREPLY[@]}"`
		words := strings.Split(line, " ")
		cmd := exec.Command(bash, append([]string{"-c", script, "bash", line}, words...)...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%q: %v\n%s", line, err, out)
		}
		got := strings.Split(strings.TrimSpace(string(out)), "\n")
		if want != "office one.yaml" {
			slices.Sort(got)
		}
		if want == "" {
			for _, word := range got {
				if word != "" && !strings.HasPrefix(word, "--") {
					t.Errorf("%q: got %q", line, got)
				}
			}
		} else if strings.Join(got, " ") != want {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
	}
}

// Every command and flag of the program is offered.
func TestSuggest(t *testing.T) {
	words := func(line ...string) string {
		var got []string
		for one := range strings.Lines(ok(t, "", append([]string{"completion", "words", "--"}, line...)...)) {
			word, _, _ := strings.Cut(strings.TrimSpace(one), "\t")
			got = append(got, word)
		}
		slices.Sort(got)
		return strings.Join(got, " ")
	}
	for line, want := range map[string]string{
		"":                         "adapter agents backup bench check completion customers demo ledger mail policy restore serve simulate verify version",
		"ledger audit --c":         "--check --config",
		"age":                      "agents",
		"agents add --role ":       "agent supervisor",
		"completion ":              "bash fish zsh",
		"ledger --da":              "--data",
		"agents add --role = s":    "supervisor",
		"agents add a@b --skill ":  "",
		"agents list --data ":      ":dirs",
		"check --policies ":        ":dirs",
		"mail explain ":            ":files",
		"policy lint ":             ":dirs",
		"check --config x --polic": "--policies",
	} {
		if got := words(strings.Split(line, " ")...); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if out := ok(t, "", "completion", shell); !strings.Contains(out, "completion words --") {
			t.Errorf("%s: %s", shell, out)
		}
	}
	refused(t, 2, "must be one of", "completion", "tcsh")
}
