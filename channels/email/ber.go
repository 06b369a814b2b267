package email

import "bytes"

// berItem is one element of ASN.1 in its basic encoding (ITU-T X.690).
type berItem struct {
	tag     byte
	content []byte
}

// maxBER is how deep elements may lie in each other.
const maxBER = 40

// readBER takes the first element off, also of indefinite length. ok is false
// where there is none. It reads each byte at most once a level.
func readBER(in []byte, depth int) (item berItem, rest []byte, ok bool) {
	if len(in) < 2 || depth > maxBER || in[0]&0x1f == 0x1f {
		return item, nil, false
	}
	item.tag = in[0]
	length, in := int(in[1]), in[2:]
	switch {
	case length == 0x80:
		return readIndefinite(item.tag, in, depth)
	case length > 0x84:
		return item, nil, false
	case length > 0x80:
		n := length & 0x7f
		if n > len(in) {
			return item, nil, false
		}
		length = 0
		for _, c := range in[:n] {
			length = length<<8 | int(c)
		}
		in = in[n:]
	}
	if length > len(in) {
		return item, nil, false
	}
	item.content = in[:length]
	return item, in[length:], true
}

// readIndefinite reads up to the end mark that belongs to it.
func readIndefinite(tag byte, in []byte, depth int) (item berItem, rest []byte, ok bool) {
	for rest = in; ; {
		if bytes.HasPrefix(rest, []byte{0, 0}) {
			return berItem{tag, in[:len(in)-len(rest)]}, rest[2:], true
		}
		if _, rest, ok = readBER(rest, depth+1); !ok {
			return item, nil, false
		}
	}
}

// berShallow reports whether nothing lies deeper than a library that calls
// itself for each level can bear.
func berShallow(in []byte, depth int) bool {
	for len(in) > 0 {
		item, rest, ok := readBER(in, depth)
		if !ok || item.tag&0x20 != 0 && !berShallow(item.content, depth+1) {
			return false
		}
		in = rest
	}
	return true
}

// berOctets joins an octet string that may be cut into pieces.
func berOctets(item berItem, depth int) []byte {
	if item.tag&0x20 == 0 || depth > maxBER {
		return item.content
	}
	var out []byte
	for rest := item.content; ; {
		piece, after, ok := readBER(rest, depth+1)
		if !ok {
			return out
		}
		out = append(out, berOctets(piece, depth+1)...)
		rest = after
	}
}

// The types of RFC 5652 that a mail can be, as they are encoded.
const (
	oidSigned     = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
	oidEnveloped  = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"
	oidCompressed = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x09"
)

// cmsContent tells what type of message CMS (RFC 5652) is, "" if it is none,
// and of a signed one what is signed, nil if that stands elsewhere.
func cmsContent(data []byte) (oid string, signed []byte) {
	outer, _, ok := readBER(data, 0)
	if !ok || outer.tag != 0x30 {
		return "", nil
	}
	kind, rest, ok := readBER(outer.content, 1)
	if !ok || kind.tag != 0x06 {
		return "", nil
	}
	oid = string(kind.content)
	at := rest
	for _, step := range []struct {
		tag  byte
		skip int
	}{{0xa0, 0}, {0x30, 0}, {0x30, 2}, {0xa0, 1}} { // content, SignedData, past version and digests, past its type
		for range step.skip {
			if _, at, ok = readBER(at, 2); !ok {
				return oid, nil
			}
		}
		item, _, ok := readBER(at, 2)
		if !ok || item.tag != step.tag {
			return oid, nil
		}
		at = item.content
	}
	octets, _, ok := readBER(at, 3)
	if !ok || octets.tag&0x1f != 0x04 {
		return oid, nil
	}
	return oid, berOctets(octets, 3)
}
