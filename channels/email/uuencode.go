package email

import (
	"bytes"
	"strconv"
	"strings"
)

// found is a file that lay in the midst of a text.
type found struct {
	name string
	data []byte
}

// cutUU takes uuencoded files out of a text: at most max of them, the others
// stay. A block that isn't one to its end stays as it is.
func cutUU(text []byte, most int) (files []found, rest []byte) {
	kept := 0
	for at := 0; len(files) < most; {
		begin := lineStart(text, at, "begin ")
		if begin < 0 {
			break
		}
		line, body := cutLine(text, begin)
		at = body
		name, ok := uuName(line)
		if !ok {
			continue
		}
		data, end, ok := uuBody(text, body)
		if !ok {
			continue
		}
		files = append(files, found{name, data})
		rest = append(rest, text[kept:begin]...)
		kept, at = end, end
	}
	if kept == 0 {
		return files, text
	}
	return files, append(rest, text[kept:]...)
}

// lineStart finds a line that begins with the given word, from at on.
func lineStart(text []byte, at int, word string) int {
	for at <= len(text) {
		i := bytes.Index(text[at:], []byte(word))
		if i < 0 {
			return -1
		}
		if at += i; at == 0 || text[at-1] == '\n' {
			return at
		}
		at += len(word)
	}
	return -1
}

// uuName reads "begin 644 name".
func uuName(line []byte) (string, bool) {
	mode, name, found := strings.Cut(strings.TrimRight(string(line[len("begin "):]), "\r\n"), " ")
	if _, err := strconv.ParseUint(mode, 8, 16); err != nil || !found || len(mode) < 3 || strings.TrimSpace(name) == "" {
		return "", false
	}
	return toUTF8([]byte(strings.TrimSpace(name))), true
}

// uuBody decodes lines up to "end". ok is false when there is no line that
// could be one.
func uuBody(text []byte, at int) (data []byte, end int, ok bool) {
	for at < len(text) {
		line, after := cutLine(text, at)
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case bytes.Equal(bytes.TrimSpace(line), []byte("end")):
			return data, after, true
		case len(bytes.TrimSpace(line)) == 0 || len(line) == 1 && line[0] == '`':
		default:
			decoded, fits := uuLine(data, line)
			if !fits {
				return data, at, len(data) > 0
			}
			data = decoded
		}
		at = after
	}
	return data, at, len(data) > 0
}

// uuLine appends what one line stands for; trailing spaces may have been cut.
func uuLine(to, line []byte) ([]byte, bool) {
	count := int(line[0]-' ') & 0x3f
	groups := (count + 2) / 3
	if line[0] < ' ' || line[0] > '`' || len(line)-1 > groups*4+2 {
		return to, false
	}
	var quad [4]byte
	for i := range groups {
		for j := range quad {
			quad[j] = 0
			if at := 1 + i*4 + j; at < len(line) {
				if line[at] < ' ' || line[at] > '`' {
					return to, false
				}
				quad[j] = (line[at] - ' ') & 0x3f
			}
		}
		three := [3]byte{quad[0]<<2 | quad[1]>>4, quad[1]<<4 | quad[2]>>2, quad[2]<<6 | quad[3]}
		to = append(to, three[:min(3, count-i*3)]...)
	}
	return to, true
}
