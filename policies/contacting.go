package policies

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
)

// contacting is what customers.yaml says of where customers are answered, and of how
// often and when we write to them of our own accord.
type contacting struct {
	prefer customers.PreferRules
	send   customers.SendRules
	// kinds and classes are what is answered in private though it was asked in public.
	kinds, classes []string
	secret         []string
	zones          sync.Map
}

// preferredEntry says where customers are answered.
type preferredEntry struct {
	Order       []string     `yaml:"order" enum:"stated|learnt|arrival"`
	LearntAfter int          `yaml:"learnt_after" range:"1..1000"`
	Channels    []string     `yaml:"channels" enum:"email|webchat|slack|mastodon|bluesky|webhook|sms|phone|letter|visit"`
	Private     privateEntry `yaml:"private"`
	Secret      []string     `yaml:"secret"`
}

// privateEntry says what is answered in private though it was asked in public.
type privateEntry struct {
	Kinds   []string `yaml:"kinds" enum:"question|complaint|praise|idea"`
	Classes []string `yaml:"classes"`
}

// sendLimitsEntry bounds what we begin of our own accord.
type sendLimitsEntry struct {
	Quiet   quietHours `yaml:"quiet"`
	Zone    string     `yaml:"zone" hint:"such as Europe/Berlin"`
	PerWeek int        `yaml:"per_week" range:"0..1000"`
	Consent []string   `yaml:"consent" enum:"service|marketing|feedback|outreach"`
}

// quietHours are written as 21:00-08:00, over midnight where the first is the later
// one; "" for none.
type quietHours struct{ From, To int }

// UnmarshalText implements encoding.TextUnmarshaler.
func (q *quietHours) UnmarshalText(text []byte) error {
	*q = quietHours{}
	if strings.TrimSpace(string(text)) == "" {
		return nil
	}
	from, to, ok := strings.Cut(string(text), "-")
	a, errA := clock(from)
	b, errB := clock(to)
	if !ok || errA != nil || errB != nil {
		return fmt.Errorf("%q: quiet hours are written like 21:00-08:00", text)
	}
	if a == b || a == 24*time.Hour {
		return fmt.Errorf("%q: quiet hours begin and end at different times of a day, before 24:00", text)
	}
	q.From, q.To = int(a/time.Minute), int(b/time.Minute)%(24*60)
	return nil
}

// Prefer says how the channel of an answer is found.
func (s *Set) Prefer() customers.PreferRules { return s.contacting.prefer }

// Sending bounds what we begin of our own accord: the same value at every call.
func (s *Set) Sending() *customers.SendRules { return &s.contacting.send }

// InPrivate reports whether what was asked in public is answered in private.
func (s *Set) InPrivate(kind, class string) bool {
	return kind != "" && slices.Contains(s.contacting.kinds, kind) || class != "" && slices.Contains(s.contacting.classes, class)
}

// Secret lists the phrases that no answer has which anybody can read.
func (s *Set) Secret() []string { return s.contacting.secret }

// Zone gives a customer's time zone, nil where its name says nothing: then that of
// customers.yaml holds.
func (s *Set) Zone(name string) *time.Location {
	if name == "" || name == "Local" {
		return nil
	}
	if known, ok := s.contacting.zones.Load(name); ok {
		zone, _ := known.(*time.Location)
		return zone
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		zone = nil
	}
	s.contacting.zones.Store(name, zone)
	return zone
}

func (b *builder) buildContacting(f *customersFile) {
	c := &b.set.contacting
	p, l := &f.Preferred, &f.Limits
	c.prefer = customers.PreferRules{Order: p.Order, LearntAfter: p.LearntAfter}
	c.kinds, c.classes = p.Private.Kinds, p.Private.Classes
	d := b.docFor("customers.yaml", "preferred")
	for i, ch := range p.Channels {
		c.prefer.Channels = append(c.prefer.Channels, contact.Channel(ch))
		unserved := d.Problem(fmt.Sprintf("preferred.channels[%d]", i), "take it out, or add an account", "nobody is answered by %s unless they wrote there: no account sends there", ch)
		b.set.absent = append(b.set.absent, absent{channel: contact.Channel(ch), not: unserved})
	}
	seen := map[string]bool{}
	for i, source := range p.Order {
		if key := fmt.Sprintf("preferred.order[%d]", i); seen[source] {
			d.Report(key, "", "%q is there already", source)
		} else if i > 0 && p.Order[i-1] == customers.PreferArrival {
			d.Report(key, "put arrival last", "%q never counts: every message arrives by some channel", source)
		}
		seen[source] = true
	}
	for i, phrase := range p.Secret {
		if strings.TrimSpace(phrase) == "" {
			d.Report(fmt.Sprintf("preferred.secret[%d]", i), "", "must not be empty")
			continue
		}
		c.secret = append(c.secret, strings.ToLower(strings.Join(strings.Fields(phrase), " ")))
	}
	b.checkClasses(p.Private.Classes)
	c.send = customers.SendRules{From: l.Quiet.From, To: l.Quiet.To, PerWeek: l.PerWeek, Consent: l.Consent}
	if l.Zone == "" {
		return
	}
	if c.send.Zone = b.set.Zone(l.Zone); c.send.Zone == nil {
		b.docFor("customers.yaml", "limits").Report("limits.zone", "such as Europe/Berlin", "no time zone %q", l.Zone)
	}
}

// checkClasses finds classes that no entry of classes.yaml gives.
func (b *builder) checkClasses(names []string) {
	d := b.docFor("customers.yaml", "preferred")
	known := b.set.Classes()
	for i, name := range names {
		if !slices.Contains(known, name) {
			d.Report(fmt.Sprintf("preferred.private.classes[%d]", i), "one of classes.yaml: "+strings.Join(known, ", "), "no class %q", name)
		}
	}
}
