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

// A CRM that customers.yaml reckons with and nobody is asked for is told, with its place.
func TestCheckOfAMissingCRM(t *testing.T) {
	dir := t.TempDir()
	office := filepath.Join(dir, "office.yaml")
	rules := writeFile(t, filepath.Join(dir, "rules", "customers.yaml"), "version: 1\nvalue:\n  sources: [import, crm]\n")
	writeFile(t, office, "version: 1\npolicies: rules\n")
	if r := cli(t, "", "check", "--config", office); r.code != 0 || !strings.Contains(r.out, rules+":3:21: value.sources[1]: no CRM is asked here") {
		t.Errorf("exit %d: %s", r.code, r.out)
	}
	writeFile(t, office, "version: 1\npolicies: rules\ncrm:\n  url: https://crm.example.org/find?q={address}\n")
	if r := cli(t, "", "check", "--config", office); r.code != 0 || strings.Contains(r.out, "no CRM") {
		t.Errorf("with a CRM, exit %d: %s", r.code, r.out)
	}
	if out := ok(t, "", "check", "--policies", filepath.Join(dir, "rules")); strings.Contains(out, "no CRM") {
		t.Errorf("without a configuration: %s", out)
	}
}
