package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// printJSON writes one JSON value and a line's end: indented for a person at a
// terminal, on one line for a program.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if isTerminal(w) {
		enc.SetIndent("", "  ")
	}
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}

// printRaw is printJSON for what is JSON already.
func printRaw(w io.Writer, raw json.RawMessage) error {
	return printJSON(w, json.RawMessage(bytes.TrimSpace(raw)))
}
