package main

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"stagecoach/configs/strict"
	"stagecoach/router/sim"
)

// warn says who got no reply, and who would be needed for them.
func (p *simulation) warn(io std) {
	for i, r := range p.runners {
		var lacks []sim.Lack
		for k := range p.rules {
			lacks = most(lacks, p.lacksOf(i, k))
		}
		for _, l := range lacks {
			contacts, have := "contacts", "have"
			if l.Contacts == 1 {
				contacts, have = "contact", "has"
			}
			fmt.Fprintf(io.err, "stagecoach: %s: %s %s of %s %s no reply: %s\n",
				oneLine(r.Name), number(float64(l.Contacts)), contacts, oneLine(l.Class), have, oneLine(l.Why))
		}
	}
}

// lacksOf adds up who got no reply by a rule, on all days.
func (p *simulation) lacksOf(scenario, rule int) []sim.Lack {
	var out []sim.Lack
	from := (scenario*len(p.rules) + rule) * p.seeds
	for _, day := range p.lacks[from : from+p.seeds] {
		for _, l := range day {
			if at := sameLack(out, l); at >= 0 {
				out[at].Contacts += l.Contacts
			} else {
				out = append(out, l)
			}
		}
	}
	return out
}

// most keeps, of what two rules left behind, the greater number.
func most(a, b []sim.Lack) []sim.Lack {
	for _, l := range b {
		if at := sameLack(a, l); at >= 0 {
			a[at].Contacts = max(a[at].Contacts, l.Contacts)
		} else {
			a = append(a, l)
		}
	}
	return a
}

func sameLack(list []sim.Lack, l sim.Lack) int {
	return slices.IndexFunc(list, func(x sim.Lack) bool { return x.Class == l.Class && x.Why == l.Why })
}

// print shows a table for each scenario, and with several of them how the rules
// stand over all.
func (p *simulation) print(w io.Writer) {
	figures, n := p.figures(), len(p.rules)
	for i, r := range p.runners {
		p.printScenario(w, r, figures[i*n:(i+1)*n])
		fmt.Fprintln(w)
	}
	if len(p.runners) > 1 && n > 1 {
		p.printAll(w, "In time, %", figures, func(f *sim.Figures) float64 { return f.SLA })
		fmt.Fprintln(w)
		p.printAll(w, "In time by value, %", figures, func(f *sim.Figures) float64 { return f.Value })
		fmt.Fprintln(w)
	}
	if n > 1 {
		fmt.Fprintln(w, "* the best of a column.")
	}
	seeds := fmt.Sprintf("%d seeds", p.seeds)
	if p.seeds == 1 {
		seeds = "one seed"
	}
	fmt.Fprintf(w, "Shares in %%; waits until the first reply. Means over %s; unanswered and the longest lateness are of all together.\n", seeds)
}

func (p *simulation) printScenario(w io.Writer, r *sim.Runner, figures []sim.Figures) {
	agents := 0
	for i := range r.Agents {
		agents += r.Agents[i].Count
	}
	days := fmt.Sprintf("%d days", p.seeds)
	if p.seeds == 1 {
		days = "one day"
	}
	fmt.Fprintf(w, "%s: %s contacts in %s of %g h, %s agents\n", paint(w, bold, oneLine(r.Name)),
		number(float64(figures[0].Contacts)), days, r.Hours, number(float64(agents)))
	columns := columnsOf(r)
	t := table{head: []string{"RULE"}, figures: true}
	for _, c := range columns {
		t.head = append(t.head, c.name)
	}
	for k := range figures {
		row := []cell{{text: figures[k].Rule}}
		for _, c := range columns {
			row = append(row, c.cell(figures, k))
		}
		t.add(row...)
	}
	t.print(w)
}

// simColumn is one figure of the table.
type simColumn struct {
	name string
	of   func(f *sim.Figures) float64
	show func(v float64) string
	// better says what is better: 1 more, -1 less, 0 neither.
	better int
}

func columnsOf(r *sim.Runner) []simColumn {
	percent := func(v float64) string { return strconv.FormatFloat(100*v, 'f', 1, 64) }
	columns := []simColumn{
		{"IN TIME", func(f *sim.Figures) float64 { return f.SLA }, percent, 1},
		{"BY VALUE", func(f *sim.Figures) float64 { return f.Value }, percent, 1},
	}
	for i := range r.Tiers {
		name := r.Tiers[i].Name
		columns = append(columns, simColumn{oneLine(name), func(f *sim.Figures) float64 { return f.Tiers[name] }, percent, 1})
	}
	return append(columns,
		simColumn{"MEAN WAIT", func(f *sim.Figures) float64 { return f.MeanWait }, shortTime, -1},
		simColumn{"P95 WAIT", func(f *sim.Figures) float64 { return f.P95Wait }, shortTime, -1},
		simColumn{"MAX LATE", func(f *sim.Figures) float64 { return f.MaxLate }, shortTime, -1},
		simColumn{"GINI", func(f *sim.Figures) float64 { return f.Gini }, func(v float64) string { return fmt.Sprintf("%.3f", v) }, 0},
		simColumn{"BUSY", func(f *sim.Figures) float64 { return f.Occupancy }, percent, 0},
		simColumn{"UNANSWERED", func(f *sim.Figures) float64 { return float64(f.Unanswered) }, number, 0},
		simColumn{"DECISIONS/S", func(f *sim.Figures) float64 { return f.DecisionsPerSecond }, number, 0},
	)
}

// cell shows a figure; the best of several rules is marked, as it is shown.
func (c *simColumn) cell(figures []sim.Figures, k int) cell {
	v := c.of(&figures[k])
	out := cell{text: c.show(v)}
	if c.name == "UNANSWERED" && v > 0 {
		out.style = red
	}
	if c.better == 0 || len(figures) < 2 {
		return out
	}
	best := v
	for i := range figures {
		if o := c.of(&figures[i]); cmp.Compare(o, best) == c.better {
			best = o
		}
	}
	if c.show(best) == out.text {
		out.text, out.style = "*"+out.text, green
	}
	return out
}

// printAll shows one figure of every rule on every scenario.
func (p *simulation) printAll(w io.Writer, title string, figures []sim.Figures, of func(f *sim.Figures) float64) {
	fmt.Fprintln(w, paint(w, bold, title))
	t := table{head: []string{"RULE"}, figures: true}
	for _, r := range p.runners {
		t.head = append(t.head, oneLine(r.Name))
	}
	column := simColumn{of: of, better: 1, show: func(v float64) string { return strconv.FormatFloat(100*v, 'f', 1, 64) }}
	n := len(p.rules)
	for k, rule := range p.rules {
		row := []cell{{text: rule}}
		for i := range p.runners {
			row = append(row, column.cell(figures[i*n:(i+1)*n], k))
		}
		t.add(row...)
	}
	t.print(w)
}

// shortTime writes seconds as a person reads them at a glance.
func shortTime(s float64) string {
	switch {
	case s < 100:
		return fmt.Sprintf("%.0f s", s)
	case s < 100*60:
		return fmt.Sprintf("%.1f min", s/60)
	}
	return fmt.Sprintf("%.1f h", s/3600)
}

// printSimulationCSV writes a line for each scenario and rule. The tiers of all
// scenarios have their columns at the end, empty where a scenario has no such tier.
func printSimulationCSV(w io.Writer, figures []sim.Figures) error {
	var tiers []string
	for i := range figures {
		for name := range figures[i].Tiers {
			if !slices.Contains(tiers, name) {
				tiers = append(tiers, name)
			}
		}
	}
	slices.Sort(tiers)
	head := []string{
		"scenario", "rule", "seeds", "contacts", "sla", "value", "mean_wait_s", "p95_wait_s", "max_late_s", "gini", "occupancy", "unanswered", "decisions_per_s",
	}
	for _, name := range tiers {
		head = append(head, "tier_"+name)
	}
	out := csv.NewWriter(w)
	rows := [][]string{head}
	plain := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	for i := range figures {
		f := &figures[i]
		row := []string{
			f.Scenario, f.Rule, strconv.Itoa(f.Seeds), strconv.Itoa(f.Contacts), plain(f.SLA), plain(f.Value), plain(f.MeanWait), plain(f.P95Wait),
			plain(f.MaxLate), plain(f.Gini), plain(f.Occupancy), strconv.Itoa(f.Unanswered), plain(f.DecisionsPerSecond),
		}
		for _, name := range tiers {
			share := ""
			if v, ok := f.Tiers[name]; ok {
				share = plain(v)
			}
			row = append(row, share)
		}
		rows = append(rows, row)
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("writing CSV: %w", err)
	}
	return nil
}

// joined gives what is wrong with several files as one error.
func joined(wrong []error) error {
	var problems strict.Errors
	var others []string
	for _, err := range wrong {
		if all, ok := errors.AsType[strict.Errors](err); ok {
			problems = append(problems, all...)
		} else {
			others = append(others, err.Error())
		}
	}
	switch {
	case len(others) > 0 && len(problems) > 0:
		return errors.New(strings.Join(append(others, problems.Error()), "\n"))
	case len(others) > 0:
		return errors.New(strings.Join(others, "\n"))
	case len(problems) > 0:
		return problems
	}
	return nil
}
