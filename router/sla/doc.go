// Package sla is the arithmetic of promises: calendars, due moments, at-risk
// moments and the ladder of escalation. It is pure: it reads no clock and no
// file, and the same arguments give the same answer. Moments are always handed
// in by the caller.
package sla
