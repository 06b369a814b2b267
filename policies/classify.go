package policies

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"stagecoach/configs/strict"
	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/router/match"
)

// ClassifyInput is what is known of a message when it is classified. It is
// content, so only intake asks; what it finds goes into the log as a fact.
type ClassifyInput struct {
	Channel contact.Channel
	Account string
	// Sender is the address that a reply would go to.
	Sender  string
	Subject string
	// Text is what the person wrote, best without quotes and signature. The
	// first 64 KiB are looked at.
	Text string
	// Language is what the channel said, "" when it should be detected.
	Language string
	Auto     contact.AutoKind
	// Outreach is what it was found by where it was not addressed to us.
	Outreach string
	// SpamMark says by what a filter before us takes it for spam.
	SpamMark string
	// Trust is what is known of whether the sender is who they say.
	Trust contact.Trust
	// AccountSkills are demanded of whatever comes to this account.
	AccountSkills []string
	// AccountLanguage is used when none is found in the message.
	AccountLanguage string
	// At is when it came.
	At time.Time
	// To and CC are whom it was sent to.
	To, CC []string
	// Headers are the fields of its header, by name in small letters.
	Headers     map[string]string
	Attachments []Attachment
	// Contacts is how many contacts its customer had before.
	Contacts int
	// Customer is what is known of the customer, zero where nothing is.
	Customer customers.Known
	// Tier is the customer's where that is known, "" where customers.yaml says it.
	Tier string
	// Said is what an external classifier said of it, nil where none was asked.
	Said *Said
}

// Classification is what a message needs.
type Classification struct {
	Class string
	// Kind is question, complaint, praise or idea.
	Kind  string
	Queue string
	// Skills are needed, in order of name.
	Skills []Skill
	// Language is the message's, "" when unknown.
	Language string
	// Languages are needed; Wished are preferred.
	Languages, Wished []string
	// Demand is all of that, and what else is needed of an agent; its channels are
	// not known here.
	Demand match.Demand
	// Propose is Spam or Machine when a rule takes it for that; it is then to
	// stand in the queue named ReviewQueue until a person has looked.
	Propose contact.Disposition
	// Rule names the entry that decided, "default" when none matched, and
	// ProposeRule the one that proposed.
	Rule, ProposeRule string
	// Tier is the customer's by the first tier that the message fits, "" if by
	// none.
	Tier string
	// Known is what was known of the customer, with what that makes them worth and
	// what gave the tier: facts for the log.
	Known customers.Facts
	// Agents are those who are named for the customer, by e-mail address, the
	// first to be asked first.
	Agents []string
	// UsualQueue is where it stands when nothing is proposed.
	UsualQueue string
	// BySaid is true where an external classifier's word decided.
	BySaid bool
}

// OutreachClass is the class of what was not addressed to us, where no rule gives
// it another.
const OutreachClass = "outreach"

// ReviewQueue is the queue of what is proposed as spam or machine.
const ReviewQueue = "review"

// DefaultRule is the name of the entry that holds when no other matches.
const DefaultRule = "default"

// classRules is classes.yaml, compiled.
type classRules struct {
	phrases *phraseLists
	// calendars are those of which conditions ask whether they are open.
	calendars  []string
	consulting consulting
	otherwise  classRule
	classes    []classRule
	proposals  []proposalRule
}

type classRule struct {
	name, class, kind, queue, language string
	skills                             []Skill
	needs                              classNeeds
	relax                              float64
	when                               expression
}

type proposalRule struct {
	name    string
	propose contact.Disposition
	when    expression
}

// Classify says what a message is about and needs. It always has an answer.
func (s *Set) Classify(in ClassifyInput) Classification {
	in.Customer.Want(s.contacting.prefer)
	language, vars := s.words(&in)
	rule, said := s.ruleFor(vars, s.counts(in.Said))
	out := Classification{
		BySaid: said,
		Class:  rule.class, Kind: rule.kind, Queue: rule.queue, UsualQueue: rule.queue, Language: language, Rule: rule.name,
		Skills: withSkills(rule.skills, in.AccountSkills), Tier: textOf(vars, "customer.tier"), Agents: s.namedFor(vars),
		Known: in.Customer.Facts,
	}
	if in.Outreach != "" && rule.name == s.classes.otherwise.name && !said {
		out.Class = OutreachClass
	}
	rule.require(&out)
	out.Demand = rule.needs.demand(&out)
	for _, r := range s.classes.proposals {
		if r.when.matches(vars) {
			out.Propose, out.ProposeRule, out.Queue = r.propose, r.name, ReviewQueue
			break
		}
	}
	return out
}

// words gives what expressions may ask of it.
func (s *Set) words(in *ClassifyInput) (language string, vars map[string]any) {
	subject, text := clip(in.Subject, 4<<10), clip(in.Text, maxText)
	language = languageOf(in, subject, text)
	if said := s.counts(in.Said); said != nil && said.Language != "" {
		language = said.Language
	}
	vars = map[string]any{
		"contact.account": in.Account, "contact.auto": string(in.Auto), "contact.channel": string(in.Channel),
		"contact.language": language, "contact.outreach": in.Outreach, "contact.sender": strings.ToLower(in.Sender),
		"contact.sender_domain": domain(in.Sender), "contact.spam_mark": in.SpamMark, "contact.subject": subject,
		"contact.text": text, "contact.trust": string(in.Trust), phrasesVariable: s.classes.phrases.in(subject, text),
	}
	s.surroundings(in, vars)
	vars["customer.tier"], in.Customer.TierRule = s.tierFor(in, vars)
	return language, vars
}

func languageOf(in *ClassifyInput, subject, text string) string {
	if language, _, _ := strings.Cut(strings.ToLower(in.Language), "-"); language != "" {
		return Outvoted(language, text)
	}
	if language := DetectLanguage(text); language != "" {
		return language
	}
	if language := DetectLanguage(subject + "\n" + text); language != "" {
		return language
	}
	return strings.ToLower(in.AccountLanguage)
}

// withSkills joins a rule's skills with those of the account.
func withSkills(skills []Skill, account []string) []Skill {
	out := slices.Clone(skills)
	for _, name := range account {
		if !slices.ContainsFunc(out, func(s Skill) bool { return s.Name == name }) {
			out = append(out, Skill{Name: name, Level: 1})
		}
	}
	slices.SortFunc(out, func(a, b Skill) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// buildClasses compiles classes.yaml.
func (b *builder) buildClasses(f *classesFile) {
	d := b.docFor("classes.yaml", "")
	b.set.classes.phrases = b.buildPhrases(f.Phrases)
	b.buildConsulting(&f.Classifier)
	b.set.classes.otherwise = classRule{
		name: DefaultRule, class: f.Default.Class, kind: f.Default.Kind, queue: f.Default.Queue,
		language: f.Default.Language, skills: skillsOf(f.Default.Skills), needs: needsOf(&f.Default),
	}
	take(&b.set.classes.otherwise.relax, f.Default.RelaxAfter)
	if f.Default.When != "" {
		d.Report("default.when", "move it to an entry of classes", "the default holds for everything")
	}
	b.checkQueue(d, "default.queue", f.Default.Queue)
	names, relaxes := map[string]bool{DefaultRule: true}, map[string]float64{}
	b.checkNeeds(b.docFor("classes.yaml", "default"), "default", &f.Default, &b.set.classes.otherwise)
	list := b.docFor("classes.yaml", "classes")
	c := b.compiler(list, classWords())
	for i, e := range f.Classes {
		key := fmt.Sprintf("classes[%d]", i)
		b.checkName(list, key, e.Name, names)
		if e.When == "" {
			list.Report(key+".when", "say which messages it is for, or use default", "is missing")
		}
		if e.Queue != "" {
			b.checkQueue(list, key+".queue", e.Queue)
		}
		r := classRule{
			name: e.Name, class: or(e.Class, e.Name), kind: or(e.Kind, f.Default.Kind), queue: or(e.Queue, f.Default.Queue),
			language: or(e.Language, f.Default.Language), skills: skillsOf(e.Skills), when: c.compile(key+".when", e.When),
			relax: b.set.classes.otherwise.relax, needs: needsOf(&e),
		}
		b.checkNeeds(list, key, &e, &r)
		take(&r.relax, e.RelaxAfter)
		if was, ok := relaxes[r.class]; ok && was != r.relax {
			list.Report(key+".relax_after", "say the same for all entries of one class", "class %q has %v above", r.class, was)
		}
		relaxes[r.class] = r.relax
		b.set.classes.classes = append(b.set.classes.classes, r)
		b.count("classes.yaml", e.Name, r.when)
	}
	b.buildProposals(f.Proposals)
}

func (b *builder) buildProposals(entries []proposalEntry) {
	d := b.docFor("classes.yaml", "proposals")
	c := b.compiler(d, classWords())
	names := map[string]bool{}
	for i, e := range entries {
		key := fmt.Sprintf("proposals[%d]", i)
		b.checkName(d, key, e.Name, names)
		r := proposalRule{name: e.Name, propose: contact.Disposition(e.Propose), when: c.compile(key+".when", e.When)}
		b.set.classes.proposals = append(b.set.classes.proposals, r)
		b.count("classes.yaml", e.Name, r.when)
	}
}

func (b *builder) checkQueue(d *strict.Doc, key, queue string) {
	switch queue {
	case "":
		d.Report(key, "", "is missing")
	case ReviewQueue:
		d.Report(key, "propose spam or machine under proposals instead", "the queue %s is kept for proposals", ReviewQueue)
	}
}

func skillsOf(entries []skillEntry) []Skill {
	out := make([]Skill, 0, len(entries))
	for _, e := range entries {
		level := 1
		if e.Level != nil {
			level = *e.Level
		}
		out = append(out, Skill{Name: strings.ToLower(e.Name), Level: level})
	}
	return out
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
