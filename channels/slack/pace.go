package slack

import "time"

// Pause implements channels.Pacer.
func (a *Adapter) Pause(now time.Time) time.Duration { return a.pace.Pause(now) }

// Unused implements channels.Pacer: turns aren't counted here.
func (a *Adapter) Unused() {}
