//go:build race

package email_test

// raceFactor is how much more the race detector makes everything take.
const raceFactor = 6
