package email

import (
	"bytes"
	"strconv"
)

// cutYEnc takes files in yEnc out of a text: at most max of them. What lacks its
// end is taken as far as it goes.
func cutYEnc(text []byte, most int) (files []found, rest []byte) {
	kept := 0
	for at := 0; len(files) < most; {
		begin := lineStart(text, at, "=ybegin ")
		if begin < 0 {
			break
		}
		line, body := cutLine(text, begin)
		at = body
		_, name, ok := bytes.Cut(line, []byte(" name="))
		if !ok || !bytes.Contains(line, []byte(" size=")) {
			continue
		}
		data, end := yBody(text, body, ySize(line))
		files = append(files, found{toUTF8(bytes.TrimSpace(name)), data})
		rest = append(rest, text[kept:begin]...)
		kept, at = end, end
	}
	if kept == 0 {
		return files, text
	}
	return files, append(rest, text[kept:]...)
}

// ySize gives the size that a =ybegin line announces, 0 if it says none.
func ySize(line []byte) int {
	_, after, _ := bytes.Cut(line, []byte(" size="))
	digits, _, _ := bytes.Cut(after, []byte(" "))
	n, err := strconv.Atoi(string(bytes.TrimSpace(digits)))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// yBody decodes up to =yend: each octet less 42, "=" escaping one less 64 more.
func yBody(text []byte, at, size int) (data []byte, end int) {
	data = make([]byte, 0, min(size, len(text)-at))
	for at < len(text) {
		line, after := cutLine(text, at)
		at = after
		if bytes.HasPrefix(line, []byte("=yend")) {
			break
		}
		if bytes.HasPrefix(line, []byte("=ypart ")) {
			continue
		}
		line = bytes.TrimRight(line, "\r\n")
		if bytes.HasPrefix(line, []byte("..")) {
			line = line[1:] // stuffed on its way
		}
		for i := 0; i < len(line); i++ {
			c := line[i]
			if c == '=' && i+1 < len(line) {
				i++
				c = line[i] - 64
			}
			data = append(data, c-42)
		}
	}
	return data, at
}
