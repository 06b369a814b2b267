//go:build race

package replay

// raced says whether the race detector makes everything take many times as long:
// then one day is enough where otherwise all are run.
const raced = true
