package policies

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

//go:embed schema/*.json
var schemas embed.FS

// firstTest is tests/first.yaml of a policy set to begin with.
const firstTest = `# What you expect of the policies: stagecoach policy test runs it. README.md says
# what else may be expected; agents.yaml beside this file may say who works here.
version: 1
at: 2026-11-23 10:00
tests:
  - name: a mail has the usual promise
    contact: {channel: email, text: "Good morning, a question about your opening hours."}
    expect: {class: general, queue: general, promise: default, due: 2026-11-23 14:00}
`

// Starter gives the files of a policy set to begin with, by their names: all that
// is built in, with its comments, a first test, and schemas for editors.
func Starter() (map[string][]byte, error) {
	out := map[string][]byte{"tests/first.yaml": modelined("../schema/tests.json", []byte(firstTest))}
	for _, name := range FileNames() {
		text, err := defaults.ReadFile("default/" + name)
		if err != nil {
			return nil, fmt.Errorf("reading the built-in policies: %w", err)
		}
		out[name] = modelined("schema/"+strings.TrimSuffix(name, ".yaml")+".json", text)
	}
	list, err := schemas.ReadDir("schema")
	if err != nil {
		return nil, fmt.Errorf("reading the schemas: %w", err)
	}
	for _, e := range list {
		name := path.Join("schema", e.Name())
		if out[name], err = schemas.ReadFile(name); err != nil {
			return nil, fmt.Errorf("reading the schemas: %w", err)
		}
	}
	return out, nil
}

// modelined puts a line before a file by which editors find its schema.
func modelined(schema string, text []byte) []byte {
	return append([]byte("# yaml-language-server: $schema="+schema+"\n"), text...)
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
