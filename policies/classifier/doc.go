// Package classifier asks an external classifier, by HTTP, what a message is about.
// It is no part of the core: it is asked before the router is, what it said goes into
// the log, and whatever goes wrong with it the policy's own entries decide. It never
// takes longer than its time limit, all waiting and trying again included.
package classifier
