package policies

import (
	"regexp"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// Verdict says what became of one entry of a list.
type Verdict string

// The verdicts. Entries after the one that matched aren't asked.
const (
	Matched  Verdict = "matched"
	NotSo    Verdict = "not so"
	Failing  Verdict = "failed"
	NotAsked Verdict = "not asked"
	Usual    Verdict = "default"
	// SaidSo is an entry that an external classifier has named.
	SaidSo Verdict = "said by the classifier"
)

// Asked is one entry of a list that was asked for a contact.
type Asked struct {
	// List is tiers, agents, classes, proposals or promises.
	List  string `json:"list"`
	Entry string `json:"entry"`
	File  string `json:"file"`
	Line  int    `json:"line"`
	// When is its condition, and Verdict what that came to.
	When    string  `json:"when"`
	Verdict Verdict `json:"verdict"`
	// Why is the part of the condition that isn't so, or why it couldn't be found
	// out; "" where that is the whole condition.
	Why string `json:"why"`
}

// Trace tells how Classify comes to its answer: every entry of every list, in
// order.
func (s *Set) Trace(in ClassifyInput) []Asked {
	_, vars := s.words(&in)
	out := []Asked{}
	tiers := newAsking("tiers", vars)
	for i := range s.tiers {
		if t := &s.tiers[i]; t.when.program != nil && !in.Customer.Objected {
			tiers.ask(t.name, &t.when)
		}
	}
	out = append(out, tiers.out...)
	named := newAsking("agents", vars)
	for i := range s.named {
		if n := &s.named[i]; n.when.program != nil {
			named.ask(n.name, &n.when)
		}
	}
	out = append(out, named.out...)
	classes := newAsking("classes", vars)
	if said := s.counts(in.Said); said != nil && said.Class != "" && s.classes.consulting.use == useFirst {
		classes.done = true
		classes.out = append(classes.out, Asked{List: "classes", Entry: s.classes.of(said.Class).name, Verdict: SaidSo})
	}
	for i := range s.classes.classes {
		classes.ask(s.classes.classes[i].name, &s.classes.classes[i].when)
	}
	if said := s.counts(in.Said); !classes.done && said != nil && said.Class != "" {
		classes.done = true
		classes.out = append(classes.out, Asked{List: "classes", Entry: s.classes.of(said.Class).name, Verdict: SaidSo})
	}
	out = append(out, classes.orDefault()...)
	proposals := newAsking("proposals", vars)
	for i := range s.classes.proposals {
		proposals.ask(s.classes.proposals[i].name, &s.classes.proposals[i].when)
	}
	return append(out, proposals.out...)
}

// TracePromise tells how Promise comes to its answer.
func (s *Set) TracePromise(f Facts) []Asked {
	if f.Proposed != "" {
		return []Asked{{List: "promises", Entry: ReviewQueue, Verdict: Usual}}
	}
	promises := newAsking("promises", f.words())
	for i := range s.promises.entries {
		promises.ask(s.promises.entries[i].promise.Name, &s.promises.entries[i].when)
	}
	return promises.orDefault()
}

// asking goes through the entries of one list.
type asking struct {
	list string
	vars map[string]any
	done bool
	out  []Asked
}

func newAsking(list string, vars map[string]any) *asking { return &asking{list: list, vars: vars} }

func (a *asking) ask(entry string, e *expression) {
	one := Asked{List: a.list, Entry: entry, File: e.file, Line: e.line, When: e.text, Verdict: NotAsked}
	if !a.done {
		one.Verdict, one.Why = e.trace(a.vars)
		a.done = one.Verdict == Matched
	}
	a.out = append(a.out, one)
}

// orDefault adds the default where nothing matched.
func (a *asking) orDefault() []Asked {
	if !a.done {
		a.out = append(a.out, Asked{List: a.list, Entry: DefaultRule, Verdict: Usual})
	}
	return a.out
}

// trace evaluates a condition as matches does, without counting, and says which
// part of it isn't so.
func (e expression) trace(vars map[string]any) (v Verdict, why string) {
	if e.program == nil {
		return Matched, ""
	}
	switch out, _, err := e.program.Eval(vars); {
	case err != nil:
		return Failing, err.Error()
	case out == types.True:
		return Matched, ""
	}
	compiled, issues := e.env.Compile(e.text)
	if issues.Err() != nil {
		return NotSo, ""
	}
	native := compiled.NativeRep()
	for _, part := range conjuncts(native.Expr()) {
		text, err := cel.ExprToString(part, native.SourceInfo())
		if err != nil {
			return NotSo, ""
		}
		if !e.holds(text, vars) {
			if len(conjuncts(native.Expr())) == 1 {
				text = ""
			}
			return NotSo, asWritten(text)
		}
	}
	return NotSo, ""
}

// asWritten gives a part of a condition as people write it: the interpreter knows
// only what its words were made into.
func asWritten(text string) string {
	text = phraseLookup.ReplaceAllString(text, "contact.mentions($1)")
	text = openLookup.ReplaceAllString(text, "open($1)")
	text = strings.ReplaceAll(text, headersVariable+".header(", "contact.header(")
	return strings.ReplaceAll(text, "contact.attachments.attached(", "contact.attached(")
}

const quotedText = `("(?:[^"\\]|\\.)*")`

var (
	phraseLookup = regexp.MustCompile(quotedText + ` in ` + phrasesVariable + `\b`)
	openLookup   = regexp.MustCompile(quotedText + ` in ` + openVariable + `\b`)
)

// holds evaluates a part of a condition.
func (e expression) holds(text string, vars map[string]any) bool {
	compiled, issues := e.env.Compile(text)
	if issues.Err() != nil {
		return false
	}
	program, err := e.env.Program(compiled, cel.CostLimit(costLimit))
	if err != nil {
		return false
	}
	out, _, err := program.Eval(vars)
	return err == nil && out == types.True
}

// conjuncts gives the parts of a condition that must all be so.
func conjuncts(e ast.Expr) []ast.Expr {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != operators.LogicalAnd {
		return []ast.Expr{e}
	}
	var out []ast.Expr
	for _, arg := range e.AsCall().Args() {
		out = append(out, conjuncts(arg)...)
	}
	return out
}
