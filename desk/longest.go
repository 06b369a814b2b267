package desk

import (
	"time"

	"stagecoach/desk/view"
	"stagecoach/router"
)

// longest gives what nobody waits longer than: of those who wait, and on the
// other channels of whoever would come now. It runs on the router's goroutine.
func (s *Service) longest(st *router.State, now time.Time) []router.LongestWait {
	if s.deps.Rules == nil {
		return nil
	}
	var others []router.PromiseFacts
	for _, c := range s.deps.Channels.States() {
		others = append(others, router.PromiseFacts{Channel: c.Channel, Account: c.Account})
	}
	return st.LongestWaits(s.deps.Rules(), now, others)
}

func longestWaits(in []router.LongestWait) []view.LongestWait {
	out := make([]view.LongestWait, 0, len(in))
	for _, w := range in {
		out = append(out, view.LongestWait{
			Channel: w.Channel, Tier: w.Tier, Waiting: w.Waiting, Agents: w.Agents,
			Known: w.Known, Turns: w.Turns, Seconds: w.Wait.Seconds(),
		})
	}
	return out
}
