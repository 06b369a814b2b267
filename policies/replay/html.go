package replay

import (
	_ "embed" // the report's page
	"fmt"
	"html/template"
	"io"
	"math"
	"time"
)

//go:embed report.html
var reportPage string

// HTML writes the report as one file that needs nothing else: no network, light and
// dark, for a phone and for paper.
func (r *Report) HTML(w io.Writer) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"percent": percent, "count": count, "span": span, "name": Name, "points": Pair.points,
		"signed": func(v float64) string { return signed(100 * v) }, "interval": interval, "tone": tone, "whole": wholePercent, "load": loadText,
		"date": func(at time.Time) string { return at.UTC().Format("2 Jan 2006 15:04") }, "grouped": grouped, "first": func(words []string) string { return words[0] },
		"spanChange": func(p Pair) string { return signedSpan(p.Change) }, "countChange": countChange, "rest": func(words []string) []string { return words[1:] },
	}).Parse(reportPage)
	if err != nil {
		return fmt.Errorf("reading the report's page: %w", err)
	}
	if err := t.Execute(w, newPage(r)); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// page is a report with what is drawn of it.
type page struct {
	*Report
	Compared bool
	// Groups are tables with their drawings.
	Groups []pageGroup
	// Loads are the agents' bars.
	Loads []pageLoad
	Named bool
	// Waits and Lates are drawn over the time.
	Waits, Lates *lines
	// Legend says what the colours are.
	Legend []legend
}

type legend struct{ Class, Words string }

type pageGroup struct {
	Title string
	Rows  []pageRow
	// Low is where the drawn scale begins, in percent.
	Low int
}

type pageRow struct {
	Row
	// From, To, Left and Right are places of a hundred.
	From, To, Left, Right float64
	// Label names it.
	Label string
}

type pageLoad struct {
	AgentRow
	From, To, Was float64
}

func newPage(r *Report) *page {
	p := &page{Report: r, Compared: len(r.Total) > 0}
	for _, g := range []struct {
		title string
		rows  []Row
	}{{"All contacts", r.Total}, {"By tier", r.Tiers}, {"By class", r.Classes}, {"By channel", r.Channels}, {"First and further replies", r.Promises}} {
		if len(g.rows) > 0 && (len(g.rows) > 1 || g.rows[0].Name != "" || g.title == "All contacts") {
			p.Groups = append(p.Groups, groupOf(g.title, g.rows))
		}
	}
	for _, a := range r.Agents {
		p.Named = p.Named || a.SLA != (Pair{})
		p.Loads = append(p.Loads, pageLoad{AgentRow: a, From: place(a.Load.Active, 0), To: place(a.Load.Candidate, 0), Was: place(a.Happened, 0)})
	}
	p.Legend = []legend{{"happened", "what happened"}, {"active", "the active set, simulated"}}
	if p.Compared {
		p.Legend = append(p.Legend, legend{"candidate", r.other()})
	}
	p.Waits = linesOf(r.Course, func(s *Span) [3]float64 { return [3]float64{s.Happened, s.Active, s.Candidate} }, span)
	p.Lates = linesOf(r.Course, func(s *Span) [3]float64 { return [3]float64{s.HappenedLate, s.ActiveLate, s.CandidateLate} }, count)
	return p
}

// other names what the active set is compared with.
func (r *Report) other() string {
	switch {
	case r.Candidate == "":
		return "the active set with other staff"
	case len(r.Staffing) > 0:
		return "the candidate with other staff"
	}
	return "the candidate"
}

// Other names what the active set is compared with.
func (p *page) Other() string { return p.other() }

// groupOf places rows on a scale that begins below the lowest of them.
func groupOf(title string, rows []Row) pageGroup {
	low := 1.0
	for i := range rows {
		s := &rows[i].SLA
		low = min(low, s.Active, s.Candidate, s.Active+s.Low)
	}
	g := pageGroup{Title: title, Low: int(math.Max(0, math.Floor(low*20)*5-5))}
	if g.Low > 95 {
		g.Low = 95
	}
	from := float64(g.Low) / 100
	for _, row := range rows {
		s, label := row.SLA, Name(row.Name)
		if len(rows) == 1 && row.Name == "" {
			label = "all"
		}
		g.Rows = append(g.Rows, pageRow{
			Row: row, Label: label, From: place(s.Active, from), To: place(s.Candidate, from), Left: place(s.Active+s.Low, from), Right: place(s.Active+s.High, from),
		})
	}
	return g
}

// place gives where a share stands on a scale from low to 1, of a hundred, with room at
// both ends for its dot.
func place(share, low float64) float64 {
	return math.Round((2+96*min(1, max(0, (share-low)/(1-low))))*100) / 100
}

// lines are drawn over the time, in a box of a hundred by a hundred.
type lines struct {
	Happened, Active, Candidate string
	// Marks are the heights that are named, Times the times.
	Marks []mark
	Times []string
}

type mark struct {
	Y    float64
	Text string
}

// linesOf draws three figures over the time, nil where there is nothing to draw.
func linesOf(course []Span, of func(*Span) [3]float64, text func(float64) string) *lines {
	top := 0.0
	for i := range course {
		for _, v := range of(&course[i]) {
			top = max(top, v)
		}
	}
	if len(course) < 2 || top <= 0 {
		return nil
	}
	top *= 1.05
	l := &lines{}
	for k, path := range []*string{&l.Happened, &l.Active, &l.Candidate} {
		pen := "M"
		for i := range course {
			v := of(&course[i])[k]
			if v < 0 {
				pen = "M"
				continue
			}
			*path += fmt.Sprintf("%s%.2f %.2f", pen, float64(i)/float64(len(course)-1)*100, 100-v/top*100)
			pen = "L"
		}
	}
	for _, part := range []float64{1, 0.5, 0} {
		l.Marks = append(l.Marks, mark{Y: 100 - part*100/1.05, Text: text(part * top / 1.05)})
	}
	layout := "15:04"
	if total := course[len(course)-1].At.Sub(course[0].At); total > 36*time.Hour {
		layout = "Mon 2 Jan"
	} else if total < 10*time.Minute {
		layout = "15:04:05"
	}
	for _, at := range []int{0, len(course) / 3, 2 * len(course) / 3, len(course) - 1} {
		l.Times = append(l.Times, course[at].At.UTC().Format(layout))
	}
	return l
}

// interval shows where a difference of shares lies.
func interval(p Pair) string {
	if p.Low == p.High {
		return "–"
	}
	return signed(100*p.Low) + " to " + signed(100*p.High)
}

// tone says whether a change is surely good, or bad.
func tone(p Pair, more bool) string {
	switch {
	case !p.Sure:
		return ""
	case p.Change > 0 == more:
		return "good"
	}
	return "bad"
}

func wholePercent(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) }

// loadText shows a load, none for who was not there.
func loadText(share float64) string {
	if share == 0 {
		return "–"
	}
	return wholePercent(share)
}

func countChange(p Pair) string {
	switch {
	case p.Change > 0:
		return "+" + count(p.Change)
	case p.Change < 0:
		return "−" + count(-p.Change)
	}
	return "±0"
}
