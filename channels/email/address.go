package email

import (
	"regexp"
	"strings"
	"unicode"

	"stagecoach/contact"
)

// maxAddresses bounds the addresses of one field.
const maxAddresses = 5000

// maxAddress is the length, in bytes, of the longest address that is taken for
// one.
const maxAddress = 1000

// parseAddresses reads a list of addresses as people and programs write them,
// also where RFC 5322 would refuse: names with unquoted commas or colons, words
// encoded anywhere, addresses without brackets, groups. What has neither an
// address nor a name is left out.
func parseAddresses(header string) []contact.Address {
	out := []contact.Address{}
	for _, piece := range splitAddresses(header) {
		one := parseAddress(piece)
		switch {
		case one.Address != "":
			for range 3 {
				carried := unfinished(out)
				if carried == "" {
					break
				}
				one.Name = cleanName(carried + ", " + one.Name)
				out = out[:len(out)-1]
			}
			out = append(out, one)
		case one.Name != "":
			out = append(out, one)
		}
	}
	return out
}

// unfinished gives the name of a last entry without an address: the first part
// of a "Miller, Jane <jane@example.org>" that forgot its quotes.
func unfinished(list []contact.Address) string {
	if len(list) == 0 || list[len(list)-1].Address != "" {
		return ""
	}
	return list[len(list)-1].Name
}

// splitter cuts a list of addresses in one pass.
type splitter struct {
	s                                 string
	lastQuote, lastEnd, lastSemicolon int
	from, at                          int
	quoted, angle, seenAddress        bool
	comment                           int
	out                               []string
}

// splitAddresses cuts at commas and semicolons outside of quotes, comments and
// brackets; a group's name is dropped.
func splitAddresses(header string) []string {
	s := &splitter{
		s: header, lastQuote: strings.LastIndexByte(header, '"'),
		lastEnd: strings.LastIndexByte(header, '>'), lastSemicolon: strings.LastIndexByte(header, ';'),
	}
	lastParenthesis := strings.LastIndexByte(header, ')')
	for ; s.at < len(header) && len(s.out) < maxAddresses; s.at++ {
		c := header[s.at]
		switch {
		case c == '\\' && (s.quoted || s.comment > 0):
			s.at++
		case c == '"' && s.comment == 0:
			s.quoted = !s.quoted && s.at < s.lastQuote
		case s.quoted:
		case c == '(' && s.at < lastParenthesis:
			s.comment++
		case c == ')' && s.comment > 0:
			s.comment--
		case s.comment > 0:
		default:
			s.plain(c)
		}
	}
	s.at = min(s.at, len(header))
	s.flush()
	return s.out
}

// plain takes a character outside of quotes and comments.
func (s *splitter) plain(c byte) {
	switch {
	case c == '<':
		s.angle, s.seenAddress = s.at < s.lastEnd, true
	case c == '>':
		s.angle = false
		s.forgottenComma()
	case s.angle:
	case c == '@':
		s.seenAddress = true
	case c == ',' || c == ';':
		s.flush()
	case c == ':' && !s.seenAddress && s.at < s.lastSemicolon: // a group (RFC 5322 section 3.4) ends in a semicolon
		s.from = s.at + 1
	}
}

// forgottenComma cuts behind an address in brackets which another in brackets
// follows, and no comma between.
func (s *splitter) forgottenComma() {
	next := strings.IndexAny(s.s[s.at+1:], "<>,;@\"(")
	if next <= 0 || s.s[s.at+1+next] != '<' || strings.TrimSpace(s.s[s.at+1:s.at+1+next]) == "" {
		return
	}
	if viaWords.MatchString(s.s[s.at+1 : s.at+1+next]) { // "Jo <jo@x.test> via List <list@y.test>" is one, the list's
		return
	}
	text := s.s[s.from:s.at]
	if open := strings.LastIndexByte(text, '<'); open < 0 || !strings.Contains(text[open:], "@") {
		return
	}
	s.at++
	s.flush()
	s.from = s.at
	s.at--
}

// viaWords stand between a sender and who sends for them.
var viaWords = regexp.MustCompile(`(?i)^\s*(via|through|on behalf of|über|im auftrag von|de la part de|en nombre de|por cuenta de|per conto di|namens|w imieniu)\s`)

func (s *splitter) flush() {
	if text := strings.TrimSpace(s.s[s.from:s.at]); text != "" {
		s.out = append(s.out, text)
	}
	s.from, s.angle, s.seenAddress = s.at+1, false, false
}

// parseAddress reads "Name <address>", "address (Name)" or a bare address.
func parseAddress(s string) contact.Address {
	one := writtenAddress(s)
	if strings.Contains(s, "=?") && (one.Address == "" || strings.Contains(one.Name, "=?")) {
		if whole := decodeWords(s); whole != s && strings.Contains(whole, "@") {
			return writtenAddress(whole)
		}
	}
	return one
}

func writtenAddress(s string) contact.Address {
	if open := strings.LastIndexByte(s, '<'); open >= 0 {
		inside, after, _ := strings.Cut(s[open+1:], ">")
		before := strings.TrimRight(s[:open], "< ")
		if again := strings.IndexByte(before, '<'); again >= 0 && strings.Contains(before[again:], "@") && !strings.Contains(before[again:], ">") {
			before = before[:again] // Name <address <address>>
		}
		outside, comment := cutComments(before)
		name := orDefault(cleanName(outside), cleanName(comment))
		if name == "" {
			outside, comment = cutComments(after)
			name = orDefault(cleanName(outside), cleanName(comment))
		}
		address := cleanAddress(inside)
		if address == "" && strings.Contains(name, "@") {
			return bareAddress(strings.ReplaceAll(before, "<", " "))
		}
		return contact.Address{Address: address, Name: name}
	}
	return bareAddress(s)
}

var spacedAt = regexp.MustCompile(`\s*@\s*`)

// bareAddress finds the address among words without brackets.
func bareAddress(s string) contact.Address {
	s, comment := cutComments(s)
	if address := quotedLocal(strings.TrimSpace(s)); address != "" {
		return contact.Address{Address: address, Name: cleanName(comment)}
	}
	for range 2 {
		for word := range strings.FieldsSeq(s) {
			if !strings.Contains(word, "@") {
				continue
			}
			if address := cleanAddress(word); address != "" {
				name := cleanName(strings.Replace(s, word, " ", 1))
				return contact.Address{Address: address, Name: orDefault(name, cleanName(comment))}
			}
		}
		s = spacedAt.ReplaceAllString(s, "@")
	}
	return contact.Address{Name: cleanName(orDefault(strings.TrimSpace(s), comment))}
}

// cutComments takes the comments (RFC 5322 section 3.2.2) out of s, but not out
// of quotes.
func cutComments(s string) (without, comments string) {
	if !strings.Contains(s, "(") || !strings.Contains(s, ")") {
		return s, ""
	}
	var out, inside strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		to := &out
		if depth > 0 {
			to = &inside
		}
		switch {
		case c == '\\' && i+1 < len(s):
			to.WriteByte(c)
			i++
			to.WriteByte(s[i])
			continue
		case c == '"' && depth == 0:
			quoted = !quoted
		case quoted:
		case c == '(':
			if depth++; depth == 1 {
				out.WriteByte(' ')
				continue
			}
		case c == ')' && depth > 0:
			if depth--; depth == 0 {
				inside.WriteByte(' ')
				continue
			}
		}
		to.WriteByte(c)
	}
	if depth > 0 { // never closed: it was none
		return s, ""
	}
	return out.String(), strings.NewReplacer(`\(`, "(", `\)`, ")").Replace(inside.String())
}

// quotedLocal reads "any words"@domain, "" if s is none.
func quotedLocal(s string) string {
	if !strings.HasPrefix(s, `"`) || len(s) > maxAddress {
		return ""
	}
	local, domain, found := cutLast(s, `"@`)
	if !found || len(local) < 2 || domain == "" || strings.ContainsAny(domain, "\"@<> ,;") {
		return ""
	}
	return local + `"@` + strings.ToLower(strings.TrimRight(domain, ".>"))
}

// cleanAddress gives the address in s, "" if there is none in it.
func cleanAddress(s string) string {
	s = strings.ReplaceAll(visible(decodeWords(s)), "＠", "@")
	s, _ = cutComments(s)
	s = strings.TrimSpace(s)
	if before, after, found := strings.Cut(strings.TrimLeft(s, "[<( "), ":"); found && strings.Contains(after, "@") {
		switch strings.ToLower(before) {
		case "mailto":
			s, _, _ = strings.Cut(after, "?")
		case "smtp", "email", "e-mail", "mail":
			s = after
		}
	}
	if strings.HasPrefix(s, "@") { // an obsolete route, RFC 5322 section 4.4
		_, s, _ = strings.Cut(s, ":")
	}
	if address := quotedLocal(s); address != "" {
		return address
	}
	s = strings.TrimLeft(s, "<>'\"[](),;: \t")
	if trimmed := strings.TrimRight(s, "<>'\"(),;: \t"); !literalDomain(trimmed) {
		s = strings.TrimRight(s, "<>'\"[](),;: \t")
	} else {
		s = trimmed
	}
	s = strings.Join(strings.Fields(s), "")
	local, domain, found := cutLast(s, "@")
	domain = strings.Trim(domain, ".")
	if !found || local == "" || domain == "" || len(s) > maxAddress {
		return ""
	}
	return local + "@" + strings.ToLower(domain)
}

// literalDomain reports whether an address ends in [an address of the network],
// as in RFC 5321 section 4.1.3.
func literalDomain(s string) bool {
	at := strings.LastIndex(s, "@[")
	return at > 0 && strings.HasSuffix(s, "]")
}

func cleanName(s string) string {
	s = strings.TrimSpace(s)
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
	}
	if strings.Contains(s, `\`) {
		s = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(s)
	}
	s = visible(decodeWords(s))
	s = strings.Join(strings.Fields(s), " ")
	s = strings.ReplaceAll(s, `" "`, " ")
	whole := strings.HasPrefix(s, `"`) && strings.HasSuffix(s, `"`)
	if strings.Count(s, `"`)%2 == 0 && !whole {
		return strings.Trim(s, "' ")
	}
	return strings.Trim(s, `"' `)
}

// visible drops what is in a line of text and can't be seen there, or turns it
// about: controls, and the marks that reverse the direction of writing.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case unicode.IsControl(r), r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfeff:
			return -1
		}
		return r
	}, s)
}
