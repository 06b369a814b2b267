package email

import (
	"bytes"
	"fmt"
	"regexp"
)

// maxNesting is how deep multiparts may lie in each other. The parser's time
// doubles with each level that isn't closed, so what lies deeper is handed on
// as a file, whole.
const maxNesting = 10

var boundaryParam = regexp.MustCompile(`(?i)boundary\*?0?\*?\s*=\s*("[^"\r\n]*"?|[^\s;"]+)`)

// flattenDeep gives raw back with every multipart below maxNesting turned into
// a plain file, and what was done in words, "" if nothing was. It reads the
// mail once.
func flattenDeep(raw []byte) (flat []byte, warning string) {
	// The common case: fewer boundaries than levels allowed.
	if len(boundaryParam.FindAllIndex(raw, maxNesting+1)) <= maxNesting {
		return raw, ""
	}
	var out []byte // made when first needed
	kept := 0
	cut := 0
	open := [][]byte{}
	at := 0
	for line := range bytes.Lines(raw) {
		start := at
		at += len(line)
		if bytes.HasPrefix(line, []byte("--")) {
			open = closeTo(open, bytes.TrimRight(line[2:], " \t\r\n"))
			continue
		}
		found := boundaryParam.FindSubmatchIndex(line)
		if found == nil {
			continue
		}
		if len(open) < maxNesting {
			open = append(open, bytes.Trim(line[found[2]:found[3]], `"`))
			continue
		}
		// Misspelling the parameter makes the parser take the part as it is.
		out = append(out, raw[kept:start+found[0]]...)
		out = append(out, "x-deep"...)
		kept = start + found[0] + len("boundary")
		cut++
	}
	if cut == 0 {
		return raw, ""
	}
	return append(out, raw[kept:]...), fmt.Sprintf("%d parts were nested too deeply and are shown as files", cut)
}

// closeTo leaves the multiparts that a delimiter ends.
func closeTo(open [][]byte, delimiter []byte) [][]byte {
	for i := len(open) - 1; i >= 0; i-- {
		if bytes.Equal(delimiter, open[i]) {
			return open[:i+1]
		}
		if bytes.HasSuffix(delimiter, []byte("--")) && bytes.Equal(delimiter[:len(delimiter)-2], open[i]) {
			return open[:i]
		}
	}
	return open
}
