// Package configs holds the daemon's configuration: what may be written, the
// defaults, and every check that needs no network. Load finds all mistakes at
// once, each with file, line, column and key. An empty file, or none, is valid:
// a daemon with everything embedded and no channel.
//
// Examples for people lie beside the code: stagecoach.example.yaml,
// compose.yaml and stagecoach.service.
package configs
