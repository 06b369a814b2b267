package rig

import "time"

// pollUntil waits, half a minute at most, for what no process announces, and
// reports whether it came.
func pollUntil(ok func() bool) bool {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		if ok() {
			return true
		}
		<-time.After(20 * time.Millisecond)
	}
	return ok()
}
