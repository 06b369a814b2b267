package replay

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// The verdicts of a report.
const (
	VerdictBetter      = "better"
	VerdictWorse       = "worse"
	VerdictSame        = "no_difference"
	VerdictNotCompared = "not_compared"
	VerdictNotTrusted  = "not_trusted"
)

// say puts a report into words, the most important first.
func (s *Simulation) say(r *Report) {
	r.Verdict = verdict(r)
	if len(r.Total) > 0 && r.Trusted {
		r.Words = append(r.Words, s.short(r), s.judged(r))
		r.Words = append(r.Words, unequal(r)...)
	}
	if r.Best != nil {
		r.Words = append(r.Words, r.Best.words())
	}
	r.Words = append(r.Words, r.faithful())
	if !r.Trusted {
		r.Words = append([]string{"Nothing is recommended: " + r.Refused + "."}, r.Words...)
	}
	for _, one := range r.Staffing {
		r.Notes = append(r.Notes, "Simulated "+one+".")
	}
	s.noted(r)
}

func verdict(r *Report) string {
	switch {
	case !r.Trusted:
		return VerdictNotTrusted
	case len(r.Total) == 0:
		return VerdictNotCompared
	case r.Total[0].SLA.Sure && r.Total[0].SLA.Change > 0:
		return VerdictBetter
	case r.Total[0].SLA.Sure:
		return VerdictWorse
	}
	return VerdictSame
}

// short is the change in one line, as people tell it each other.
func (s *Simulation) short(r *Report) string {
	t := &r.Total[0]
	parts := []string{
		fmt.Sprintf("%s go elsewhere", count(r.Moved)),
		fmt.Sprintf("breaches %s → %s", count(t.Late.Active), count(t.Late.Candidate)),
	}
	if a := mostMoved(r.Agents); a != nil {
		parts = append(parts, fmt.Sprintf("%s's load %.0f %% → %.0f %%", firstName(a.Name), 100*a.Load.Active, 100*a.Load.Candidate))
	}
	return strings.Join(parts, "; ") + "."
}

// mostMoved is whose load changes most, nil where nobody's does by a point.
func mostMoved(agents []AgentRow) *AgentRow {
	var most *AgentRow
	for i := range agents {
		a := &agents[i]
		if strings.HasPrefix(a.Agent, newcomer) || a.Load.Active == 0 || a.Load.Candidate == 0 || math.Abs(a.Load.Change) < 0.01 {
			continue
		}
		if most == nil || math.Abs(a.Load.Change) > math.Abs(most.Load.Change) {
			most = a
		}
	}
	return most
}

func firstName(name string) string {
	first, _, _ := strings.Cut(name, " ")
	return first
}

// count shows a mean number: whole where it is many.
func count(v float64) string {
	if v >= 10 || v == math.Trunc(v) {
		return grouped(int(math.Round(v)))
	}
	return fmt.Sprintf("%.1f", v)
}

// grouped shows a number by thousands.
func grouped(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// judged says whether it is better.
func (s *Simulation) judged(r *Report) string {
	t := &r.Total[0]
	how := map[string]string{
		VerdictBetter: "It is better", VerdictWorse: "It is worse", VerdictSame: "No difference in time can be told from luck",
	}[r.Verdict]
	if r.Seeds < 2 {
		how = "With one seed nobody knows what is luck"
	}
	text := fmt.Sprintf("%s: answered in time %s → %s (%s), mean wait %s → %s.", how, percent(t.SLA.Active), percent(t.SLA.Candidate),
		t.SLA.points(), span(t.Mean.Active), span(t.Mean.Candidate))
	if t.Mean.Sure && r.Verdict == VerdictSame {
		text += fmt.Sprintf(" The mean wait does change, by %s to %s.", signedSpan(t.Mean.Low), signedSpan(t.Mean.High))
	}
	return text
}

// points shows a difference of shares, with its interval where there is one.
func (p Pair) points() string {
	text := signed(100*p.Change) + " points"
	if p.Low != p.High {
		text += fmt.Sprintf(", 95 %%: %s to %s", signed(100*p.Low), signed(100*p.High))
	}
	return text
}

func signed(v float64) string {
	if math.Abs(v) < 0.05 {
		return "±0.0"
	}
	return strings.Replace(fmt.Sprintf("%+.1f", v), "-", "−", 1)
}

func signedSpan(v float64) string {
	if v < 0 {
		return "−" + span(-v)
	}
	return "+" + span(v)
}

// unequal says for whom it surely becomes worse although it may be better for all, and
// for whom better.
func unequal(r *Report) []string {
	var out []string
	for _, d := range []struct {
		what string
		rows []Row
	}{{"tier", r.Tiers}, {"class", r.Classes}, {"channel", r.Channels}} {
		for i := range d.rows {
			if row := &d.rows[i]; len(d.rows) > 1 && row.SLA.Sure && row.SLA.Change <= -0.005 && len(out) < 5 {
				out = append(out, fmt.Sprintf("It becomes worse for the %s %s: in time %s → %s (%s).", d.what, Name(row.Name), percent(row.SLA.Active),
					percent(row.SLA.Candidate), row.SLA.points()))
			}
		}
	}
	return out
}

// Name shows the name of a group, also where it has none.
func Name(name string) string {
	if name == "" {
		return "(none)"
	}
	return name
}

func (b *BestSkill) words() string {
	tried := fmt.Sprintf("%d of %d possible were tried", b.Tried, b.Possible)
	switch {
	case b.Tried == 0:
		return "No single skill could help: whoever was there can do what was asked for, or lacks more than one."
	case b.Skill == "":
		return "No single skill that one agent could learn helps beyond luck (" + tried + ")."
	}
	level := ""
	if b.Level > 1 {
		level = fmt.Sprintf(" at level %d", b.Level)
	}
	return fmt.Sprintf("One skill would help most: %s%s for %s, in time %s → %s (%s), breaches %s → %s; %s.", b.Skill, level, b.Name,
		percent(b.SLA.Active), percent(b.SLA.Candidate), b.SLA.points(), count(b.Late.Active), count(b.Late.Candidate), tried)
}

// faithful says how close the simulation is to what happened.
func (r *Report) faithful() string {
	if len(r.Fidelity.Rows) == 0 {
		return "There was nothing to compare the simulation with."
	}
	t := &r.Fidelity.Rows[0]
	trust := "so it is trusted"
	switch {
	case r.Fidelity.Error > r.Fidelity.Limit:
		trust = "so it is not trusted"
	case !r.Trusted:
		trust = "but too few to be trusted"
	}
	return fmt.Sprintf("Of %s contacts %s really were answered in time; the active set, simulated, comes to %s: %.1f points off, where %.0f are allowed, %s. Median wait %s, simulated %s; 95 of 100 within %s, simulated %s; %s by the same agent.",
		grouped(t.Contacts), percent(t.Happened.SLA), percent(t.Simulated.SLA), r.Fidelity.Error, r.Fidelity.Limit, trust,
		span(t.Happened.Median), span(t.Simulated.Median), span(t.Happened.P95), span(t.Simulated.P95), percent(r.Fidelity.SameAgent))
}

// noted says what must be known beside.
func (s *Simulation) noted(r *Report) {
	note := func(n int, one, many string) {
		if n == 1 {
			r.Notes = append(r.Notes, "1 "+one)
		} else if n > 1 {
			r.Notes = append(r.Notes, grouped(n)+" "+many)
		}
	}
	if len(r.Policies) > 1 {
		last := r.Policies[len(r.Policies)-1]
		r.Notes = append(r.Notes, fmt.Sprintf("%d policy sets decided in this time, and what happened is theirs together: --since %s takes the time of the last one alone.",
			len(r.Policies), last.Since.UTC().Format(time.RFC3339)))
	} else if len(r.Policies) == 1 && r.Policies[0].Version != r.Active {
		r.Notes = append(r.Notes, fmt.Sprintf("The policy set %s decided in this time, not the active one, %s.", r.Policies[0].Version, r.Active))
	}
	if c := &r.Classified; c.ByWords+c.ByName+c.Kept > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("The candidate classed %s contacts by what was written and %s by the name of their class; %s stay what they were, as it has no such class. It takes %s for something else.",
			grouped(c.ByWords), grouped(c.ByName), grouped(c.Kept), grouped(c.Other)))
	}
	left := &r.Left
	note(left.Open, "was too new at the end, and not due: it is simulated, and not compared with what happened.",
		"were too new at the end, and not due: they are simulated, and not compared with what happened, as only the quick ones of them are answered.")
	note(left.CarriedOver, "was open at the beginning: it is simulated, and not counted.", "were open at the beginning: they are simulated, and not counted.")
	note(left.Disposed, "was ended without a reply, by somebody: it is again, and not counted.", "were ended without a reply, by people: they are again, and not counted.")
	note(left.Pledges, "was an answer that an agent owed by a pledge: given when it was, and not counted.", "were answers that agents owed by a pledge: given when they were, and not counted.")
	note(left.Transferred, "was given to a colleague by hand: whoever takes it keeps it here.", "were given to a colleague by hand: whoever takes them keeps them here.")
	note(left.Reopened, "was reopened as its reply did not arrive: not counted.", "were reopened as their reply did not arrive: not counted.")
	note(left.Merged, "was merged into another: not counted.", "were merged into another: not counted.")
	note(left.Failed, "was about a message of ours that did not arrive: not simulated.", "were about messages of ours that did not arrive: not simulated.")
	note(left.Unreadable, "commit of the log could not be read: what it says is missing here.", "commits of the log could not be read: what they say is missing here.")
	if r.Handling.Observed < 200 {
		r.Notes = append(r.Notes, fmt.Sprintf("How long answers take is known of %d only: the figures are drawn towards the mean of all.", r.Handling.Observed))
	}
	if s.Active.Figures() != figuresNamed && len(r.Agents) > 0 {
		r.Notes = append(r.Notes, "Of agents only load and number are shown, as privacy.yaml says figures: "+s.Active.Figures()+".")
	}
	if r.Candidate != "" || len(r.Staffing) > 0 {
		r.Notes = append(r.Notes, "The intervals are those of luck (handling times, offers), over the same contacts; another month brings other contacts.")
	}
}

// span shows seconds in words.
func span(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case seconds < 10:
		return fmt.Sprintf("%.1f s", seconds)
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", seconds)
	case d < 10*time.Minute:
		return fmt.Sprintf("%.1f min", d.Minutes())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.1f h", d.Hours())
	}
	return fmt.Sprintf("%.1f days", d.Hours()/24)
}

// Lasting shows seconds in words.
func Lasting(seconds float64) string { return span(seconds) }
