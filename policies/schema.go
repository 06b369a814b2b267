package policies

import (
	"time"
)

// classesFile is classes.yaml.
type classesFile struct {
	Version int `yaml:"version" range:"1..1"`
	// Classifier says when the external classifier decides, if there is one.
	Classifier classifierEntry `yaml:"classifier"`
	Phrases    []phrasesEntry  `yaml:"phrases"`
	Default    classEntry      `yaml:"default"`
	Classes    []classEntry    `yaml:"classes"`
	Proposals  []proposalEntry `yaml:"proposals"`
}

type classifierEntry struct {
	Use string `yaml:"use" enum:"first|otherwise|never"`
	// Confidence is how sure it must be.
	Confidence float64 `yaml:"confidence" range:"0..1"`
}

// phrasesEntry is a list of phrases under a name that conditions use.
type phrasesEntry struct {
	Name    string   `yaml:"name" required:"true"`
	English []string `yaml:"en"`
	German  []string `yaml:"de"`
	// Exact are matched as they are, in any language.
	Exact []string `yaml:"exact"`
}

type classEntry struct {
	// Name is the entry's; Class is its class, the name if left out.
	Name     string       `yaml:"name"`
	When     string       `yaml:"when"`
	Class    string       `yaml:"class"`
	Kind     string       `yaml:"kind" enum:"question|complaint|praise|idea"`
	Queue    string       `yaml:"queue"`
	Skills   []skillEntry `yaml:"skills"`
	Language string       `yaml:"language" enum:"required|wished|ignored"`
	// RelaxAfter is the share of a promise after which the skills are wishes, 0
	// for never.
	RelaxAfter *float64 `yaml:"relax_after" range:"0..1"`
	// Any are lists of skills of which one is needed, Not are skills that nobody
	// who is asked may have, Wished are needed for a while.
	Any    [][]skillEntry `yaml:"any"`
	Not    []string       `yaml:"not"`
	Wished []wishEntry    `yaml:"wished"`
	// LanguageFor is how long a required language is needed, 0s for always.
	LanguageFor *time.Duration `yaml:"language_for" range:"0s..366d"`
}

type wishEntry struct {
	Name  string        `yaml:"name" required:"true"`
	Level *int          `yaml:"level" range:"1..5"`
	For   time.Duration `yaml:"for" range:"0s..366d"`
}

type skillEntry struct {
	Name  string `yaml:"name" required:"true"`
	Level *int   `yaml:"level" range:"1..5"`
}

type proposalEntry struct {
	Name    string `yaml:"name"`
	When    string `yaml:"when" required:"true"`
	Propose string `yaml:"propose" enum:"spam|machine" required:"true"`
}

// customersFile is customers.yaml.
type customersFile struct {
	Version int `yaml:"version" range:"1..1"`
	// Value says what customers are worth by what is known of them.
	Value  valueEntry   `yaml:"value"`
	Tiers  []tierEntry  `yaml:"tiers"`
	Agents []namedEntry `yaml:"agents"`
	// Preferred says where customers are answered, Limits how often and when we write
	// to them of our own accord.
	Preferred preferredEntry  `yaml:"preferred"`
	Limits    sendLimitsEntry `yaml:"limits"`
}

// valueEntry says how the value of a customer is found.
type valueEntry struct {
	// Sources are asked in this order.
	Sources []string `yaml:"sources" enum:"import|crm|orders"`
	// Most is the amount that counts as the highest value, where an import or a CRM
	// gives it.
	Most       float64       `yaml:"most" range:"1..1000000000000"`
	StaleAfter time.Duration `yaml:"stale_after" range:"0s..36500d"`
	Recency    recencyEntry  `yaml:"recency"`
	Frequency  countEntry    `yaml:"frequency"`
	Money      amountEntry   `yaml:"money"`
	Tenure     tenureEntry   `yaml:"tenure"`
}

type recencyEntry struct {
	Weight int `yaml:"weight" range:"0..100"`
	// Full is how long ago the last order may be to count wholly, None from when on it
	// counts nothing.
	Full time.Duration `yaml:"full" range:"0s..36500d"`
	None time.Duration `yaml:"none" range:"1d..36500d"`
}

type countEntry struct {
	Weight int `yaml:"weight" range:"0..100"`
	Full   int `yaml:"full" range:"1..1000000"`
}

type amountEntry struct {
	Weight int     `yaml:"weight" range:"0..100"`
	Full   float64 `yaml:"full" range:"0.01..1000000000000"`
}

type tenureEntry struct {
	Weight int           `yaml:"weight" range:"0..100"`
	Full   time.Duration `yaml:"full" range:"1d..36500d"`
}

// namedEntry names the agents of some customers, the first to be asked first.
type namedEntry struct {
	Name   string   `yaml:"name"`
	When   string   `yaml:"when" required:"true"`
	Agents []string `yaml:"agents" required:"true"`
}

type tierEntry struct {
	Name  string   `yaml:"name"`
	When  string   `yaml:"when"`
	Value *float64 `yaml:"value" range:"0.1..100" required:"true"`
}

// slaFile is sla.yaml.
type slaFile struct {
	Version   int             `yaml:"version" range:"1..1"`
	Default   promiseEntry    `yaml:"default"`
	Review    promiseEntry    `yaml:"review"`
	Promises  []promiseEntry  `yaml:"promises"`
	Calendars []calendarEntry `yaml:"calendars"`
}

type promiseEntry struct {
	Name       string         `yaml:"name"`
	When       string         `yaml:"when"`
	First      *time.Duration `yaml:"first" range:"1s..366d"`
	Next       *time.Duration `yaml:"next" range:"1s..366d"`
	Resolution *time.Duration `yaml:"resolution" range:"1s..366d"`
	AtRisk     *float64       `yaml:"at_risk" range:"0.01..1"`
	Calendar   *string        `yaml:"calendar"`
	// Pause lets the time for the resolution stand still while we wait for the
	// customer.
	Pause *bool `yaml:"pause"`
}

type calendarEntry struct {
	Name       string           `yaml:"name" required:"true"`
	Zone       string           `yaml:"zone" required:"true" hint:"such as Europe/Berlin"`
	Hours      []hoursEntry     `yaml:"hours" required:"true"`
	HalfDays   []halfDayEntry   `yaml:"half_days"`
	Holidays   holidaysEntry    `yaml:"holidays"`
	Closures   []closureEntry   `yaml:"closures"`
	Exceptions []exceptionEntry `yaml:"exceptions"`
}

type hoursEntry struct {
	Days  []string `yaml:"days" enum:"monday|tuesday|wednesday|thursday|friday|saturday|sunday" required:"true"`
	Spans []span   `yaml:"spans" required:"true"`
}

// halfDayEntry is a day of every year on which work ends early.
type halfDayEntry struct {
	Name  string    `yaml:"name"`
	Day   yearDay   `yaml:"day" required:"true"`
	Until timeOfDay `yaml:"until" required:"true"`
}

// holidaysEntry names the holidays of a country, or of a region of it.
type holidaysEntry struct {
	Country string `yaml:"country" enum:"AT|BE|CH|CZ|DE|DK|ES|FR|GB|HR|IE|IT|LT|LV|NL|NO|PL|SE|SI|US" required:"true"`
	Region  string `yaml:"region"`
	// Except are the names of those on which there is work.
	Except []string `yaml:"except"`
	// Also are more of them, each a day of every year or so many days after
	// Easter Sunday.
	Also []alsoEntry `yaml:"also"`
	// Spans are the hours on holidays, none where it is closed.
	Spans []span `yaml:"spans"`
}

type alsoEntry struct {
	Name   string  `yaml:"name" required:"true"`
	Day    yearDay `yaml:"day"`
	Easter *int    `yaml:"easter" range:"-70..70"`
}

// closureEntry is a range of days, both included, that are closed.
type closureEntry struct {
	Name string `yaml:"name"`
	From date   `yaml:"from" required:"true"`
	To   date   `yaml:"to" required:"true"`
}

type exceptionEntry struct {
	Name  string `yaml:"name"`
	Date  date   `yaml:"date" required:"true"`
	Spans []span `yaml:"spans"`
}

// routingFile is routing.yaml.
type routingFile struct {
	Version  int            `yaml:"version" range:"1..1"`
	Matching matchingEntry  `yaml:"matching"`
	Capacity int            `yaml:"capacity" range:"1..10000"`
	Headroom int            `yaml:"headroom" range:"0..10000"`
	Beside   int            `yaml:"beside" range:"0..10000"`
	Shifts   shiftsEntry    `yaml:"shifts"`
	Defaults channelEntry   `yaml:"defaults"`
	Channels []channelEntry `yaml:"channels"`
	Presence presenceEntry  `yaml:"presence"`
	Silence  silenceEntry   `yaml:"silence"`
	Pledge   pledgeEntry    `yaml:"pledge"`
}

type channelEntry struct {
	Name         string         `yaml:"name"`
	Units        *int           `yaml:"units" range:"0..10000"`
	OfferTimeOut *time.Duration `yaml:"offer_time_out" range:"100ms..1d"`
	CoolDown     *time.Duration `yaml:"cool_down" range:"0s..1d"`
	Parallel     *int           `yaml:"parallel" range:"1..50"`
	AutoAccept   *bool          `yaml:"auto_accept"`
	StickyHold   *time.Duration `yaml:"sticky_hold" range:"0s..30d"`
	HandlingTime *time.Duration `yaml:"handling_time" range:"100ms..5d"`
	Live         *bool          `yaml:"live"`
	FirstWords   *time.Duration `yaml:"first_words" range:"0s..1h"`
	Quiet        *time.Duration `yaml:"quiet" range:"0s..1d"`
	Urgent       *int           `yaml:"urgent" range:"1..50"`
	SilenceLeast *time.Duration `yaml:"silence_least" range:"0s..5d"`
	// Most is how many contacts of it one agent holds, 0 for as many as fit.
	Most *int `yaml:"most" range:"0..1000"`
	// Interruptible work may be held beside a full load.
	Interruptible *bool `yaml:"interruptible"`
}

// shiftsEntry says how agents' shifts and days are counted.
type shiftsEntry struct {
	Zone    string        `yaml:"zone" hint:"such as Europe/Berlin"`
	Drain   time.Duration `yaml:"drain" range:"0s..8h"`
	Binding bool          `yaml:"binding"`
}

// matchingEntry is what a supervisor may tune of the rule that matches contacts
// and agents.
type matchingEntry struct {
	Steepness    float64       `yaml:"steepness" range:"1..10"`
	OwnAgent     float64       `yaml:"own_agent" range:"1..10"`
	OwnAgentTime float64       `yaml:"own_agent_time" range:"0.1..1"`
	LacksSkill   float64       `yaml:"lacks_skill" range:"0..10"`
	Spare        float64       `yaml:"spare" range:"0..5"`
	Spread       float64       `yaml:"spread" range:"0..5"`
	Together     float64       `yaml:"together" range:"0..1"`
	AcceptTime   time.Duration `yaml:"accept_time" range:"0s..1h"`
	Guard        float64       `yaml:"guard" range:"1..100"`
	GuardShare   float64       `yaml:"guard_share" range:"0.001..1"`
	HoldBack     holdBackEntry `yaml:"hold_back"`
}

type holdBackEntry struct {
	Left    float64 `yaml:"left" range:"0..1"`
	Reserve int     `yaml:"reserve" range:"0..1000"`
}

type presenceEntry struct {
	Heartbeat       time.Duration `yaml:"heartbeat" range:"500ms..1h"`
	ChatReturn      time.Duration `yaml:"chat_return" range:"0s..1h"`
	MissesUntilAway int           `yaml:"misses_until_away" range:"1..100"`
}

type silenceEntry struct {
	Warn     float64       `yaml:"warn" range:"0.01..1"`
	PullBack float64       `yaml:"pull_back" range:"0.01..1"`
	Least    time.Duration `yaml:"least" range:"0s..5d"`
}

type pledgeEntry struct {
	LongestDays int `yaml:"longest_days" range:"1..60"`
	InARow      int `yaml:"in_a_row" range:"1..20"`
}

// escalationFile is escalation.yaml.
type escalationFile struct {
	Version    int             `yaml:"version" range:"1..1"`
	Ladder     []stepEntry     `yaml:"ladder"`
	LastResort lastResortEntry `yaml:"last_resort"`
	// Acknowledgement is the automatic receipt.
	Acknowledgement acknowledgementEntry `yaml:"acknowledgement"`
	// Apology is what agents find in the reply once its promise was missed.
	Apology apologyEntry `yaml:"apology"`
	// Feedback is what becomes of what customers say of an answer.
	Feedback feedbackEntry `yaml:"feedback"`
}

type stepEntry struct {
	Name string `yaml:"name"`
	// For are the promises that it is a step of: first and next if left out.
	For  []string `yaml:"for" enum:"first|next|resolution"`
	When string   `yaml:"when"`
	// One of these says when it comes.
	At     string         `yaml:"at" enum:"at_risk|due"`
	Share  *float64       `yaml:"share" range:"0.01..100"`
	Before *time.Duration `yaml:"before" range:"1s..366d"`
	After  *time.Duration `yaml:"after" range:"1s..366d"`
	Action string         `yaml:"action" enum:"warn|reoffer|widen|queue|lead|on_call" required:"true"`
	Queue  string         `yaml:"queue"`
	// To is whom lead and on_call tell; Assign gives it to the lead as well.
	To     string `yaml:"to"`
	Assign bool   `yaml:"assign"`
}

type lastResortEntry struct {
	Owner  string        `yaml:"owner"`
	Digest time.Duration `yaml:"digest" range:"1s..1d"`
}

// feedbackEntry is what becomes of what customers say of an answer.
type feedbackEntry struct {
	Ask      bool    `yaml:"ask"`
	FollowUp string  `yaml:"follow_up" enum:"never|anyone|another"`
	Apart    float64 `yaml:"apart" range:"0..1"`
	Queue    string  `yaml:"queue"`
	Lead     string  `yaml:"lead"`
}

// apologyEntry is the draft of an apology.
type apologyEntry struct {
	Offer    bool        `yaml:"offer"`
	Language string      `yaml:"language" enum:"de|en|es|fr|it|nl|pl"`
	Texts    []textEntry `yaml:"texts"`
}

type acknowledgementEntry struct {
	Send     string        `yaml:"send" enum:"never|first|always"`
	Channels []string      `yaml:"channels" enum:"email"`
	Every    time.Duration `yaml:"every" range:"1m..31d"`
	Budget   int           `yaml:"budget" range:"1..1000"`
	Language string        `yaml:"language" enum:"de|en|es|fr|it|nl|pl"`
	Texts    []textEntry   `yaml:"texts"`
}

type textEntry struct {
	Language string `yaml:"language" enum:"de|en|es|fr|it|nl|pl" required:"true"`
	Text     string `yaml:"text" required:"true"`
}

// privacyFile is privacy.yaml.
type privacyFile struct {
	Version   int              `yaml:"version" range:"1..1"`
	Retention []retentionEntry `yaml:"retention"`
	Statutory []statutoryEntry `yaml:"statutory"`
	Figures   string           `yaml:"figures" enum:"named|team|off"`
	// Objection says what becomes of who objects to being scored.
	Objection string `yaml:"objection" enum:"middle|none"`
	// Page is the customer's own page.
	Page pageEntry `yaml:"page"`
}

type pageEntry struct {
	Channels []string      `yaml:"channels" enum:"email|webchat|slack|mastodon|bluesky|webhook|sms"`
	Keep     time.Duration `yaml:"keep" range:"1d..3660d"`
}

type statutoryEntry struct {
	Name   string        `yaml:"name" required:"true"`
	Keep   time.Duration `yaml:"keep" range:"1d..36500d" required:"true"`
	From   string        `yaml:"from" enum:"end|year"`
	When   string        `yaml:"when" required:"true"`
	Reason string        `yaml:"reason" required:"true"`
}

type retentionEntry struct {
	Name string        `yaml:"name" enum:"messages|originals|replies|notes|quarantine"`
	Keep time.Duration `yaml:"keep" range:"1d..36500d" required:"true"`
}
