package policies

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/ext"

	"stagecoach/configs/strict"
)

// costLimit bounds one evaluation: about ten searches by regular expression
// through a message of the greatest length that is looked at, which take less
// than a tenth of a second.
const costLimit = 200_000

// maxText is how much of a text expressions see, in bytes.
const maxText = 64 << 10

// mentionsOverload names the function that looks for words in a text.
const mentionsOverload = "string_mentions_list"

// expression is a compiled condition.
type expression struct {
	program cel.Program
	// native does the same without the interpreter, nil where it can't.
	native native
	// failed counts the evaluations that ended in an error.
	failed *atomic.Int64
	// text is the condition as it is written, from a line of file.
	text, file string
	line       int
	env        *cel.Env
}

// matches evaluates the condition: an error means no match, and is counted.
func (e expression) matches(vars map[string]any) bool {
	if e.program == nil {
		return true
	}
	if e.native != nil {
		return e.native(vars)
	}
	out, _, err := e.program.Eval(vars)
	if err != nil {
		e.failed.Add(1)
		return false
	}
	return out == types.True
}

// compiler compiles the conditions of one file.
type compiler struct {
	env   *cel.Env
	words vocabulary
	doc   *strict.Doc
	// note takes in each condition that was compiled.
	note func(condition)
}

func newCompiler(doc *strict.Doc, words vocabulary, phrases *phraseLists, asked []cel.EnvOption) (*compiler, error) {
	options := []cel.EnvOption{
		ext.Strings(),
		cel.Function("mentions", cel.MemberOverload(mentionsOverload,
			[]*cel.Type{cel.StringType, cel.ListType(cel.StringType)}, cel.BoolType, cel.BinaryBinding(mentionsValue))),
	}
	for _, word := range words {
		options = append(options, cel.Variable(word, typeOf(word)))
	}
	if phrases != nil && words.asksMessages() {
		options = append(options, cel.Variable(phrasesVariable, typeOf(phrasesVariable)),
			cel.Macros(cel.ReceiverMacro("mentions", 1, phrases.macro)))
		options = append(options, asked...)
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, err
	}
	return &compiler{env: env, words: words, doc: doc, note: func(condition) {}}, nil
}

// compile makes a condition of the text at key. What is wrong is reported; an
// empty text always matches.
func (c *compiler) compile(key, text string) expression {
	e := expression{failed: new(atomic.Int64), env: c.env, text: text, file: c.doc.File, line: c.doc.Problem(key, "", "").Line}
	if strings.TrimSpace(text) == "" || c.unknownWords(key, text) {
		return e
	}
	ast, issues := c.env.Compile(text)
	if issues.Err() != nil {
		for _, one := range issues.Errors() {
			message, _, _ := strings.Cut(one.Message, "\n")
			c.doc.ReportWithin(key, one.Location.Line(), one.Location.Column()+1, hintFor(message), "%s", message)
		}
		return e
	}
	if ast.OutputType() != cel.BoolType {
		c.doc.Report(key, "compare it, such as contact.channel == \"email\"", "must be true or false, not %s", ast.OutputType())
		return e
	}
	program, err := c.env.Program(ast, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(costLimit), cel.CostTracking(mentionsCost{}))
	if err != nil {
		c.doc.Report(key, "", "%v", err)
		return e
	}
	direct := nativeOf(ast.NativeRep().Expr())
	most, allowed := uint64(0), true
	if direct == nil { // what runs without the interpreter has no limit to run into
		most, allowed = c.checkCost(key, ast)
	}
	if !allowed {
		return e
	}
	c.note(condition{doc: c.doc, key: key, ast: ast, most: most})
	e.program, e.native = program, direct
	return e
}

var quotedOrName = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\b(?:contact|customer|agent|now)(?:\.[A-Za-z_]\w*)?`)

// unknownWords reports names that this file doesn't know, with a better hint
// than the compiler has.
func (c *compiler) unknownWords(key, text string) bool {
	found := false
	for _, at := range quotedOrName.FindAllStringIndex(text, -1) {
		word := text[at[0]:at[1]]
		if word[0] == '"' || word[0] == '\'' || c.words.has(word) || c.words.asksMessages() && slices.Contains(contactFunctions(), word) {
			continue
		}
		line := 1 + strings.Count(text[:at[0]], "\n")
		column := at[0] - strings.LastIndex(text[:at[0]], "\n")
		c.doc.ReportWithin(key, line, column, c.like(word), "%s is not known here", word)
		found = true
	}
	return found
}

// like gives what was probably meant by a word that isn't known.
func (c *compiler) like(word string) string {
	known := c.words
	if c.words.asksMessages() {
		known = append(slices.Clone(known), contactFunctions()...)
	}
	return strict.DidYouMean(word, known)
}

// undefinedField is how the compiler names a field that there isn't.
var undefinedField = regexp.MustCompile(`undefined field '([^']*)'`)

func hintFor(message string) string {
	if field := undefinedField.FindStringSubmatch(message); field != nil {
		if hint := strict.DidYouMean(field[1], attachmentFields()); hint != "" {
			return hint
		}
		return "an attachment has " + strings.Join(attachmentFields(), ", ")
	}
	switch {
	case strings.Contains(message, "found no matching overload"):
		return "the two sides are of different types"
	case strings.Contains(message, "undeclared reference"):
		return "put texts in quotes"
	case strings.Contains(message, "error at: '="):
		return "compare with =="
	default:
		return ""
	}
}

// mentionsCost counts a search by the length of the text and of the list.
type mentionsCost struct{}

// CallCost implements the estimator of actual cost.
func (mentionsCost) CallCost(_, overload string, args []ref.Val, _ ref.Val) *uint64 {
	if overload != mentionsOverload || len(args) != 2 {
		return nil
	}
	text, ok := args[0].(types.String)
	list, ok2 := args[1].(traits.Lister)
	if !ok || !ok2 {
		return nil
	}
	size, _ := list.Size().(types.Int)
	cost := 1 + uint64(len(text))/10 + uint64(len(text))*uint64(max(size, 1))/100
	return &cost
}

var errMentions = errors.New("mentions wants a list of texts")

func mentionsValue(textValue, listValue ref.Val) ref.Val {
	text, ok := textValue.(types.String)
	list, ok2 := listValue.(traits.Lister)
	if !ok || !ok2 {
		return types.WrapErr(errMentions)
	}
	lower := strings.ToLower(string(text))
	for it := list.Iterator(); it.HasNext() == types.True; {
		word, ok := it.Next().(types.String)
		if !ok {
			return types.WrapErr(errMentions)
		}
		if mentions(lower, strings.ToLower(string(word))) {
			return types.True
		}
	}
	return types.False
}
