package sim

import (
	"time"

	"stagecoach/router"
)

// Forecasts counts what the core's forecasts were worth.
type Forecasts struct {
	// All are all contacts, By those of a tier and a channel.
	All Within
	By  map[string]Within
	// Missed counts the promises that were missed of contacts that came in before
	// they were due, Foreseen those of which that
	// was said before their time was over, Alarms how often it was said.
	Missed, Foreseen, Alarms int
	// Ahead is how long before the due time it was said where it came true, as a
	// sum.
	Ahead time.Duration
}

// Within counts how many waits were as expected when the contact came in.
type Within struct {
	Contacts, P50, P90 int
	// Wait, Told50 and Told90 are the sums of the waits and of what was expected.
	Wait, Told50, Told90 time.Duration
}

func (w *Within) add(o *Within) {
	w.Contacts += o.Contacts
	w.P50 += o.P50
	w.P90 += o.P90
	w.Wait += o.Wait
	w.Told50 += o.Told50
	w.Told90 += o.Told90
}

// Coverage is the share of waits that were within the 90th percentile.
func (w *Within) Coverage() float64 { return float64(w.P90) / float64(max(w.Contacts, 1)) }

// Median is the share of waits that were within the 50th.
func (w *Within) Median() float64 { return float64(w.P50) / float64(max(w.Contacts, 1)) }

// Precision is the share of misses foreseen that came true.
func (f *Forecasts) Precision() float64 { return float64(f.Foreseen) / float64(max(f.Alarms, 1)) }

// Recall is the share of misses that were foreseen.
func (f *Forecasts) Recall() float64 { return float64(f.Foreseen) / float64(max(f.Missed, 1)) }

func (f *Forecasts) add(o *Forecasts) {
	f.All.add(&o.All)
	for key, w := range o.By {
		f.count(key, &w)
	}
	f.Missed += o.Missed
	f.Foreseen += o.Foreseen
	f.Alarms += o.Alarms
	f.Ahead += o.Ahead
}

func (f *Forecasts) count(key string, w *Within) {
	if f.By == nil {
		f.By = map[string]Within{}
	}
	sum := f.By[key]
	sum.add(w)
	f.By[key] = sum
}

// waits compares what the core said of waits with what they were.
type waits struct {
	Forecasts
	told map[string]told
}

// told is what was said of a contact when it came in, and when a miss was
// foreseen.
type told struct {
	at       time.Time
	p50, p90 time.Duration
	foreseen time.Time
}

// see looks at what the core has decided.
func (w *waits) see(s *router.State, now time.Time, events []router.Event) {
	if w.told == nil {
		w.told = map[string]told{}
	}
	for _, ev := range events {
		switch e := ev.(type) {
		case router.ContactOpened:
			x, _ := s.Forecast.Expect(e.Contact.ID, now)
			w.told[e.Contact.ID] = told{at: now, p50: x.P50, p90: x.P90}
		case router.MissForeseen:
			t := w.told[e.Contact]
			t.foreseen = now
			w.told[e.Contact] = t
			w.Alarms++
		case router.ContactEnded:
			w.ended(s.Contacts[e.Contact], now)
		default:
		}
	}
}

func (w *waits) ended(c *router.Contact, now time.Time) {
	t := w.told[c.ID]
	delete(w.told, c.ID)
	took := now.Sub(t.at)
	one := Within{Contacts: 1, Wait: took, Told50: t.p50, Told90: t.p90}
	if took <= t.p50 {
		one.P50 = 1
	}
	if took <= t.p90 {
		one.P90 = 1
	}
	w.All.add(&one)
	w.count("tier "+c.Tier, &one)
	w.count("channel "+string(c.Channel), &one)
	if now.After(c.Due) && t.at.Before(c.Due) {
		w.Missed++
		if !t.foreseen.IsZero() {
			w.Foreseen++
			w.Ahead += c.Due.Sub(t.foreseen)
		}
	}
}

// measure puts into the figures what the forecasts were worth.
func (f *Figures) measure(w *Forecasts) {
	f.Waits = *w
	f.P90Coverage, f.Precision, f.Recall = rounded(w.All.Coverage(), 6), rounded(w.Precision(), 6), rounded(w.Recall(), 6)
}
