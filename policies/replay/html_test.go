package replay

import (
	"bytes"
	"encoding/xml"
	"regexp"
	"strings"
	"testing"
)

// TestHTML writes a report about people and classes with hostile names: it needs nothing
// from elsewhere, and what it shows stays text.
func TestHTML(t *testing.T) {
	w := smallTown()
	w.days, w.rare = 1, 0.1
	set := madeSet(t, 4, "20m")
	h := w.log(t, set)
	for _, turn := range h.Turns {
		if turn.Facts.Was.Class == "rare" {
			turn.Facts.Was.Class = `<script>alert("x")</script>`
		}
	}
	r := simulated(t, h, set, func(s *Simulation) {
		s.Candidate, s.Best = &Set{Set: madeSet(t, 8, "15m")}, true
		s.Staffing = []Change{{Number: 1, What: "rare"}}
		s.Names = func(id string) string { return `Anna "<b>` + id + `</b>" & Co` }
	})
	var out bytes.Buffer
	if err := r.HTML(&out); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, bad := range []string{"<script", "<b>agent", "http://", "https://", "src=", "url(", "@import", "NaN", "Inf", "%!", "<no value>", "ZgotmplZ"} {
		if strings.Contains(text, bad) {
			t.Errorf("the report holds %q", bad)
		}
	}
	for _, want := range []string{"&lt;script&gt;", "&lt;b&gt;agent-01", "go elsewhere", "prefers-color-scheme", "@media print", "<svg", "newcomer 1.001"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	for _, svg := range regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(text, -1) {
		if err := xml.Unmarshal([]byte(svg), new(struct{})); err != nil {
			t.Fatalf("a drawing is no SVG: %v: %.200s", err, svg)
		}
	}
	out.Reset()
	empty := &Report{Words: []string{"Nothing is recommended."}}
	if err := empty.HTML(&out); err != nil || !strings.Contains(out.String(), "Not trusted") {
		t.Errorf("an empty report: %v", err)
	}
}
