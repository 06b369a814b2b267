package load

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Charset says how a file is written.
type Charset string

// The ways to write a file.
const (
	UTF8        Charset = "UTF-8"
	UTF16LE     Charset = "UTF-16 (little endian)"
	UTF16BE     Charset = "UTF-16 (big endian)"
	Windows1252 Charset = "windows-1252"
)

// buffer is how much is read at a time.
const buffer = 1 << 20

// charset finds out how a file is written, and how long its mark is: by the mark, by the
// zeroes that UTF-16 has in every other place, and by whether all of it is UTF-8.
func charset(f io.ReadSeeker) (c Charset, mark int64, err error) {
	head := make([]byte, 4096)
	n, err := io.ReadFull(f, head)
	if err != nil && n == 0 {
		if err == io.EOF { //nolint:errorlint // ReadFull's own
			return UTF8, 0, nil
		}
		return "", 0, err
	}
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}):
		return UTF8, 3, nil
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		return UTF16LE, 2, nil
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return UTF16BE, 2, nil
	}
	even, odd := 0, 0
	for i, b := range head {
		if b == 0 && i%2 == 0 {
			even++
		} else if b == 0 {
			odd++
		}
	}
	switch half := len(head) / 2; {
	case odd > half/2 && even < half/10:
		return UTF16LE, 0, nil
	case even > half/2 && odd < half/10:
		return UTF16BE, 0, nil
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", 0, err
	}
	valid, err := allUTF8(f)
	if valid {
		return UTF8, 0, err
	}
	return Windows1252, 0, err
}

// allUTF8 reports whether all of a file is UTF-8.
func allUTF8(r io.Reader) (bool, error) {
	block := make([]byte, buffer)
	rest := 0
	for {
		n, err := r.Read(block[rest:])
		data := block[:rest+n]
		// A character may go on in the next block.
		end := len(data)
		for back := 1; back <= min(utf8.UTFMax, end); back++ {
			if utf8.RuneStart(data[end-back]) {
				if !utf8.FullRune(data[end-back:]) {
					end -= back
				}
				break
			}
		}
		if !utf8.Valid(data[:end]) {
			return false, nil
		}
		rest = copy(block, data[end:])
		if err == io.EOF {
			return rest == 0, nil
		}
		if err != nil {
			return false, err
		}
	}
}

// text gives what a file says as UTF-8; counted counts the bytes that were read of it.
func text(f *os.File, c Charset, mark int64, counted *counter) (*bufio.Reader, error) {
	if _, err := f.Seek(mark, io.SeekStart); err != nil {
		return nil, fmt.Errorf("reading the file: %w", err)
	}
	counted.r = f
	var r io.Reader = counted
	switch c {
	case UTF16LE:
		r = transform.NewReader(r, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder())
	case UTF16BE:
		r = transform.NewReader(r, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder())
	case Windows1252:
		r = transform.NewReader(r, charmap.Windows1252.NewDecoder())
	case UTF8:
	}
	return bufio.NewReaderSize(r, buffer), nil
}

// counter counts what was read.
type counter struct {
	r io.Reader
	n int64
}

// Read implements io.Reader.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
