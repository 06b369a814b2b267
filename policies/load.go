package policies

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"stagecoach/configs/strict"
)

//go:embed default/*.yaml
var defaults embed.FS

// FileNames lists the files of a policy set.
func FileNames() []string {
	return []string{"classes.yaml", "customers.yaml", "escalation.yaml", "privacy.yaml", "routing.yaml", "sla.yaml"}
}

// Default gives the set that is built in: one queue, one promise for
// everything. It needs no editing.
func Default() (*Set, error) { return build("default", map[string][]byte{}) }

// Load reads the set in a directory, and the built-in one for dir "". A file
// that isn't there, or a key that a file leaves out, is taken from the built-in
// set. The error is a strict.Errors with everything that is wrong.
func Load(dir string) (*Set, error) {
	if dir == "" {
		return Default()
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("reading policies %q: %w", dir, err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("reading policies %q: not a directory", dir)
	}
	return LoadFS(os.DirFS(dir), dir)
}

// LoadFS reads the set at the top of a file system. name stands before the
// names of files in errors.
func LoadFS(fsys fs.FS, name string) (*Set, error) {
	files, unknown, err := readFiles(fsys, name)
	if err != nil {
		return nil, err
	}
	set, err := build(name, files)
	if all, ok := err.(strict.Errors); ok || err == nil { //nolint:errorlint // build returns it unwrapped
		if err := append(unknown, all...).Err(); err != nil {
			return nil, err
		}
	}
	return set, err
}

// readFiles reads the files of a set, and says which there are that belong to
// none.
func readFiles(fsys fs.FS, name string) (files map[string][]byte, unknown strict.Errors, err error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, nil, fmt.Errorf("reading policies %q: %w", name, err)
	}
	files = map[string][]byte{}
	for _, e := range entries {
		if ext := path.Ext(e.Name()); e.IsDir() || strings.HasPrefix(e.Name(), ".") || (ext != ".yaml" && ext != ".yml") {
			continue
		}
		if !isFile(e.Name()) {
			unknown = append(unknown, strict.Error{
				File: filepath.Join(name, e.Name()), Message: "not a file of a policy set", Hint: strict.DidYouMean(e.Name(), FileNames()),
			})
			continue
		}
		data, err := readFile(fsys, e.Name())
		if err != nil {
			return nil, nil, fmt.Errorf("reading policies %q: %w", name, err)
		}
		files[e.Name()] = data
	}
	return files, unknown, nil
}

// readFile reads no more of a file than tells that it is too large.
func readFile(fsys fs.FS, name string) (_ []byte, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, strict.MaxBytes+1))
}

// LoadFiles makes a set of the text of its files by name, as Files gave them.
func LoadFiles(name string, files map[string][]byte) (*Set, error) {
	for _, file := range sortedKeys(files) {
		if !isFile(file) {
			return nil, strict.Errors{{File: path.Join(name, file), Message: "not a file of a policy set", Hint: strict.DidYouMean(file, FileNames())}}
		}
	}
	return build(name, files)
}

func isFile(name string) bool { return slices.Contains(FileNames(), name) }

func sortedKeys(m map[string][]byte) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
