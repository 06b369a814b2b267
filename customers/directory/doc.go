// Package directory keeps the records of customers and finds them again.
//
// A record is one message per version in a store (the DIRECTORY streams); the store
// is the truth. Beside it stands directory.db, a projection in SQLite: by which
// address, id or name a record is found, and its last version, so that one look-up is
// one read. It is deleted and made anew when it is missing, damaged, of another
// version or of another journal; otherwise a start reads only what is new.
//
// The Directory is the only writer of records in the process. Writers of one shard of
// the store take turns, so that a change is made on the last version and the index
// never passes over one. The streams' writer and the index stand in this order: the
// record is durable first, then found.
//
// A key stands for an address on a channel: the keyed hash that the log has too.
package directory
