package configs

import (
	"fmt"
	"os"
	"path/filepath"

	"stagecoach/configs/strict"
)

// Error is one mistake at one place.
type Error = strict.Error

// Errors is all the mistakes that were found, in order of their place.
type Errors = strict.Errors //nolint:errname // it holds every error of a file

// Load reads the configuration at path, and gives the default one for path "".
// Mistakes in it come all at once, as Errors. Secrets are read from the files
// and variables that it names; relative paths are relative to it.
func Load(path string) (*Config, error) {
	if path == "" {
		return Default(), nil
	}
	data, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("reading configuration: %w", err)
	}
	return Parse(path, data)
}

// Parse is Load for text that was read already. file names it in errors, and is
// what relative paths are relative to.
func Parse(file string, data []byte) (*Config, error) {
	d := strict.Parse(file, data)
	c := Default()
	c.File = file
	d.Decode(c)
	k := &checker{doc: d, config: c, dir: filepath.Dir(file)}
	k.run()
	if err := d.Problems().Err(); err != nil {
		return nil, err
	}
	c.Warnings = k.warnings.Sorted()
	return c, nil
}
