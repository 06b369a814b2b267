package customers

import (
	"slices"
	"time"

	"stagecoach/contact"
)

// What we begin ourselves goes for a purpose. An answer to the customer's own
// question has none, and nothing here holds it back.
const (
	// Service is about something between us: an order, a contract, a matter of theirs.
	Service   = "service"
	Marketing = "marketing"
	Feedback  = "feedback"
	// Outreach answers a post that was not addressed to us.
	Outreach = "outreach"
)

// Purposes lists them, in the order in which people are shown them.
func Purposes() []string { return []string{Service, Marketing, Feedback, Outreach} }

// Allowed is what the customer has said of a channel and a purpose.
type Allowed string

// The words there are. Unsaid is that nothing is known.
const (
	Unsaid    Allowed = ""
	Consented Allowed = "given"
	Objected  Allowed = "refused"
)

// ConsentTo gives the customer's last word on a channel and a purpose, as LastConsent
// finds it.
func ConsentTo(list []Consent, ch contact.Channel, purpose string) Allowed {
	best := LastConsent(list, ch, purpose)
	switch {
	case best == nil:
		return Unsaid
	case best.Given:
		return Consented
	}
	return Objected
}

// LastConsent gives what counts of what a customer has said, nil for nothing: what was
// said of the channel itself counts before what was said of all of them, and of two
// words the newer one.
func LastConsent(list []Consent, ch contact.Channel, purpose string) *Consent {
	var best *Consent
	for i := range list {
		c := &list[i]
		if c.Purpose != purpose || c.Channel != "" && c.Channel != ch {
			continue
		}
		if best == nil || best.Channel == "" && c.Channel != "" || best.Channel == c.Channel && c.At.After(best.At) {
			best = c
		}
	}
	return best
}

// SendRules bound what we begin ourselves.
type SendRules struct {
	// From and To are minutes of the day between which it is quiet at the customer's,
	// over midnight where From is the later one; equal for never.
	From, To int
	// Zone is the time zone of customers whose own isn't known; nil where nothing is
	// held back for them.
	Zone *time.Location
	// PerWeek is how many messages of ours, over all channels, begin in any seven days;
	// 0 for as many as we like.
	PerWeek int
	// Consent are the purposes that need the customer's consent; the others need that
	// they have not refused.
	Consent []string
}

// Needs reports whether a purpose needs consent.
func (r *SendRules) Needs(purpose string) bool { return slices.Contains(r.Consent, purpose) }

// week is the time in which PerWeek counts.
const week = 7 * 24 * time.Hour

// Why something that we begin waits.
const (
	HeldQuiet  = "quiet_hours"
	HeldWeekly = "weekly_limit"
)

// Hold gives until when something that we begin waits, and why; the zero time for not
// at all. Sent are the times at which others went before it. Whatever is found first,
// the moment given is free of both.
func (r *SendRules) Hold(now time.Time, zone *time.Location, sent []time.Time) (until time.Time, why string) {
	at := now
	if full := r.full(at, sent); full.After(at) {
		at, why = full, HeldWeekly
	}
	if end := r.quietUntil(at, zone); end.After(at) {
		at = end
		if why == "" {
			why = HeldQuiet
		}
	}
	if why == "" {
		return time.Time{}, ""
	}
	return at, why
}

// full gives when fewer than PerWeek others lie in the seven days before, at the
// earliest now.
func (r *SendRules) full(now time.Time, sent []time.Time) time.Time {
	if r.PerWeek <= 0 {
		return now
	}
	var recent []time.Time
	for _, at := range sent {
		if at.Add(week).After(now) {
			recent = append(recent, at)
		}
	}
	if len(recent) < r.PerWeek {
		return now
	}
	slices.SortFunc(recent, time.Time.Compare)
	return recent[len(recent)-r.PerWeek].Add(week)
}

// quietUntil gives when the quiet hours end that now lies in, now where it lies in
// none. Hours are those of the wall: where the clock is put forward over their end,
// they end as it jumps.
func (r *SendRules) quietUntil(now time.Time, zone *time.Location) time.Time {
	if r.From == r.To {
		return now
	}
	if zone == nil {
		zone = r.Zone
	}
	if zone == nil {
		return now
	}
	if !r.quietAt(now.In(zone)) {
		return now
	}
	local := now.In(zone)
	end := time.Date(local.Year(), local.Month(), local.Day(), r.To/60, r.To%60, 0, 0, zone)
	if !end.After(local) {
		end = time.Date(local.Year(), local.Month(), local.Day()+1, r.To/60, r.To%60, 0, 0, zone)
	}
	// Where the clock was set over the end, the wall shows it twice or never.
	for range 180 {
		if before := end.Add(-time.Minute); r.quietAt(before.In(zone)) || !before.After(now) {
			break
		}
		end = end.Add(-time.Minute)
	}
	for range 180 {
		if !r.quietAt(end.In(zone)) {
			break
		}
		end = end.Add(time.Minute)
	}
	return end.UTC()
}

func (r *SendRules) quietAt(local time.Time) bool {
	minute := local.Hour()*60 + local.Minute()
	if r.From < r.To {
		return minute >= r.From && minute < r.To
	}
	return minute >= r.From || minute < r.To
}
