package policies

import (
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"stagecoach/configs/strict"
)

// condition is a when that was compiled, with its place.
type condition struct {
	doc  *strict.Doc
	key  string
	ast  *cel.Ast
	most uint64 // what it costs on the longest message, 0 if that is allowed
}

// compare is how an atom tests a word.
type compare uint8

const (
	equal     compare = iota
	unequal           // to one text
	mentioned         // one of several words
	passes            // a test that is only known by its text
	fails
	ranged // a number between two others, both included
)

// atom is one test of a condition.
type atom struct {
	compare compare
	// word is what is tested, "" where the test is of no word alone.
	word string
	// values are what it is compared with: one, but for mentions.
	values []string
	// text is the whole test as it is written.
	text string
	// from and to are the numbers of a range.
	from, to int64
}

// term is tests that must all hold; a condition is terms of which one must.
type term []atom

// mostTerms bounds what a condition is taken apart into: what is longer is not
// judged.
const mostTerms = 64

// termsOf takes a condition apart, false where it is too long for that.
func (c *condition) termsOf() ([]term, bool) {
	native := c.ast.NativeRep()
	r := reader{info: native.SourceInfo()}
	out := r.read(native.Expr(), true)
	return out, !r.lost && len(out) <= mostTerms
}

type reader struct {
	info *ast.SourceInfo
	lost bool
}

// read gives the terms of an expression, or of its opposite.
func (r *reader) read(e ast.Expr, holds bool) []term {
	if e.Kind() == ast.LiteralKind {
		if value, ok := e.AsLiteral().Value().(bool); ok && value == holds {
			return []term{{}}
		} else if ok {
			return nil
		}
	}
	if e.Kind() != ast.CallKind {
		return []term{{r.opaque(e, holds)}}
	}
	call := e.AsCall()
	args := call.Args()
	if out, ok := rangeOf(args, call.FunctionName(), holds); ok {
		return []term{{out}}
	}
	switch name := call.FunctionName(); {
	case name == operators.LogicalNot:
		return r.read(args[0], !holds)
	case name == operators.LogicalAnd && holds, name == operators.LogicalOr && !holds:
		return r.both(r.read(args[0], holds), r.read(args[1], holds))
	case name == operators.LogicalAnd, name == operators.LogicalOr:
		return append(r.read(args[0], holds), r.read(args[1], holds)...)
	case name == operators.Equals, name == operators.NotEquals:
		word, value, ok := wordAndText(args[0], args[1])
		if !ok {
			break
		}
		if (name == operators.Equals) == holds {
			return []term{{{compare: equal, word: word, values: []string{value}}}}
		}
		return []term{{{compare: unequal, word: word, values: []string{value}}}}
	case name == operators.In:
		if out, ok := inList(args[0], args[1], holds); ok {
			return out
		}
	case name == "mentions" && holds && len(args) == 1:
		values, ok := textsOf(args[0])
		if ok && call.Target().Kind() == ast.IdentKind {
			for i := range values {
				values[i] = strings.ToLower(values[i])
			}
			return []term{{{compare: mentioned, word: call.Target().AsIdent(), values: values}}}
		}
	}
	return []term{{r.opaque(e, holds)}}
}

// both gives the terms that hold where one of each side does.
func (r *reader) both(a, b []term) []term {
	if len(a)*len(b) > mostTerms {
		r.lost = true
		return nil
	}
	out := make([]term, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			out = append(out, append(slices.Clone(x), y...))
		}
	}
	return out
}

// opaque is a test that is only known by its text.
func (r *reader) opaque(e ast.Expr, holds bool) atom {
	out := atom{compare: passes}
	if !holds {
		out.compare = fails
	}
	text, err := cel.ExprToString(e, r.info)
	if err != nil {
		r.lost = true
	}
	out.text = text
	if e.Kind() != ast.CallKind || !e.AsCall().IsMemberFunction() || len(e.AsCall().Args()) != 1 {
		return out
	}
	call := e.AsCall()
	switch word, value, ok := wordAndText(call.Target(), call.Args()[0]); call.FunctionName() {
	case "startsWith", "endsWith", "contains":
		if ok {
			out.word, out.values = word, []string{call.FunctionName(), value}
		}
	}
	return out
}

// fits reports whether a text passes a test of the beginning, the end or a part.
func (a *atom) fits(text string) bool {
	if len(a.values) != 2 {
		return false
	}
	var ok bool
	switch a.values[0] {
	case "startsWith":
		ok = strings.HasPrefix(text, a.values[1])
	case "endsWith":
		ok = strings.HasSuffix(text, a.values[1])
	case "contains":
		ok = strings.Contains(text, a.values[1])
	}
	return ok == (a.compare == passes)
}

func wordAndText(a, b ast.Expr) (word, text string, ok bool) {
	if a.Kind() == ast.LiteralKind {
		a, b = b, a
	}
	if a.Kind() != ast.IdentKind || b.Kind() != ast.LiteralKind {
		return "", "", false
	}
	text, ok = b.AsLiteral().Value().(string)
	return a.AsIdent(), text, ok
}

// textsOf gives the texts of a list that is written out.
func textsOf(e ast.Expr) ([]string, bool) {
	if e.Kind() != ast.ListKind {
		return nil, false
	}
	var out []string
	for _, one := range e.AsList().Elements() {
		if one.Kind() != ast.LiteralKind {
			return nil, false
		}
		text, ok := one.AsLiteral().Value().(string)
		if !ok {
			return nil, false
		}
		out = append(out, text)
	}
	return out, true
}

// inList gives the terms of "word in [...]", or of its opposite.
func inList(word, list ast.Expr, holds bool) ([]term, bool) {
	values, ok := textsOf(list)
	if !ok || word.Kind() != ast.IdentKind {
		return nil, false
	}
	if !holds {
		var all term
		for _, v := range values {
			all = append(all, atom{compare: unequal, word: word.AsIdent(), values: []string{v}})
		}
		return []term{all}, true
	}
	var out []term
	for _, v := range values {
		out = append(out, term{{compare: equal, word: word.AsIdent(), values: []string{v}}})
	}
	return out, true
}
