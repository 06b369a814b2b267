package email

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"time"
)

// cms is a signed message (RFC 5652 section 5), as far as a signature's check
// needs it.
type cms struct {
	// kind is the type of what is signed, as it is encoded.
	kind    string
	content []byte
	certs   []*x509.Certificate
	signers []cmsSigner
	// unread counts certificates that can't be read.
	unread int
}

// cmsSigner is what one signer has added.
type cmsSigner struct {
	// issuer and serial, or keyID, name the signer's certificate.
	issuer []byte
	serial *big.Int
	keyID  []byte
	// digest and algorithm are what the signature is made with, params what is
	// said beside the latter.
	digest, algorithm string
	params            []byte
	// attributes is what is signed besides the content, encoded as it is signed;
	// nil where there is nothing.
	attributes []byte
	// sum, kind and made are of the attributes.
	sum       []byte
	kind      string
	made      time.Time
	signature []byte
}

// The attributes that are read (RFC 5652 section 11), as they are encoded.
const (
	oidContentType   = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03"
	oidMessageDigest = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04"
	oidSigningTime   = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05"
)

// maxAttributes is how many bytes a signer may add.
const maxAttributes = 64 << 10

// berReader goes through elements that stand one behind the other.
type berReader struct{ rest []byte }

// next takes one element off, whole and what is in it; ok is false at the end.
func (r *berReader) next() (item berItem, whole []byte, ok bool) {
	item, rest, ok := readBER(r.rest, 0)
	if !ok {
		r.rest = nil
		return item, nil, false
	}
	whole = r.rest[:len(r.rest)-len(rest)]
	r.rest = rest
	return item, whole, true
}

// readCMS reads a signed message. ok is false where it is none.
func readCMS(data []byte) (c *cms, ok bool) {
	outer, _, ok := readBER(data, 0)
	if !ok {
		return nil, false
	}
	r := berReader{outer.content}
	if oid, _, ok := r.next(); !ok || string(oid.content) != oidSigned {
		return nil, false
	}
	explicit, _, ok := r.next()
	if !ok {
		return nil, false
	}
	signed, _, ok := readBER(explicit.content, 0)
	if !ok || signed.tag != 0x30 {
		return nil, false
	}
	c = &cms{}
	r = berReader{signed.content}
	r.next() // version
	r.next() // digests
	inner, _, ok := r.next()
	if !ok {
		return nil, false
	}
	c.readContent(inner.content)
	for {
		item, _, ok := r.next()
		switch {
		case !ok:
			return c, len(c.signers) > 0
		case item.tag == 0xa0:
			c.readCerts(item.content)
		case item.tag == 0x31:
			c.readSigners(item.content)
		}
	}
}

func (c *cms) readContent(data []byte) {
	r := berReader{data}
	kind, _, _ := r.next()
	c.kind = string(kind.content)
	if explicit, _, ok := r.next(); ok {
		if octets, _, ok := readBER(explicit.content, 0); ok {
			c.content = berOctets(octets, 0)
		}
	}
}

func (c *cms) readCerts(data []byte) {
	for r := (berReader{data}); len(c.certs)+c.unread <= maxCerts; {
		_, whole, ok := r.next()
		if !ok {
			return
		}
		cert, err := x509.ParseCertificate(whole)
		if err != nil {
			c.unread++
			continue
		}
		c.certs = append(c.certs, cert)
	}
}

func (c *cms) readSigners(data []byte) {
	for r := (berReader{data}); len(c.signers) <= maxSigners; {
		item, _, ok := r.next()
		if !ok {
			return
		}
		c.signers = append(c.signers, readSigner(item.content))
	}
}

// readSigner reads what RFC 5652 section 5.3 calls SignerInfo. What is missing
// stays empty, and fits nothing.
func readSigner(data []byte) (s cmsSigner) {
	r := berReader{data}
	r.next() // version
	id, _, _ := r.next()
	if id.tag&0x1f == 0 { // [0] subjectKeyIdentifier
		s.keyID = berOctets(id, 0)
	} else {
		in := berReader{id.content}
		_, s.issuer, _ = in.next()
		serial, _, _ := in.next()
		s.serial = new(big.Int).SetBytes(serial.content)
	}
	digest, _, _ := r.next()
	s.digest, _ = algorithmIn(digest.content)
	item, whole, _ := r.next()
	if item.tag == 0xa0 {
		if len(whole) > maxAttributes {
			s.digest = "" // none that is known
			return s
		}
		s.attributes = append([]byte{0x31}, berToDER(whole, 0)[1:]...) // signed as a SET
		s.readAttributes(item.content)
		item, _, _ = r.next()
	}
	s.algorithm, s.params = algorithmIn(item.content)
	signature, _, _ := r.next()
	s.signature = berOctets(signature, 0)
	return s
}

// algorithmIn gives which algorithm is named, and what is said beside it.
func algorithmIn(data []byte) (oid string, params []byte) {
	r := berReader{data}
	item, _, _ := r.next()
	_, params, _ = r.next()
	return string(item.content), params
}

func (s *cmsSigner) readAttributes(data []byte) {
	for r := (berReader{data}); ; {
		item, _, ok := r.next()
		if !ok {
			return
		}
		in := berReader{item.content}
		oid, _, _ := in.next()
		values, _, _ := in.next()
		value, whole, ok := (&berReader{values.content}).next()
		if !ok {
			continue
		}
		switch string(oid.content) {
		case oidContentType:
			s.kind = string(value.content)
		case oidMessageDigest:
			s.sum = berOctets(value, 0)
		case oidSigningTime:
			_, _ = asn1.Unmarshal(whole, &s.made) // what is no time stays none
		}
	}
}

// certOf gives the certificate of a signer, nil if it isn't there.
func (c *cms) certOf(s *cmsSigner) *x509.Certificate {
	for _, cert := range c.certs {
		if s.keyID != nil && bytes.Equal(cert.SubjectKeyId, s.keyID) {
			return cert
		}
		if s.serial != nil && cert.SerialNumber.CmpAbs(s.serial) == 0 && bytes.Equal(cert.RawIssuer, s.issuer) {
			return cert
		}
	}
	return nil
}

// berToDER writes an element with definite lengths and strings in one piece, as
// signatures are made over (X.690 section 10).
func berToDER(in []byte, depth int) []byte {
	item, _, ok := readBER(in, depth)
	if !ok {
		return nil
	}
	content := item.content
	switch {
	case item.tag == 0x24:
		item.tag, content = 0x04, berOctets(item, depth)
	case item.tag&0x20 != 0:
		content = nil
		for rest := item.content; len(rest) > 0; {
			_, after, ok := readBER(rest, depth+1)
			if !ok {
				break
			}
			content = append(content, berToDER(rest[:len(rest)-len(after)], depth+1)...)
			rest = after
		}
	}
	out := []byte{item.tag}
	switch n := len(content); {
	case n < 0x80:
		out = append(out, byte(n))
	case n < 0x100:
		out = append(out, 0x81, byte(n))
	case n < 0x10000:
		out = append(out, 0x82, byte(n>>8), byte(n)) //nolint:gosec // its bytes one by one
	default:
		out = append(out, 0x83, byte(n>>16), byte(n>>8), byte(n)) //nolint:gosec // its bytes one by one: a signature has at most 2 MiB
	}
	return append(out, content...)
}
