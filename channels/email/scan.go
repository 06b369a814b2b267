package email

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
)

// maxNesting is how deep multiparts may lie in each other: the parser's time
// doubles with each level that isn't closed. maxParts is how many parts there
// may be: it grows with their square. What lies deeper or comes later is kept
// whole, as one file or as the rest of the last part.
const (
	maxNesting = 10
	maxParts   = 2000
)

var boundaryParam = regexp.MustCompile(`(?i)boundary\*?0?\*?\s*=\s*("[^"\r\n]*"?|[^\s;"]+)`)

// tame gives raw back with what would take the parser too long made plain, and
// what was done in words, none if nothing was. It reads the mail once.
func tame(raw []byte) (out []byte, warnings []string) {
	// The common case: fewer boundaries than levels, and fewer lines that look
	// like delimiters than parts allowed.
	if boundaries(raw) <= maxNesting && bytes.Count(raw, []byte("\n--")) <= maxParts {
		return raw, nil
	}
	s := scan{raw: raw}
	for line := range bytes.Lines(raw) {
		s.line(line)
		s.at += len(line)
	}
	if s.deep > 0 {
		warnings = append(warnings, fmt.Sprintf("%d parts were nested too deeply and are shown as files", s.deep))
	}
	if s.parts > maxParts {
		warnings = append(warnings, fmt.Sprintf("of %d parts only the first %d are shown apart", s.parts, maxParts))
	}
	return append(s.out, raw[s.kept:]...), warnings
}

// boundaries counts the word "boundary", which is at least once for each
// multipart, without the cost of an expression over megabytes of files.
func boundaries(raw []byte) (n int) {
	word := []byte("boundary")
	for i := 0; i+len(word) <= len(raw); i++ {
		if raw[i]|0x20 == 'b' && bytes.EqualFold(raw[i:i+len(word)], word) {
			n++
		}
	}
	return n
}

// scan goes through a mail line by line and knows which multiparts are open.
type scan struct {
	raw, out    []byte
	at, kept    int
	open        [][]byte
	deep, parts int
}

func (s *scan) line(line []byte) {
	if bytes.HasPrefix(line, []byte("--")) {
		s.delimiter(bytes.TrimRight(line[2:], " \t\r\n"))
		return
	}
	if boundaries(line) == 0 {
		return
	}
	found := boundaryParam.FindSubmatchIndex(line)
	switch {
	case found == nil:
	case len(s.open) < maxNesting:
		s.open = append(s.open, bytes.Trim(line[found[2]:found[3]], `"`))
	default:
		// A parameter that nobody knows makes the parser take the part as it is.
		s.replace(s.at+found[0], len("boundary"), "x-deep")
		s.deep++
	}
}

// delimiter leaves the multiparts that a line ends, and counts the parts.
func (s *scan) delimiter(text []byte) {
	for i, boundary := range slices.Backward(s.open) {
		begins := bytes.Equal(text, boundary)
		ends := !begins && bytes.HasSuffix(text, []byte("--")) && bytes.Equal(text[:len(text)-2], boundary)
		if !begins && !ends {
			continue
		}
		if begins {
			s.open = s.open[:i+1]
			s.parts++
		} else {
			s.open = s.open[:i]
		}
		if s.parts > maxParts {
			s.replace(s.at, len("--"), "- ")
		}
		return
	}
}

func (s *scan) replace(from, length int, with string) {
	s.out = append(append(s.out, s.raw[s.kept:from]...), with...)
	s.kept = from + length
}
