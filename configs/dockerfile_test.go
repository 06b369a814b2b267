package configs_test

import (
	"bytes"
	"debug/elf"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"stagecoach/configs"
)

// image is a container image under construction: a folder for each stage.
type image struct {
	t *testing.T
	// context is the clean copy of the tracked files.
	context string
	// roots are the file systems of the stages by name, dir and env the state of
	// the current one.
	roots map[string]string
	root  string
	dir   string
	env   []string

	entrypoint, command []string
	user                string
}

// TestDockerfile runs the commands of the Dockerfile one by one in clean
// folders, since there isn't always a container engine, and looks at what would
// be the image.
func TestDockerfile(t *testing.T) {
	repository, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	m := &image{t: t, context: t.TempDir(), roots: map[string]string{}}
	m.copyTracked(repository)
	for _, line := range instructions(t, filepath.Join(repository, "Dockerfile")) {
		word, rest, _ := strings.Cut(line, " ")
		m.instruction(word, strings.TrimSpace(rest))
	}
	m.look()
}

// instructions gives the lines of a Dockerfile without comments, joined where
// they go on.
func instructions(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	open := false
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		part, more := strings.CutSuffix(line, "\\")
		if open {
			out[len(out)-1] += " " + strings.TrimSpace(part)
		} else {
			out = append(out, strings.TrimSpace(part))
		}
		open = more
	}
	return out
}

// copyTracked makes the context: the files that git tracks, less what
// .dockerignore names.
func (m *image) copyTracked(repository string) {
	m.t.Helper()
	list, err := exec.CommandContext(m.t.Context(), "git", "-C", repository, "ls-files", "-z").Output()
	if err != nil {
		m.t.Skipf("not a git checkout: %v", err)
	}
	ignored, err := os.ReadFile(filepath.Join(repository, ".dockerignore"))
	if err != nil {
		m.t.Fatal(err)
	}
	skip := func(name string) bool {
		for pattern := range strings.FieldsSeq(string(ignored)) {
			if name == pattern || strings.HasPrefix(name, pattern+"/") {
				return true
			}
		}
		return false
	}
	for name := range strings.SplitSeq(string(list), "\x00") {
		from := filepath.Join(repository, name)
		if info, err := os.Lstat(from); name == "" || skip(name) || err != nil || !info.Mode().IsRegular() {
			continue
		}
		m.copyFile(from, filepath.Join(m.context, name))
	}
}

func (m *image) copyFile(from, to string) {
	m.t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		m.t.Fatal(err)
	}
	info, err := os.Stat(from)
	if err != nil {
		m.t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(to, data, info.Mode().Perm()); err != nil {
		m.t.Fatal(err)
	}
}

func (m *image) instruction(word, rest string) {
	m.t.Helper()
	switch word {
	case "FROM":
		m.root, m.dir = m.t.TempDir(), "/"
		m.env = os.Environ()
		if _, name, ok := strings.Cut(rest, " AS "); ok {
			m.roots[name] = m.root
		}
	case "ARG", "ENV":
		m.env = append(m.env, rest)
	case "WORKDIR":
		m.dir = rest
		if err := os.MkdirAll(filepath.Join(m.root, rest), 0o755); err != nil {
			m.t.Fatal(err)
		}
	case "COPY":
		m.copy(strings.Fields(rest))
	case "RUN":
		m.run(rest)
	case "USER":
		m.user = rest
	case "ENTRYPOINT":
		m.entrypoint = m.list(rest)
	case "CMD":
		m.command = m.list(rest)
	case "VOLUME", "EXPOSE":
	default:
		m.t.Fatalf("the test doesn't know %s", word)
	}
}

func (m *image) list(text string) (out []string) {
	m.t.Helper()
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		m.t.Fatalf("%s: %v", text, err)
	}
	return out
}

func (m *image) run(command string) {
	m.t.Helper()
	// Without a root of its own the command must stay in its folder.
	for word := range strings.FieldsSeq(command) {
		if strings.HasPrefix(word, "/") {
			m.t.Fatalf("RUN %s: an absolute path can't be tried", command)
		}
	}
	cmd := exec.CommandContext(m.t.Context(), "/bin/sh", "-c", command)
	cmd.Dir, cmd.Env = filepath.Join(m.root, m.dir), m.env
	if out, err := cmd.CombinedOutput(); err != nil {
		m.t.Fatalf("RUN %s: %v\n%s", command, err, out)
	}
}

func (m *image) copy(args []string) {
	m.t.Helper()
	from := m.context
	for len(args) > 0 && strings.HasPrefix(args[0], "--") {
		if stage, ok := strings.CutPrefix(args[0], "--from="); ok {
			from = m.roots[stage]
		}
		args = args[1:]
	}
	to := args[len(args)-1]
	for _, one := range args[:len(args)-1] {
		source := filepath.Join(from, one)
		if _, err := os.Stat(source); err != nil && from != m.context {
			source = one // part of the base image, such as its certificates
		}
		info, err := os.Stat(source)
		if err != nil {
			m.t.Fatalf("COPY %s: %v", one, err)
		}
		target := to
		if !filepath.IsAbs(to) {
			target = filepath.Join(m.dir, to)
		}
		target = filepath.Join(m.root, target)
		switch {
		case info.IsDir():
			m.copyDir(source, target)
		case strings.HasSuffix(to, "/"):
			m.copyFile(source, filepath.Join(target, filepath.Base(source)))
		default:
			m.copyFile(source, target)
		}
	}
}

func (m *image) copyDir(from, to string) {
	m.t.Helper()
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(to, name), 0o755)
		}
		m.copyFile(path, filepath.Join(to, name))
		return nil
	})
	if err != nil {
		m.t.Fatal(err)
	}
}

// look checks what would be the image.
func (m *image) look() {
	m.t.Helper()
	binary := filepath.Join(m.root, m.entrypoint[0])
	f, err := elf.Open(binary)
	if err != nil {
		m.t.Fatal(err)
	}
	libraries, err := f.ImportedLibraries()
	if err != nil {
		m.t.Fatal(err)
	}
	if len(libraries) > 0 || f.Section(".interp") != nil {
		m.t.Errorf("not static: needs %v", libraries)
	}
	if err := f.Close(); err != nil {
		m.t.Fatal(err)
	}
	version := exec.CommandContext(m.t.Context(), binary, "version")
	version.Dir, version.Env = m.t.TempDir(), []string{}
	if out, err := version.CombinedOutput(); err != nil || len(bytes.TrimSpace(out)) == 0 {
		m.t.Errorf("version: %v\n%s", err, out)
	}
	if m.user == "" || strings.HasPrefix(m.user, "0") || strings.HasPrefix(m.user, "root") {
		m.t.Errorf("runs as %q", m.user)
	}
	for i, argument := range m.command {
		switch argument {
		case "--config":
			if _, err := configs.Load(filepath.Join(m.root, m.command[i+1])); err != nil {
				m.t.Errorf("the configuration of the image: %v", err)
			}
		case "--data":
			if info, err := os.Stat(filepath.Join(m.root, m.command[i+1])); err != nil || !info.IsDir() {
				m.t.Errorf("the data directory of the image: %v", err)
			}
		}
	}
}
