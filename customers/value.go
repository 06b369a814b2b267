package customers

import (
	"math"
	"math/bits"
	"time"
)

// Micro is one, in micro-units: what is reckoned with is whole numbers, so that the
// same facts come to the same value on every machine.
const Micro = 1_000_000

// MostPoints is the highest value of a customer.
const MostPoints = 1000

// Where a value comes from.
const (
	FromImport = "import"
	FromCRM    = "crm"
	FromOrders = "orders"
)

// What else than an entry of customers.yaml gives a tier.
const (
	// RuleObjection is the middle tier of who objects to being scored.
	RuleObjection = "objection"
	// RuleGiven is a tier that somebody has given.
	RuleGiven = "given"
)

// mostAmount bounds what is taken for an amount: beyond it nothing changes.
const mostAmount = 1_000_000_000_000

// Given is what a source says that a customer is worth, in micro-units of the
// company's own unit. It is zero where the source says nothing.
type Given struct {
	Amount int64     `json:"amount,omitempty"`
	At     time.Time `json:"at,omitzero"`
	// Stale is true where the source could not be asked again.
	Stale bool `json:"stale,omitempty"`
}

// Term is one part of a value, in micro-points, of what it can come to at most.
type Term struct {
	Points int64 `json:"points,omitempty"`
	Of     int64 `json:"of,omitempty"`
}

// Terms are what a value of orders is the sum of.
type Terms struct {
	Recency   Term `json:"recency,omitzero"`
	Frequency Term `json:"frequency,omitzero"`
	Money     Term `json:"money,omitzero"`
	Tenure    Term `json:"tenure,omitzero"`
}

// Sum gives the value that the terms come to.
func (t Terms) Sum() int64 {
	return t.Recency.Points + t.Frequency.Points + t.Money.Points + t.Tenure.Points
}

// Measure says what one fact counts. Weight is its share beside those of the others.
// Full is from where on it counts wholly, None from where on it counts nothing; facts
// that count the more the more there is of them have no None.
type Measure struct {
	Weight, Full, None int64
}

// Scale says what customers are worth by what is known of them.
type Scale struct {
	// Sources are asked in this order: the first that knows something decides.
	Sources []string
	// Most is the amount, in micro-units, that counts as MostPoints where an import or
	// a CRM gives it.
	Most int64
	// StaleAfter is after how long what is known is stale, 0 for never.
	StaleAfter time.Duration
	// Recency is in days since the last order, Frequency in orders, Money in
	// micro-units of the currency, and Tenure in days.
	Recency, Frequency, Money, Tenure Measure
}

// Value fills in what the customer of these facts is worth at now, and where that is
// known from. Whatever it was worth before is forgotten.
func (s *Scale) Value(f *Facts, now time.Time) {
	f.Value, f.ValueSource, f.ValueAt, f.Stale, f.Terms = 0, "", time.Time{}, false, Terms{}
	for _, source := range s.Sources {
		switch {
		case source == FromImport && !f.Import.At.IsZero():
			s.given(f, source, f.Import, now)
		case source == FromCRM && !f.CRM.At.IsZero():
			s.given(f, source, f.CRM, now)
		case source == FromOrders && f.KnowsOrders():
			f.Terms = s.terms(f, now)
			f.Value, f.ValueSource, f.ValueAt = f.Terms.Sum(), source, f.OrdersAt
			f.Stale = s.old(f.OrdersAt, now)
		default:
			continue
		}
		return
	}
}

func (s *Scale) given(f *Facts, source string, g Given, now time.Time) {
	f.Value = MostPoints * share(g.Amount, s.Most)
	f.ValueSource, f.ValueAt, f.Stale = source, g.At, g.Stale || s.old(g.At, now)
}

func (s *Scale) old(at, now time.Time) bool {
	return s.StaleAfter > 0 && now.Sub(at) > s.StaleAfter
}

// terms gives what each fact counts. What isn't known counts nothing.
func (s *Scale) terms(f *Facts, now time.Time) Terms {
	since := f.Since
	if since == "" {
		since = f.FirstOrder
	}
	var recency, tenure int64
	if days, ok := DaysSince(f.LastOrder, now); ok {
		recency = share(s.Recency.None-int64(days), s.Recency.None-s.Recency.Full)
	}
	if days, ok := DaysSince(since, now); ok {
		tenure = share(int64(days), s.Tenure.Full)
	}
	all := s.Recency.Weight + s.Frequency.Weight + s.Money.Weight + s.Tenure.Weight
	return Terms{
		Recency: s.Recency.term(recency, all), Frequency: s.Frequency.term(share(int64(f.Orders), s.Frequency.Full), all),
		Money: s.Money.term(share(f.Revenue, s.Money.Full), all), Tenure: s.Tenure.term(tenure, all),
	}
}

// term gives a fact's points, of those that it has by its weight among all.
func (m Measure) term(part, all int64) Term {
	of := MostPoints * share(m.Weight, all)
	return Term{Points: of * part / Micro, Of: of}
}

// share gives what part of the whole something is, in micro-units: from 0 to Micro,
// whatever it is.
func share(part, whole int64) int64 {
	switch {
	case part <= 0 || whole <= 0:
		return 0
	case part >= whole:
		return Micro
	}
	high, low := bits.Mul64(uint64(part), Micro)
	q, _ := bits.Div64(high, low, uint64(whole))
	return int64(q) //nolint:gosec // part is less than whole, so it is less than Micro
}

// MicroOf gives an amount in micro-units, bounded to what is reckoned with. It
// reports false for what is no number.
func MicroOf(amount float64) (int64, bool) {
	if math.IsNaN(amount) || math.IsInf(amount, 0) {
		return 0, false
	}
	return int64(math.Round(min(max(amount, -mostAmount), mostAmount) * Micro)), true
}

// DaysSince gives how many days ago a day was, 0 for one that is yet to come. It
// reports false where the text is no day.
func DaysSince(day string, now time.Time) (int, bool) {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return 0, false
	}
	return int(max(now.UTC().Sub(at), 0) / (24 * time.Hour)), true
}

// KnowsOrders reports whether anything is known of what they bought.
func (f *Facts) KnowsOrders() bool { return f.OrdersSource != "" }

// Worth reports whether anything says what they are worth.
func (f *Facts) Worth() bool { return f.ValueSource != "" }

// SameWorth reports whether they make the same of a customer as others, nil for none.
func (f *Facts) SameWorth(other *Facts) bool {
	if other == nil {
		other = &Facts{}
	}
	return f.Points() == other.Points() && f.ValueSource == other.ValueSource && f.Stale == other.Stale && f.Objected == other.Objected && f.TierRule == other.TierRule
}

// Points gives the value in whole points.
func (f *Facts) Points() int64 { return (f.Value + Micro/2) / Micro }
