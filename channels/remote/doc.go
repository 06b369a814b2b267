// Package remote runs an account's adapter as a process of its own: on another
// machine, or in another language.
//
// The process speaks core NATS with the daemon's gate, a server that has nothing
// else in it: no stream, no other subject. All is request and answer below
// "adapter.<office>.<channel>-<account>.", and the daemon decides, since it alone
// knows the disk's reserve, what was seen before and which attempts were granted.
//
//	process → daemon   hello            who I am, how my link is; every few seconds
//	                   inbox            an item; answered once it is durable
//	                   inbox.part       a piece of a large original, before its item
//	                   inbox.bookmark   how far a source was read
//	                   inbox.advance    record how far a source is read
//	                   outbox.file      a piece of a file of a reply
//	                   outbox.partly    whom the provider refuses, before the others get it
//	                   outbox.answer.*  in hand, or what came of an order
//	daemon → process   outbox.order.*   send this reply; was it delivered; try the account
//	                   reply.>          the answers to the process's requests
//
// On the daemon's side an Account is an ordinary channels.Adapter, so that links,
// senders and the desk know no difference; Gate is the server with the logins. On
// the other side Process serves any channels.Adapter. docs/adapters has the
// protocol for other languages, and schemas that the types here are checked
// against.
//
// What is known of a reply: without a process nothing was sent. Once it was
// handed over, silence means that nobody knows; the process is then asked what
// became of it.
//
// Goroutines: Gate.Run joins those of its accounts, Process.Run its own.
package remote
