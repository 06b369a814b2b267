package email

import (
	"bytes"
	"encoding/base64"
	"net/mail"
	"strings"
	"time"
)

// seals is what signatures on one mail are checked by.
type seals struct {
	vouched *Vouched
	// at is when the mail came, zero if that isn't known.
	at time.Time
	// from is the sender's address.
	from string
	// root is where keys that come with the mail are looked for; came holds them
	// once that was done.
	root *part
	came *pgpRing
	// checked counts the signatures that were looked at, hashed the bytes that
	// were gone through for them, beside the parts that were looked at to find
	// whether all is signed.
	checked, hashed, beside int
	// keysLeft and packetsLeft are what may still be read of keys that come with
	// the mail.
	keysLeft, packetsLeft int
}

// maxSeals is how many signatures of one mail are looked at, maxHashed how many
// bytes are gone through for them.
const (
	maxSeals  = 8
	maxHashed = 64 << 20
)

// more reports whether one more signature may be looked at, and counts it.
func (s *seals) more() bool {
	s.checked++
	return s.checked <= maxSeals
}

// begin notes whose mail it is. Where nobody says when it came, the first
// Received field does, and then the Date.
func (s *seals) begin(u *understood, root *part) {
	s.from, s.root = u.From.Address, root
	if s.at.IsZero() {
		s.at = headerTime(u.head)
	}
}

// headerTime gives the time by which a mail says that it came, zero if none.
func headerTime(f fields) time.Time {
	if _, date, found := cutLast(f.get("Received"), ";"); found {
		if t, err := mail.ParseDate(strings.TrimSpace(date)); err == nil {
			return t
		}
	}
	t, err := mail.ParseDate(strings.TrimSpace(f.get("Date")))
	if err != nil {
		return time.Time{}
	}
	return t
}

// dated says what is odd about when a signature was made.
func (s *seals) dated(made time.Time) string {
	switch {
	case made.IsZero() || s.at.IsZero():
	case made.After(s.at.Add(25 * time.Hour)):
		return " It says that it was made on " + day(made) + ", after the mail came."
	case made.Before(s.at.Add(-7 * 24 * time.Hour)):
		return " It was made on " + day(made) + ", long before the mail came: an old mail may have been sent again."
	}
	return ""
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// named shows a name that somebody else wrote, not longer than a line.
func named(name string) string {
	name = oneLine(visible(name))
	if r := []rune(name); len(r) > 100 {
		return string(r[:100]) + "…"
	}
	return name
}

// partly is said of a mail of which not all is signed.
const partly = " Only a part of the mail is signed; what else stands in it, such as a footer, is not."

// surrounded reports whether a part is not all that a mail says: somebody put
// words or files beside it.
func (s *seals) surrounded(p *part) bool {
	for ; p.parent != nil; p = p.parent {
		for _, other := range p.parent.children {
			if s.beside++; s.beside > maxBeside {
				return true
			}
			if other != p && (len(other.children) > 0 || len(other.content) > maxBlank || len(bytes.TrimSpace(other.content)) > 0) {
				return true
			}
		}
	}
	return false
}

// maxBlank is how many bytes of a part are looked at for whether it is empty,
// maxBeside how many parts in all.
const (
	maxBlank  = 4 << 10
	maxBeside = 50_000
)

// keysIn finds the keys that come with a mail: as parts (RFC 3156 section 7) and
// in the field of Autocrypt.
func (s *seals) keysIn() *pgpRing {
	if s.came != nil {
		return s.came
	}
	s.came, s.keysLeft, s.packetsLeft = newRing(), maxCameKeys, maxCamePackets
	if s.root == nil {
		return s.came
	}
	if value := s.root.header.get("Autocrypt"); len(value) <= maxCameBytes {
		if _, key, found := strings.Cut(value, "keydata="); found {
			key, _, _ = strings.Cut(key, ";")
			if data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(key), "")); err == nil {
				s.cameWith(data)
			}
		}
	}
	tries := maxCameParts
	for list := []*part{s.root}; len(list) > 0 && tries > 0; {
		p := list[0]
		list = append(list[1:], p.children...)
		name := strings.ToLower(p.name)
		if p.kind == "application/pgp-keys" || len(p.children) == 0 && (strings.HasSuffix(name, ".asc") || strings.HasSuffix(name, ".gpg")) && p.kind != "application/pgp-signature" && p.kind != "application/pgp-encrypted" {
			tries--
			if data, whole := beginning(p, maxCameBytes); whole {
				s.cameWith(data)
			}
		}
	}
	return s.came
}

// cameWith takes in keys that nobody vouches for.
func (s *seals) cameWith(data []byte) {
	blocks, err := keyBlocks(data, maxCamePackets)
	if err != nil {
		return
	}
	for _, block := range blocks {
		n, slow := weight(block)
		if s.keysLeft--; s.keysLeft < 0 || n > s.packetsLeft {
			return
		}
		if s.packetsLeft -= n; slow && n > maxSlowPackets {
			continue
		}
		keys, err := readKey(block)
		if err != nil {
			continue
		}
		for _, key := range keys {
			key.came = true
		}
		s.came.add(keys)
	}
}

// signedForms gives the bytes that were signed as they may have been, where
// programs differ or servers have touched them: with the line ends of mail, with
// or without the last of them, without spaces at the ends of lines.
func signedForms(whole []byte) [][]byte {
	first := canonical(whole)
	forms := [][]byte{first}
	if len(first) > maxForms {
		return forms
	}
	forms = append(forms, append(bytes.Clone(first), "\r\n"...))
	if cut, found := bytes.CutSuffix(first, []byte("\r\n")); found {
		forms = append(forms, cut)
	}
	if bytes.Contains(first, []byte(" \r\n")) || bytes.Contains(first, []byte("\t\r\n")) {
		forms = append(forms, trimmedLines(first))
	}
	return forms
}

// maxForms is how long what is signed may be to be tried in several forms.
const maxForms = 2 << 20

// trimmedLines takes spaces and tabs from the ends of lines.
func trimmedLines(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for line := range bytes.Lines(b) {
		text := bytes.TrimRight(line, " \t\r\n")
		out = append(out, text...)
		if bytes.HasSuffix(line, []byte("\n")) {
			out = append(out, "\r\n"...)
		}
	}
	return out
}
