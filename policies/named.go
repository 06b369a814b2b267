package policies

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"

	"stagecoach/configs/strict"
)

// namedAtMost is how many agents one entry may name.
const namedAtMost = 10

// namedRule is an entry of the agents of customers.yaml.
type namedRule struct {
	name   string
	agents []string
	when   expression
}

// namedAgent is an agent whom a policy names, with what is to be said where
// nobody is known by that name.
type namedAgent struct {
	agent   string
	unknown strict.Error
}

// namedFor gives the agents of the first entry whose condition a message fits.
func (s *Set) namedFor(vars map[string]any) []string {
	for i := range s.named {
		if n := &s.named[i]; n.when.program != nil && n.when.matches(vars) {
			return n.agents
		}
	}
	return nil
}

// UnknownAgents warns of the agents whom the policy names and nobody knows: what
// would be kept for them goes to anybody.
func (s *Set) UnknownAgents(known func(agent string) bool) strict.Errors {
	var out strict.Errors
	for i := range s.namedAgents {
		if n := &s.namedAgents[i]; !known(n.agent) {
			out = append(out, n.unknown)
		}
	}
	return out
}

func (b *builder) buildNamed(f *customersFile) {
	d := b.docFor("customers.yaml", "agents")
	c := b.compiler(d, classWords())
	names := map[string]bool{}
	for i, e := range f.Agents {
		key := fmt.Sprintf("agents[%d]", i)
		b.checkName(d, key, e.Name, names)
		r := namedRule{name: e.Name}
		if len(e.Agents) > namedAtMost {
			d.Report(key+".agents", "name those who are to be asked first", "names %d agents, more than %d", len(e.Agents), namedAtMost)
		}
		for n, one := range e.Agents {
			at := fmt.Sprintf("%s.agents[%d]", key, n)
			agent := strings.ToLower(strings.TrimSpace(one))
			switch {
			case !agentName(agent):
				d.Report(at, "as they log in, such as anna@example.com", "%q is no e-mail address", one)
			case slices.Contains(r.agents, agent):
				d.Report(at, "", "%s is there already", agent)
			default:
				r.agents = append(r.agents, agent)
				unknown := d.Problem(at, "see 'stagecoach agents list'", "no agent has the address %s", agent)
				b.set.namedAgents = append(b.set.namedAgents, namedAgent{agent, unknown})
			}
		}
		if e.When != "" {
			r.when = c.compile(key+".when", e.When)
			b.count("customers.yaml", e.Name, r.when)
		}
		b.set.named = append(b.set.named, r)
	}
}

// agentName reports whether a word can be that of an agent: their e-mail address.
func agentName(word string) bool {
	a, err := mail.ParseAddress(word)
	return err == nil && a.Address == word
}
