package policies

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"strings"

	"cel.dev/cel-go/cel"

	"stagecoach/configs/strict"
)

// builder makes a set of its files.
type builder struct {
	set   *Set
	files struct {
		classes    classesFile
		customers  customersFile
		sla        slaFile
		routing    routingFile
		escalation escalationFile
		privacy    privacyFile
	}
	// usual is privacy.yaml as it is built in.
	usual privacyFile
	// given and builtIn hold each file as people wrote it, and as it is built in.
	given, builtIn map[string]*strict.Doc
	// envs are what expressions are compiled in, by their words.
	envs map[string]*cel.Env
	// conditions are all that were compiled, in order.
	conditions []condition
	// faults are what lint finds wrong with what can be read, doubts what is
	// probably not meant.
	faults, doubts strict.Errors
	// builtInPhrases hold beside those that are given.
	builtInPhrases []phrasesEntry
}

func build(name string, files map[string][]byte) (*Set, error) {
	b, err := construct(name, files)
	if err != nil {
		return nil, err
	}
	return b.finish()
}

// construct builds a set and collects what is wrong with its files.
func construct(name string, files map[string][]byte) (*builder, error) {
	b := &builder{
		set:   &Set{files: map[string][]byte{}},
		given: map[string]*strict.Doc{}, builtIn: map[string]*strict.Doc{}, envs: map[string]*cel.Env{},
	}
	targets := map[string]any{
		"classes.yaml": &b.files.classes, "customers.yaml": &b.files.customers, "sla.yaml": &b.files.sla, "routing.yaml": &b.files.routing,
		"escalation.yaml": &b.files.escalation, "privacy.yaml": &b.files.privacy,
	}
	sum, given := sha256.New(), sha256.New()
	for _, file := range FileNames() {
		text, err := defaults.ReadFile("default/" + file)
		if err != nil {
			return nil, fmt.Errorf("reading the built-in policies: %w", err)
		}
		b.builtIn[file] = strict.Parse(path.Join("default", file), text)
		b.builtIn[file].Decode(targets[file])
		if file == "privacy.yaml" {
			b.usual = b.files.privacy
		}
		if file == "classes.yaml" {
			b.builtInPhrases = b.files.classes.Phrases
		}
		effective := text
		if own, ok := files[file]; ok {
			effective = own
			_, _ = fmt.Fprintf(given, "%s %d\n%s", file, len(own), own)
			b.given[file] = strict.Parse(path.Join(name, file), own)
			b.given[file].Decode(targets[file])
		}
		b.set.files[file] = effective
		// Keys that a file leaves out are taken from the built-in one, so both
		// belong to the version.
		_, _ = fmt.Fprintf(sum, "%s %d %d\n%s%s", file, len(text), len(effective), text, effective)
	}
	b.set.Version = hex.EncodeToString(sum.Sum(nil))[:12]
	b.set.Source = hex.EncodeToString(given.Sum(nil))[:12]
	b.buildClasses(&b.files.classes)
	b.buildValue(&b.files.customers.Value)
	b.buildTiers(&b.files.customers)
	b.buildNamed(&b.files.customers)
	b.buildContacting(&b.files.customers)
	b.warnCustomers(&b.files.customers)
	b.buildRouting(&b.files.routing)
	b.buildPromises(&b.files.sla)
	b.buildEscalation(&b.files.escalation)
	b.buildPrivacy(&b.files.privacy)
	b.warn()
	return b, nil
}

// warn says which settings are read and not acted on by this build, so that
// nobody relies on them. What is as it is built in is not spoken of.
func (b *builder) warn() {
	const later = "this build does not act on it yet"
	say := func(file, key, hint string) {
		if d := b.given[file]; d != nil && d.Has(key) {
			b.set.warnings = append(b.set.warnings, d.Problem(key, hint, later))
		}
	}
	if b.files.privacy.Figures != b.usual.Figures {
		say("privacy.yaml", "figures", "figures per agent are not shown")
	}
}

func (b *builder) finish() (*Set, error) {
	if err := b.problems().Err(); err != nil {
		return nil, err
	}
	return b.set, nil
}

// problems gives what is wrong with the files, the built-in ones first.
func (b *builder) problems() strict.Errors {
	var all strict.Errors
	for _, docs := range []map[string]*strict.Doc{b.builtIn, b.given} {
		for _, file := range FileNames() {
			if d := docs[file]; d != nil {
				all = append(all, d.Problems()...)
			}
		}
	}
	return all
}

// docFor gives the file that has the last word on a key: what people wrote if
// they gave it, else what is built in. With key "" it is what people wrote.
func (b *builder) docFor(file, key string) *strict.Doc {
	if d, ok := b.given[file]; ok && (key == "" || d.Has(key)) {
		return d
	}
	return b.builtIn[file]
}

func (b *builder) compiler(d *strict.Doc, words vocabulary) *compiler {
	key := strings.Join(words, " ")
	c := &compiler{env: b.envs[key], doc: d, words: words}
	if c.env == nil {
		made, err := newCompiler(d, words, b.set.classes.phrases, b.askedOptions())
		if err != nil {
			d.Report("", "", "preparing expressions: %v", err)
		} else {
			c, b.envs[key] = made, made.env
		}
	}
	c.note = func(one condition) { b.conditions = append(b.conditions, one) }
	return c
}

func (b *builder) count(file, name string, e expression) {
	b.set.asksCustomers = b.set.asksCustomers || strings.Contains(e.text, "customer.")
	if e.program != nil {
		b.set.rules = append(b.set.rules, countedRule{file: file, name: name, expression: e})
	}
}

// checkName reports an entry without a name, or with one that is there already.
func (b *builder) checkName(d *strict.Doc, key, name string, seen map[string]bool) {
	if name == "" {
		if !d.Has(key + ".name") {
			d.Report(key+".name", "", "is missing")
		}
		return
	}
	if seen[name] {
		d.Report(key+".name", "", "the name %q is there already", name)
	}
	seen[name] = true
}

func (b *builder) buildEscalation(f *escalationFile) {
	b.buildLadder(f.Ladder)
	b.buildAcknowledgement(&f.Acknowledgement)
	b.buildApology(&f.Apology)
	b.buildFeedback(&f.Feedback)
	b.set.lastResort = LastResort{Owner: f.LastResort.Owner, DigestEvery: f.LastResort.Digest}
	b.set.timing.DigestEvery = f.LastResort.Digest
	if f.LastResort.Owner == "" {
		b.docFor("escalation.yaml", "last_resort").Report("last_resort.owner", "such as supervisors", "must not be empty")
	}
}

func (b *builder) buildPrivacy(f *privacyFile) {
	d := b.docFor("privacy.yaml", "retention")
	seen := map[string]bool{}
	for i, e := range f.Retention {
		b.checkName(d, fmt.Sprintf("retention[%d]", i), e.Name, seen)
		b.set.retention = append(b.set.retention, Retention{Kind: e.Name, Keep: e.Keep})
	}
	b.buildStatutory(f.Statutory)
	b.warnStatutory(f)
	b.set.figures = f.Figures
	b.set.objection = f.Objection
	b.buildPage(&f.Page)
}
