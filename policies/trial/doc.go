// Package trial tries a policy set on contacts that people describe: it runs the
// set and the router's own core, Decide and match, on one contact at a time, and
// tells what was decided and why. Tests of policy sets (tests/*.yaml) compare that
// with what is expected; nothing here decides anything itself.
package trial
