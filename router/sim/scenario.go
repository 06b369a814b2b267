package sim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"stagecoach/configs/strict"
)

// Scenario is a day to simulate, as its file says it.
type Scenario struct {
	Name        string `yaml:"name" required:"true"`
	Description string `yaml:"description"`
	// Hours is the length of the window in which contacts arrive.
	Hours float64 `yaml:"hours" range:"0.1..168" required:"true"`
	// Load is the expected agent time of all contacts, before bursts, as a share
	// of the agent time that is scheduled inside the window.
	Load float64 `yaml:"load" range:"0..20" required:"true"`
	// Profile is the relative rate of arrivals in equal slices of the window.
	Profile []float64 `yaml:"profile" range:"0..1000000"`
	Bursts  []Burst   `yaml:"bursts"`
	Outage  *Outage   `yaml:"outage"`
	// ConcurrencyEff is e: n contacts at once advance n^e as fast as one.
	ConcurrencyEff float64            `yaml:"concurrency_eff" range:"0..1"`
	Channels       map[string]Channel `yaml:"channels" required:"true"`
	Tiers          []Tier             `yaml:"tiers" required:"true"`
	Classes        []Class            `yaml:"classes" required:"true"`
	Agents         []Crew             `yaml:"agents" required:"true"`
	Offer          Offer              `yaml:"offer"`
	Sticky         Sticky             `yaml:"sticky"`

	// Warnings are what is allowed and probably not meant.
	Warnings strict.Errors `yaml:"-"`
}

// Burst multiplies the rate of arrivals of a class, or of all ("*"), for a time.
type Burst struct {
	StartH float64 `yaml:"start_h" range:"0..10000"`
	DurH   float64 `yaml:"dur_h" range:"0..10000"`
	Mult   float64 `yaml:"mult" range:"0..1000" required:"true"`
	Class  string  `yaml:"class" required:"true"`
}

// Outage is a time in which channels bring nothing: what was sent meanwhile
// becomes visible at its end, and its clock runs from when it was sent.
type Outage struct {
	StartH   float64  `yaml:"start_h" range:"0..10000"`
	DurH     float64  `yaml:"dur_h" range:"0..10000"`
	Channels []string `yaml:"channels" required:"true"`
}

// Channel says how contacts of a channel are worked on.
type Channel struct {
	// ReplyAt is "start" when the first reply goes out LagS after acceptance, as
	// in a chat, and "end" when the reply is the finished work.
	ReplyAt string  `yaml:"reply_at" enum:"start|end" required:"true"`
	LagS    float64 `yaml:"lag_s" range:"0..1000000"`
	// Cap is how many of it fill an agent: one takes 1/Cap of them.
	Cap int `yaml:"cap" range:"1..100" required:"true"`
}

// Tier is how much a customer is worth, and how fast they are answered.
type Tier struct {
	Name    string             `yaml:"name" required:"true"`
	Value   float64            `yaml:"value" range:"0.000001..1000000" required:"true"`
	Share   float64            `yaml:"share" range:"0..1000000" required:"true"`
	TargetS map[string]float64 `yaml:"target_s" range:"1..100000000" required:"true"`
}

// Class is a kind of contact.
type Class struct {
	Name       string             `yaml:"name" required:"true"`
	Skill      string             `yaml:"skill" required:"true"`
	Lang       string             `yaml:"lang" required:"true"`
	Share      float64            `yaml:"share" range:"0..1000000" required:"true"`
	ChannelMix map[string]float64 `yaml:"channel_mix" range:"0..1000000" required:"true"`
	// MeanS is the mean handling time at level 5; CV its coefficient of
	// variation (lognormal).
	MeanS map[string]float64 `yaml:"mean_s" range:"0..1000000" required:"true"`
	CV    float64            `yaml:"cv" range:"0..10"`
	// MinProf is the level that is needed.
	MinProf int `yaml:"min_prof" range:"1..5" required:"true"`
	// RelaxAfterFrac is after which part of the target any agent with the
	// language may take it; 0 is never.
	RelaxAfterFrac float64 `yaml:"relax_after_frac" range:"0..1000"`
}

// Crew is a number of agents who can do the same and work the same hours.
type Crew struct {
	Name   string         `yaml:"name" required:"true"`
	Count  int            `yaml:"count" range:"1..100000" required:"true"`
	Skills map[string]int `yaml:"skills" range:"1..5"`
	Langs  []string       `yaml:"langs"`
	// ShiftH is from when until when they work. A shift that reaches the end of
	// the window goes on until nothing waits.
	ShiftH []float64 `yaml:"shift_h" range:"0..10000" required:"true"`
}

// Offer says how agents answer offers. Nothing is declined or missed from the
// sixth try of a contact on.
type Offer struct {
	// AcceptMeanS is the mean delay of acceptance, lognormal with sigma 0.5.
	AcceptMeanS float64 `yaml:"accept_mean_s" range:"0..1000000"`
	Decline     float64 `yaml:"decline" range:"0..1"`
	NoAnswer    float64 `yaml:"no_answer" range:"0..1"`
	TimeoutS    float64 `yaml:"timeout_s" range:"0..1000000"`
	// NotReadyS is how long an agent is away after an offer without answer.
	NotReadyS float64 `yaml:"not_ready_s" range:"0..1000000"`
}

// Sticky says how many contacts have an agent who knows the customer.
type Sticky struct {
	Prob float64 `yaml:"prob" range:"0..1"`
	// HoldS is the longest that a contact is kept for them.
	HoldS float64 `yaml:"hold_s" range:"0..1000000"`
	// Speedup multiplies the handling time with them.
	Speedup float64 `yaml:"speedup" range:"0.01..100"`
}

// Load reads a scenario. Every mistake of the file comes at once, as
// strict.Errors with file, line and hint.
func Load(path string) (*Scenario, error) {
	data, err := os.ReadFile(path) //nolint:gosec // the user names the file
	if err != nil {
		return nil, fmt.Errorf("reading scenario: %w", err)
	}
	return Parse(filepath.Base(path), data)
}

// Parse is Load for text that was read already; file names it in errors.
func Parse(file string, data []byte) (*Scenario, error) {
	s := &Scenario{ConcurrencyEff: 1, Offer: Offer{TimeoutS: 30, NotReadyS: 60}, Sticky: Sticky{Speedup: 1}}
	d := strict.Parse(file, spaced(data))
	if broken, ok := brokenJSON(file, data); ok && d.Empty() {
		return nil, broken
	}
	if d.Empty() && len(d.Problems()) == 0 {
		d.Report("", "see the format in router/sim/README.md", "the file says nothing")
	}
	d.Decode(s)
	if len(d.Problems()) == 0 {
		(&checker{doc: d, Scenario: s}).run()
	}
	if err := d.Problems().Err(); err != nil {
		return nil, err
	}
	return s, nil
}

// brokenJSON says where a text that begins as JSON ceases to be it.
func brokenJSON(file string, data []byte) (strict.Errors, bool) {
	var v any
	wrong, ok := errors.AsType[*json.SyntaxError](json.Unmarshal(data, &v))
	if !ok || !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return nil, false
	}
	before := data[:min(int(wrong.Offset), len(data))]
	line := 1 + bytes.Count(before, []byte("\n"))
	e := strict.Error{File: file, Line: line, Column: len(before) - bytes.LastIndexByte(before, '\n') - 1, Message: wrong.Error()}
	e.Hint = "look for a comma, a bracket or a quotation mark too many or too few before it"
	if len(before) == len(data) {
		e.Message, e.Hint = "the text ends before the JSON does", "is the file cut off?"
	}
	e.Column = max(1, e.Column)
	return strict.Errors{e}, true
}

// spaced gives JSON that is indented by tabs as what a reader of YAML takes:
// outside of texts a tab is a space in both.
func spaced(data []byte) []byte {
	out, quoted, escaped := slices.Clone(data), false, false
	for i, b := range out {
		switch {
		case escaped:
			escaped = false
		case quoted && b == '\\':
			escaped = true
		case b == '"':
			quoted = !quoted
		case !quoted && b == '\t':
			out[i] = ' '
		}
	}
	return out
}

// Seconds is the length of the window in seconds.
func (s *Scenario) Seconds() float64 { return s.Hours * 3600 }

// factor is how much longer an agent of a level takes than one of level 5; 0 is
// who lacks the skill.
func factor(level int) float64 {
	if level <= 0 {
		return 1.6
	}
	return 1 + 0.12*float64(5-level)
}

// speaks reports whether the crew speaks the class's language.
func (c *Crew) speaks(class *Class) bool { return slices.Contains(c.Langs, class.Lang) }

// mayTake reports whether the crew has the class's language and level.
func (c *Crew) mayTake(class *Class) bool {
	return c.speaks(class) && c.Skills[class.Skill] >= class.MinProf
}
