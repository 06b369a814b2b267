package policies

import (
	"fmt"
	"os"
	"path"

	"stagecoach/configs/strict"
)

// Check makes a set of the text of its files by name that may come to decide: lint
// finds no error in it. The error is a strict.Errors with everything that is wrong.
func Check(name string, files map[string][]byte) (*Set, error) {
	var unknown strict.Errors
	for _, file := range sortedKeys(files) {
		if !isFile(file) {
			unknown = append(unknown, strict.Error{File: path.Join(name, file), Message: "not a file of a policy set", Hint: strict.DidYouMean(file, FileNames())})
		}
	}
	return check(name, files, unknown)
}

// CheckDir does so with the set in a directory, and with the built-in one for dir "".
func CheckDir(dir string) (*Set, error) {
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
	files, unknown, err := readFiles(os.DirFS(dir), dir)
	if err != nil {
		return nil, err
	}
	return check(dir, files, unknown)
}

func check(name string, files map[string][]byte, unknown strict.Errors) (*Set, error) {
	b, err := construct(name, files)
	if err != nil {
		return nil, err
	}
	b.lint(nil)
	all := append(append(unknown, b.problems()...), b.faults...)
	if err := all.Sorted().Err(); err != nil {
		return nil, err
	}
	return b.set, nil
}
