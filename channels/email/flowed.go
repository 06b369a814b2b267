package email

import "strings"

// unflow joins the lines of format=flowed (RFC 3676) that belong together, so
// that a paragraph is one line. With delsp the space at the end of a line is
// none of its words.
func unflow(text string, delsp bool) string {
	var out strings.Builder
	out.Grow(len(text))
	joining, depth := false, 0
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		marks := 0
		for marks < len(line) && line[marks] == '>' {
			marks++
		}
		words := strings.TrimPrefix(line[marks:], " ") // stuffed
		if joining && (marks != depth || words == "-- ") {
			out.WriteByte('\n')
			joining = false
		}
		if !joining && marks > 0 {
			out.WriteString(line[:marks])
			out.WriteByte(' ')
		}
		soft := strings.HasSuffix(words, " ") && words != "-- "
		if soft && delsp {
			words = words[:len(words)-1]
		}
		out.WriteString(words)
		if !soft {
			out.WriteByte('\n')
		}
		joining, depth = soft, marks
	}
	return out.String()
}
