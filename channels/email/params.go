package email

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxParams bounds the parameters of one field.
const maxParams = 2000

// parseParams reads "value; name=value; …" as RFC 2045, RFC 2231 and the
// programs that heed neither write it. Names are in lower case; values are
// decoded.
func parseParams(s string) (value string, params map[string]string) {
	end := strings.IndexByte(s, ';')
	if end < 0 {
		end = len(s)
	}
	if blank := strings.IndexAny(strings.TrimLeft(s[:end], " \t"), " \t"); blank >= 0 && strings.Contains(s[blank:end], "=") {
		end = len(s[:end]) - len(strings.TrimLeft(s[:end], " \t")) + blank // the first ";" was forgotten
	}
	value = strings.ToLower(strings.TrimSpace(uncomment(s[:end])))
	pieces := scanParams(s[end:])
	if len(pieces) == 0 {
		return value, nil
	}
	return value, joinParams(pieces)
}

// uncomment drops a comment at the end.
func uncomment(s string) string {
	before, _, _ := strings.Cut(s, "(")
	return before
}

// piece is one parameter as written: name*number*=value.
type piece struct {
	name, value string
	number      int
	numbered    bool
	extended    bool
}

func scanParams(s string) []piece {
	var out []piece
	for len(out) < maxParams {
		s = strings.TrimLeft(s, "; \t\r\n")
		if s == "" {
			return out
		}
		end := strings.IndexAny(s, "=;")
		if end < 0 {
			return out
		}
		name := strings.ToLower(strings.TrimSpace(s[:end]))
		if s[end] == ';' {
			s = s[end:]
			continue
		}
		var value string
		value, s = paramValue(strings.TrimLeft(s[end+1:], " \t\r\n"))
		if keptParam(name) {
			out = append(out, newPiece(name, value))
		}
	}
	return out
}

// keptParam reports whether a parameter is one that anybody here asks for: of a
// mail of thousands of parts with dozens each the others are no more than garbage.
func keptParam(name string) bool {
	base, _, _ := strings.Cut(name, "*")
	switch strings.TrimSpace(base) {
	case "boundary", "charset", "delsp", "file", "filename", "format", "hp", "method", "name", "number",
		"protected-headers", "protocol", "smime-type", "total", // of parts of mails
		"cn", "partstat", "tzid": // of calendars
		return true
	}
	return false
}

// paramValue cuts the value off that s begins with.
func paramValue(s string) (value, rest string) {
	if strings.HasPrefix(s, `"`) {
		if end := strings.IndexAny(s[1:], `"\`); end >= 0 && s[1+end] == '"' {
			return s[1 : 1+end], s[end+2:] // as most are
		}
		var out strings.Builder
		for i := 1; i < len(s); i++ {
			switch {
			case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
				i++
				out.WriteByte(s[i])
			case s[i] == '"':
				return out.String(), s[i+1:]
			default:
				out.WriteByte(s[i])
			}
		}
		s = s[1:] // never closed
	}
	value, rest, _ = strings.Cut(s, ";")
	return strings.TrimSpace(value), rest
}

func newPiece(name, value string) piece {
	p := piece{value: value}
	name, p.extended = strings.CutSuffix(name, "*")
	base, number, found := strings.Cut(name, "*")
	if n, err := strconv.Atoi(number); found && err == nil && n >= 0 {
		p.number, p.numbered = n, true
		name = base
	}
	p.name = strings.TrimSpace(name)
	return p
}

// joinParams puts what was cut into numbered pieces together and decodes it. The
// form of RFC 2231 counts before the plain one; a number that is missing is
// passed over.
func joinParams(pieces []piece) map[string]string {
	plain, extended := map[string]string{}, map[string][]piece{}
	for _, p := range pieces {
		switch {
		case p.numbered || p.extended:
			extended[p.name] = append(extended[p.name], p)
		case plain[p.name] == "":
			plain[p.name] = plainValue(p.value)
		}
	}
	for name, list := range extended {
		slices.SortStableFunc(list, func(a, b piece) int { return cmp.Compare(a.number, b.number) })
		if value := extendedValue(list); value != "" {
			plain[name] = value
		}
	}
	return plain
}

// plainValue decodes what shouldn't be there and often is: encoded words, and
// octets in per cent.
func plainValue(s string) string {
	s = decodeWords(s)
	if !strings.Contains(s, "%") {
		return s
	}
	if decoded, ok := percentDecoded(s); ok && decoded != s && utf8.ValidString(decoded) && !isASCII(decoded) {
		return toUTF8([]byte(decoded))
	}
	return s
}

// extendedValue decodes charset'language'octets, of which only the first piece
// has the first two.
func extendedValue(list []piece) string {
	var octets strings.Builder
	label := ""
	anyExtended, numbered := false, false
	for i, p := range list {
		if i > 0 && p.number == list[i-1].number && p.numbered == list[i-1].numbered {
			continue // said twice
		}
		value := p.value
		numbered = numbered || p.numbered
		if p.extended {
			if !anyExtended && strings.Count(value, "'") >= 2 {
				label, value, _ = strings.Cut(value, "'")
				_, value, _ = strings.Cut(value, "'")
			}
			anyExtended = true
			value, _ = percentDecoded(value)
		}
		octets.WriteString(value)
	}
	if !anyExtended && numbered {
		return plainValue(octets.String())
	}
	if label == "" {
		return decodeWords(toUTF8([]byte(octets.String())))
	}
	text, _ := decodeCharset([]byte(octets.String()), label)
	return text
}

// percentDecoded decodes %41, leaving what is none as it stands; ok is false if
// there was such.
func percentDecoded(s string) (out string, ok bool) {
	if !strings.Contains(s, "%") {
		return s, true
	}
	var b strings.Builder
	ok = true
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 < len(s) {
			if octet, hex := hexOctet(s[i+1], s[i+2]); hex {
				b.WriteByte(octet)
				i += 2
				continue
			}
		}
		ok = false
		b.WriteByte('%')
	}
	return b.String(), ok
}
