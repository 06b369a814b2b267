package classifier

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"stagecoach/policies"
)

// Schema is the version of the JSON in both directions.
const Schema = 1

// The most that is told of a message.
const (
	maxSubject = 1 << 10
	maxText    = 16 << 10
	maxFiles   = 20
	// maxWord is how long the last word may be that is left out with what is cut.
	maxWord = 512
)

// Question is what is posted.
type Question struct {
	Schema  int    `json:"schema"`
	Channel string `json:"channel"`
	Account string `json:"account"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
	// Files are the media types of the attachments.
	Files []string `json:"files"`
	// Classes and Languages are what an answer may name.
	Classes   []string `json:"classes"`
	Languages []string `json:"languages"`
}

// answer is what comes back.
type answer struct {
	Class      string  `json:"class"`
	Language   string  `json:"language"`
	Confidence float64 `json:"confidence"`
}

// questionOf gives what is told of a message: no names and no addresses but those
// in its words, and those neither where they are taken out.
func questionOf(set *policies.Set, in *policies.ClassifyInput, redact bool) Question {
	subject, text := cut(in.Subject, maxSubject), cut(in.Text, maxText)
	if redact {
		subject, text = Redact(subject), Redact(text)
	}
	q := Question{
		Schema: Schema, Channel: string(in.Channel), Account: in.Account, Subject: subject, Text: text,
		Files: []string{}, Classes: set.Classes(), Languages: policies.Languages(),
	}
	for _, a := range in.Attachments[:min(len(in.Attachments), maxFiles)] {
		q.Files = append(q.Files, a.Type)
	}
	return q
}

// hidden are what words of a customer are taken out by, in order, and what stands for
// them.
//
//nolint:gochecknoglobals // a table
var hidden = []struct {
	form *regexp.Regexp
	is   string
}{
	{regexp.MustCompile(`(?i)\b(?:https?|ftp)://\S+|\bwww\.\S+`), "[link]"},
	{regexp.MustCompile(`[\pL\pN._%+'-]+@[\pL\pN.-]+\.\pL{2,}`), "[address]"},
	{regexp.MustCompile(`(?i)\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,4})?\b`), "[account]"},
	{regexp.MustCompile(`\+?\(?\d(?:[ ./()-]{0,2}\d){5,}`), "[number]"},
}

// Redact takes e-mail addresses, links, bank accounts and numbers of six digits and
// more (telephone, card, order) out of a text.
func Redact(text string) string {
	for _, one := range hidden {
		text = one.form.ReplaceAllString(text, one.is)
	}
	return text
}

// cut takes the first n bytes of a text, without the word that ends behind them: half
// an address would not be known for one.
func cut(s string, n int) string {
	if len(s) > n {
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
		if end := strings.LastIndexFunc(s, unicode.IsSpace); end > n-maxWord {
			s = s[:max(end, 0)]
		}
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// read makes an answer of what came back.
func read(body []byte) (policies.Said, error) {
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		return policies.Said{}, fmt.Errorf("its answer is no JSON as documented: %w", err)
	}
	if math.IsNaN(a.Confidence) || a.Confidence < 0 || a.Confidence > 1 {
		return policies.Said{}, fmt.Errorf("its confidence is %v, not a number from 0 to 1", a.Confidence)
	}
	if len(a.Class) > 200 || len(a.Language) > 20 {
		return policies.Said{}, fmt.Errorf("its answer names a class of %d letters", len(a.Class))
	}
	return policies.Said{Class: a.Class, Language: a.Language, Confidence: int(math.Round(a.Confidence * 1000))}, nil
}
