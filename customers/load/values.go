package load

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/language"

	"stagecoach/contact"
)

// hasControl reports whether a text has what no text should.
func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r' })
}

// plainText checks a field that is shown as it is.
func plainText(s string, most int) error {
	switch {
	case !utf8.ValidString(s):
		return errors.New("it holds bytes that are no text in UTF-8")
	case hasControl(s):
		return errors.New("it holds a control character")
	case utf8.RuneCountInString(s) > most:
		return fmt.Errorf("it has %d characters: at most %d", utf8.RuneCountInString(s), most)
	}
	return nil
}

// emailAddress checks an address of e-mail.
func emailAddress(s string) error {
	at := strings.LastIndexByte(s, '@')
	switch {
	case at < 0:
		return fmt.Errorf("%q is no e-mail address: it has no @", clip(s))
	case at == 0 || at == len(s)-1:
		return fmt.Errorf("%q is no e-mail address: nothing stands on one side of the @", clip(s))
	case len(s) > 254 || at > 64:
		return fmt.Errorf("%q is too long for an e-mail address", clip(s))
	}
	local, domain := s[:at], s[at+1:]
	if strings.Contains(local, "@") && strings.ContainsAny(local, ", ") {
		return fmt.Errorf("%q is no e-mail address: split several by ;", clip(s))
	}
	for _, r := range local {
		if r <= ' ' || r == 0x7f || strings.ContainsRune(`()<>[]:;@\,"`, r) || unicode.IsSpace(r) || unicode.IsControl(r) {
			return fmt.Errorf("%q is no e-mail address: %q can't stand before the @", clip(s), r)
		}
	}
	if local[0] == '.' || local[len(local)-1] == '.' || strings.Contains(local, "..") {
		return fmt.Errorf("%q is no e-mail address: a dot stands alone before the @", clip(s))
	}
	return domainName(s, domain)
}

func domainName(s, domain string) error {
	ascii := strings.ToLower(domain)
	for i := range len(domain) {
		if domain[i] >= 0x80 {
			var err error
			if ascii, err = idna.Lookup.ToASCII(domain); err != nil {
				return fmt.Errorf("%q is no e-mail address: its domain can't be", clip(s))
			}
			break
		}
	}
	labels := strings.Split(ascii, ".")
	if len(labels) < 2 {
		return fmt.Errorf("%q is no e-mail address: its domain has no dot", clip(s))
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return fmt.Errorf("%q is no e-mail address: its domain can't be", clip(s))
		}
		for i := range len(l) {
			if c := l[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
				return fmt.Errorf("%q is no e-mail address: its domain can't be", clip(s))
			}
		}
	}
	if last := labels[len(labels)-1]; last[0] >= '0' && last[0] <= '9' {
		return fmt.Errorf("%q is no e-mail address: its domain ends in a number", clip(s))
	}
	return nil
}

// channelName checks the name of a channel.
func channelName(s string) (contact.Channel, error) {
	ch := contact.Channel(strings.ToLower(strings.TrimSpace(s)))
	if slices.Contains(contact.Channels(), ch) {
		return ch, nil
	}
	names := make([]string, 0, len(contact.Channels()))
	for _, c := range contact.Channels() {
		names = append(names, string(c))
	}
	return "", fmt.Errorf("there is no channel %q: there are %s", clip(s), strings.Join(names, ", "))
}

// languageTag checks and tidies a language.
func languageTag(s string) (string, error) {
	tag, err := language.Parse(s)
	if err != nil || tag == language.Und {
		return "", fmt.Errorf("%q is no language: write a BCP 47 tag such as de, en-GB or pt-BR", clip(s))
	}
	return tag.String(), nil
}

// timeZone checks a time zone.
func timeZone(s string) (string, error) {
	if s == "Local" || !strings.Contains(s, "/") && s != "UTC" {
		return "", fmt.Errorf("%q is no time zone: write an IANA name such as Europe/Berlin", clip(s))
	}
	if _, err := time.LoadLocation(s); err != nil {
		return "", fmt.Errorf("%q is no time zone: write an IANA name such as Europe/Berlin", clip(s))
	}
	return s, nil
}

// mostValue bounds a value: beyond it a number is a mistake.
const mostValue = 1e15

// number reads a number as programs or people write it: 1234.5, 1,234.50, 1.234,50. One
// separator before three digits can be either; then a dot is the decimal point, unless
// the file is of a country where it isn't.
func number(s string, dotGroups bool) (float64, error) {
	bad := fmt.Errorf("%q is no number: write it like 1234.5", clip(s))
	t := strings.ReplaceAll(strings.ReplaceAll(s, "\u00a0", ""), " ", "")
	body := strings.TrimLeft(t, "+-")
	sign := t[:len(t)-len(body)]
	exponent := ""
	if e := strings.IndexAny(body, "eE"); e >= 0 && !strings.ContainsRune(body, ',') {
		body, exponent = body[:e], body[e:]
	}
	if len(sign) > 1 || body == "" || strings.Trim(body, "0123456789.,") != "" {
		return 0, bad
	}
	digits, err := pointed(body, dotGroups)
	if err != nil {
		return 0, fmt.Errorf("%q can be read in two ways: %w", clip(s), err)
	}
	f, err := strconv.ParseFloat(sign+digits+exponent, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return 0, bad
	}
	if math.Abs(f) > mostValue {
		return 0, fmt.Errorf("%q is too large for a value", clip(s))
	}
	return f, nil
}

// pointed gives digits with a decimal point and no groups, "" for what can't be one.
func pointed(body string, dotGroups bool) (string, error) {
	dots, commas := strings.Count(body, "."), strings.Count(body, ",")
	dot, comma := strings.LastIndexByte(body, '.'), strings.LastIndexByte(body, ',')
	group, point := ",", "."
	if comma > dot {
		group, point = ".", ","
	}
	switch {
	case dots+commas == 0:
		return body, nil
	case dots > 0 && commas > 0:
		if strings.Count(body, point) > 1 || !grouped(body[:max(dot, comma)], group) {
			return "", nil
		}
		return strings.Replace(strings.ReplaceAll(body, group, ""), point, ".", 1), nil
	case dots+commas > 1: // groups only
		if !grouped(body, point) {
			return "", nil
		}
		return strings.ReplaceAll(body, point, ""), nil
	}
	at := max(dot, comma)
	if whole, rest := body[:at], body[at+1:]; len(rest) == 3 && at > 0 && at <= 3 && body[0] != '0' && (commas > 0 || dotGroups) {
		return "", fmt.Errorf("write %s%s or %s.%s0", whole, rest, whole, rest)
	}
	return strings.Replace(body, ",", ".", 1), nil
}

// grouped reports whether digits stand in groups of three.
func grouped(s, by string) bool {
	parts := strings.Split(s, by)
	for n, p := range parts {
		if n > 0 && len(p) != 3 || n == 0 && (p == "" || len(p) > 3) || strings.ContainsAny(p, ".,") {
			return false
		}
	}
	return true
}

// date reads a day.
func date(s string, now time.Time) (string, error) {
	var day time.Time
	var err error
	switch {
	case strings.ContainsRune(s, 'T') || len(s) > 10 && s[4] == '-' && s[10] == ' ':
		if day, err = time.Parse(time.DateOnly, s[:min(10, len(s))]); err == nil {
			if _, err = time.Parse(time.RFC3339, strings.Replace(s, " ", "T", 1)); err != nil {
				_, err = time.Parse("2006-01-02T15:04:05", strings.Replace(s, " ", "T", 1))
			}
		}
	case strings.Count(s, ".") == 2:
		day, err = time.Parse("2.1.2006", s)
	default:
		day, err = time.Parse(time.DateOnly, s)
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("%q is no day: write it like 2021-05-03", clip(s))
	case day.Year() < 1900:
		return "", fmt.Errorf("%q is too long ago", clip(s))
	case day.After(now.Add(24 * time.Hour)):
		return "", fmt.Errorf("%q has not come yet", clip(s))
	}
	return day.Format(time.DateOnly), nil
}
