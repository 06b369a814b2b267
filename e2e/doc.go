// Package e2e tests the daemon as a whole: the real program as a process of its
// own, between Debian's own mail servers, used through its HTTP API, killed and
// started again. Nothing is imported from it but the names of its fault points.
//
// The tests are skipped where Dovecot and Postfix aren't installed, unless
// STAGECOACH_RIG=1 says that they must run. STAGECOACH_BIN names a program that
// is built already, with -tags stagecoach_clock; STAGECOACH_E2E_RACE=1 builds it with the race detector;
// STAGECOACH_SEED makes another run of what is random, which is 1 otherwise.
package e2e
