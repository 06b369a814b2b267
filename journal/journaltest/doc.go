// Package journaltest gives tests a real journal in a temporary directory, and
// a model of its log that fails on purpose: it loses appends and their answers,
// doubles, delays and refuses them, and crashes between any two.
//
// The model stands below journal.Log, where JetStream stands otherwise, so
// tests with it run the very code that draws conclusions from an outcome.
package journaltest
