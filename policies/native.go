package policies

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// native is a condition as a function of Go: what nearly all conditions are made
// of (comparing texts, words in them, and, or, not) is worked out without the
// interpreter, which takes a microsecond for each. It never fails.
type native func(vars map[string]any) bool

// nativeOf gives the function for an expression, nil if it has parts that only
// the interpreter knows.
func nativeOf(e ast.Expr) native {
	if e.Kind() != ast.CallKind {
		return nil
	}
	call := e.AsCall()
	args := call.Args()
	switch call.FunctionName() {
	case operators.LogicalAnd, operators.LogicalOr:
		a, b := nativeOf(args[0]), nativeOf(args[1])
		if a == nil || b == nil {
			return nil
		}
		if call.FunctionName() == operators.LogicalAnd {
			return func(vars map[string]any) bool { return a(vars) && b(vars) }
		}
		return func(vars map[string]any) bool { return a(vars) || b(vars) }
	case operators.LogicalNot:
		if a := nativeOf(args[0]); a != nil {
			return func(vars map[string]any) bool { return !a(vars) }
		}
	case operators.Equals, operators.NotEquals:
		return nativeEquals(args[0], args[1], call.FunctionName() == operators.Equals)
	case operators.In:
		return nativeIn(args[0], args[1])
	case "contains", "startsWith", "endsWith", "mentions":
		if call.IsMemberFunction() {
			return nativeText(call.FunctionName(), call.Target(), args[0])
		}
	}
	return nil
}

func nativeEquals(a, b ast.Expr, equal bool) native {
	name, text := variable(a), literal(b)
	if name == "" || text == nil {
		name, text = variable(b), literal(a)
	}
	if name == "" || text == nil || name == phrasesVariable {
		return nil
	}
	want := *text
	return func(vars map[string]any) bool { return (textOf(vars, name) == want) == equal }
}

// nativeIn is a variable in a list of texts, or a name among the lists of phrases
// that were found.
func nativeIn(a, b ast.Expr) native {
	if text := literal(a); text != nil && variable(b) == phrasesVariable {
		return func(vars map[string]any) bool {
			found, _ := vars[phrasesVariable].([]string)
			return slices.Contains(found, *text)
		}
	}
	name, list := variable(a), literals(b)
	if name == "" || list == nil {
		return nil
	}
	return func(vars map[string]any) bool { return slices.Contains(list, textOf(vars, name)) }
}

// nativeText is a search in a text.
func nativeText(function string, target, arg ast.Expr) native {
	name := variable(target)
	if name == "" || name == phrasesVariable {
		return nil
	}
	if function == "mentions" {
		words := literals(arg)
		if words == nil {
			return nil
		}
		for i := range words {
			words[i] = strings.ToLower(words[i])
		}
		return func(vars map[string]any) bool {
			text := lowerOf(vars, name)
			return slices.ContainsFunc(words, func(word string) bool { return mentions(text, word) })
		}
	}
	part := literal(arg)
	if part == nil {
		return nil
	}
	search := map[string]func(s, part string) bool{
		"contains": strings.Contains, "startsWith": strings.HasPrefix, "endsWith": strings.HasSuffix,
	}[function]
	return func(vars map[string]any) bool { return search(textOf(vars, name), *part) }
}

func textOf(vars map[string]any, name string) string {
	text, _ := vars[name].(string)
	return text
}

// lowerPrefix stands before the name of a text in the variables where it is kept
// in small letters, so that a hundred rules make them once.
const lowerPrefix = "lower "

func lowerOf(vars map[string]any, name string) string {
	if lower, ok := vars[lowerPrefix+name].(string); ok {
		return lower
	}
	lower := strings.ToLower(textOf(vars, name))
	vars[lowerPrefix+name] = lower
	return lower
}

// variable gives the name of a variable, "" for anything else.
func variable(e ast.Expr) string {
	switch e.Kind() {
	case ast.IdentKind:
		return e.AsIdent()
	case ast.SelectKind:
		if s := e.AsSelect(); !s.IsTestOnly() {
			if of := variable(s.Operand()); of != "" {
				return of + "." + s.FieldName()
			}
		}
	}
	return ""
}

// literal gives a text that is written out, nil for anything else.
func literal(e ast.Expr) *string {
	if e.Kind() != ast.LiteralKind {
		return nil
	}
	if text, ok := e.AsLiteral().(types.String); ok {
		s := string(text)
		return &s
	}
	return nil
}

// literals gives a list of texts that are written out, nil for anything else.
func literals(e ast.Expr) []string {
	if e.Kind() != ast.ListKind {
		return nil
	}
	out := []string{}
	for _, element := range e.AsList().Elements() {
		text := literal(element)
		if text == nil {
			return nil
		}
		out = append(out, *text)
	}
	return out
}
