// Package router is the deterministic heart of Stagecoach: Apply folds an event
// into the state, Decide turns a command into events, and the engine is the one
// goroutine that does both and appends to the log. Production, simulation,
// replay and property tests run this very code.
package router
