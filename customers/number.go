package customers

import "strings"

// The lengths of a telephone number without its plus (ITU-T E.164; shorter ones are
// no subscriber's).
const (
	shortestNumber = 7
	longestNumber  = 15
)

// Number gives a telephone number that is written with its country's code as E.164:
// "+" and digits. Spaces, dots, dashes, slashes, brackets and a "(0)" that isn't dialled
// from abroad are left out, "00" stands for "+". ok is false for what can't be read so,
// also for a number without the country's code.
func Number(text string) (e164 string, ok bool) {
	text = strings.TrimSpace(text)
	if rest, is := strings.CutPrefix(strings.ToLower(text), "tel:"); is {
		text = rest
	}
	text = strings.Replace(text, "(0)", "", 1)
	var digits strings.Builder
	plus := false
	for i, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits.WriteRune(r)
		case r == '+' && i == 0:
			plus = true
		case strings.ContainsRune(" .-/()\u00a0\u2009\u202f\u2010\u2011\u2012\u2013", r):
		default:
			return "", false
		}
	}
	number := digits.String()
	if !plus {
		if number, ok = strings.CutPrefix(number, "00"); !ok {
			return "", false
		}
	}
	if len(number) < shortestNumber || len(number) > longestNumber || number[0] == '0' {
		return "", false
	}
	return "+" + number, true
}
