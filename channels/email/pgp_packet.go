package email

import (
	"bytes"
	"compress/bzip2"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"io"
)

// The tags of packets (RFC 9580 section 5) that are told apart here.
const (
	tagEncryptedKey  = 1
	tagSignature     = 2
	tagSymmetricKey  = 3
	tagOnePass       = 4
	tagSecretKey     = 5
	tagPublicKey     = 6
	tagSecretSubkey  = 7
	tagCompressed    = 8
	tagEncrypted     = 9
	tagMarker        = 10
	tagLiteral       = 11
	tagTrust         = 12
	tagUserID        = 13
	tagPublicSubkey  = 14
	tagUserAttribute = 17
	tagEncryptedMDC  = 18
	tagEncryptedAEAD = 20
	tagPadding       = 21
	maxPGPNesting    = 4
	maxPGPPackets    = 200
	maxPGPSignature  = 128 << 10
	maxPGPSignatures = 4
)

// pgpPacket is one packet: its tag and what it holds.
type pgpPacket struct {
	tag  int
	body []byte
}

// nextPacket takes the first packet off. ok is false where there is none.
func nextPacket(in []byte) (p pgpPacket, rest []byte, ok bool) {
	if len(in) < 2 || in[0]&0x80 == 0 {
		return p, nil, false
	}
	if in[0]&0x40 != 0 {
		p.tag = int(in[0] & 0x3f)
		p.body, rest, ok = newLength(in[1:])
		return p, rest, ok
	}
	p.tag = int(in[0] >> 2 & 0x0f)
	width := 1 << (in[0] & 3)
	in = in[1:]
	if width == 8 { // of indeterminate length: all that follows
		p.body = in
		return p, nil, true
	}
	if len(in) < width {
		return p, nil, false
	}
	length := uint64(0)
	for _, c := range in[:width] {
		length = length<<8 | uint64(c)
	}
	if in = in[width:]; length > uint64(len(in)) {
		return p, nil, false
	}
	p.body, rest = in[:length], in[length:]
	return p, rest, true
}

// newLength reads a length of RFC 9580 section 4.2.1 and what is that long,
// joined where it comes in pieces.
func newLength(in []byte) (body, rest []byte, ok bool) {
	var joined []byte
	for pieces := false; ; pieces = true {
		if len(in) == 0 {
			return nil, nil, false
		}
		var length int
		first, last := in[0], true
		switch {
		case first < 192:
			length, in = int(first), in[1:]
		case first < 224 && len(in) >= 2:
			length, in = int(first-192)<<8+int(in[1])+192, in[2:]
		case first == 255 && len(in) >= 5:
			length, in = int(binary.BigEndian.Uint32(in[1:])), in[5:]
		case first >= 224 && first < 255:
			length, in, last = 1<<(first&0x1f), in[1:], false
		default:
			return nil, nil, false
		}
		if length > len(in) {
			return nil, nil, false
		}
		body, in = in[:length], in[length:]
		if last && !pieces {
			return body, in, true
		}
		if joined = append(joined, body...); last {
			return joined, in, true
		}
	}
}

// framed gives a packet as it is read by a library.
func (p pgpPacket) framed() []byte {
	out := make([]byte, 6, 6+len(p.body))
	out[0], out[1] = 0xc0|byte(p.tag&0x3f), 255
	binary.BigEndian.PutUint32(out[2:], uint32(len(p.body))) //nolint:gosec // a mail has at most some MiB
	return append(out, p.body...)
}

// pgpContents is what a message of packets holds, as far as it can be read
// without a secret.
type pgpContents struct {
	encrypted  bool
	signatures [][]byte
	// literal are the words, found is false where there are none.
	literal []byte
	found   bool
	// broken is set where it is no message, or more than is taken.
	broken bool

	packets, left int
}

// readPGP reads a message. What it holds compressed is taken up to a number of
// bytes in all, however deep it lies.
func readPGP(data []byte, left int) *pgpContents {
	m := &pgpContents{left: left}
	m.read(data, 0)
	return m
}

func (m *pgpContents) read(data []byte, depth int) {
	for len(data) > 0 && !m.broken && !m.encrypted {
		p, rest, ok := nextPacket(data)
		if m.packets++; !ok || m.packets > maxPGPPackets {
			m.broken = true
			return
		}
		data = rest
		switch p.tag {
		case tagEncryptedKey, tagSymmetricKey, tagEncrypted, tagEncryptedMDC, tagEncryptedAEAD:
			m.encrypted = !m.found && len(m.signatures) == 0
			m.broken = !m.encrypted
		case tagSignature:
			m.signatures = append(m.signatures, p.body)
		case tagOnePass, tagMarker, tagPadding, tagTrust:
		case tagCompressed:
			inner := m.inflate(p.body)
			if m.broken = m.broken || inner == nil || depth >= maxPGPNesting; !m.broken {
				m.read(inner, depth+1)
			}
		case tagLiteral:
			words, ok := literalWords(p.body)
			if m.broken = m.found || !ok; !m.broken { // a second one would be words that nobody signed
				m.literal, m.found = words, true
			}
		default:
			m.broken = p.tag < 40 // RFC 9580 section 4.3: those may be passed over
		}
	}
}

// inflate undoes a compression, nil where it can't or it would be too much.
func (m *pgpContents) inflate(body []byte) []byte {
	if len(body) < 2 {
		return nil
	}
	var r io.Reader
	switch in := bytes.NewReader(body[1:]); body[0] {
	case 0:
		r = in
	case 1:
		r = flate.NewReader(in)
	case 2:
		z, err := zlib.NewReader(in)
		if err != nil {
			return nil
		}
		r = z
	case 3:
		r = bzip2.NewReader(in)
	default:
		return nil
	}
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(r, int64(m.left)+1))
	if m.left -= int(n); m.left < 0 || err != nil && n == 0 {
		return nil
	}
	return out.Bytes()
}

// plainSignature reports whether at most one signature lies in another, which
// tells that a key below a primary one belongs to it: a library would read those
// that lie deeper again and again.
func plainSignature(body []byte, inside bool) bool {
	if len(body) < 6 || body[0] < 4 {
		return true // of a kind that is not read
	}
	wide, at := 2, 4
	if body[0] == 6 {
		wide = 4
	}
	for range 2 { // what is signed of it, and what isn't
		if len(body) < at+wide {
			return false
		}
		length := 0
		for _, c := range body[at : at+wide] {
			length = length<<8 | int(c)
		}
		at += wide
		if length > len(body)-at || !plainArea(body[at:at+length], inside) {
			return false
		}
		at += length
	}
	return true
}

// plainArea looks at the subpackets (RFC 9580 section 5.2.3.7) of a signature.
func plainArea(area []byte, inside bool) bool {
	for len(area) > 0 {
		length, head := int(area[0]), 1
		switch {
		case area[0] == 255 && len(area) >= 5:
			length, head = int(binary.BigEndian.Uint32(area[1:])), 5
		case area[0] >= 192 && area[0] < 255 && len(area) >= 2:
			length, head = int(area[0]-192)<<8+int(area[1])+192, 2
		case area[0] >= 192:
			return false
		}
		if area = area[head:]; length == 0 || length > len(area) {
			return false
		}
		if area[0]&0x7f == subEmbedded && (inside || !plainSignature(area[1:length], true)) {
			return false
		}
		area = area[length:]
	}
	return true
}

// subEmbedded is the type of a signature in another.
const subEmbedded = 32

// literalWords gives what a literal packet (RFC 9580 section 5.9) holds.
func literalWords(body []byte) ([]byte, bool) {
	if len(body) < 2 || len(body) < 6+int(body[1]) {
		return nil, false
	}
	return body[6+int(body[1]):], true
}

// dearmoured gives the bytes of the first armoured block (RFC 9580 section 6) of
// a kind, and what stands behind it; nil where there is none.
func dearmoured(text []byte, kind string) (data, after []byte) {
	begin, end := "-----BEGIN PGP "+kind+"-----", "-----END PGP "+kind+"-----"
	at := bytes.Index(text, []byte(begin))
	if at < 0 {
		return nil, nil
	}
	text = text[at+len(begin):]
	stop := bytes.Index(text, []byte(end))
	if stop < 0 {
		return nil, nil
	}
	after = text[stop+len(end):]
	var lines [][]byte
	head := true
	for line := range bytes.Lines(text[:stop]) {
		line = bytes.TrimSpace(line)
		switch {
		case head && (len(line) == 0 || bytes.Contains(line, []byte(":"))): // header fields, and the line below them
			continue
		case len(line) > 0 && line[0] == '=' && len(line) <= 5: // the checksum, which is checked no more (RFC 9580 section 6.1)
			continue
		}
		head = false
		lines = append(lines, line)
	}
	return decodeBase64(bytes.Join(lines, []byte("\n"))), after
}
