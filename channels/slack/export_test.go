package slack

import "time"

// Hasten sets how old a message must be for its absence to tell something, and how
// long an event waits for the history before it.
func (a *Adapter) Hasten(young, patience time.Duration) { a.young, a.patience = young, patience }

// Retry sets how long it is waited where Slack fails at something.
func (a *Adapter) Retry(pause time.Duration) { a.pause = pause }

// Bound sets how much the attachments of one message have together.
func (a *Adapter) Bound(together int64) { a.together = together }
