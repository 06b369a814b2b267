package email

import "strings"

// decodeWords decodes RFC 2047, wherever it stands, and once more where a
// program encoded what was encoded.
func decodeWords(s string) string {
	if !strings.Contains(s, "=?") {
		return s
	}
	once := decodeOnce(s)
	if strings.Contains(once, "=?") && once != s {
		return decodeOnce(visible(once))
	}
	return once
}

// decodeOnce joins neighbours of one charset before it decodes them, since
// senders cut letters in two, and base64 even between its characters.
func decodeOnce(s string) string {
	var out strings.Builder
	var w wordJoiner
	end := 0
	for at := 0; ; {
		word, ok := findWord(s, at)
		if !ok {
			break
		}
		between := s[end:word.from]
		if end == 0 || strings.TrimSpace(between) != "" {
			w.flush(&out)
			out.WriteString(between)
		}
		w.add(word, &out)
		at, end = word.to, word.to
	}
	w.flush(&out)
	out.WriteString(s[end:])
	return out.String()
}

// word is one encoded word of a text, from and to being where it stands.
type word struct {
	label    string
	how      byte // 'b' or 'q'
	text     string
	from, to int
}

// findWord finds the next encoded word from at on.
func findWord(s string, at int) (word, bool) {
	for {
		i := strings.Index(s[at:], "=?")
		if i < 0 {
			return word{}, false
		}
		from := at + i
		at = from + 2
		rest := s[at:]
		mark := strings.IndexByte(rest[:min(len(rest), 60)], '?')
		if mark < 0 || mark+2 >= len(rest) || rest[mark+2] != '?' || strings.ContainsAny(strings.Trim(rest[:mark], " "), " \t=") {
			continue
		}
		how := rest[mark+1] | 0x20
		if how != 'b' && how != 'q' {
			continue
		}
		begins := at + mark + 3
		length := wordEnd(s[begins:], how)
		if length < 0 {
			return word{}, false // none behind it ends either
		}
		label, _, _ := strings.Cut(rest[:mark], "*") // RFC 2231 section 5: a language may follow
		return word{label, how, s[begins : begins+length], from, begins + length + 2}, true
	}
}

// endWord ends the last encoded word of a text that was cut off within it, as
// programs cut long subjects.
func endWord(s string) string {
	at := strings.LastIndex(s, "=?")
	if at < 0 || strings.Contains(s[at+2:], "?=") {
		return s
	}
	pieces := strings.SplitN(s[at+2:], "?", 4)
	if len(pieces) < 3 || len(pieces[2]) < 4 || len(pieces) == 4 && pieces[3] != "" || strings.ContainsAny(pieces[2], " \t") {
		return s
	}
	return s[:at] + "=?" + strings.Join(pieces[:3], "?") + "?="
}

// wordEnd gives the length of a word's text. A question mark in it isn't
// allowed and common: "?=" ends it unless an encoded octet follows that an end
// follows.
func wordEnd(s string, how byte) int {
	for at := 0; ; {
		i := strings.Index(s[at:], "?=")
		if i < 0 {
			return -1
		}
		at += i
		if how == 'b' || at+3 >= len(s) {
			return at
		}
		_, octet := hexOctet(s[at+2], s[at+3])
		again := strings.Index(s[at+2:], "?=")
		if !octet || again < 0 || strings.ContainsAny(s[at+2:at+2+again], " \t") {
			return at
		}
		at++
	}
}

// wordJoiner gathers words of one charset.
type wordJoiner struct {
	label  string
	octets []byte
	base64 strings.Builder
}

func (w *wordJoiner) add(one word, out *strings.Builder) {
	if !strings.EqualFold(one.label, w.label) {
		w.flush(out)
	}
	w.label = one.label
	if one.how == 'b' {
		w.base64.WriteString(one.text)
		return
	}
	w.decode()
	w.octets = append(w.octets, decodeQP([]byte(strings.ReplaceAll(strings.TrimRight(one.text, " \t"), "_", " ")))...)
}

func (w *wordJoiner) decode() {
	if w.base64.Len() > 0 {
		w.octets = append(w.octets, decodeBase64([]byte(w.base64.String()))...)
		w.base64.Reset()
	}
}

func (w *wordJoiner) flush(out *strings.Builder) {
	w.decode()
	if len(w.octets) > 0 {
		text, _ := decodeCharset(w.octets, w.label)
		out.WriteString(text)
	}
	w.octets = w.octets[:0]
}
