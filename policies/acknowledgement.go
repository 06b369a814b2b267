package policies

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"stagecoach/contact"
)

// Acknowledgement says when an automatic receipt is sent.
type Acknowledgement struct {
	// First is true for the message that begins a conversation, Later also for
	// one that opens another contact of it.
	First, Later bool
	// Every is the least time between two to one customer.
	Every time.Duration
	// Budget is how many go to one correspondent in 24 hours.
	Budget int
}

type acknowledgementRule struct {
	Acknowledgement
	channels []contact.Channel
	language string
	texts    map[string]string
}

// Acknowledgement gives when a receipt is sent for what comes on a channel.
func (s *Set) Acknowledgement(ch contact.Channel) Acknowledgement {
	a := s.acknowledgement.Acknowledgement
	if !slices.Contains(s.acknowledgement.channels, ch) {
		a.First, a.Later = false, false
	}
	return a
}

// Times are what a receipt tells of, and when it is written.
type Times struct {
	Now time.Time
	// Due is when the answer is promised, Expected when it usually comes, zero if
	// unknown.
	Due, Expected time.Time
}

// AcknowledgementText gives the receipt in the customer's language, or in the
// set's where there is none in it, with the times in their places. They are
// written on the clock of the promise's calendar; a promise that counts every
// hour has none, and is written on otherwise's.
func (s *Set) AcknowledgementText(language string, f Facts, at Times, otherwise *time.Location) (text string) {
	rule := &s.acknowledgement
	if rule.texts[language] == "" {
		language = rule.language
	}
	cal, zone := s.Calendar(s.Promise(f).Calendar), otherwise
	if own, ok := cal.(interface{ Location() *time.Location }); ok {
		zone = own.Location()
	}
	text = fill(rule.texts[language], placeExpected, expectedSentence(language, at, cal, zone))
	return strings.ReplaceAll(text, placeDue, WriteTime(at.Due.In(zone), language))
}

// The places in a text for what is only known when it is written.
const (
	placeDue      = "{due}"
	placeExpected = "{expected}"
)

var placeholder = regexp.MustCompile(`\{[^{}\n]*\}`)

func (b *builder) buildAcknowledgement(f *acknowledgementEntry) {
	rule := acknowledgementRule{
		Acknowledgement: Acknowledgement{
			First: f.Send == "first" || f.Send == "always", Later: f.Send == "always", Every: f.Every, Budget: f.Budget,
		},
		language: f.Language, texts: map[string]string{},
	}
	for _, name := range f.Channels {
		rule.channels = append(rule.channels, contact.Channel(name))
	}
	d := b.docFor("escalation.yaml", "acknowledgement.texts")
	for i, e := range f.Texts {
		key := fmt.Sprintf("acknowledgement.texts[%d]", i)
		if rule.texts[e.Language] != "" {
			d.Report(key+".language", "", "there is a text in %q already", e.Language)
		}
		for _, found := range placeholder.FindAllString(e.Text, -1) {
			if found != placeDue && found != placeExpected {
				d.Report(key+".text", placeDue+" and "+placeExpected+" are the only ones", "nothing is known to put in the place of %s", found)
			}
		}
		if e.Language != "" && strings.TrimSpace(fill(e.Text, placeExpected, "")) == "" && d.Has(key+".text") {
			d.Report(key+".text", placeExpected+" stands for nothing while no time is known", "is empty")
		}
		rule.texts[e.Language] = e.Text
	}
	if rule.First && rule.texts[f.Language] == "" {
		b.docFor("escalation.yaml", "acknowledgement.language").Report("acknowledgement.language", "add one to texts", "there is no text in %q", f.Language)
	}
	b.set.acknowledgement = rule
}

// dateWords are the names of days and months of a language as they stand within
// a sentence, and the form of a date in it.
type dateWords struct {
	days   []string // from Sunday
	months []string
	form   string
}

// dateTable has a line for each of Languages: days, months and form.
const dateTable = `
en | Sunday Monday Tuesday Wednesday Thursday Friday Saturday | January February March April May June July August September October November December | %s %d %s, %s
de | Sonntag Montag Dienstag Mittwoch Donnerstag Freitag Samstag | Januar Februar März April Mai Juni Juli August September Oktober November Dezember | %s, %d. %s, %s Uhr
fr | dimanche lundi mardi mercredi jeudi vendredi samedi | janvier février mars avril mai juin juillet août septembre octobre novembre décembre | %s %d %s à %s
es | domingo lunes martes miércoles jueves viernes sábado | enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre | %s %d de %s a las %s
it | domenica lunedì martedì mercoledì giovedì venerdì sabato | gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre | %s %d %s alle %s
nl | zondag maandag dinsdag woensdag donderdag vrijdag zaterdag | januari februari maart april mei juni juli augustus september oktober november december | %s %d %s om %s uur
pl | niedziela poniedziałek wtorek środa czwartek piątek sobota | stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia | %s, %d %s, godz. %s
`

// dateWordsOf gives the words of a language of Languages, and English ones for
// any other.
func dateWordsOf(language string) dateWords {
	lines := strings.Split(strings.TrimSpace(dateTable), "\n")
	at := max(0, slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, language+" |") }))
	columns := strings.Split(lines[at], "|")
	return dateWords{days: strings.Fields(columns[1]), months: strings.Fields(columns[2]), form: strings.TrimSpace(columns[3])}
}

// WriteTime writes a time for a customer in a language, with its zone.
func WriteTime(at time.Time, language string) string {
	w := dateWordsOf(language)
	return fmt.Sprintf(w.form, w.days[at.Weekday()], at.Day(), w.months[at.Month()-1], at.Format("15:04")) + at.Format(" (MST)")
}
