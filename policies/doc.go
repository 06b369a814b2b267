// Package policies holds what supervisors decide: what a message is about and
// needs, how long a customer may wait, how contacts are offered, what is done
// when a promise runs out, and how long words are kept. A policy set is a
// directory of YAML files; README.md beside this file explains it to those who
// write it.
//
// A Set is immutable and pure: its methods read no clock and do no I/O, never
// fail, and give the same answer to the same question, so that the router can
// use them in Decide. Only the counts of expressions that failed change.
package policies
