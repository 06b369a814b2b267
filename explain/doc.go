// Package explain puts into words why a contact was routed as it was, why it still
// waits, why an agent gets nothing, and which smallest change would help: in
// English and German, with names and times as people say them. What is told comes
// from the router and the ledger as codes and numbers; nothing is decided here.
//
// Each sentence is one function with typed arguments that has both languages side
// by side, so that no grammar depends on pieces glued together.
package explain
