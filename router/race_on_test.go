//go:build race

package router

// raceFactor is how much more the race detector makes everything take: by so
// much fewer are the many of a test that is about large numbers.
const raceFactor = 3
