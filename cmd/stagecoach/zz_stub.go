package main

import (
	"encoding/json"
	"io"
)

type demoCmd struct{}
type checkCmd struct{}
type agentsCmd struct{}
type ledgerCmd struct{}
type mailCmd struct{}
type benchCmd struct{}
type completionCmd struct{}

func printJSON(w io.Writer, v any) error { return json.NewEncoder(w).Encode(v) }
