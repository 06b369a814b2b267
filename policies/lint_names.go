package policies

import (
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"stagecoach/configs/strict"
	"stagecoach/contact"
)

// lintNames finds conditions that compare a word with what it never is.
func (b *builder) lintNames() {
	known := b.knownValues()
	for i := range b.conditions {
		if c := &b.conditions[i]; c.ast != nil && b.theirs(c.doc) {
			native := c.ast.NativeRep()
			ast.PreOrderVisit(native.Expr(), ast.NewExprVisitor(func(e ast.Expr) { b.lintCompare(c, native, e, known) }))
		}
	}
}

func (b *builder) lintCompare(c *condition, native *ast.AST, e ast.Expr, known map[string][]string) {
	if e.Kind() != ast.CallKind || len(e.AsCall().Args()) != 2 {
		return
	}
	call := e.AsCall()
	word, literals := call.Args()[0], []ast.Expr{call.Args()[1]}
	switch call.FunctionName() {
	case operators.Equals, operators.NotEquals:
		if word.Kind() == ast.LiteralKind {
			word, literals[0] = literals[0], word
		}
	case operators.In:
		if literals[0].Kind() != ast.ListKind {
			return
		}
		literals = literals[0].AsList().Elements()
	default:
		return
	}
	if word.Kind() != ast.IdentKind {
		return
	}
	for _, l := range literals {
		if l.Kind() != ast.LiteralKind {
			continue
		}
		value, ok := l.AsLiteral().Value().(string)
		if !ok {
			continue
		}
		if message, hint := unlike(word.AsIdent(), value, known); message != "" {
			at := native.SourceInfo().GetStartLocation(l.ID())
			b.wrong(c.doc.ProblemWithin(c.key, at.Line(), at.Column()+1, hint, "%s", message))
		}
	}
}

// unlike says why a word is never equal to a value, "" if it may be.
func unlike(word, value string, known map[string][]string) (message, hint string) {
	switch word {
	case "contact.sender", "contact.sender_domain":
		if lower := strings.ToLower(value); lower != value {
			return word + " is in small letters, and never " + quote(value), "write " + quote(lower)
		}
		return "", ""
	}
	if word == "contact.language" {
		if value == "" || languageCode.MatchString(value) {
			return "", ""
		}
		return word + " is never " + quote(value), "it is a short code, such as de or en"
	}
	list, ok := known[word]
	if !ok || value == "" || slices.Contains(list, value) {
		return "", ""
	}
	return word + " is never " + quote(value), strict.DidYouMean(value, list)
}

// languageCode is how contact.language is written.
var languageCode = regexp.MustCompile(`^[a-z]{2,3}$`)

func autoKinds() []string {
	return []string{
		string(contact.AutoReply), string(contact.AutoBounce), string(contact.AutoCalendar), string(contact.AutoChallenge),
		string(contact.AutoDelivered), string(contact.AutoList), string(contact.AutoReceipt),
	}
}

func weekdayNames() []string {
	return []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
}

func quote(s string) string { return `"` + s + `"` }

// knownValues gives what words can be equal to, of those where that is known.
func (b *builder) knownValues() map[string][]string {
	classes, queues := []string{b.set.classes.otherwise.class}, []string{b.set.classes.otherwise.queue}
	for i := range b.set.classes.classes {
		classes = append(classes, b.set.classes.classes[i].class)
		queues = append(queues, b.set.classes.classes[i].queue)
	}
	for i := range b.set.ladder {
		queues = append(queues, b.set.ladder[i].Queue)
	}
	distinct := func(all ...string) []string {
		slices.Sort(all)
		return slices.DeleteFunc(slices.Compact(all), func(s string) bool { return s == "" })
	}
	return map[string][]string{
		"contact.channel": channelNames(),
		"contact.auto":    autoKinds(),
		"contact.trust":   {string(contact.TrustProven), string(contact.TrustForged), string(contact.TrustClaimed)},
		"contact.class":   distinct(append(classes, OutreachClass)...),
		"now.weekday":     weekdayNames(),
		"contact.kind":    {"question", "complaint", "praise", "idea"},
		"contact.queue":   distinct(queues...),
		"customer.tier":   distinct(b.set.Tiers()...),
	}
}
