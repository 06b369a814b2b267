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
	case operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		if word.Kind() == ast.LiteralKind {
			word, literals[0] = literals[0], word
		}
		if word.Kind() != ast.IdentKind || word.AsIdent() != wordTime {
			return // of the rest earlier and later says little
		}
	case operators.In:
		switch literals[0].Kind() {
		case ast.ListKind:
			literals = literals[0].AsList().Elements()
		case ast.IdentKind:
			word, literals[0] = literals[0], word
		default:
			return
		}
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
	case wordTime:
		if value == "24:00" || clockForm.MatchString(value) {
			return "", ""
		}
		return word + " is never " + quote(value), `write hours and minutes with two digits each, such as "09:00"`
	case "contact.sender", "contact.sender_domain", "contact.to", "contact.cc":
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

// wordTime is the time of the day, which is compared letter by letter: "9:00" comes
// after "10:00".
const wordTime = "now.time"

var clockForm = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)

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
