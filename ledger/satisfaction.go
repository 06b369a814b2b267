package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"time"
)

// Satisfaction puts what our clock says beside what customers say: the share of
// answers that kept their promise, and the share that was found good.
type Satisfaction struct {
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
	All   Gauge     `json:"all"`
	// Tiers, Channels and Classes are the same for each of them, the most answered
	// first.
	Tiers    []Gauge `json:"tiers"`
	Channels []Gauge `json:"channels"`
	Classes  []Gauge `json:"classes"`
}

// Gauge is one line of it.
type Gauge struct {
	Name string `json:"name"`
	// Answered counts contacts that were answered, Kept those in time.
	Answered int `json:"answered"`
	Kept     int `json:"kept"`
	// Good and Bad count those that customers rated.
	Good int `json:"good"`
	Bad  int `json:"bad"`
	// KeptBad counts answers in time that were found bad, LateGood late ones that were
	// found good.
	KeptBad  int `json:"kept_bad"`
	LateGood int `json:"late_good"`
	// KeptShare and GoodShare are from 0 to 1, with the range in which 95 of 100 such
	// samples lie (Wilson's score interval); nil where nothing was counted.
	KeptShare *Share `json:"kept_share"`
	GoodShare *Share `json:"good_share"`
	// Gap is the kept share less the good one, in points of a hundred: over 0 the clock
	// says that we are better than customers do. Sure is true where its range (Newcombe's
	// interval of a difference) leaves 0 out, and so many have voted that it isn't chance.
	Gap  *Share `json:"gap"`
	Sure bool   `json:"sure"`
}

// Share is a figure with the range in which it lies with 95 % confidence.
type Share struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Satisfaction counts what was answered in [since, until); zero times are no bounds.
func (l *Ledger) Satisfaction(ctx context.Context, since, until time.Time) (*Satisfaction, error) {
	out := &Satisfaction{Since: since, Until: until}
	tiers, channels, classes := map[string]*Gauge{}, map[string]*Gauge{}, map[string]*Gauge{}
	end := micros(until)
	if until.IsZero() {
		end = math.MaxInt64
	}
	const query = `SELECT coalesce(json_extract(c.facts, '$.tier'), ''), c.channel, coalesce(json_extract(c.facts, '$.class'), ''),
		c.kept, coalesce(f.rating, ''), count(*) FROM contact c
		LEFT JOIN feedback f ON f.contact = c.id AND f.last = 1 AND f.rating <> ''
		WHERE c.ended = 'replied' AND c.start >= ? AND c.start < ? GROUP BY 1, 2, 3, 4, 5`
	err := l.view(ctx, func(tx querier) error {
		return each(ctx, tx, query, []any{micros(since), end}, func(rows *sql.Rows) error {
			var tier, channel, class, rating string
			var kept bool
			var n int
			if err := rows.Scan(&tier, &channel, &class, &kept, &rating, &n); err != nil {
				return err
			}
			for _, g := range []*Gauge{&out.All, gaugeOf(tiers, tier), gaugeOf(channels, channel), gaugeOf(classes, class)} {
				g.count(kept, rating, n)
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("reading satisfaction: %w", err)
	}
	out.All.weigh()
	out.Tiers, out.Channels, out.Classes = weighed(tiers), weighed(channels), weighed(classes)
	return out, nil
}

func gaugeOf(all map[string]*Gauge, name string) *Gauge {
	if all[name] == nil {
		all[name] = &Gauge{Name: name}
	}
	return all[name]
}

func weighed(all map[string]*Gauge) []Gauge {
	out := make([]Gauge, 0, len(all))
	for _, g := range all {
		g.weigh()
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b Gauge) int { return cmp.Or(cmp.Compare(b.Answered, a.Answered), cmp.Compare(a.Name, b.Name)) })
	return out
}

func (g *Gauge) count(kept bool, rating string, n int) {
	g.Answered += n
	if kept {
		g.Kept += n
	}
	switch rating {
	case "good":
		g.Good += n
		if !kept {
			g.LateGood += n
		}
	case "bad":
		g.Bad += n
		if kept {
			g.KeptBad += n
		}
	}
}

// weigh finds the shares and the gap between them.
func (g *Gauge) weigh() {
	g.KeptShare, g.GoodShare = wilson(g.Kept, g.Answered), wilson(g.Good, g.Good+g.Bad)
	if g.KeptShare == nil || g.GoodShare == nil {
		return
	}
	k, s := g.KeptShare, g.GoodShare
	gap := k.Value - s.Value
	g.Gap = &Share{
		Value: points(gap),
		Low:   points(gap - math.Hypot(k.Value-k.Low, s.High-s.Value)),
		High:  points(gap + math.Hypot(k.High-k.Value, s.Value-s.Low)),
	}
	g.Sure = g.Good+g.Bad >= fewestVotes && (g.Gap.Low > 0 || g.Gap.High < 0)
}

// fewestVotes is how many say anything at all of the others.
const fewestVotes = 10

// wilson gives a share of n with its range (E. B. Wilson, 1927), nil for n 0.
func wilson(of, n int) *Share {
	if n == 0 {
		return nil
	}
	const z = 1.959964
	p, m := float64(of)/float64(n), float64(n)
	middle := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return &Share{Value: rounded(p), Low: rounded(max(0, middle-half)), High: rounded(min(1, middle+half))}
}

func rounded(x float64) float64 { return math.Round(x*10_000) / 10_000 }

func points(x float64) float64 { return math.Round(x*1000) / 10 }
