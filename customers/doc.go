// Package customers says who writes to us: their addresses on all channels, what
// they are worth to us and why, where they want to be answered, and what they
// allow. It is pure: it knows no clock, no storage and no network. What is kept of a
// customer in words is a Record; several records that are linked are one person,
// whose Profile is made of them, with the source of every field.
//
// Which records are of one person is not said here: links are facts in the log,
// and package router decides them.
package customers
