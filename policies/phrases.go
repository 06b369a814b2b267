package policies

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"stagecoach/configs/strict"
)

// phraseList is a named list of phrases of classes.yaml, and phraseLists are all
// of them, looked for in one pass through a text.
type phraseLists struct {
	names []string
	// by has the phrases by the first letters of their first word.
	by map[string][]phrase
}

// firstLetters is how many letters phrases are found by.
const firstLetters = 3

// macro makes contact.mentions("invoices") a look into the lists that were found.
func (p *phraseLists) macro(f cel.MacroExprFactory, target ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
	if variable(target) != "contact" {
		return nil, nil // so a macro leaves an expression as it is
	}
	name := literal(args[0])
	switch {
	case name == nil:
		return nil, f.NewError(args[0].ID(), "contact.mentions wants the name of a list of phrases; for words, write contact.text.mentions")
	case !slices.Contains(p.names, *name):
		hint := strict.DidYouMean(*name, p.names)
		if hint != "" {
			hint = " (" + hint + ")"
		}
		return nil, f.NewError(args[0].ID(), fmt.Sprintf("no list of phrases %q%s", *name, hint))
	}
	return f.NewCall(operators.In, args[0], f.NewIdent(phrasesVariable)), nil
}

// phrase is one of a list: its words in order.
type phrase struct {
	list  int
	words []wordForm
}

// wordForm is a word without its ending, and which endings may follow.
type wordForm struct {
	stem    string
	endings func(rest string) bool
	// within lets it be a part of a compound: German.
	within bool
}

// exact lets nothing follow, any lets everything.
func exact(rest string) bool { return rest == "" }
func anyEnd(string) bool     { return true }

// in gives the names of the lists of which a phrase stands in a text.
func (p *phraseLists) in(texts ...string) []string {
	if len(p.names) == 0 {
		return nil
	}
	found := make([]bool, len(p.names))
	for _, text := range texts {
		words := strings.Fields(foldText(text))
		for i, word := range words {
			if len(word) >= firstLetters {
				p.look(found, words[i:], word)
			}
		}
	}
	var out []string
	for i, yes := range found {
		if yes {
			out = append(out, p.names[i])
		}
	}
	return out
}

// look marks the lists of which a phrase begins in the first of these words:
// with it, or as the end of a compound.
func (p *phraseLists) look(found []bool, words []string, word string) {
	for at := 0; at+firstLetters <= len(word); at++ {
		for i := range p.by[word[at:at+firstLetters]] {
			one := &p.by[word[at:at+firstLetters]][i]
			if !found[one.list] && (at == 0 || one.words[0].endsCompound(word[:at])) && one.matches(words, word[at:], at > 0) {
				found[one.list] = true
			}
		}
	}
}

// matches reports whether the phrase stands at the beginning of words, first
// being what counts of the first of them, the end of a compound if tail is set.
func (p *phrase) matches(words []string, first string, tail bool) bool {
	if len(p.words) > len(words) {
		return false
	}
	for i, form := range p.words {
		word := words[i]
		if i == 0 {
			word = first
		}
		rest, ok := strings.CutPrefix(word, form.stem)
		switch {
		case !ok:
			return false
		case form.endings(rest):
		case form.within && (i > 0 || !tail) && len(rest) >= firstLetters:
		default:
			return false
		}
	}
	return true
}

// endsCompound reports whether the word may be the end of a German compound that
// begins so. What only changes the sense of a word, as in Berechnung, begins none.
func (w *wordForm) endsCompound(begin string) bool {
	return w.within && len(begin) >= firstLetters && !slices.Contains([]string{"ver", "ent", "zer", "miss"}, begin)
}

// foldText writes a text in small letters without accents, with one blank for
// all that isn't a letter or digit: ä as a, ae as well, ß as ss.
func foldText(text string) string {
	out := make([]byte, 0, len(text))
	for _, r := range text {
		if r < unicode.MaxASCII {
			c := byte(r) //nolint:gosec // below 128
			switch {
			case 'A' <= c && c <= 'Z':
				c |= 0x20
				fallthrough
			case 'a' <= c && c <= 'z':
				if n := len(out); c == 'e' && n > 0 && (out[n-1] == 'a' || out[n-1] == 'o' || out[n-1] == 'u') {
					continue // ae, oe and ue are ä, ö and ü
				}
			case c == '\'': // don't is one word
				continue
			case c < '0' || c > '9':
				c = ' '
			}
			out = append(out, c)
			continue
		}
		out = foldRune(out, r)
	}
	return string(out)
}

// accents has the letters without their accents, each pair once.
const accents = "áaàaâaäaãaåaāaąaéeèeêeëeęeěeíiìiîiïiıióoòoôoöoõoøoőoúuùuûuüuůuűuñnńnňnçcćcčcśsšsşsžzźzżzýyÿyłlřrťtďdğg"

func foldRune(out []byte, r rune) []byte {
	switch r = unicode.ToLower(r); r {
	case 'ß':
		return append(out, "ss"...)
	case 'œ':
		return append(out, 'o')
	case 'æ':
		return append(out, 'a')
	case '’':
		return out
	}
	if i := strings.IndexRune(accents, r); i >= 0 {
		return append(out, accents[i+len(string(r))])
	}
	if unicode.IsLetter(r) {
		return append(out, string(r)...)
	}
	return append(out, ' ')
}

// buildPhrases makes the lists of classes.yaml, and of those that are built in
// the ones of other names.
func (b *builder) buildPhrases(entries []phrasesEntry) *phraseLists {
	d := b.docFor("classes.yaml", "phrases")
	out, names := &phraseLists{by: map[string][]phrase{}}, map[string]bool{}
	for i, e := range entries {
		key := fmt.Sprintf("phrases[%d]", i)
		b.checkName(d, key, e.Name, names)
		if len(e.English)+len(e.German)+len(e.Exact) == 0 {
			d.Report(key, "give some under en, de or exact", "has no phrases")
		}
		out.addList(d, key, e)
	}
	for i, e := range b.builtInPhrases {
		if !names[e.Name] {
			out.addList(b.builtIn["classes.yaml"], fmt.Sprintf("phrases[%d]", i), e)
		}
	}
	return out
}

func (p *phraseLists) addList(d *strict.Doc, key string, e phrasesEntry) {
	list := len(p.names)
	p.names = append(p.names, e.Name)
	p.add(d, key+".en", list, e.English, englishForm)
	p.add(d, key+".de", list, e.German, germanForm)
	p.add(d, key+".exact", list, e.Exact, func(word string) wordForm { return wordForm{stem: word, endings: exact} })
}

// add takes the phrases of one language. A * at the end of a word stands for
// whatever follows.
func (p *phraseLists) add(d *strict.Doc, key string, list int, phrases []string, form func(string) wordForm) {
	for i, text := range phrases {
		one := phrase{list: list}
		for word := range strings.FieldsSeq(strings.ReplaceAll(text, "*", "* ")) {
			bare, open := strings.CutSuffix(word, "*")
			for folded := range strings.FieldsSeq(foldText(bare)) {
				f := form(folded)
				if open {
					f = wordForm{stem: folded, endings: anyEnd}
				}
				one.words = append(one.words, f)
			}
		}
		if len(one.words) == 0 || len(one.words[0].stem) < firstLetters {
			d.Report(fmt.Sprintf("%s[%d]", key, i), "use contact.text.mentions for shorter ones", "%q does not begin with a word of %d letters", text, firstLetters)
			continue
		}
		first := one.words[0].stem[:firstLetters]
		p.by[first] = append(p.by[first], one)
	}
}
