package main

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/mattn/go-runewidth"

	"stagecoach/policies/replay"
)

// printSimulated prints a simulation: in words first, then as tables.
func printSimulated(w io.Writer, r *replay.Report) {
	for i, words := range r.Words {
		s := plain
		switch {
		case i == 0 && !r.Trusted:
			s = red
		case i == 0:
			s = bold
		}
		printWrapped(w, s, words)
	}
	if len(r.Fidelity.Rows) > 0 && (len(r.Total) == 0 || !r.Trusted) {
		printFidelity(w, r)
	}
	if len(r.Total) > 0 {
		printCompared(w, r)
	}
	if len(r.Notes) > 0 {
		fmt.Fprintln(w)
	}
	for _, note := range r.Notes {
		printWrapped(w, faint, note)
	}
}

// printWrapped prints a sentence in lines of a hundred cells.
func printWrapped(w io.Writer, s style, text string) {
	for _, line := range wrapped(oneLine(text), 100) {
		fmt.Fprintln(w, paint(w, s, line))
	}
}

// wrapped breaks a text between words.
func wrapped(text string, width int) []string {
	var out []string
	line, used := "", 0
	for word := range strings.FieldsSeq(text) {
		n := runewidth.StringWidth(word)
		if used > 0 && used+1+n > width {
			out = append(out, line)
			line, used = "", 0
		}
		if used > 0 {
			line, used = line+" ", used+1
		}
		line, used = line+word, used+n
	}
	return append(out, line)
}

func heading(w io.Writer, text string) {
	fmt.Fprintln(w)
	fmt.Fprintln(w, paint(w, bold, text))
}

// printFidelity shows what happened beside what was simulated.
func printFidelity(w io.Writer, r *replay.Report) {
	heading(w, "What happened, and what the active set makes of it")
	t := &table{head: []string{"", "contacts", "in time", "simulated", "median wait", "simulated", "95 % within", "simulated"}, figures: true}
	for i := range r.Fidelity.Rows {
		row := &r.Fidelity.Rows[i]
		name := replay.Name(row.Name)
		if row.By == "total" {
			name = "all"
		}
		h, s := &row.Happened, &row.Simulated
		t.add(textCells(name, fmt.Sprint(row.Contacts), percentText(h.SLA), percentText(s.SLA), replay.Lasting(h.Median), replay.Lasting(s.Median),
			replay.Lasting(h.P95), replay.Lasting(s.P95))...)
	}
	t.print(w)
}

// printCompared shows both sets side by side.
func printCompared(w io.Writer, r *replay.Report) {
	for _, d := range []struct {
		title string
		rows  []replay.Row
	}{{"All", r.Total}, {"By tier", r.Tiers}, {"By class", r.Classes}, {"By channel", r.Channels}, {"First and further replies", r.Promises}} {
		if len(d.rows) == 0 || len(d.rows) == 1 && d.rows[0].Name == "" && d.title != "All" {
			continue
		}
		heading(w, d.title)
		t := &table{head: []string{"", "contacts", "in time", "with it", "points", "95 %", "breaches", "with it", "mean wait", "with it", "95 % within", "with it"}, figures: true}
		for i := range d.rows {
			row := &d.rows[i]
			name := replay.Name(row.Name)
			if d.title == "All" {
				name = ""
			}
			t.add(append(textCells(name, countText(row.Contacts), percentText(row.SLA.Active), percentText(row.SLA.Candidate)),
				cell{signedText(100 * row.SLA.Change), sureStyle(&row.SLA, true)}, cell{text: between(&row.SLA)},
				cell{text: countText(row.Late.Active)}, cell{countText(row.Late.Candidate), sureStyle(&row.Late, false)},
				cell{text: replay.Lasting(row.Mean.Active)}, cell{replay.Lasting(row.Mean.Candidate), sureStyle(&row.Mean, false)},
				cell{text: replay.Lasting(row.P95.Active)}, cell{replay.Lasting(row.P95.Candidate), sureStyle(&row.P95, false)})...)
		}
		t.print(w)
	}
	printAgents(w, r)
	printMoves(w, "Who answers instead of whom", r.Moves)
	printMoves(w, "Which queue instead of which", r.Queues)
	printTriedSkills(w, r.Best)
}

func printAgents(w io.Writer, r *replay.Report) {
	if len(r.Agents) == 0 {
		return
	}
	heading(w, "Agents")
	head := []string{"", "load, happened", "simulated", "with it", "points", "contacts", "with it"}
	named := false
	for i := range r.Agents {
		named = named || r.Agents[i].SLA != (replay.Pair{})
	}
	if named {
		head = append(head, "in time", "with it")
	}
	t := &table{head: head, figures: true}
	for i := range r.Agents {
		a := &r.Agents[i]
		cells := textCells(a.Name, loadText(a.Happened), loadText(a.Load.Active), loadText(a.Load.Candidate), signedText(100*a.Load.Change),
			countText(a.Contacts.Active), countText(a.Contacts.Candidate))
		if named {
			cells = append(cells, textCells(percentText(a.SLA.Active), percentText(a.SLA.Candidate))...)
		}
		t.add(cells...)
	}
	t.print(w)
}

// movesPrinted is how many moves are printed.
const movesPrinted = 10

func printMoves(w io.Writer, title string, moves []replay.Move) {
	if len(moves) == 0 {
		return
	}
	heading(w, title)
	t := &table{head: []string{"from", "to", "contacts"}}
	for _, m := range moves[:min(len(moves), movesPrinted)] {
		t.add(textCells(replay.Name(m.From), replay.Name(m.To), countText(m.Contacts))...)
	}
	t.print(w)
	if more := len(moves) - movesPrinted; more > 0 {
		fmt.Fprintf(w, "and %d further: see --json\n", more)
	}
}

func printTriedSkills(w io.Writer, b *replay.BestSkill) {
	if b == nil || len(b.Next) == 0 {
		return
	}
	heading(w, "Other skills that were tried")
	t := &table{head: []string{"agent", "skill", "points", "95 %"}}
	for i := range b.Next {
		n := &b.Next[i]
		t.add(textCells(n.Name, n.Skill, signedText(100*n.SLA.Change), between(&n.SLA))...)
	}
	t.print(w)
}

func percentText(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

// loadText shows a load, none for who was not there.
func loadText(share float64) string {
	if share == 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f %%", 100*share)
}

func countText(v float64) string {
	if v >= 10 || v == math.Trunc(v) {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.1f", v)
}

func signedText(v float64) string {
	if math.Abs(v) < 0.05 {
		return "±0.0"
	}
	return fmt.Sprintf("%+.1f", v)
}

// between shows the interval of a difference, in points.
func between(p *replay.Pair) string {
	if p.Low == p.High {
		return "–"
	}
	return signedText(100*p.Low) + " to " + signedText(100*p.High)
}

// sureStyle shows what surely becomes better green, and what becomes worse red.
func sureStyle(p *replay.Pair, more bool) style {
	switch {
	case !p.Sure:
		return plain
	case p.Change > 0 == more:
		return green
	}
	return red
}
