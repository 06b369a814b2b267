package classifier

import (
	"time"

	"stagecoach/policies"
)

// Status is how it stands with a classifier since the daemon started.
type Status struct {
	// Asked counts the messages, and Answered those on which it had a word that
	// counts; Troubles are the others.
	Asked    int64
	Answered int64
	Troubles map[policies.Trouble]int64
	// Paused is true while it is left alone.
	Paused bool
	Last   Failure
}

// note counts what came of one question.
func (c *Client) note(trouble policies.Trouble, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count[trouble]++
	if err != nil && trouble != policies.TroublePaused {
		c.last = Failure{At: time.Now(), Trouble: trouble, Words: err.Error()}
	}
}

// Status gives how it stands.
func (c *Client) Status() Status {
	out := Status{Troubles: map[policies.Trouble]int64{}, Paused: c.breaker.State().String() == "open"}
	c.mu.Lock()
	defer c.mu.Unlock()
	for trouble, n := range c.count {
		out.Asked += n
		if trouble == "" {
			out.Answered = n
			continue
		}
		out.Troubles[trouble] = n
	}
	out.Last = c.last
	return out
}

// Words says a trouble in words.
func Words(t policies.Trouble) string {
	switch t {
	case policies.TroubleTimeOut:
		return "did not answer in time"
	case policies.TroubleUnreachable:
		return "could not be reached"
	case policies.TroubleRefused:
		return "answered with an error"
	case policies.TroubleBroken:
		return "gave an answer that can't be read"
	case policies.TroubleUnknownClass:
		return "named a class that the policy doesn't have"
	case policies.TroubleUnsure:
		return "was less sure than the policy asks for"
	case policies.TroubleBusy:
		return "was asked too much at once"
	case policies.TroublePaused:
		return "was left alone, as it had failed often"
	}
	return string(t)
}
