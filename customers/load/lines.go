package load

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// The bounds of one record: a quote that is never closed must not swallow the file.
const (
	longestLine   = 16 << 20
	longestRecord = 1 << 20
)

// line is one physical line, without its end.
type line struct {
	text []byte
	n    int
	// cut is true where it was longer than any line may be.
	cut bool
}

// lines reads physical lines, and takes back those that were read ahead.
type lines struct {
	r    *bufio.Reader
	n    int
	back []line
	// end is the byte that ends a line: old spreadsheets for the Mac write only CR.
	end byte
}

func newLines(r *bufio.Reader) *lines {
	l := &lines{r: r, end: '\n'}
	head, _ := r.Peek(64 << 10) // its error comes again
	if !bytes.Contains(head, []byte{'\n'}) && bytes.Contains(head, []byte{'\r'}) {
		l.end = '\r'
	}
	return l
}

// next gives the next line, io.EOF after the last.
func (l *lines) next() (line, error) {
	if len(l.back) > 0 {
		one := l.back[0]
		l.back = l.back[1:]
		return one, nil
	}
	one := line{n: l.n + 1}
	for {
		part, err := l.r.ReadSlice(l.end)
		if len(one.text)+len(part) <= longestLine {
			one.text = append(one.text, part...)
		} else {
			one.cut = true
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if errors.Is(err, io.EOF) && len(one.text) == 0 && !one.cut {
			return line{}, io.EOF
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return line{}, err
		}
		break
	}
	l.n++
	one.text = bytes.TrimSuffix(one.text, []byte{l.end})
	one.text = bytes.TrimSuffix(one.text, []byte{'\r'})
	return one, nil
}

// unread takes lines back, the first of them first.
func (l *lines) unread(them []line) { l.back = append(append([]line(nil), them...), l.back...) }
