package policies

import (
	"fmt"
	"math"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"stagecoach/customers"
)

// rangeOf gives a comparison of a word with a whole number as the range in which it
// holds, or in which its opposite does. It reports false for what is none, and for a
// number that is not to be: that is two ranges.
func rangeOf(args []ast.Expr, operator string, holds bool) (atom, bool) {
	if len(args) != 2 {
		return atom{}, false
	}
	a, b := args[0], args[1]
	if a.Kind() == ast.LiteralKind {
		a, b, operator = b, a, mirrored(operator)
	}
	if !holds {
		operator = opposite(operator)
	}
	n := number(b)
	if n == nil || a.Kind() != ast.IdentKind {
		return atom{}, false
	}
	out := atom{compare: ranged, word: a.AsIdent()}
	out.from, out.to = bounds(out.word)
	switch operator {
	case operators.Equals:
		out.from, out.to = max(out.from, *n), min(out.to, *n)
	case operators.Less:
		out.to = min(out.to, max(*n, math.MinInt64+1)-1)
	case operators.LessEquals:
		out.to = min(out.to, *n)
	case operators.Greater:
		out.from = max(out.from, min(*n, math.MaxInt64-1)+1)
	case operators.GreaterEquals:
		out.from = max(out.from, *n)
	default:
		return atom{}, false
	}
	return out, true
}

// opposite gives the operator that holds where this one doesn't.
func opposite(operator string) string {
	switch operator {
	case operators.Equals:
		return operators.NotEquals
	case operators.NotEquals:
		return operators.Equals
	case operators.Less:
		return operators.GreaterEquals
	case operators.LessEquals:
		return operators.Greater
	case operators.Greater:
		return operators.LessEquals
	case operators.GreaterEquals:
		return operators.Less
	}
	return operator
}

// bounds gives the least and the most that a number of a contact can be.
func bounds(word string) (least, most int64) {
	switch word {
	case wordValue:
		return 0, customers.MostPoints
	case "customer.contacts":
		return 0, 100
	case "customer.tenure", "customer.last_order", "customer.orders":
		return 0, math.MaxInt64
	case "now.hour":
		return 0, 23
	}
	return math.MinInt64, math.MaxInt64
}

// wordValue is what a customer is worth, in points.
const wordValue = "customer.value"

// nowhere says what numbers a word can be, where one of the tests is of none of them:
// "" where none is so.
func (t term) nowhere() string {
	for i := range t {
		if a := &t[i]; a.compare == ranged && a.from > a.to {
			least, most := bounds(a.word)
			if most == math.MaxInt64 {
				return fmt.Sprintf("%s is at least %d", a.word, least)
			}
			return fmt.Sprintf("%s is from %d to %d", a.word, least, most)
		}
	}
	return ""
}
