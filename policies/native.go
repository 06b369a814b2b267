package policies

import (
	"cmp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
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
	if name := variable(e); name != "" && typeOf(name) == cel.BoolType {
		return func(vars map[string]any) bool { return vars[name] == true }
	}
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
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		return nativeCompare(args[0], args[1], call.FunctionName())
	case operators.In:
		return nativeIn(args[0], args[1])
	case "contains", "startsWith", "endsWith", "mentions":
		if call.IsMemberFunction() {
			return nativeText(call.FunctionName(), call.Target(), args[0])
		}
	case attachedFunction:
		return nativeAttached(call.Target(), args[0])
	}
	return nil
}

// nativeCompare compares a word with a text or a number that is written out.
func nativeCompare(a, b ast.Expr, operator string) native {
	if a.Kind() == ast.LiteralKind {
		a, b, operator = b, a, mirrored(operator)
	}
	if text := textFrom(a); text != nil {
		want := literal(b)
		if want == nil {
			return nil
		}
		return func(vars map[string]any) bool { return ordered(strings.Compare(text(vars), *want), operator) }
	}
	number, want := numberFrom(a), number(b)
	if number == nil || want == nil {
		return nil
	}
	return func(vars map[string]any) bool { return ordered(cmp.Compare(number(vars), *want), operator) }
}

// mirrored gives the operator for sides that were exchanged.
func mirrored(operator string) string {
	switch operator {
	case operators.Less:
		return operators.Greater
	case operators.LessEquals:
		return operators.GreaterEquals
	case operators.Greater:
		return operators.Less
	case operators.GreaterEquals:
		return operators.LessEquals
	}
	return operator
}

// ordered reports whether what was compared stands so.
func ordered(compared int, operator string) bool {
	switch operator {
	case operators.Equals:
		return compared == 0
	case operators.NotEquals:
		return compared != 0
	case operators.Less:
		return compared < 0
	case operators.LessEquals:
		return compared <= 0
	case operators.Greater:
		return compared > 0
	}
	return compared >= 0
}

// nativeIn is a text in a list that is written out, or one that is written out in
// a list of the message: the phrases that were found, whom it was sent to.
func nativeIn(a, b ast.Expr) native {
	if text, name := literal(a), variable(b); text != nil && isList(name) {
		return func(vars map[string]any) bool {
			found, _ := vars[name].([]string)
			return slices.Contains(found, *text)
		}
	}
	text, list := textFrom(a), literals(b)
	if text == nil || list == nil {
		return nil
	}
	return func(vars map[string]any) bool { return slices.Contains(list, text(vars)) }
}

func isList(word string) bool {
	return word == phrasesVariable || word == openVariable || word == "contact.to" || word == "contact.cc" || word == "customer.tags"
}

// nativeText is a search in a text.
func nativeText(function string, target, arg ast.Expr) native {
	text := textFrom(target)
	if text == nil {
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
		lower := func(vars map[string]any) string { return strings.ToLower(text(vars)) }
		if name := variable(target); name != "" {
			lower = func(vars map[string]any) string { return lowerOf(vars, name) }
		}
		return func(vars map[string]any) bool {
			text := lower(vars)
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
	return func(vars map[string]any) bool { return search(text(vars), *part) }
}

// nativeAttached is a look at the attachments.
func nativeAttached(target, arg ast.Expr) native {
	patterns := literals(arg)
	if patterns == nil || variable(target) != "contact.attachments" {
		return nil
	}
	return func(vars map[string]any) bool {
		files, _ := vars["contact.attachments"].([]Attachment)
		return attached(files, patterns)
	}
}

// textFrom gives how a text of a message is found: a word, or a field of its
// header; nil for anything else.
func textFrom(e ast.Expr) func(vars map[string]any) string {
	if name := variable(e); name != "" && typeOf(name) == cel.StringType {
		return func(vars map[string]any) string { return textOf(vars, name) }
	}
	if e.Kind() != ast.CallKind || !e.AsCall().IsMemberFunction() {
		return nil
	}
	of := variable(e.AsCall().Target())
	switch e.AsCall().FunctionName() + " " + of {
	case headerFunction + " " + headersVariable, attrFunction + " " + attributesVariable:
	default:
		return nil
	}
	field := literal(e.AsCall().Args()[0])
	if field == nil {
		return nil
	}
	return func(vars map[string]any) string {
		fields, _ := vars[of].(map[string]string)
		return fields[*field]
	}
}

// numberFrom gives how a number of a message is found: a word, or how many
// attachments or recipients there are; nil for anything else.
func numberFrom(e ast.Expr) func(vars map[string]any) int64 {
	if name := variable(e); name != "" && typeOf(name) == cel.IntType {
		return func(vars map[string]any) int64 {
			n, _ := vars[name].(int64)
			return n
		}
	}
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != "size" || len(e.AsCall().Args()) != 1 {
		return nil
	}
	switch name := variable(e.AsCall().Args()[0]); name {
	case "contact.to", "contact.cc":
		return func(vars map[string]any) int64 {
			list, _ := vars[name].([]string)
			return int64(len(list))
		}
	case "contact.attachments":
		return func(vars map[string]any) int64 {
			list, _ := vars[name].([]Attachment)
			return int64(len(list))
		}
	}
	return nil
}

// number gives a whole number that is written out, nil for anything else.
func number(e ast.Expr) *int64 {
	if e.Kind() != ast.LiteralKind {
		return nil
	}
	if n, ok := e.AsLiteral().(types.Int); ok {
		i := int64(n)
		return &i
	}
	return nil
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
