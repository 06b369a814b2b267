// Package strict reads the YAML that people write for Stagecoach: every problem
// of a file is found in one go and named by file, line, column and key, with a
// hint where one can be given. A misspelt key, a key given twice or a value of
// the wrong type is never passed over.
//
// The target structs say what is allowed by tags:
//
//	Port int    `yaml:"port" range:"1..65535"`
//	TLS  string `yaml:"tls" enum:"tls|starttls|none"`
//	Name string `yaml:"name" required:"true"`
//
// Anchors, aliases, tags and several documents in one file are refused: the
// files are small enough to read aloud, and mean what they show.
package strict
