package sim

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The measures of a drawing, in CSS pixels.
const (
	plotWide   = 980
	plotLeft   = 72
	plotRight  = 28
	panelHigh  = 170
	panelGap   = 58
	headHigh   = 116
	footHigh   = 56
	courseHigh = headHigh + 3*panelHigh + 2*panelGap + footHigh
)

// plotStyle colours the drawing for a light and a dark page. The colours of tiers
// are told apart by people with any colour vision (after Okabe and Ito, 2008).
const plotStyle = `
svg{--paper:#fff;--ink:#1c2330;--soft:#5b6676;--line:#e3e7ed;--axis:#aab3c0;--shade:#eef1f5;--alarm:#b42318;--dots:.55;
--t0:#0b62c4;--t1:#d5730a;--t2:#0f8f6c;--t3:#b04a90;--t4:#7a6a00;--t5:#3f8fc4;
font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
@media (prefers-color-scheme:dark){svg{--paper:#12161d;--ink:#eceff4;--soft:#9aa6b6;--line:#262d38;--axis:#4b5666;--shade:#1b212b;--alarm:#ff8a7a;--dots:.75;
--t0:#6cb2ff;--t1:#ffac4d;--t2:#48d1a6;--t3:#f08fd0;--t4:#e3cf57;--t5:#9adcff}}
.paper{fill:var(--paper)}.head{font-size:19px;font-weight:650;fill:var(--ink)}.rule{fill:var(--soft);font-weight:500}
.sub{font-size:12.5px;fill:var(--soft)}.panel{font-size:13px;font-weight:600;fill:var(--ink)}.tick{font-size:11.5px;fill:var(--soft)}
.tier{font-size:12.5px;fill:var(--ink)}.grid{stroke:var(--line);stroke-width:1}.axis{stroke:var(--axis);stroke-width:1}
.shade{fill:var(--shade)}.note{font-size:11px;fill:var(--soft)}.alarm{fill:var(--alarm);font-weight:600}
.mean{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}.dots{fill:none;stroke-width:4;stroke-linecap:round;opacity:var(--dots)}
.area{opacity:.82}`

// Plot draws the courses below each other as SVG: how many wait, for how long, and
// how late they are answered, by tier over the day. It follows the page's or the
// system's choice of light and dark.
func Plot(w io.Writer, courses []Course) error {
	d := &drawing{}
	high := max(1, len(courses)) * courseHigh
	d.put(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="Waiting and lateness by tier over the day">`,
		plotWide, high, plotWide, high)
	d.put("\n<style>%s</style>\n<rect class=\"paper\" width=\"%d\" height=\"%d\"/>\n", plotStyle, plotWide, high)
	for i := range courses {
		d.course(&courses[i], float64(i*courseHigh))
	}
	d.put("</svg>\n")
	if _, err := w.Write(d.out.Bytes()); err != nil {
		return fmt.Errorf("writing SVG: %w", err)
	}
	return nil
}

// drawing is SVG being written.
type drawing struct {
	out bytes.Buffer
}

func (d *drawing) put(format string, args ...any) { fmt.Fprintf(&d.out, format, args...) }

// text writes a text; what is in it can't end it.
func (d *drawing) text(class, anchor string, x, y float64, text string) {
	d.put(`<text class="%s" text-anchor="%s" x="%.1f" y="%.1f">%s</text>`+"\n", class, anchor, x, y, escaped(text))
}

func escaped(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a Buffer takes everything
	return b.String()
}

// cut shortens a text that comes from a file.
func cut(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

// course draws one course from top on.
func (d *drawing) course(c *Course, top float64) {
	d.put(`<text class="head" x="%d" y="%.1f">%s <tspan class="rule">· %s</tspan></text>`+"\n", 24, top+34, escaped(cut(c.Scenario, 60)), escaped(c.Rule))
	sub := fmt.Sprintf("%s contacts, arriving over %s h", thousands(c.Contacts/max(c.Seeds, 1)), trimmed(c.Hours))
	if c.Seeds > 1 {
		sub = fmt.Sprintf("%s contacts a day, arriving over %s h, means of %d days", thousands(c.Contacts/c.Seeds), trimmed(c.Hours), c.Seeds)
	}
	d.text("sub", "start", 24, top+54, sub)
	if c.Unanswered > 0 {
		d.text("sub alarm", "end", plotWide-plotRight, top+34, thousands(c.Unanswered)+" without a reply")
	}
	d.legend(c, top+76)
	at := top + headHigh
	d.waiting(c, d.frame(c, at, "Waiting for a reply", "", false))
	at += panelHigh + panelGap
	d.waits(c, d.frame(c, at, "Wait until the first reply", "mean, by when the contact was sent", false))
	at += panelHigh + panelGap
	how := "each dot a late one, by when the contact was sent"
	if len(c.Tiers) > 0 && c.Tiers[0].LateEach > 1 {
		how = fmt.Sprintf("each dot stands for %d late ones, by when the contact was sent", c.Tiers[0].LateEach)
	}
	d.late(c, d.frame(c, at, "Lateness of late replies", how, true))
}

func (d *drawing) legend(c *Course, y float64) {
	x := 24.0
	for i := range c.Tiers {
		t := &c.Tiers[i]
		label := cut(t.Name, 24)
		d.put(`<rect x="%.1f" y="%.1f" width="12" height="12" rx="3" style="fill:var(--t%d)"/>`+"\n", x, y-10, i%6)
		words := fmt.Sprintf("%s  %.1f %% in time", label, 100*t.InTime)
		d.text("tier", "start", x+18, y, words)
		x += 18 + 7.1*float64(len([]rune(words))) + 18
	}
}

// frame is the area of a panel: pixels from hours, and from a share of its height.
type frame struct {
	left, top, wide float64
	until           float64
}

func (f *frame) x(hours float64) float64 { return f.left + hours/f.until*f.wide }
func (f *frame) y(part float64) float64  { return f.top + (1-part)*panelHigh }

// frame draws what is behind a panel: title, times of day, what was out of the
// ordinary.
func (d *drawing) frame(c *Course, top float64, title, how string, last bool) *frame {
	f := &frame{left: plotLeft, top: top, wide: plotWide - plotLeft - plotRight, until: c.Until}
	d.put(`<text class="panel" x="%d" y="%.1f">%s <tspan class="note" font-weight="400">%s</tspan></text>`+"\n", 24, top-12, escaped(title), escaped(how))
	for i := range c.Bursts {
		if b := &c.Bursts[i]; b.Mult != 1 {
			d.shade(f, b.StartH, b.StartH+b.DurH, fmt.Sprintf("×%s %s", trimmed(b.Mult), strings.Replace(cut(b.Class, 16), "*", "all", 1)))
		}
	}
	if o := c.Outage; o != nil {
		d.shade(f, o.StartH, o.StartH+o.DurH, "outage")
	}
	step := niceStep(c.Until, 12)
	for h := 0.0; h <= c.Until+1e-9; h += step {
		d.put(`<line class="grid" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/>`+"\n", f.x(h), f.x(h), f.y(1), f.y(0))
		d.text("tick", "middle", f.x(h), f.y(0)+17, trimmed(h))
	}
	if c.Until > c.Hours {
		d.put(`<line class="axis" stroke-dasharray="4 3" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/>`+"\n", f.x(c.Hours), f.x(c.Hours), f.y(1), f.y(0))
	}
	if last {
		d.text("tick", "end", f.left+f.wide, f.y(0)+34, "hours since the start of the day")
	}
	return f
}

func (d *drawing) shade(f *frame, from, until float64, words string) {
	from, until = min(from, f.until), min(until, f.until)
	if until <= from {
		return
	}
	d.put(`<rect class="shade" x="%.1f" y="%.1f" width="%.1f" height="%d"/>`+"\n", f.x(from), f.y(1), f.x(until)-f.x(from), panelHigh)
	d.text("note", "middle", (f.x(from)+f.x(until))/2, f.y(1)+13, words)
}

// scale draws the values' axis, and gives its end.
func (d *drawing) scale(f *frame, highest float64, label func(v float64) string, step float64) float64 {
	top := step * max(1, math.Ceil(highest/step-1e-9))
	for v, class := 0.0, "axis"; v <= top+step/1e6; v, class = v+step, "grid" {
		d.put(`<line class="%s" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/>`+"\n", class, f.left, f.left+f.wide, f.y(v/top), f.y(v/top))
		d.text("tick", "end", f.left-9, f.y(v/top)+4, label(v))
	}
	return top
}

// waiting draws who waits, the tiers on top of each other.
func (d *drawing) waiting(c *Course, f *frame) {
	below := make([]float64, courseSteps+1)
	highest := 0.0
	for i := range below {
		n := 0.0
		for k := range c.Tiers {
			n += c.Tiers[k].Waiting[i]
		}
		highest = max(highest, n)
	}
	top := d.scale(f, highest, func(v float64) string { return thousands(int(math.Round(v))) }, max(1, niceStep(highest, 4)))
	at := func(i int, n float64) string {
		return fmt.Sprintf("%.1f,%.1f", f.x(float64(i)*c.Until/courseSteps), f.y(n/top))
	}
	for k := range c.Tiers {
		var upper, lower []string
		for i, n := range c.Tiers[k].Waiting {
			lower = append([]string{at(i, below[i])}, lower...)
			below[i] += n
			upper = append(upper, at(i, below[i]))
		}
		d.put(`<path class="area" style="fill:var(--t%d)" d="M%s L%s Z"><title>%s</title></path>`+"\n",
			k%6, strings.Join(upper, " L"), strings.Join(lower, " L"), escaped(c.Tiers[k].Name))
	}
}

// waits draws the mean waits of each tier.
func (d *drawing) waits(c *Course, f *frame) {
	y := d.times(c, f, func(t *TierCourse) []Spell { return t.Wait })
	for k := range c.Tiers {
		var points []string
		for _, s := range c.Tiers[k].Wait {
			points = append(points, fmt.Sprintf("%.1f,%.1f", f.x(s.At), y(s.Time)))
		}
		if len(points) > 0 {
			d.put(`<path class="mean" style="stroke:var(--t%d)" d="M%s"><title>%s</title></path>`+"\n", k%6, strings.Join(points, " L"), escaped(c.Tiers[k].Name))
		}
	}
}

// late draws the late replies, the tier with the fewest on top.
func (d *drawing) late(c *Course, f *frame) {
	y := d.times(c, f, func(t *TierCourse) []Spell { return t.Late })
	order := make([]int, len(c.Tiers))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(len(c.Tiers[b].Late), len(c.Tiers[a].Late)) })
	none := true
	for _, k := range order {
		if len(c.Tiers[k].Late) == 0 {
			continue
		}
		none = false
		var dots strings.Builder
		for _, s := range c.Tiers[k].Late {
			fmt.Fprintf(&dots, "M%.1f,%.1fh0", f.x(min(s.At, c.Until)), y(s.Time))
		}
		d.put(`<path class="dots" style="stroke:var(--t%d)" d="%s"><title>%s</title></path>`+"\n", k%6, dots.String(), escaped(c.Tiers[k].Name))
	}
	if none {
		d.text("sub", "middle", f.left+f.wide/2, f.y(0.5), "none was late")
	}
}

// times draws the axis of times, and gives where one stands on it.
func (d *drawing) times(c *Course, f *frame, of func(t *TierCourse) []Spell) (y func(seconds float64) float64) {
	highest := 0.0
	for k := range c.Tiers {
		for _, s := range of(&c.Tiers[k]) {
			highest = max(highest, s.Time)
		}
	}
	unit, name := unitFor(highest)
	top := d.scale(f, highest/unit, func(v float64) string { return trimmed(v) + " " + name }, niceStep(highest/unit, 4))
	return func(seconds float64) float64 { return f.y(seconds / unit / top) }
}

// unitFor gives the unit in which times up to the highest are read easily.
func unitFor(highest float64) (seconds float64, name string) {
	switch {
	case highest <= 180:
		return 1, "s"
	case highest <= 3*3600:
		return 60, "min"
	}
	return 3600, "h"
}

// niceStep gives 1, 2 or 5 times a power of ten, so that about n of it reach the
// highest.
func niceStep(highest float64, n int) float64 {
	if highest <= 0 {
		return 1
	}
	raw := highest / float64(n)
	unit := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, times := range []float64{1, 2, 5} {
		if times*unit >= raw {
			return times * unit
		}
	}
	return 10 * unit
}

// trimmed writes a number without needless digits.
func trimmed(v float64) string { return strconv.FormatFloat(math.Round(v*1e4)/1e4, 'f', -1, 64) }

func thousands(n int) string {
	digits := strconv.Itoa(n)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}
