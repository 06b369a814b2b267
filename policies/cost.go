package policies

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
)

// ordinaryText is how long a message is that every condition must be able to
// look at, in bytes.
const ordinaryText = 8 << 10

// otherText is how long the other words of a contact are at most.
const otherText = 4 << 10

// checkCost refuses a condition that would take too long for an ordinary message,
// and gives what it costs for the longest where that is too much, else 0.
func (c *compiler) checkCost(key string, compiled *cel.Ast) (most uint64, allowed bool) {
	longest, err := c.env.EstimateCost(compiled, &sizes{text: maxText})
	if err != nil || longest.Max <= costLimit {
		return 0, true
	}
	ordinary, err := c.env.EstimateCost(compiled, &sizes{text: ordinaryText})
	if err == nil && ordinary.Max > costLimit {
		c.doc.Report(key, "look for fewer words, or use fewer patterns",
			"takes too long: %d steps for a message of %d KiB, of %d that are allowed", ordinary.Max, ordinaryText>>10, uint64(costLimit))
		return 0, false
	}
	return longest.Max, true
}

// lintCost finds conditions that fail on long messages.
func (b *builder) lintCost() {
	for i := range b.conditions {
		if c := &b.conditions[i]; c.most > 0 && b.theirs(c.doc) {
			b.doubt(c.doc.Problem(c.key, "look for fewer words, or use fewer patterns",
				"takes too long for the longest messages, and doesn't match them: up to %d steps, of %d that are allowed", c.most, uint64(costLimit)))
		}
	}
}

// sizes says how long the words of a contact are.
type sizes struct{ text uint64 }

var _ cost.Estimator = (*sizes)(nil)

// EstimateSize implements cost.Estimator.
func (s *sizes) EstimateSize(n cost.AstNode) *cost.SizeEstimate {
	e := n.Expr()
	if e == nil {
		return nil
	}
	switch e.Kind() {
	case ast.IdentKind:
		switch name := e.AsIdent(); name {
		case "contact.text":
			return &cost.SizeEstimate{Max: s.text}
		case "contact.to", "contact.cc", "contact.attachments", "customer.tags", openVariable, phrasesVariable, headersVariable, attributesVariable:
			return &cost.SizeEstimate{Max: maxListed}
		default:
			return &cost.SizeEstimate{Max: min(s.text, otherText)}
		}
	case ast.SelectKind: // of an attachment
		return &cost.SizeEstimate{Max: maxOfList}
	case ast.CallKind:
		switch e.AsCall().FunctionName() {
		case headerFunction, attrFunction:
			return &cost.SizeEstimate{Max: maxHeader}
		}
	}
	return nil
}

// maxHeader is how long a field of a header is at most.
const maxHeader = 1 << 10

// EstimateCallCost implements cost.Estimator as mentionsCost counts.
func (s *sizes) EstimateCallCost(_, overload string, target *cost.AstNode, args []cost.AstNode) *cost.CallEstimate {
	if overload != mentionsOverload || target == nil || len(args) != 1 {
		return nil
	}
	length := s.text
	if size := (*target).ComputedSize(); size != nil {
		length = size.Max
	} else if size := s.EstimateSize(*target); size != nil {
		length = size.Max
	}
	words := uint64(1)
	if size := args[0].ComputedSize(); size != nil {
		words = max(size.Max, 1)
	}
	return cost.NewCallEstimate(cost.Estimate{Min: 1, Max: 1 + length/10 + length*words/100}, nil)
}
