// Package ledger is the account of every item seen at a source and of every
// contact: what became of it, who did what and why, and the proof that it adds
// up (I13). It is a projection: two SQLite files below DIR/ledger that may be
// deleted at any time and are then filled again from the log.
//
// ledger.db holds facts and is folded from the log alone, in one transaction
// with the position that it has reached, so each commit counts exactly once.
// search.db holds words. They are filled from content by reference by a
// goroutine of their own with a position of its own, and are erased securely;
// the fold of facts never waits for them.
//
// Goroutines: Run owns three, and joins them: one reads and decodes the log,
// one folds and writes, one fills the search. Everything else only reads, from
// a pool of read-only connections, each method in one snapshot.
package ledger
