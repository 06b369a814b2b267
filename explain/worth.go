package explain

import (
	"strconv"
	"strings"
	"time"

	"stagecoach/customers"
	"stagecoach/ledger"
	"stagecoach/router"
)

// Worth tells what is known of a customer's worth, what tier that came to and where
// it is known from: as it was when a policy was asked at that time. There is nothing to
// tell where neither is known.
func (t *Teller) Worth(k *customers.Facts, tier string, at time.Time) []string {
	if k == nil {
		return nil
	}
	out := []string{t.tier(k, tier)}
	if k.Objected || !k.Worth() {
		return withoutEmpty(out)
	}
	out[0] = t.ranked(k, tier, at)
	if k.Stale {
		out = append(out, t.stale(k))
	}
	if k.ValueSource == customers.FromOrders {
		out = append(out, t.terms(k, at))
	}
	return withoutEmpty(out)
}

// Ranked tells what is known of the worth of a contact's customer, and what that does
// where contacts are given out: nothing where neither is known.
func (t *Teller) Ranked(c *router.Contact) []string {
	out := t.Worth(c.Known, c.Tier, c.Start)
	if len(out) == 0 {
		return nil
	}
	out[0] = t.say("Customer: %s", "Kunde: %s", out[0])
	if said := t.counts(c.Traits.Value); said != "" {
		out = append(out, said+" "+t.say(
			"What is close to its time comes first all the same, and once a turn is owed only time counts.",
			"Was bald fällig ist, kommt trotzdem zuerst, und wer an der Reihe sein muss, für den zählt nur noch die Zeit."))
	}
	return out
}

// CustomerChanged tells that more is known of a customer, or other things than before.
func (t *Teller) CustomerChanged(e *ledger.Entry) string {
	text := t.say("more is known of the customer", "über den Kunden ist mehr bekannt")
	if lines := t.Worth(e.Detail.Known, e.Detail.Tier, e.At); len(lines) > 0 {
		text += ": " + strings.TrimSuffix(lines[0], ".")
		if k := e.Detail.Known; k.Stale && !k.Objected {
			old := strings.TrimSuffix(t.stale(k), ".")
			text += "; " + strings.ToLower(old[:1]) + old[1:]
		}
	}
	if e.Channel != "" {
		text += t.say("; the answer is to go by %s", "; die Antwort soll per %s gehen", t.channel(e.Channel))
	}
	if !e.Until.IsZero() {
		text += t.say("; due %s", "; fällig %s", t.second(e.Until))
	}
	return text
}

// tier tells of a tier that isn't there for what the customer is worth.
func (t *Teller) tier(k *customers.Facts, tier string) string {
	switch {
	case k.Objected && tier == "":
		return t.say(
			"No tier: the customer objects to being scored, which is respected and on record.",
			"Keine Stufe: Der Kunde widerspricht einer Bewertung; das wird beachtet und ist vermerkt.")
	case k.Objected:
		return t.say(
			"Tier “%s”, the one in the middle: the customer objects to being scored, which is respected and on record.",
			"Stufe „%s“, die mittlere: Der Kunde widerspricht einer Bewertung; das wird beachtet und ist vermerkt.", tier)
	case tier == "":
		return ""
	case k.TierRule == customers.RuleGiven:
		return t.say("Tier “%s”: it was given to the customer.", "Stufe „%s“: Sie wurde dem Kunden gegeben.", tier)
	}
	return t.say("Tier “%s”, by its entry in customers.yaml; nothing is known of the customer's value.",
		"Stufe „%s“, nach ihrem Eintrag in customers.yaml; über den Wert des Kunden ist nichts bekannt.", tier)
}

// ranked is the one line that says it all: the tier, the value, why, and the source.
func (t *Teller) ranked(k *customers.Facts, tier string, at time.Time) string {
	value := t.say("value %[1]s of %[2]s", "Wert %[1]s von %[2]s", t.whole(k.Points()), t.whole(customers.MostPoints))
	why := ""
	if facts := t.facts(k, at); facts != "" {
		why = ": " + facts
	}
	source := t.say("; source: %s", "; Quelle: %s", t.sourceOf(k))
	switch {
	case tier == "":
		return t.say("No tier, at %[1]s%[2]s%[3]s.", "Keine Stufe, bei %[1]s%[2]s%[3]s.", value, why, source)
	case k.TierRule == customers.RuleGiven:
		return t.say("Tier “%[1]s”, which was given to the customer; %[2]s%[3]s%[4]s.", "Stufe „%[1]s“, die dem Kunden gegeben wurde; %[2]s%[3]s%[4]s.", tier, value, why, source)
	}
	return t.say("Tier “%[1]s”, at %[2]s%[3]s%[4]s.", "Stufe „%[1]s“, bei %[2]s%[3]s%[4]s.", tier, value, why, source)
}

// facts lists what is known of a customer's loyalty, whether the value was made of it
// or not.
func (t *Teller) facts(k *customers.Facts, at time.Time) string {
	var out []string
	if k.KnowsOrders() && k.Orders > 0 {
		out = append(out, t.count(k.Orders, "bought %d time", "bought %d times", "%d Kauf", "%d Käufe"))
	}
	if days, ok := customers.DaysSince(k.LastOrder, at); ok {
		out = append(out, t.lastBought(days))
	}
	since := k.Since
	if since == "" {
		since = k.FirstOrder
	}
	if days, ok := customers.DaysSince(since, at); ok && days > 0 {
		out = append(out, t.say("customer for %s", "Kunde seit %s", t.long(days)))
	}
	return strings.Join(out, ", ")
}

func (t *Teller) lastBought(days int) string {
	switch days {
	case 0:
		return t.say("last today", "zuletzt heute")
	case 1:
		return t.say("last yesterday", "zuletzt gestern")
	}
	return t.say("last %s ago", "zuletzt vor %s", t.long(days))
}

// terms says what each fact counted.
func (t *Teller) terms(k *customers.Facts, at time.Time) string {
	unknown := t.say("not known", "nicht bekannt")
	last, since := unknown, unknown
	if days, ok := customers.DaysSince(k.LastOrder, at); ok {
		last = t.lastBought(days)
	}
	for _, day := range []string{k.FirstOrder, k.Since} {
		if days, ok := customers.DaysSince(day, at); ok {
			since = t.long(days)
		}
	}
	var out []string
	for _, one := range []struct {
		term     customers.Term
		en, de   string
		measured string
	}{
		{k.Terms.Recency, "order", "Kauf", last},
		{k.Terms.Frequency, "orders", "Käufe", t.whole(int64(k.Orders))},
		{k.Terms.Money, "spent", "Umsatz", t.whole(k.Revenue / customers.Micro)},
		{k.Terms.Tenure, "customer for", "Kunde seit", since},
	} {
		if one.term.Of > 0 {
			out = append(out, t.say("%[1]s %[2]s: %[3]s of %[4]s", "%[1]s %[2]s: %[3]s von %[4]s",
				t.say(one.en, one.de), one.measured, t.points(one.term.Points), t.points(one.term.Of)))
		}
	}
	return t.say("Points: %s.", "Punkte: %s.", strings.Join(out, "; "))
}

func (t *Teller) stale(k *customers.Facts) string {
	if k.ValueSource == customers.FromCRM && k.CRM.Stale {
		return t.say(
			"The CRM could not be asked again: this is what it said last.",
			"Das CRM konnte nicht erneut gefragt werden: Das ist seine letzte Auskunft.")
	}
	return t.say("That is old: it may no longer be so.", "Das ist alt: Es kann sich geändert haben.")
}

// sourceOf names where a value is from, with its day.
func (t *Teller) sourceOf(k *customers.Facts) string {
	day := t.day(k.ValueAt)
	switch k.ValueSource {
	case customers.FromCRM:
		return t.say("CRM, %s", "CRM, %s", day)
	case customers.FromImport:
		return t.say("import of %s", "Import vom %s", day)
	}
	if k.OrdersSource == customers.FromCRM {
		return t.say("orders by the CRM, %s", "Käufe laut CRM, %s", day)
	}
	return t.say("orders in the import of %s", "Käufe laut Import vom %s", day)
}

// day gives a date as it stands after "of", with the year where it is another one.
func (t *Teller) day(at time.Time) string {
	at = t.in(at)
	months := [...]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"}
	out := t.say("%[1]d %[2]s", "%[1]d. %[3]s", at.Day(), at.Month().String(), months[at.Month()-1])
	if at.Year() != t.in(t.Now).Year() {
		out += " " + strconv.Itoa(at.Year())
	}
	return out
}

// long gives a time of days, months or years; in the dative, as it stands after
// "vor" and "seit".
func (t *Teller) long(days int) string {
	switch years := days / 365; {
	case days < 62:
		return t.count(days, "%d day", "%d days", "%d Tag", "%d Tagen")
	case days < 730:
		return t.count(days*100/3044, "%d month", "%d months", "%d Monat", "%d Monaten")
	default:
		return t.count(years, "%d year", "%d years", "%d Jahr", "%d Jahren")
	}
}

// whole writes a whole number in threes.
func (t *Teller) whole(n int64) string {
	s, sign := strconv.FormatInt(n, 10), ""
	if rest, negative := strings.CutPrefix(s, "-"); negative {
		s, sign = rest, "-"
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + t.say(",", ".") + s[i:]
	}
	return sign + s
}

// points writes a term in whole points.
func (t *Teller) points(micro int64) string {
	return t.whole((micro + customers.Micro/2) / customers.Micro)
}

func withoutEmpty(lines []string) []string {
	out := lines[:0]
	for _, l := range lines {
		if l != "" {
			out = append(out, l)
		}
	}
	return out
}
