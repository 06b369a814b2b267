package mastodon

import "time"

// Settle sets how long after an attempt its effect may still show.
func Settle(a *Adapter, d time.Duration) { a.settle = d }

// Largest sets how many bytes of an answer are read.
func Largest(a *Adapter, n int64) { a.largest = n }

// Rest sets how long a server without a stream is left alone.
func Rest(a *Adapter, d time.Duration) { a.rest = d }
