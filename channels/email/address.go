package email

import (
	"strings"

	"stagecoach/contact"
)

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
			if carried := unfinished(out); carried != "" {
				one.Name = strings.TrimSpace(carried + ", " + one.Name)
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

// splitAddresses cuts at commas and semicolons outside of quotes, comments and
// brackets; a group's name is dropped.
func splitAddresses(s string) []string {
	var out []string
	var piece strings.Builder
	quoted, angle, comment := false, false, 0
	flush := func() {
		if text := strings.TrimSpace(piece.String()); text != "" {
			out = append(out, text)
		}
		piece.Reset()
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s) && (quoted || comment > 0):
			piece.WriteByte(c)
			i++
		case c == '"' && comment == 0:
			quoted = !quoted && strings.Contains(s[i+1:], `"`)
		case quoted:
		case c == '(':
			comment++
		case c == ')' && comment > 0:
			comment--
		case comment > 0:
		case c == '<':
			angle = strings.Contains(s[i+1:], ">")
		case c == '>':
			angle = false
		case angle:
		case c == ',' || c == ';':
			flush()
			continue
		case c == ':' && !strings.ContainsAny(piece.String(), "@<") && groupFollows(s[i+1:]):
			piece.Reset()
			continue
		}
		piece.WriteByte(s[i])
	}
	flush()
	return out
}

// groupFollows tells a group (RFC 5322 section 3.4), which ends in a semicolon,
// from a colon in somebody's name.
func groupFollows(rest string) bool {
	return strings.Contains(rest, ";")
}

// parseAddress reads "Name <address>", "address (Name)" or a bare address.
func parseAddress(s string) contact.Address {
	if open := strings.LastIndexByte(s, '<'); open >= 0 {
		inside, after, _ := strings.Cut(s[open+1:], ">")
		name := cleanName(strings.TrimRight(s[:open], "< "))
		if name == "" {
			name = cleanName(after)
		}
		address := cleanAddress(inside)
		if address == "" && strings.Contains(name, "@") {
			return parseAddress(strings.ReplaceAll(s[:open], "<", " "))
		}
		return contact.Address{Address: address, Name: name}
	}
	comment := ""
	if open := strings.IndexByte(s, '('); open >= 0 {
		if end := strings.LastIndexByte(s, ')'); end > open {
			comment = s[open+1 : end]
			s = s[:open] + " " + s[end+1:]
		}
	}
	for word := range strings.FieldsSeq(s) {
		if address := cleanAddress(word); address != "" {
			name := cleanName(strings.Replace(s, word, " ", 1))
			return contact.Address{Address: address, Name: orDefault(name, cleanName(comment))}
		}
	}
	return contact.Address{Name: cleanName(s)}
}

// cleanAddress gives the address in s, "" if there is none in it.
func cleanAddress(s string) string {
	s = strings.TrimSpace(decodeWords(s))
	if _, after, found := strings.Cut(s, "mailto:"); found {
		s = after
	}
	if strings.HasPrefix(s, "@") { // an obsolete route, RFC 5322 section 4.4
		_, s, _ = strings.Cut(s, ":")
	}
	s = strings.Trim(s, "<>'\"[](),;: \t")
	if !strings.HasPrefix(s, `"`) {
		s = strings.Join(strings.Fields(s), "")
	}
	local, domain, found := cutLast(s, "@")
	if !found || local == "" || domain == "" {
		return ""
	}
	return local + "@" + strings.ToLower(domain)
}

func cleanName(s string) string {
	s = strings.TrimSpace(s)
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
	}
	s = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(s)
	s = decodeWords(s)
	s = strings.Join(strings.Fields(s), " ")
	return strings.Trim(s, `"' `)
}
