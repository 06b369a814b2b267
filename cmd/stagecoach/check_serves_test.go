package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// A channel by which nobody can be answered is told, with its place.
func TestCheckOfUnservedChannels(t *testing.T) {
	dir := t.TempDir()
	file := writeFile(t, filepath.Join(dir, "office.yaml"), "version: 1\npolicies: rules\nchannels:\n  webchat:\n    - {name: acme, title: Acme}\n")
	rules := writeFile(t, filepath.Join(dir, "rules", "customers.yaml"), "version: 1\npreferred:\n  channels: [webchat, slack, phone,\n    letter]\n")
	r := cli(t, "", "check", "--config", file)
	for _, want := range []string{rules + ":3:23: preferred.channels[1]: nobody is answered by slack", rules + ":4:5: preferred.channels[3]: nobody is answered by letter"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("no %q in %s", want, r.out)
		}
	}
	if r.code != 0 || strings.Contains(r.out, "by webchat") || strings.Contains(r.out, "by phone") {
		t.Errorf("exit %d: %s", r.code, r.out)
	}
	if out := ok(t, "", "check", "--policies", filepath.Join(dir, "rules")); strings.Contains(out, "nobody is answered") {
		t.Errorf("without accounts: %s", out)
	}
}
