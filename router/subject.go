package router

import (
	"regexp"
	"strings"
	"unicode"
)

var (
	// subjectPrefix is what mail programs put before a subject.
	subjectPrefix = regexp.MustCompile(`(?i)^\s*((re|aw|antw|antwort|sv|vs|ref|rif|odp|ynt|fwd?|wg|tr|rv|doorst|auto|automatic reply|out of office|automatische antwort|abwesenheitsnotiz|réponse automatique|respuesta automática|risposta automatica|automatisch antwoord|odpowiedź automatyczna|autosvar|away|回复|答复|返信)(\s*\[\d+\]|\(\d+\)|\^\d+)?\s*[:：]|\[[^\]]{1,40}\])\s*`)
	// longNumber is a number that is long enough to be of one matter only, yearForm
	// one that many subjects have.
	longNumber = regexp.MustCompile(`#\d{4,}|\d{4,}`)
	yearForm   = regexp.MustCompile(`^(19[5-9]|20[0-4])\d$`)
)

// maxSubject is how many bytes of a subject are read.
const maxSubject = 4096

// bareSubject gives a subject without what mail programs put before it, "" where
// it says too little to tell one matter from another. answers is true where a
// program marked it as an answer.
func bareSubject(subject string) (bare string, answers bool) {
	s := strings.TrimSpace(subject[:min(len(subject), maxSubject)])
	for {
		at := subjectPrefix.FindStringIndex(s)
		if at == nil {
			break
		}
		answers = answers || !strings.HasPrefix(strings.TrimSpace(s), "[")
		s = s[at[1]:]
	}
	s = strings.ToLower(strings.Join(strings.Fields(s), " "))
	letters, words := 0, 0
	for word := range strings.FieldsSeq(s) {
		n := 0
		for _, r := range word {
			if unicode.IsLetter(r) {
				n++
			}
		}
		letters += n
		if n > 1 {
			words++
		}
	}
	if numbered(s) || words >= 3 && letters >= 12 {
		return s, answers
	}
	return "", answers
}

// SubjectKey gives the key by which a sender's mail under a subject is found
// again, "" where the subject is too common.
func (k Keys) SubjectKey(channel, account, identity, subject string) string {
	bare, _ := bareSubject(subject)
	if bare == "" || identity == "" {
		return ""
	}
	return k.Of("subject", channel, account, identity, bare)
}

// numbered reports whether a subject names one matter by its number. A year
// doesn't.
func numbered(subject string) bool {
	for _, number := range longNumber.FindAllString(subject, 20) {
		if !yearForm.MatchString(number) {
			return true
		}
	}
	return false
}
