package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"

	"stagecoach/ledger"
)

// ledgerReportCmd is `stagecoach ledger report`.
type ledgerReportCmd struct {
	dataFlags
	Since string `help:"Only contacts that began on this day or later." placeholder:"YYYY-MM-DD"`
	Until string `help:"Only contacts that began on this day or before." placeholder:"YYYY-MM-DD"`
	JSON  bool   `name:"json" help:"Print JSON."`
}

// Help shows examples.
func (*ledgerReportCmd) Help() string {
	return "Puts what the clock says (answers in time) beside what customers say (answers that they found good), by tier, channel and class. " +
		"The gap is the first share less the second, in points: over 0, the clock says that you are better than customers do. " +
		"In brackets is the range in which a figure lies with 95 % confidence; a gap that may be chance is marked with ~.\n\n" +
		"Examples:\n  stagecoach ledger report\n  stagecoach ledger report --since 2026-11-01 --until 2026-11-30 --json"
}

// Run prints the report.
func (c *ledgerReportCmd) Run(ctx context.Context, io std) error {
	return c.with(ctx, io, toRead, func(line *client) error {
		q := url.Values{}
		if c.Since != "" {
			q.Set("since", c.Since)
		}
		if c.Until != "" {
			q.Set("until", c.Until)
		}
		var s ledger.Satisfaction
		raw, err := line.get(ctx, "/api/report?"+q.Encode(), &s)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(io.out, raw)
		}
		printSatisfaction(io.out, &s)
		return nil
	})
}

func printSatisfaction(w io.Writer, s *ledger.Satisfaction) {
	t := table{head: []string{"", "", "ANSWERED", "IN TIME", "RATED", "GOOD", "GAP"}}
	add := func(what string, g *ledger.Gauge, name string) {
		t.add(cell{what, faint}, cell{text: name}, cell{text: fmt.Sprint(g.Answered)}, cell{text: shareText(g.KeptShare)},
			cell{text: fmt.Sprint(g.Good + g.Bad)}, cell{text: shareText(g.GoodShare)}, cell{text: pointsText(g)})
	}
	add("", &s.All, "everything")
	for i := range s.Tiers {
		add("tier", &s.Tiers[i], cmp.Or(s.Tiers[i].Name, "none"))
	}
	for i := range s.Channels {
		add("channel", &s.Channels[i], s.Channels[i].Name)
	}
	for i := range s.Classes {
		add("class", &s.Classes[i], cmp.Or(s.Classes[i].Name, "none"))
	}
	t.print(w)
	if s.All.Good+s.All.Bad == 0 {
		fmt.Fprintln(w, "\nNo customer has rated an answer yet: the link to their page asks them to (http.customer_url).")
		return
	}
	fmt.Fprintf(w, "\n%d answers in time were found bad, %d late ones good.\n", s.All.KeptBad, s.All.LateGood)
	if !s.All.Sure {
		fmt.Fprintln(w, "~ may be chance: fewer than ten have said how it was, or the range has 0 in it.")
	}
}

func shareText(s *ledger.Share) string {
	if s == nil {
		return "-"
	}
	return fmt.Sprintf("%.0f %% (%.0f-%.0f)", s.Value*100, s.Low*100, s.High*100)
}

func pointsText(g *ledger.Gauge) string {
	if g.Gap == nil {
		return "-"
	}
	chance := ""
	if !g.Sure {
		chance = " ~"
	}
	return fmt.Sprintf("%+.0f (%+.0f to %+.0f)%s", g.Gap.Value, g.Gap.Low, g.Gap.High, chance)
}
