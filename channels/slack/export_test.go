package slack

import "time"

// Hasten sets how old a message must be for its absence to tell something, and how
// long an event waits for the history before it.
func (a *Adapter) Hasten(young, patience time.Duration) { a.young, a.patience = young, patience }
