package email

import (
	"regexp"
	"strings"
)

// The words that open and close a letter, in the languages of our customers.
var (
	greetingLine = regexp.MustCompile(`(?i)^(hi|hello|hey|dear|good (morning|afternoon|evening|day)|hallo|guten (tag|morgen|abend)|moin|servus|liebe[rs]?|` +
		`sehr geehrte[rsn]?|grüezi|bonjour|bonsoir|salut|ch(er|ère)|madame|monsieur|hola|buen(os|as) (días|tardes|noches)|estimad[oa]s?|` +
		`ciao|salve|buon(giorno|asera)|gentile|egregi[oa]|dag|beste|geachte|goede(morgen|middag|navond)|hoi|` +
		`cześć|witam|witaj|dzień dobry|szanown[iyae])(\s[\pL.'’-]+){0,6}\s?[,!.]?$`)
	closingLine = regexp.MustCompile(`(?i)^(((with )?(kind|best|warm|warmest|many)\s)?(regards|wishes)|cheers|(yours )?sincerely( yours)?|yours( \pL+)?|best|` +
		`(mit )?(freundlichen?|besten?|vielen?|liebe|viele|schöne|herzliche)\s(grüßen?|grüssen?|gruß|gruss)|gruß|gruss|grüße|grüsse|mfg|vg|lg|` +
		`(bien )?cordialement|bien à vous|(meilleures )?salutations|(un (cordial )?)?saludos?|atentamente|` +
		`(cordiali|distinti) saluti|saluti|(met )?vriendelijke groet(en)?|groet(en)?|groetjes|mvg|` +
		`pozdrawiam( serdecznie)?|z poważaniem|pozdrowienia)( \pL+){0,2}[^\pL]{0,4}$`)
	// sentenceForm finds what stands in no card: what somebody asks for, or what
	// it is about.
	sentenceForm = regexp.MustCompile(`(?i)\b(please|bitte|s'il vous|por favor|per favore|per piacere|alstublieft|graag|proszę|my|meine?|ma|mon|mi|mio|mia|mijn|mój|moja|i|ich|je|ik|` + //nolint:misspell // Spanish
		`(order|invoice|customer|booking|contract|ticket)( (numbers?|no|nr|id)|\PL{1,3}\d+)|(bestell|auftrags?|rechnungs?|kunden|vertrags?|buchungs?)[- ]?(nummern?|nr)|` +
		`(commande|facture|client|pedido|factura|cliente|ordine|fattura|bestelling|factuur|klant|zamówieni\pL*|faktur\pL*)( (n|no|nr|núm|num)|\PL{1,4}\d+)|bestelnummer|klantnummer)\b`)
	contactLine = regexp.MustCompile(`(?i)[^\s@]+@[^\s@]+\.\pL{2,}|(\+|\b00|\(0|\b0)[\d\s()/.-]{6,}\d|\+\d[\d\s()/.-]{5,}|\bwww\.\S+|https?://\S+`)
)

// onlyGreets reports whether a text holds nothing but a greeting and a closing:
// then what was meant stands elsewhere, such as within what looks like a quote.
func onlyGreets(text string) bool {
	greeted := false
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case !greeted && greetingLine.MatchString(line):
			greeted = true
		case greeted && closingLine.MatchString(line):
			return len(lines)-i <= 6
		default:
			return false
		}
	}
	return greeted
}

// closes reports whether the paragraph that ends above line i closes a letter:
// kind regards and a name.
func (r *reading) closes(from, i int) bool {
	for i > from && r.lines[i-1] == "" {
		i--
	}
	for n := 0; i > from && n < 4; n++ {
		i--
		if r.lines[i] == "" {
			continue
		}
		if closingLine.MatchString(strings.TrimSpace(r.lines[i])) {
			return true
		}
		if len(r.lines[i]) > 40 {
			return false
		}
	}
	return false
}

// signedBelow reports whether the first line with words from i on is the name of
// whom the mail is from: a first name and a surname, and nothing else that
// matters.
func (r *reading) signedBelow(i, end int) bool {
	for i < end && r.lines[i] == "" {
		i++
	}
	if i == end || !strings.Contains(r.writer, " ") {
		return false
	}
	rest, found := strings.CutPrefix(strings.ToLower(strings.Trim(r.lines[i], " *_")), r.writer)
	return found && (rest == "" || strings.ContainsAny(strings.TrimLeft(rest, " ")[:1], ",|·•–—-/("))
}

// ruledOff gives where a card begins that stands under a rule below the closing
// words: a name, a post, telephone and address; else to.
func (r *reading) ruledOff(from, to int) int {
	end := to
	for end > from && r.lines[end-1] == "" {
		end--
	}
	contacts, labelled, last := 0, false, max(from, end-longestSignature-1)
	for i := end - 1; i > last; i-- {
		line := strings.TrimSpace(r.lines[i])
		switch {
		case line != "" && line != "--" && (isRule(line) || line == "—" || line == "–"):
			if contacts > 0 && isRule(line) && r.closes(from, i) || contacts > 0 && i > from && !labelled && !r.listed(i) && r.signedBelow(i+1, end) {
				return i
			}
			return to
		case len(line) > 80 || strings.ContainsAny(line[max(0, len(line)-1):], "?:!") || sentenceForm.MatchString(line):
			return to
		case contactLine.MatchString(line):
			contacts++
		default:
			labelled = labelled || strings.Contains(line, ": ")
		}
	}
	return to
}
