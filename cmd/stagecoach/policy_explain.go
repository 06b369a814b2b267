package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"stagecoach/configs"
	"stagecoach/configs/strict"
	"stagecoach/contact"
	"stagecoach/policies"
	"stagecoach/policies/classifier"
	"stagecoach/policies/trial"
	"stagecoach/router"
	"stagecoach/router/match"
)

// policyExplainCmd is `stagecoach policy explain`.
type policyExplainCmd struct {
	Dir        string   `arg:"" help:"The policy set." placeholder:"DIR" type:"path"`
	Contact    string   `help:"File that describes the contact: at, contact, customer and agents, as in a test." placeholder:"FILE" type:"path"`
	At         string   `help:"When it comes, such as \"2026-11-23 10:00\"; now if left out." placeholder:"TIME"`
	Channel    string   `help:"Its channel." complete:"email,webchat,slack,mastodon,bluesky,webhook,sms,phone,letter,visit" placeholder:"NAME"`
	Account    string   `help:"The account that it came to." placeholder:"NAME"`
	Sender     string   `help:"Whom it is from." placeholder:"ADDRESS"`
	Subject    string   `help:"Its subject." placeholder:"TEXT"`
	Text       string   `help:"What it says." placeholder:"TEXT"`
	Language   string   `help:"Its language, where the channel said it." placeholder:"CODE"`
	To         []string `help:"An address that it was sent to; may be given several times." placeholder:"ADDRESS" sep:"none"`
	Header     []string `help:"A field of its header, such as \"List-Id: <news>\"; may be given several times." placeholder:"NAME:VALUE" sep:"none"`
	Attachment []string `help:"A file that came with it, as NAME[,TYPE[,BYTES]]; may be given several times." placeholder:"FILE" sep:"none"`
	Contacts   int      `help:"How many contacts the customer had before." placeholder:"N"`
	Tier       string   `help:"The customer's tier, instead of finding it." placeholder:"NAME"`
	Customer   []string `help:"What is known of the customer, as in an import: value=812, tags=vip;press, customer_since=2020-05-12, orders=14, revenue=1200, last_order=2026-05-03, attr.segment=A, objected=yes; may be given several times." placeholder:"KEY=VALUE" sep:"none"`
	Agents     string   `help:"Who works here, as in tests/agents.yaml of a policy set, which is read where this is left out." placeholder:"FILE" type:"path" xor:"team"`
	Data       string   `help:"Take the agents of this data directory, or of its running daemon, instead." placeholder:"DIR" type:"path" xor:"team"`
	Classifier string   `help:"Ask the external classifier that this configuration of the daemon names." placeholder:"FILE" type:"path"`
	JSON       bool     `name:"json" help:"Print JSON."`
}

// Help has examples.
func (*policyExplainCmd) Help() string {
	return `Tells what a policy set makes of a contact: which entries matched, which didn't and which part of them wasn't so,
the promise and how its calendar comes to the due time, who could take it with their points, and who couldn't and why. The router
itself decides; nothing is sent or stored. A contact that nothing matches has the default class and the default promise.

Examples:
  stagecoach policy explain policies --text "Where is my invoice?" --sender boss@acme.example
  stagecoach policy explain policies --text hello --customer orders=14 --customer last_order=2026-05-03 --customer customer_since=2020-05-12
  stagecoach policy explain policies --contact letter.yaml --at "2026-12-24 11:00"
  stagecoach policy explain policies --text "see attached" --attachment bill.pdf --header "X-Priority: 1" --at "2026-11-28 22:15"
  stagecoach policy explain policies --channel webchat --text hello --data data --json`
}

// explained is what explain found, in its form as JSON.
type explained struct {
	Policy      string            `json:"policy"`
	At          time.Time         `json:"at"`
	Rule        string            `json:"rule"`
	Class       string            `json:"class"`
	Kind        string            `json:"kind"`
	Queue       string            `json:"queue"`
	Language    string            `json:"language"`
	Tier        string            `json:"tier"`
	Value       explainedValue    `json:"value"`
	Propose     string            `json:"propose"`
	ProposeRule string            `json:"propose_rule"`
	Classifier  string            `json:"classifier"`
	Asked       []policies.Asked  `json:"asked"`
	Promise     explainedPromise  `json:"promise"`
	LastResort  string            `json:"last_resort"`
	Steps       []explainedStep   `json:"steps"`
	Demand      match.Demand      `json:"demand"`
	Candidates  []match.Candidate `json:"candidates"`
	Others      []router.Verdict  `json:"others"`
	Winner      string            `json:"winner"`
	Assigned    bool              `json:"assigned"`
	Impossible  match.Gate        `json:"impossible"`
}

type explainedStep struct {
	Name   string    `json:"name"`
	Action string    `json:"action"`
	At     time.Time `json:"at"`
	To     string    `json:"to,omitempty"`
	Queue  string    `json:"queue,omitempty"`
}

type explainedPromise struct {
	Name     string       `json:"name"`
	First    string       `json:"first"`
	Calendar string       `json:"calendar"`
	Spans    []trial.Span `json:"spans"`
	AtRisk   time.Time    `json:"at_risk"`
	Due      time.Time    `json:"due"`
}

// Run explains a contact.
func (c *policyExplainCmd) Run(ctx context.Context, io std) error {
	set, err := policies.Load(nearPath(c.Dir))
	if err != nil {
		return err
	}
	team, err := c.team(ctx, io)
	if err != nil {
		return err
	}
	tried, err := c.describe(set, team)
	if err != nil {
		return err
	}
	word, err := c.consult(ctx, set, tried)
	if err != nil {
		return err
	}
	out, err := trial.Try(set, tried)
	if err != nil {
		return fmt.Errorf("trying the contact: %w", err)
	}
	x := explainTrial(set, tried, out)
	x.Classifier = word
	if c.JSON {
		return printJSON(io.out, x)
	}
	x.print(io, tried.At.Location(), len(tried.Agents))
	return nil
}

func (c *policyExplainCmd) team(ctx context.Context, io std) ([]policies.Member, error) {
	if c.Agents == "" && c.Data == "" {
		return policies.ReadTeam(os.DirFS(c.Dir), nearPath(c.Dir))
	}
	lint := policyLintCmd{Agents: c.Agents, Data: c.Data}
	return lint.team(ctx, io)
}

// describe gives the contact that was described by a file, by flags, or both.
func (c *policyExplainCmd) describe(set *policies.Set, team []policies.Member) (*trial.Case, error) {
	zone := set.Limits().Zone
	out := trial.Case{Agents: trial.Staff(team)}
	if c.Contact != "" {
		text, err := os.ReadFile(c.Contact)
		if err != nil {
			return nil, fmt.Errorf("reading the contact: %w", err)
		}
		if out, err = trial.ParseCase(nearPath(c.Contact), text, team, zone); err != nil {
			return nil, err
		}
	}
	if c.At != "" {
		at, err := trial.ParseTime(c.At, zone)
		if err != nil {
			return nil, fmt.Errorf("--at %w", err)
		}
		out.At = at
	}
	if out.At.IsZero() {
		out.At = time.Now().In(zone).Truncate(time.Second)
	}
	if c.Channel != "" {
		var names []string
		for _, ch := range contact.Channels() {
			names = append(names, string(ch))
		}
		if err := knownWord("--channel", c.Channel, names); err != nil {
			return nil, err
		}
	}
	given := &out.Contact
	given.Channel, given.Account = cmp.Or(c.Channel, given.Channel), cmp.Or(c.Account, given.Account)
	given.Sender, given.Subject = cmp.Or(c.Sender, given.Sender), cmp.Or(c.Subject, given.Subject)
	given.Text, given.Language = cmp.Or(c.Text, given.Text), cmp.Or(c.Language, given.Language)
	out.Customer.Tier = cmp.Or(c.Tier, out.Customer.Tier)
	return &out, c.surround(&out)
}

// surround adds what flags say beside the words of a contact.
func (c *policyExplainCmd) surround(out *trial.Case) error {
	if c.Contacts < 0 {
		return fmt.Errorf("--contacts %d: must be at least 0", c.Contacts)
	}
	out.Customer.Contacts = cmp.Or(c.Contacts, out.Customer.Contacts)
	for _, one := range c.Customer {
		if err := out.Customer.Set(one); err != nil {
			return fmt.Errorf("--customer %q: %w", one, err)
		}
	}
	out.Contact.To = append(out.Contact.To, c.To...)
	for _, one := range c.Header {
		name, value, ok := strings.Cut(one, ":")
		if name = strings.TrimSpace(name); !ok || strings.TrimSpace(value) == "" {
			return fmt.Errorf("--header %q: write it as \"Name: value\"", one)
		}
		if !contact.KeepsHeader(name) {
			return fmt.Errorf("--header %q: no condition can see that field; they see those that begin with X-, and %s", one, strings.Join(contact.HeaderNames(), ", "))
		}
		out.Contact.Headers = append(out.Contact.Headers, trial.Header{Name: name, Value: value})
	}
	for _, one := range c.Attachment {
		name, rest, _ := strings.Cut(one, ",")
		kind, bytes, sized := strings.Cut(rest, ",")
		a := trial.Attachment{Name: strings.TrimSpace(name), Type: strings.TrimSpace(kind)}
		if sized {
			size, err := strconv.Atoi(strings.TrimSpace(bytes))
			if err != nil || size < 0 {
				return fmt.Errorf("--attachment %q: write it as NAME, NAME,TYPE or NAME,TYPE,BYTES", one)
			}
			a.Size = size
		}
		out.Contact.Attachments = append(out.Contact.Attachments, a)
	}
	return nil
}

// consult asks the external classifier where that is wanted, notes its word with the
// contact, and says in words what came of it; "" where none could decide.
func (c *policyExplainCmd) consult(ctx context.Context, set *policies.Set, tried *trial.Case) (string, error) {
	switch {
	case !set.Consults():
		return "", nil
	case tried.Contact.Said != trial.Said{}:
		return fmt.Sprintf("says %s (%.0f %% sure), as the description has it", cmp.Or(tried.Contact.Said.Class, "nothing"), 100*tried.Contact.Said.Confidence), nil
	case c.Classifier == "":
		return "not asked: --classifier FILE asks the one that this configuration names, if you have one", nil
	}
	cfg, err := configs.Load(c.Classifier)
	if err != nil {
		return "", err
	}
	client, err := newClassifier(&cfg.Classifier, slog.New(slog.DiscardHandler))
	if err != nil || client == nil {
		return "the configuration names none", err
	}
	defer client.Close()
	in := tried.Input()
	said := client.Ask(ctx, set, &in, time.Time{})
	if said.Trouble != "" {
		return fmt.Sprintf("the one at %s %s: the entries decide", hostOf(cfg.Classifier.URL), classifier.Words(said.Trouble)), nil
	}
	tried.Contact.Said = trial.Said{Class: said.Class, Language: said.Language, Confidence: float64(said.Confidence) / 1000}
	words := fmt.Sprintf("the one at %s says %q, %d %% sure", hostOf(cfg.Classifier.URL), clipped(said.Class), (said.Confidence+5)/10)
	if heard := set.Hear(said); heard.Trouble != "" {
		words += fmt.Sprintf(", and %s: the entries decide", classifier.Words(heard.Trouble))
	}
	return words, nil
}

// explainTrial puts together what was decided.
func explainTrial(set *policies.Set, tried *trial.Case, o *trial.Outcome) *explained {
	x := &explained{
		Policy: set.Version, At: tried.At, Rule: o.Rule, Class: o.Class, Kind: o.Kind, Queue: o.Queue, Language: o.Language, Tier: o.Tier,
		Propose: string(o.Propose), ProposeRule: o.ProposeRule, Asked: o.Asked, LastResort: o.LastResort, Demand: o.Demand,
		Candidates: append([]match.Candidate{}, o.Candidates...), Others: []router.Verdict{}, Winner: o.Winner, Assigned: o.Assigned, Impossible: o.Impossible,
		Promise: explainedPromise{
			Name: o.Promise.Name, First: strict.FormatDuration(o.Promise.First), Calendar: o.Promise.Calendar, AtRisk: o.AtRisk, Due: o.Due,
			Spans: trial.Arithmetic(set.Calendar(o.Promise.Calendar), o.Start, o.Due),
		},
	}
	x.Value = explainValue(&o.Known, o.Tier, tried.At)
	x.Steps = make([]explainedStep, len(o.Steps))
	for i, s := range o.Steps {
		x.Steps[i] = explainedStep{Name: s.Name, Action: s.Action, At: s.At, To: s.To, Queue: s.Queue}
	}
	able := map[string]bool{}
	for i := range o.Candidates {
		able[o.Candidates[i].Agent] = true
	}
	if o.Standing != nil {
		for _, v := range o.Standing.Verdicts {
			if !able[v.Agent] {
				x.Others = append(x.Others, v)
			}
		}
	}
	return x
}
