// Package sim measures a matching rule: it draws the contacts of a synthetic
// day, or takes those of a file, and lets simulated agents work on them under a
// virtual clock. Everything is decided by a seed: the same seed gives every rule
// the same arrivals, handling times, delays and declines.
//
// A scenario is JSON; times are in seconds unless the name ends in _h. A
// contact's handling time is mean × factor(level) × luck: the factor is
// 1 + 0.12·(5 − level), and 1.6 without the skill; luck is lognormal with mean 1.
// An agent who works on n contacts at once advances each at the rate n^(e−1),
// with the scenario's concurrency_eff as e.
package sim
