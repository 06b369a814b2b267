package trial

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"stagecoach/configs/strict"
	"stagecoach/contact"
	"stagecoach/policies"
)

// Folder is where a policy set has its tests, below its directory.
const Folder = "tests"

// testsFile is a file of tests.
type testsFile struct {
	Version int    `yaml:"version" range:"1..1"`
	Zone    string `yaml:"zone" hint:"such as Europe/Berlin"`
	// At is when the contacts come, where a test doesn't say.
	At    string      `yaml:"at"`
	Tests []testEntry `yaml:"tests" required:"true"`
}

type testEntry struct {
	Name     string       `yaml:"name" required:"true"`
	At       string       `yaml:"at"`
	Contact  Contact      `yaml:"contact" required:"true"`
	Customer Customer     `yaml:"customer"`
	Agents   []agentEntry `yaml:"agents"`
	Expect   expectEntry  `yaml:"expect" required:"true"`
}

// agentEntry is how it stands with somebody of tests/agents.yaml, or somebody who
// is only in this test.
type agentEntry struct {
	Name      string       `yaml:"name" required:"true"`
	Presence  string       `yaml:"presence" enum:"available|busy|away|offline"`
	Holds     int          `yaml:"holds" range:"0..1000"`
	Skills    []skillEntry `yaml:"skills"`
	Languages []string     `yaml:"languages"`
	Channels  []string     `yaml:"channels" enum:"email|webchat|slack|mastodon|bluesky|webhook|sms|phone|letter|visit"`
	Capacity  *int         `yaml:"capacity" range:"1..10000"`
}

type skillEntry struct {
	Name  string `yaml:"name" required:"true"`
	Level *int   `yaml:"level" range:"1..5"`
}

// expectEntry is what is expected; what it doesn't say may be anything.
type expectEntry struct {
	Rule     *string `yaml:"rule"`
	Class    *string `yaml:"class"`
	Kind     *string `yaml:"kind" enum:"question|complaint|praise|idea"`
	Queue    *string `yaml:"queue"`
	Language *string `yaml:"language"`
	Tier     *string `yaml:"tier"`
	// Value is what the customer is worth, in points.
	Value   *int     `yaml:"value" range:"0..1000"`
	Propose *string  `yaml:"propose" enum:"spam|machine|nothing"`
	Promise *string  `yaml:"promise"`
	First   *string  `yaml:"first"`
	Due     *string  `yaml:"due"`
	AtRisk  *string  `yaml:"at_risk"`
	Resort  *string  `yaml:"last_resort"`
	Skills  []string `yaml:"skills"`
	// Candidates are who could take it, the best first.
	Candidates []string `yaml:"candidates"`
	// Winner is who gets it or is asked first, nobody for no one.
	Winner *string `yaml:"winner"`
	// Steps are those of the ladder that come while nobody answers, in their order:
	// by name, or with the moment: "breach @ 2026-11-23 14:00".
	Steps []string `yaml:"steps"`
	// Able is false where nobody who works here could ever take it.
	Able *bool `yaml:"able"`
}

// Test is one test of a policy set.
type Test struct {
	File   string
	Line   int
	Name   string
	Case   Case
	expect expectEntry
	doc    *strict.Doc
	key    string
	zone   *time.Location
}

// Read reads the tests of a policy set, in order of file and place. name stands
// before the names of files in errors; zone is the clock where a file names none.
// The error is a strict.Errors with everything that is wrong.
func Read(fsys fs.FS, name string, zone *time.Location) ([]Test, error) {
	var wrong strict.Errors
	team, err := policies.ReadTeam(fsys, name)
	if err := collect(&wrong, err); err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(fsys, Folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading tests: %w", err)
	}
	var out []Test
	for _, e := range entries {
		file := path.Join(Folder, e.Name())
		if ext := path.Ext(file); e.IsDir() || file == policies.TeamFile || ext != ".yaml" && ext != ".yml" {
			continue
		}
		text, err := readFile(fsys, file)
		if err != nil {
			return nil, fmt.Errorf("reading tests: %w", err)
		}
		tests, err := Parse(path.Join(name, file), text, team, zone)
		if err := collect(&wrong, err); err != nil {
			return nil, err
		}
		out = append(out, tests...)
	}
	return out, wrong.Err()
}

// readFile reads no more of a file than tells that it is too large.
func readFile(fsys fs.FS, name string) (_ []byte, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, strict.MaxBytes+1))
}

// collect takes in what is wrong with a file, and gives any other error back.
func collect(wrong *strict.Errors, err error) error {
	all, ok := errors.AsType[strict.Errors](err)
	if ok {
		*wrong = append(*wrong, all...)
		return nil
	}
	return err
}

// Parse reads the tests of one file.
func Parse(file string, text []byte, team []policies.Member, zone *time.Location) ([]Test, error) {
	d := strict.Parse(file, text)
	var f testsFile
	d.Decode(&f)
	if f.Zone != "" {
		named, err := time.LoadLocation(f.Zone)
		if err != nil || f.Zone == "Local" {
			d.Report("zone", "such as Europe/Berlin", "time zone %q is not known", f.Zone)
		} else {
			zone = named
		}
	}
	var out []Test
	seen := map[string]bool{}
	for i := range f.Tests {
		e, key := &f.Tests[i], fmt.Sprintf("tests[%d]", i)
		if seen[e.Name] && e.Name != "" {
			d.Report(key+".name", "", "the name %q is there already", e.Name)
		}
		seen[e.Name] = true
		checkHeaders(d, key+".contact", &e.Contact)
		e.Customer.check(d, key+".customer")
		t := Test{File: file, Line: d.Problem(key, "", "").Line, Name: e.Name, expect: e.Expect, doc: d, key: key, zone: zone}
		t.Case = Case{Contact: e.Contact, Customer: e.Customer, Agents: staff(e.Agents, team)}
		t.Case.Customer.LastAgent = strings.ToLower(e.Customer.LastAgent)
		t.moment(d, cmp.Or(e.At, f.At), i)
		out = append(out, t)
	}
	if err := d.Problems().Err(); err != nil {
		return nil, err
	}
	return out, nil
}

// caseFile is a file that describes one contact, as a test does.
type caseFile struct {
	Version  int          `yaml:"version" range:"1..1"`
	Zone     string       `yaml:"zone" hint:"such as Europe/Berlin"`
	At       string       `yaml:"at"`
	Contact  Contact      `yaml:"contact" required:"true"`
	Customer Customer     `yaml:"customer"`
	Agents   []agentEntry `yaml:"agents"`
}

// ParseCase reads a file that describes one contact: at, contact, customer and
// agents, as in a test. Its time is zero where the file says none.
func ParseCase(file string, text []byte, team []policies.Member, zone *time.Location) (Case, error) {
	d := strict.Parse(file, text)
	var f caseFile
	d.Decode(&f)
	checkHeaders(d, "contact", &f.Contact)
	f.Customer.check(d, "customer")
	c := Case{Contact: f.Contact, Customer: f.Customer, Agents: staff(f.Agents, team)}
	c.Customer.LastAgent = strings.ToLower(f.Customer.LastAgent)
	if f.Zone != "" {
		named, err := time.LoadLocation(f.Zone)
		if err != nil {
			d.Report("zone", "such as Europe/Berlin", "time zone %q is not known", f.Zone)
		} else {
			zone = named
		}
	}
	if f.At != "" {
		at, err := ParseTime(f.At, zone)
		if err != nil {
			d.Report("at", "", "%v", err)
		}
		c.At = at
	}
	return c, d.Problems().Err()
}

// checkHeaders reports fields of a header that no condition can see.
func checkHeaders(d *strict.Doc, key string, c *Contact) {
	for i, h := range c.Headers {
		if at := fmt.Sprintf("%s.headers[%d].name", key, i); h.Name != "" && !contact.KeepsHeader(h.Name) {
			d.Report(at, strict.DidYouMean(strings.ToLower(h.Name), contact.HeaderNames()), "no condition can see the field %q", h.Name)
		}
	}
}

// Staff gives a team as who is at work, all of them available.
func Staff(team []policies.Member) []Agent { return staff(nil, team) }

// moment reads when the contact of a test comes.
func (t *Test) moment(d *strict.Doc, text string, i int) {
	key := fmt.Sprintf("tests[%d].at", i)
	if text == "" {
		d.Report(key, "such as 2026-11-23 10:00, here or above all tests", "is missing")
		return
	}
	at, err := ParseTime(text, t.zone)
	if err != nil {
		if !d.Has(key) {
			key = "at"
		}
		d.Report(key, "", "%v", err)
		return
	}
	t.Case.At = at
}

// staff gives who is at work: the team with what a test says of them, or those
// alone whom the test describes where it names nobody of the team.
func staff(entries []agentEntry, team []policies.Member) []Agent {
	var out []Agent
	for i := range team {
		out = append(out, Agent{Member: team[i], Presence: contact.Available})
	}
	for _, e := range entries {
		name := strings.ToLower(e.Name)
		at := slices.IndexFunc(out, func(a Agent) bool { return a.Name == name })
		if at < 0 {
			at, out = len(out), append(out, Agent{Member: policies.Member{Name: name}, Presence: contact.Available})
		}
		a := &out[at]
		if e.Presence != "" {
			a.Presence = contact.Presence(e.Presence)
		}
		a.Holds = e.Holds
		if e.Skills != nil {
			a.Skills = nil
		}
		for _, s := range e.Skills {
			one := policies.Skill{Name: strings.ToLower(s.Name), Level: 1}
			if s.Level != nil {
				one.Level = *s.Level
			}
			a.Skills = append(a.Skills, one)
		}
		if e.Languages != nil {
			a.Languages = e.Languages
		}
		for _, ch := range e.Channels {
			a.Channels = append(a.Channels, contact.Channel(ch))
		}
		if e.Capacity != nil {
			a.Capacity = *e.Capacity
		}
	}
	return out
}
