package policies

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"stagecoach/router/sla"
)

// expectedWords are how a language says when an answer usually comes.
type expectedWords struct {
	// usual and late say it, late where it is after what is promised.
	usual, late string
	// minutes, hour, hours and by are the times in them.
	minutes, hour, hours, by string
}

// expectedTable has a line for each of Languages, with the words in their order.
const expectedTable = `
en | At present an answer usually comes %s. | It is busier than usual just now, and the answer may come later than promised: usually %s. | within %d minutes | within about an hour | within about %d hours | by %s
de | Zurzeit kommt eine Antwort meist %s. | Gerade ist mehr zu tun als sonst, und die Antwort kann später kommen als zugesagt: meist %s. | innerhalb von %d Minuten | innerhalb etwa einer Stunde | innerhalb von etwa %d Stunden | bis %s
fr | En ce moment, une réponse arrive en général %s. | Nous avons plus à faire que d'habitude, et la réponse peut arriver plus tard que promis : en général %s. | en moins de %d minutes | en une heure environ | en %d heures environ | avant le %s
es | Ahora una respuesta suele llegar %s. | Ahora hay más trabajo de lo habitual y la respuesta puede llegar más tarde de lo prometido: normalmente %s. | en menos de %d minutos | en una hora aproximadamente | en unas %d horas | antes del %s
it | Ora una risposta arriva di solito %s. | C'è più lavoro del solito e la risposta può arrivare più tardi di quanto promesso: di solito %s. | entro %d minuti | entro un'ora circa | entro %d ore circa | entro %s
nl | Op dit moment komt een antwoord meestal %s. | Het is nu drukker dan anders en het antwoord kan later komen dan beloofd: meestal %s. | binnen %d minuten | binnen ongeveer een uur | binnen ongeveer %d uur | uiterlijk %s
pl | Obecnie odpowiedź przychodzi zwykle %s. | Mamy teraz więcej pracy niż zwykle i odpowiedź może przyjść później, niż obiecujemy: zwykle %s. | w ciągu %d minut | w ciągu około godziny | w ciągu około %d godzin | najpóźniej %s
`

// expectedWordsOf gives the words of a language of Languages, and English ones
// for any other.
func expectedWordsOf(language string) expectedWords {
	lines := strings.Split(strings.TrimSpace(expectedTable), "\n")
	at := max(0, slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, language+" |") }))
	c := strings.Split(lines[at], " | ")
	return expectedWords{usual: c[1], late: c[2], minutes: c[3], hour: c[4], hours: c[5], by: c[6]}
}

// What is said in minutes, what in hours, and by how much an answer may be later
// than promised before that is said: a part of the time that is left, and no
// less than so much.
const (
	saidInMinutes = 45 * time.Minute
	saidInHours   = 12 * time.Hour
	latePart      = 4
	lateLeast     = 15 * time.Minute
)

// expectedSentence says when an answer usually comes: nothing where it isn't
// known, or where it is about what is promised; where it is much later, it says
// so.
func expectedSentence(language string, at Times, cal sla.Calendar, zone *time.Location) string {
	if at.Expected.IsZero() || !at.Expected.After(at.Now) {
		return ""
	}
	w := expectedWordsOf(language)
	said, until := w.time(language, at, cal, zone)
	switch over := at.Expected.Sub(at.Due); {
	case over > max(at.Due.Sub(at.Now)/latePart, lateLeast):
		return fmt.Sprintf(w.late, said)
	case until.After(at.Due):
		return ""
	default:
		return fmt.Sprintf(w.usual, said)
	}
}

// time writes when an answer is expected as people say it, rounded up, and gives
// what it has said. Where it is closed in between, or it is half a day and more,
// it names the moment.
func (w *expectedWords) time(language string, at Times, cal sla.Calendar, zone *time.Location) (said string, until time.Time) {
	wait := at.Expected.Sub(at.Now)
	closed := cal.Between(at.Now, at.Expected) < wait-time.Minute
	switch hours := (wait + time.Hour - 1).Truncate(time.Hour); {
	case closed || wait > saidInHours:
		until = roundedUp(at.Expected.In(zone))
		return fmt.Sprintf(w.by, WriteTime(until, language)), until
	case wait <= saidInMinutes:
		m := peopleMinutes(wait)
		return fmt.Sprintf(w.minutes, m), at.Now.Add(time.Duration(m) * time.Minute)
	case hours <= time.Hour:
		return w.hour, at.Now.Add(time.Hour)
	default:
		return fmt.Sprintf(w.hours, int(hours/time.Hour)), at.Now.Add(hours)
	}
}

// peopleMinutes gives the next number of minutes that people would say.
func peopleMinutes(d time.Duration) int {
	steps := []int{5, 10, 15, 20, 30, 45}
	at := slices.IndexFunc(steps, func(m int) bool { return d <= time.Duration(m)*time.Minute })
	if at < 0 {
		at = len(steps) - 1
	}
	return steps[at]
}

// roundedUp gives the next half hour on the clock of a time's zone.
func roundedUp(t time.Time) time.Time {
	past := time.Duration(t.Minute()%30)*time.Minute + time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
	if past == 0 {
		return t
	}
	return t.Add(30*time.Minute - past)
}

// fill puts a sentence in its place. Where there is none, the place goes with the
// space before it, and a line that was nothing else goes too.
func fill(text, place, sentence string) string {
	if sentence != "" || !strings.Contains(text, place) {
		return strings.ReplaceAll(text, place, sentence)
	}
	var out []string
	gone := false // so that no two empty lines follow each other
	for line := range strings.SplitSeq(text, "\n") {
		if strings.Contains(line, place) {
			line = strings.TrimSpace(strings.ReplaceAll(strings.ReplaceAll(line, " "+place, ""), place, ""))
			if gone = line == ""; gone {
				continue
			}
		}
		if line == "" && gone && (len(out) == 0 || out[len(out)-1] == "") {
			continue
		}
		gone = false
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}
