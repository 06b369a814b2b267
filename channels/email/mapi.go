package email

import (
	"encoding/binary"
	"strconv"
)

// mapiProp is one property of a message or a file in TNEF.
type mapiProp struct {
	id, kind int
	data     []byte
}

// The kinds of properties (MS-OXCDATA section 2.11.1) that need care.
const (
	mapiString  = 0x001e
	mapiUnicode = 0x001f
	mapiObject  = 0x000d
	mapiBinary  = 0x0102
	mapiMany    = 0x1000
)

// maxProps bounds the properties of one list, and the values of one property.
const maxProps = 10_000

// readProps calls each for the properties of a list, in order, until one makes
// no sense. Of one with several values the first is given.
func readProps(data []byte, each func(mapiProp)) {
	r := propReader{data: data}
	for range min(r.number(), maxProps) {
		kind, id := r.short(), r.short()
		if id >= 0x8000 && !r.skipName() || r.bad {
			return
		}
		p := mapiProp{id: id, kind: kind &^ mapiMany}
		values := 1
		if sized(p.kind) || kind&mapiMany != 0 {
			values = r.number()
		}
		if values > maxProps {
			return
		}
		for i := range values {
			one := r.value(p.kind)
			if i == 0 {
				p.data = one
			}
		}
		if r.bad && len(p.data) == 0 {
			return
		}
		each(p)
		if r.bad {
			return
		}
	}
}

func sized(kind int) bool {
	return kind == mapiString || kind == mapiUnicode || kind == mapiObject || kind == mapiBinary
}

// propReader takes numbers and values off, each filling up to four bytes.
type propReader struct {
	data []byte
	bad  bool
}

func (r *propReader) take(n int) []byte {
	if n < 0 || n > len(r.data) {
		out := r.data
		r.data, r.bad = nil, true
		return out
	}
	out := r.data[:n]
	r.data = r.data[n:]
	return out
}

func (r *propReader) short() int {
	b := r.take(2)
	if len(b) < 2 {
		return 0
	}
	return int(binary.LittleEndian.Uint16(b))
}

func (r *propReader) number() int {
	b := r.take(4)
	if len(b) < 4 {
		return 0
	}
	return int(binary.LittleEndian.Uint32(b))
}

// value takes one value of a kind.
func (r *propReader) value(kind int) []byte {
	switch {
	case sized(kind):
		n := r.number()
		out := r.take(n)
		if pad := -n & 3; !r.bad && pad <= len(r.data) {
			r.take(pad)
		}
		return out
	case kind == 0x0005 || kind == 0x0006 || kind == 0x0007 || kind == 0x0014 || kind == 0x0040:
		return r.take(8)
	case kind == 0x0048:
		return r.take(16)
	default:
		return r.take(4)
	}
}

// skipName passes over what names a property without a number of its own.
func (r *propReader) skipName() bool {
	r.take(16)
	if r.number() == 0 {
		r.take(4)
		return !r.bad
	}
	n := r.number()
	r.take(n)
	r.take(-n & 3)
	return !r.bad
}

// codePage gives the charset's label of a Windows code page, "" if it is of no
// use.
func codePage(number uint32) string {
	switch number {
	case 0, 20127:
		return ""
	case 65001:
		return "utf-8"
	case 65000:
		return "utf-7"
	case 932:
		return "cp932"
	case 936:
		return "gbk"
	case 949:
		return "cp949"
	case 950:
		return "big5"
	case 20866:
		return "koi8-r"
	case 21866:
		return "koi8-u"
	case 50220, 50221, 50222:
		return "iso-2022-jp"
	case 51932:
		return "euc-jp"
	case 51949:
		return "euc-kr"
	case 54936:
		return "gb18030"
	}
	if number > 28590 && number < 28606 {
		return "iso-8859-" + strconv.Itoa(int(number-28590))
	}
	return "windows-" + strconv.Itoa(int(number))
}
