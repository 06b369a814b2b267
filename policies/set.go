package policies

import (
	"slices"
	"strings"
	"time"

	"stagecoach/configs/strict"
	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/router/match"
)

// Skill is a skill and the level of it that a contact needs, 1 to 5.
type Skill = match.Skill

// Set is one policy set, ready to decide.
type Set struct {
	// Version names the contents: the first 12 hexadecimal digits of their
	// SHA-256. Equal versions decide equally in one build.
	Version string

	// Source names what people wrote of it: the first 12 hexadecimal digits of the
	// SHA-256 of the files that were given. It is the same in every build.
	Source string

	// files holds the text of each file by its name.
	files map[string][]byte

	classes   classRules
	promises  promiseRules
	channels  map[contact.Channel]channelRule
	otherwise channelRule
	timing    Timing
	capacity  int
	limits    *match.Limits
	matching  match.Params
	tiers     []tierRule
	// scale says what customers are worth, objection what becomes of who objects to
	// that. asksCustomers is true where a condition asks what is known of them.
	scale            customers.Scale
	objection        string
	asksCustomers    bool
	named            []namedRule
	ladder           []ladderRule
	lastResort       LastResort
	retention        []Retention
	statutory        []Statutory
	statutoryVersion string
	page             Page
	feedback         Feedback
	figures          string
	rules            []countedRule
	warnings         strict.Errors
	// absent is what the configuration may not have.
	absent []absent
	// namedAgents are all whom named names, in the order of the file.
	namedAgents []namedAgent

	acknowledgement acknowledgementRule
	apology         apologyRule
	contacting      contacting
}

// countedRule is an expression under the name that people know it by.
type countedRule struct {
	file, name string
	expression expression
}

// Failure counts the evaluations of one rule that ended in an error. Such a
// rule didn't match.
type Failure struct {
	File  string `json:"file"`
	Rule  string `json:"rule"`
	Count int64  `json:"count"`
}

// Failures gives the rules of which an expression failed since the set was
// loaded, none being the good case.
func (s *Set) Failures() []Failure {
	out := []Failure{}
	for _, r := range s.rules {
		if n := r.expression.failed.Load(); n > 0 {
			out = append(out, Failure{File: r.file, Rule: r.name, Count: n})
		}
	}
	return out
}

// Files gives the text of each file of the set under its name, the files of the
// default set where none was given: all that Version stands for.
func (s *Set) Files() map[string][]byte {
	out := make(map[string][]byte, len(s.files))
	for name, text := range s.files {
		out[name] = slices.Clone(text)
	}
	return out
}

// Warnings gives what is allowed but probably not meant.
func (s *Set) Warnings() strict.Errors { return slices.Clone(s.warnings) }

// LastResort says who owns what nobody else does.
type LastResort struct {
	// Owner is a name of the policy: "supervisors", or a person's.
	Owner string
	// DigestEvery is the least time between two messages to them.
	DigestEvery time.Duration
}

// LastResort gives who owns what nobody else does.
func (s *Set) LastResort() LastResort { return s.lastResort }

// Retention says how long one kind of content is kept.
type Retention struct {
	// Kind is messages, originals, replies, notes or quarantine.
	Kind string
	Keep time.Duration
}

// Retentions gives how long each kind of content is kept; a kind that isn't
// named is kept until it is erased.
func (s *Set) Retentions() []Retention { return slices.Clone(s.retention) }

// Figures says whose figures are shown: "named", "team" or "off".
func (s *Set) Figures() string { return s.figures }

// Languages gives the languages that DetectLanguage knows.
func Languages() []string { return []string{"de", "en", "es", "fr", "it", "nl", "pl"} }

func domain(address string) string {
	return strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
}
