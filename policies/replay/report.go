package replay

import "time"

// Report is what came of a simulation. Its JSON is stable; shares are from 0 to 1,
// times in seconds, and lists are never null.
type Report struct {
	// From and Until bound the traffic that was simulated.
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	// Active and Candidate are the versions of the policy sets; Candidate is "" where
	// the active one was simulated alone.
	Active    string `json:"active"`
	Candidate string `json:"candidate"`
	Seeds     int    `json:"seeds"`
	FirstSeed uint64 `json:"first_seed"`
	// Contacts were simulated, Measured are those of them that count.
	Contacts int `json:"contacts"`
	Measured int `json:"measured"`
	// Fidelity is the active set against what happened.
	Fidelity Fidelity `json:"fidelity"`
	// Trusted is true where the simulation is close enough to what happened; only
	// then anything is recommended. Refused says why not, "" if so.
	Trusted bool   `json:"trusted"`
	Refused string `json:"refused"`
	// Verdict is better, worse, no_difference, not_compared or not_trusted.
	Verdict string `json:"verdict"`
	// Words say it in plain words, the most important first; Notes what must be
	// known beside.
	Words []string `json:"words"`
	Notes []string `json:"notes"`
	// Total, Tiers, Classes, Channels and Promises compare the sets; empty where
	// there is none to compare.
	Total    []Row `json:"total"`
	Tiers    []Row `json:"tiers"`
	Classes  []Row `json:"classes"`
	Channels []Row `json:"channels"`
	Promises []Row `json:"promises"`
	// Agents are in the order of their load.
	Agents []AgentRow `json:"agents"`
	// Moved is how many contacts are answered by somebody else, on average; Moves say
	// from whom to whom, Queues from which queue to which.
	Moved  float64 `json:"moved"`
	Moves  []Move  `json:"moves"`
	Queues []Move  `json:"queues"`
	// Classified says how the candidate's classes were found.
	Classified Classified `json:"classified"`
	// Staffing says in words what was changed of who is there.
	Staffing []string `json:"staffing"`
	// Best is which one skill would help most, nil where nobody asked.
	Best *BestSkill `json:"best_skill,omitempty"`
	// Course is how it went over the time, for charts.
	Course []Span `json:"course"`
	Left   Left   `json:"left"`
	// Policies are the sets that decided meanwhile.
	Policies []Version `json:"policies"`
	// Handling says what was learnt of how long answers take.
	Handling Handling `json:"handling"`
	// Extra is how many contacts came up that there were none of, on average.
	Extra float64 `json:"extra"`
}

// Fidelity compares what happened with what the simulation makes of the same under
// the active set.
type Fidelity struct {
	// Error is the difference of the shares in time, in points: of a hundred.
	Error float64 `json:"error_points"`
	// Limit is up to which it is trusted.
	Limit float64 `json:"limit_points"`
	// SameAgent is the share answered by the same agent as then.
	SameAgent float64 `json:"same_agent"`
	// Rows are all, then by channel and by promise.
	Rows []FidelityRow `json:"rows"`
}

// FidelityRow compares one group of contacts.
type FidelityRow struct {
	// By is total, channel or promise, Name the group.
	By        string `json:"by"`
	Name      string `json:"name"`
	Contacts  int    `json:"contacts"`
	Happened  Means  `json:"happened"`
	Simulated Means  `json:"simulated"`
}

// Means are figures of a group, over the seeds where they were simulated.
type Means struct {
	SLA    float64 `json:"sla"`
	Late   float64 `json:"late"`
	Mean   float64 `json:"mean_wait_s"`
	Median float64 `json:"median_wait_s"`
	P95    float64 `json:"p95_wait_s"`
}

// Pair is a figure under both sets. Low and High bound the difference in 95 of 100
// cases, as far as luck is concerned; they are equal to it where there is but one seed.
type Pair struct {
	Active    float64 `json:"active"`
	Candidate float64 `json:"candidate"`
	Change    float64 `json:"change"`
	Low       float64 `json:"low"`
	High      float64 `json:"high"`
	// Sure is true where the interval leaves out nought.
	Sure bool `json:"sure"`
}

// Row compares one group of contacts under both sets.
type Row struct {
	Name string `json:"name"`
	// Contacts is how many were measured under the active set, on average.
	Contacts float64 `json:"contacts"`
	SLA      Pair    `json:"sla"`
	Late     Pair    `json:"late"`
	Mean     Pair    `json:"mean_wait_s"`
	Median   Pair    `json:"median_wait_s"`
	P95      Pair    `json:"p95_wait_s"`
}

// AgentRow compares one agent's work under both sets.
type AgentRow struct {
	Agent string `json:"agent"`
	Name  string `json:"name"`
	// Load is the part of the time at work with something in hand; Happened is what
	// it was.
	Load     Pair    `json:"load"`
	Happened float64 `json:"load_happened"`
	Contacts Pair    `json:"contacts"`
	SLA      Pair    `json:"sla"`
	// Present is for how long they were at work, in seconds.
	Present float64 `json:"present_s"`
}

// Move is how many contacts go from one to another, on average.
type Move struct {
	From     string  `json:"from"`
	To       string  `json:"to"`
	Contacts float64 `json:"contacts"`
}

// Classified says how many contacts the candidate classed by what was written, and
// how many by the name of the class that they had.
type Classified struct {
	// Same is true where both sets class alike: what is recorded holds.
	Same    bool `json:"same"`
	ByWords int  `json:"by_words"`
	ByName  int  `json:"by_name"`
	// Kept are those whose class the candidate doesn't have: they stay what they were.
	Kept int `json:"kept"`
	// Other are those that it takes for something else.
	Other int `json:"other"`
}

// BestSkill is which one skill, taught to one agent, would help most.
type BestSkill struct {
	// Tried is how many were tried, of so many that came into question.
	Tried    int `json:"tried"`
	Possible int `json:"possible"`
	// Agent and Name are who would learn Skill, at Level; all "" where none helps
	// beyond luck.
	Agent string `json:"agent"`
	Name  string `json:"name"`
	Skill string `json:"skill"`
	Level int    `json:"level"`
	// SLA is the share in time without and with it.
	SLA Pair `json:"sla"`
	// Late are the promises missed.
	Late Pair `json:"late"`
	// Next are those behind it.
	Next []SkillTried `json:"next"`
}

// SkillTried is one that was tried.
type SkillTried struct {
	Agent string `json:"agent"`
	Name  string `json:"name"`
	Skill string `json:"skill"`
	SLA   Pair   `json:"sla"`
}

// Span is a part of the time: how many came, what share of them was answered in time,
// and how long they waited on average. A figure is negative where there is none.
type Span struct {
	At            time.Time `json:"at"`
	Contacts      int       `json:"contacts"`
	Happened      float64   `json:"happened_wait_s"`
	Active        float64   `json:"active_wait_s"`
	Candidate     float64   `json:"candidate_wait_s"`
	ActiveLate    float64   `json:"active_late"`
	CandidateLate float64   `json:"candidate_late"`
	HappenedLate  float64   `json:"happened_late"`
}

// Handling says what was learnt of how long answers take.
type Handling struct {
	Observed   int     `json:"observed"`
	Efficiency float64 `json:"efficiency"`
	// Median is the time of an ordinary answer, in seconds.
	Median float64 `json:"median_s"`
	// Accept, Decline and Miss are what becomes of offers.
	Accept  float64 `json:"accept"`
	Decline float64 `json:"decline"`
	Miss    float64 `json:"miss"`
}
