// Package demo shows the whole of Stagecoach at work: mail servers in the
// process, customers who write in several languages, and agents who work
// through the HTTP API with logins of their own. They answer, ask, pledge,
// decline, miss offers, fall silent, hand over and leave; and at the end the
// customers' mailboxes are compared with the ledger.
//
// The daemon that is shown is the real one; the caller starts it. Nothing here
// reaches into it. Who does what is decided by a seed; time is real.
package demo
