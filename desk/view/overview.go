package view

import (
	"time"

	"stagecoach/contact"
)

// Alert is a thing that a person should know, in words.
type Alert struct {
	// Level is info, warning or error.
	Level string `json:"level"`
	Text  string `json:"text"`
	Link  string `json:"link"`
}

// Overview is a supervisor's page.
type Overview struct {
	Me      Person   `json:"me"`
	People  []Person `json:"people"`
	Waiting []Card   `json:"waiting"`
	// Total counts all waiting, where Waiting is cut.
	Total    int            `json:"total"`
	Queues   []QueueCount   `json:"queues"`
	Channels []ChannelState `json:"channels"`
	Alerts   []Alert        `json:"alerts"`
	// Held are contacts with an agent, by time left.
	Held []Card `json:"held"`
	// Doubtful are replies of which nobody knows whether they arrived.
	Doubtful []Item `json:"doubtful"`
	// Longest says what nobody waits longer than, by channel and tier.
	Longest []LongestWait `json:"longest_waits"`
	// Filter names the queue to which Waiting and Held were cut, "" for all.
	Filter string `json:"filter"`
}

// LongestWait is the longest that anybody of a tier waits on a channel, with what
// waits now and the agents who are at work.
type LongestWait struct {
	Channel contact.Channel `json:"channel"`
	Tier    string          `json:"tier"`
	// Waiting counts them, Agents who could take them.
	Waiting int `json:"waiting"`
	Agents  int `json:"agents"`
	// Known is false when there is no bound.
	Known bool `json:"known"`
	// Turns is how many assignments each agent makes at most from the guard to
	// their turn, Seconds the wait, in the time that promises count.
	Turns   int     `json:"turns"`
	Seconds float64 `json:"seconds"`
}

// QueueCount is a queue with what waits in it.
type QueueCount struct {
	Queue    string `json:"queue"`
	Waiting  int    `json:"waiting"`
	Offered  int    `json:"offered"`
	Assigned int    `json:"assigned"`
	AtRisk   int    `json:"at_risk"`
	Breached int    `json:"breached"`
	// Foreseen counts those that will probably be late, and aren't yet.
	Foreseen int       `json:"foreseen"`
	NextDue  time.Time `json:"next_due"`
	// P50Seconds and P90Seconds are how long who comes now waits for an answer:
	// half of them, and nine of ten, no longer; 0 while it isn't known.
	P50Seconds float64 `json:"expected_p50_seconds"`
	P90Seconds float64 `json:"expected_p90_seconds"`
}

// ChannelState is how one account of one channel is doing.
type ChannelState struct {
	Channel contact.Channel `json:"channel"`
	Account string          `json:"account"`
	Address string          `json:"address"`
	OK      bool            `json:"ok"`
	// Trouble says in words what is wrong.
	Trouble string `json:"trouble"`
	// LagSeconds is how long ago the source was last known to be read to its end.
	LagSeconds float64 `json:"lag_seconds"`
	// Sending failures since the start.
	SendFailures int `json:"send_failures"`
}
