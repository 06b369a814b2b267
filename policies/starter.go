package policies

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Starter gives the files of a policy set to begin with, by their names: all that
// is built in, with its comments.
func Starter() (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, name := range FileNames() {
		text, err := defaults.ReadFile("default/" + name)
		if err != nil {
			return nil, fmt.Errorf("reading the built-in policies: %w", err)
		}
		out[name] = text
	}
	return out, nil
}

// Init writes the files of Starter into a directory, which is made if it isn't
// there, and gives their names. It writes nothing where one of them would be
// written over.
func Init(dir string) ([]string, error) {
	files, err := Starter()
	if err != nil {
		return nil, err
	}
	names := sortedKeys(files)
	for _, name := range names {
		_, err := os.Lstat(filepath.Join(dir, name))
		if err == nil {
			return nil, fmt.Errorf("writing policies: %s is there already, and is not written over: name another directory", filepath.Join(dir, name))
		}
		if !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("writing policies: %w", err)
		}
	}
	for _, name := range names {
		if err := writeNew(filepath.Join(dir, name), files[name]); err != nil {
			return nil, fmt.Errorf("writing policies: %w", err)
		}
	}
	return names, nil
}

// writeNew writes a file that wasn't there.
func writeNew(name string, text []byte) (err error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil { //nolint:gosec // no secrets: whoever works here may read them
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // no secrets, in the directory that was asked for
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
