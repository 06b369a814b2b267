// Package journal is Stagecoach's one durable engine: JetStream, embedded in
// the process by default, or an external cluster by URL, along the same path.
//
// What it holds, one table (streams.go):
//
//   - LOG: the router's commits, one stream per office, totally ordered. The
//     expected last sequence of the stream fences a deposed writer.
//   - INBOX: what came, whole, hashed over a few streams; not a work queue.
//   - REPLIES and DIRECTORY: content that the log names by reference only, so
//     that people can be forgotten and history still adds up.
//   - OUTBOX: a work queue of references, never words.
//   - objects and snapshots: large bytes under random ids, in chunks.
//   - sessions and meta: small keys, sessions with a time to live.
//
// Nothing is acknowledged before it is synced (or held by a quorum). Erasing
// overwrites the bytes on disk; retention is the daemon's job and never a limit
// of a stream, because a limit would leave the bytes.
//
// Every consumer here redelivers: acknowledgements to the engine are not
// synced, so each handler must be idempotent by its own key.
package journal
