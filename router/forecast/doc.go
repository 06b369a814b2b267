// Package forecast says how long a contact will wait for its first reply, and
// whether its promise will be missed. It learns both from the facts of the log as
// they are applied, and from nothing else: no clock, no randomness, no I/O, and
// integers only, so that every replay of a log gives the same estimates on every
// machine.
//
// Two things make an estimate. Life tables (Kaplan and Meier, 1958; Böhmer, 1912)
// tell which part of those who had waited so long were answered in the next
// moment; they count whoever still waits, so that a queue that has stopped is seen
// before anybody of it has been answered. A slip corrects what they say by what
// came true of the last estimates, until nine of ten waits lie within the 90th
// percentile (adaptive conformal inference, Gibbs and Candès, 2021). README.md has
// the measurements.
package forecast
