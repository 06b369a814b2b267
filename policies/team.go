package policies

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"stagecoach/configs/strict"
	"stagecoach/contact"
)

// TeamFile is where a policy set says who works here, for lint and tests: below
// its directory.
const TeamFile = "tests/agents.yaml"

// teamFile is tests/agents.yaml.
type teamFile struct {
	Version int           `yaml:"version" range:"1..1"`
	Agents  []memberEntry `yaml:"agents" required:"true"`
}

type memberEntry struct {
	Name      string       `yaml:"name" required:"true" hint:"as they log in, such as anna@example.com"`
	Skills    []skillEntry `yaml:"skills"`
	Languages []string     `yaml:"languages"`
	Channels  []string     `yaml:"channels"`
	Capacity  *int         `yaml:"capacity" range:"1..10000"`
	Hours     []hoursEntry `yaml:"hours"`
}

// Member is somebody who works here, as far as policies are concerned.
type Member struct {
	// Name is how the policy names them: the address that they log in with.
	Name      string
	Skills    []Skill
	Languages []string
	// Channels limits what they answer; empty means all.
	Channels []contact.Channel
	// Capacity is 0 for what the policy says.
	Capacity int
	// Shifts are when they work, none for whenever they are available.
	Shifts []Shift
}

// Shift is a span of every week: minutes of a day on the clock of the policy.
type Shift struct {
	Day      time.Weekday
	From, To int
}

// ReadTeam reads who works here from tests/agents.yaml of a policy set; there is
// nobody where the file isn't there. name stands before the file's in errors.
func ReadTeam(fsys fs.FS, name string) ([]Member, error) {
	text, err := readFile(fsys, TeamFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading who works here: %w", err)
	}
	return ParseTeam(path.Join(name, TeamFile), text)
}

// ParseTeam reads who works here from the text of such a file.
func ParseTeam(file string, text []byte) ([]Member, error) {
	d := strict.Parse(file, text)
	var f teamFile
	d.Decode(&f)
	var out []Member
	seen := map[string]bool{}
	for i, e := range f.Agents {
		key := fmt.Sprintf("agents[%d]", i)
		if seen[e.Name] && e.Name != "" {
			d.Report(key+".name", "", "%s is there already", e.Name)
		}
		seen[e.Name] = true
		out = append(out, member(d, key, &e))
	}
	if err := d.Problems().Err(); err != nil {
		return nil, err
	}
	return out, nil
}

func member(d *strict.Doc, key string, e *memberEntry) Member {
	m := Member{Name: strings.ToLower(e.Name), Skills: skillsOf(e.Skills), Languages: e.Languages}
	take(&m.Capacity, e.Capacity)
	for i, name := range e.Channels {
		if !slices.Contains(channelNames(), name) {
			d.Report(fmt.Sprintf("%s.channels[%d]", key, i), strict.DidYouMean(name, channelNames()), "no channel %q", name)
		}
		m.Channels = append(m.Channels, contact.Channel(name))
	}
	days := weekdays()
	for _, h := range e.Hours {
		for _, name := range h.Days {
			for _, s := range spansOf(h.Spans) {
				if day, ok := days[name]; ok {
					m.Shifts = append(m.Shifts, Shift{Day: day, From: int(s.From.Minutes()), To: int(s.To.Minutes())})
				}
			}
		}
	}
	slices.SortFunc(m.Shifts, func(a, b Shift) int { return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.From, b.From)) })
	return m
}
