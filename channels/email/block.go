package email

import (
	"bytes"
	"strings"
)

// knownFields are names that begin a header field and hardly ever a sentence.
// Those with "content-", "x-", "list-", "resent-" or "arc-" before them are
// known as well.
//
//nolint:misspell // as RFC 5322 has it
const knownFields = " from to cc bcc subject date message-id mime-version received return-path reply-to sender in-reply-to " +
	"references delivered-to dkim-signature authentication-results auto-submitted precedence importance priority user-agent " +
	"thread-topic thread-index disposition-notification-to return-receipt-to organization comments keywords autocrypt " +
	"mailing-list errors-to envelope-to delivery-date accept-language sensitivity followup-to newsgroups received-spf " +
	"domainkey-signature feedback-id status lines xref path sent apparently-to original-recipient reporting-mta "

func knownField(name string) bool {
	for _, prefix := range []string{"content-", "x-", "list-", "resent-", "arc-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return !strings.Contains(name, " ") && strings.Contains(knownFields, " "+name+" ")
}

// cutHeader cuts a mail or a part into its header and its body, also where the
// empty line between them was forgotten. stop tells lines that end the part. A
// block without a single field that is known is no header.
func cutHeader(raw []byte, stop func(line []byte) bool) (header, body []byte) {
	known := false
	for at := 0; at < len(raw); {
		line, after := cutLine(raw, at)
		text := bytes.TrimRight(line, " \t\r\n")
		switch {
		case len(text) == 0:
			if len(bytes.TrimRight(line, "\r\n")) == 0 || !fieldFollows(raw[after:]) {
				return headerOrNone(raw, at, after, known)
			}
		case stop != nil && bytes.HasPrefix(line, []byte("--")) && stop(line):
			return headerOrNone(raw, at, at, known)
		case at > 0 && (line[0] == ' ' || line[0] == '\t'):
		default:
			name, _, ok := fieldLine(text)
			switch {
			case ok:
				known = known || knownField(name)
			case at == 0 && stop == nil && headerFollows(raw[after:]):
			case at == 0 || bodyBegins(raw, at):
				return headerOrNone(raw, at, at, known)
			}
		}
		at = after
	}
	return headerOrNone(raw, len(raw), len(raw), known)
}

// headerOrNone takes the lines before end as the header, if any of them is one.
// A header of nothing is one too.
func headerOrNone(raw []byte, end, from int, known bool) (header, body []byte) {
	if !known && end > 0 {
		return nil, raw
	}
	return raw[:end], raw[from:]
}

// fieldFollows reports whether the next line that isn't indented is a field.
func fieldFollows(rest []byte) bool {
	for at, n := 0, 0; at < len(rest) && n < 20; n++ {
		line, after := cutLine(rest, at)
		if line[0] == ' ' || line[0] == '\t' {
			at = after
			continue
		}
		name, _, ok := fieldLine(bytes.TrimRight(line, " \t\r\n"))
		return ok && knownField(name)
	}
	return false
}

// headerFollows reports whether a mail's header follows a line that can't be part
// of one: it names who wrote the mail, or to whom, and other things that are
// known.
func headerFollows(rest []byte) bool {
	persons, others := 0, 0
	for at, n := 0, 0; at < len(rest) && n < 50; n++ {
		line, after := cutLine(rest, at)
		text := bytes.TrimRight(line, " \t\r\n")
		if len(text) == 0 {
			break
		}
		name, value, ok := fieldLine(text)
		switch {
		case !ok:
		case (name == "from" || name == "to") && bytes.IndexByte(value, '@') >= 0:
			persons++
		case knownField(name):
			others++
		}
		at = after
	}
	return persons > 0 && others > 0
}

// bodyBegins decides about a line in a header that is no field and isn't
// indented: it is the rest of the field before, folded wrongly, or the body
// begins without an empty line.
func bodyBegins(raw []byte, at int) bool {
	before := bytes.TrimRight(raw[:at], " \t\r\n")
	line, _ := cutLine(raw, at)
	if bytes.HasSuffix(before, []byte(";")) || bytes.HasSuffix(before, []byte(",")) ||
		bytes.HasPrefix(line, []byte("=?")) || isParameter(line) {
		return false
	}
	for strange := range 50 {
		line, after := cutLine(raw, at)
		text := bytes.TrimRight(line, " \t\r\n")
		if len(text) == 0 {
			return strange != 1 || len(bytes.TrimSpace(raw[after:min(len(raw), after+1000)])) == 0
		}
		if bytes.HasPrefix(text, []byte("--")) {
			return true // a delimiter: parts begin
		}
		if name, _, ok := fieldLine(text); ok && knownField(name) {
			return false
		}
		at = after
	}
	return true
}

// isParameter tells a parameter of a field, such as charset=utf-8.
func isParameter(line []byte) bool {
	name, _, found := bytes.Cut(line, []byte("="))
	if !found || len(name) < 4 || len(name) > 30 {
		return false
	}
	for _, c := range bytes.ToLower(name) {
		if (c < 'a' || c > 'z') && c != '*' && c != '-' && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// rinse takes off what programs put before and into a mail that is none of it:
// a byte order mark, an mbox line, empty lines at the top, line ends of old
// systems. It gives raw back itself where nothing is to be done.
func rinse(raw []byte) []byte {
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if len(raw) > 2 && (raw[0] == 0xff && raw[1] == 0xfe || raw[0] == 0xfe && raw[1] == 0xff) {
		if text, ok := decodeLabelled(raw, "utf-16"); ok {
			raw = []byte(text)
		}
	}
	if bytes.IndexByte(raw[:min(len(raw), 64<<10)], '\n') < 0 && bytes.IndexByte(raw, '\r') >= 0 {
		raw = bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))
	}
	if head := raw[:min(len(raw), 64<<10)]; bytes.Count(head, []byte("\n\r")) > bytes.Count(head, []byte("\r\n")) {
		raw = bytes.ReplaceAll(raw, []byte("\n\r"), []byte("\n"))
	}
	if trimmed := bytes.TrimLeft(raw, " \t\r\n"); len(trimmed) < len(raw) && fieldFollows(trimmed) {
		raw = trimmed
	}
	rest := raw
	for range 5 {
		line, after := cutLine(rest, 0)
		_, _, field := fieldLine(bytes.TrimRight(line, "\r\n"))
		if field || !bytes.HasPrefix(line, []byte("From ")) && !bytes.HasPrefix(line, []byte(">From ")) {
			break
		}
		if rest = rest[after:]; fieldFollows(rest) {
			return rest
		}
	}
	return raw
}
