package sim

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"stagecoach/configs/strict"
)

// columns are the fields of a file of contacts, in its order.
func columns() []string {
	return []string{"id", "arrival_s", "visible_s", "class", "tier", "channel", "due_s", "size_factor", "sticky_agent"}
}

// LoadContacts reads the exact contacts of a file instead of drawing them. Every
// mistake comes at once, with file and line.
func (s *Scenario) LoadContacts(path string) ([]Arrival, error) {
	f, err := os.Open(path) //nolint:gosec // the user names the file
	if err != nil {
		return nil, fmt.Errorf("reading contacts: %w", err)
	}
	defer func() { _ = f.Close() }()
	return s.ReadContacts(filepath.Base(path), f)
}

// What a contact of a file may be at most.
const (
	// maxArrival is a little longer than the longest window, in seconds.
	maxArrival = 8 * 86400
	maxDue     = 100_000_000
	maxSize    = 10_000
)

// maxProblems is after how many mistakes a file is read no further.
const maxProblems = 20

// ReadContacts is LoadContacts for an open file; file names it in errors.
func (s *Scenario) ReadContacts(file string, from io.Reader) ([]Arrival, error) {
	r := csv.NewReader(from)
	head, err := r.Read()
	if err != nil || !slices.Equal(head, columns()) {
		return nil, strict.Errors{{File: file, Line: 1, Column: 1, Message: "the first line must name the columns", Hint: "id,arrival_s,visible_s,class,tier,channel,due_s,size_factor,sticky_agent"}}
	}
	t := &table{Scenario: s, file: file, agents: s.staff(), classes: map[string]int{}, tiers: map[string]int{}}
	for i := range s.Classes {
		t.classes[s.Classes[i].Name] = i
	}
	for i := range s.Tiers {
		t.tiers[s.Tiers[i].Name] = i
	}
	var out []Arrival
	ids := map[int]bool{}
	for len(t.problems) < maxProblems {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		t.at = func(column int) (int, int) { return r.FieldPos(column) }
		if bad, ok := errors.AsType[*csv.ParseError](err); ok {
			t.at = func(int) (int, int) { return bad.Line, bad.Column }
			t.bad(0, "", "%s", bad.Err)
			continue
		} else if err != nil {
			return nil, fmt.Errorf("reading contacts of %q: %w", file, err)
		}
		a := t.arrival(row)
		if ids[a.ID] {
			t.bad(0, "", "the id %d is there twice", a.ID)
		}
		ids[a.ID] = true
		if out = append(out, a); len(out) > maxContacts {
			t.bad(0, "", "there are more than %d contacts", maxContacts)
			break
		}
	}
	if len(t.problems) >= maxProblems {
		t.bad(0, "is the file of this scenario?", "read no further after %d mistakes", len(t.problems))
	}
	if err := t.problems.Err(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(out, func(a, b Arrival) int { return cmp.Compare(a.At, b.At) })
	return out, nil
}

// staff is how many agents there are.
func (s *Scenario) staff() int {
	n := 0
	for i := range s.Agents {
		n += s.Agents[i].Count
	}
	return n
}

// table is a file of contacts being read.
type table struct {
	*Scenario
	file string
	// at gives the line and column of a field.
	at             func(column int) (int, int)
	agents         int
	classes, tiers map[string]int
	problems       strict.Errors
}

func (t *table) bad(column int, hint, format string, args ...any) {
	line, at := t.at(column)
	t.problems = append(t.problems, strict.Error{
		File: t.file, Line: line, Column: at, Key: columns()[column], Message: fmt.Sprintf(format, args...), Hint: hint,
	})
}

func (t *table) arrival(row []string) Arrival {
	before := len(t.problems)
	a := Arrival{
		ID: t.whole(row, 0), At: t.number(row, 1), Visible: t.number(row, 2), Class: t.named(row, 3, t.classes),
		Tier: t.named(row, 4, t.tiers), Channel: row[5], Due: t.number(row, 6), Size: t.number(row, 7), Sticky: t.whole(row, 8),
	}
	if len(t.problems) > before {
		return a
	}
	if _, ok := t.Channels[a.Channel]; !ok {
		t.bad(5, strict.DidYouMean(a.Channel, slices.Sorted(maps.Keys(t.Channels))), "%q is none of the scenario's channels", a.Channel)
	} else if _, ok := t.Classes[a.Class].MeanS[a.Channel]; !ok {
		t.bad(5, "", "the class has no handling time for the channel %q", a.Channel)
	}
	if a.At < 0 {
		t.bad(1, "", "must be 0 or later")
	}
	if a.Visible < a.At {
		t.bad(2, "", "is before it arrived")
	}
	if a.Due < a.At {
		t.bad(6, "", "is before it arrived")
	}
	for column, v := range map[int]float64{1: a.At, 2: a.Visible} {
		if v > maxArrival {
			t.bad(column, "", "must be at most %d, which is %d days", maxArrival, maxArrival/86400)
		}
	}
	if a.Due > maxDue {
		t.bad(6, "", "must be at most %d", maxDue)
	}
	if a.Size <= 0 || a.Size > maxSize {
		t.bad(7, "", "must be more than 0, and at most %d", maxSize)
	}
	if a.Sticky < -1 || a.Sticky >= t.agents {
		t.bad(8, "-1 is none", "there are the agents 0 to %d", t.agents-1)
	}
	return a
}

func (t *table) number(row []string, column int) float64 {
	v, err := strconv.ParseFloat(row[column], 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		t.bad(column, "", "must be a number, not %q", row[column])
		return 0
	}
	return v
}

func (t *table) whole(row []string, column int) int {
	v, err := strconv.Atoi(row[column])
	if err != nil {
		t.bad(column, "", "must be a whole number, not %q", row[column])
	}
	return v
}

func (t *table) named(row []string, column int, known map[string]int) int {
	i, ok := known[row[column]]
	if !ok {
		t.bad(column, strict.DidYouMean(row[column], slices.Sorted(maps.Keys(known))), "%q is none of the scenario's", row[column])
	}
	return i
}

func sortedKeys(m map[string]float64) []string { return slices.Sorted(maps.Keys(m)) }
