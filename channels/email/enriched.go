package email

import "strings"

// fromEnriched makes plain text of text/enriched (RFC 1896) and of the
// text/richtext before it (RFC 1341): commands go, "<<" is one "<", and in
// enriched text n line ends in a row stand for n-1.
func fromEnriched(text string, old bool) string {
	var out strings.Builder
	hidden, verbatim := 0, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '<' && i+1 < len(text) && text[i+1] == '<':
			i++
			out.WriteByte('<')
		case c == '<':
			end := strings.IndexByte(text[i:min(len(text), i+80)], '>')
			if end < 0 {
				out.WriteByte(c)
				continue
			}
			switch strings.ToLower(text[i+1 : i+end]) {
			case "param", "comment":
				hidden++
			case "/param", "/comment":
				hidden = max(0, hidden-1)
			case "nofill", "verbatim":
				verbatim++
			case "/nofill", "/verbatim":
				verbatim = max(0, verbatim-1)
			case "nl", "paragraph", "/paragraph", "np":
				out.WriteByte('\n')
			case "lt":
				out.WriteByte('<')
			}
			i += end
		case hidden > 0:
		case c == '\n' && verbatim == 0:
			ends := 1
			for i+1 < len(text) && text[i+1] == '\n' {
				ends++
				i++
			}
			if ends == 1 || old {
				out.WriteByte(' ')
			} else {
				out.WriteString(strings.Repeat("\n", ends-1))
			}
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}
