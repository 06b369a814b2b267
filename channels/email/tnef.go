package email

import (
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf16"
)

// tnefMail is what lies in a winmail.dat (MS-OXTNEF).
type tnefMail struct {
	subject    string
	text, html string
	files      []tnefFile
	expanded   int // bytes that compressed Rich Text became
}

type tnefFile struct {
	name, kind, id string
	data           []byte
}

var errNotTNEF = errors.New("no TNEF")

// The attributes and properties that matter.
const (
	tnefSignature = 0x223e9f78

	attrSubject     = 0x8004
	attrBody        = 0x800c
	attrAttachData  = 0x800f
	attrAttachTitle = 0x8010
	attrRendData    = 0x9002
	attrMessage     = 0x9003
	attrAttachment  = 0x9005
	attrCodepage    = 0x9007

	propSubject      = 0x0037
	propBody         = 0x1000
	propRTF          = 0x1009
	propHTML         = 0x1013
	propAttachData   = 0x3701
	propAttachName   = 0x3704
	propAttachLong   = 0x3707
	propAttachMIME   = 0x370e
	propAttachID     = 0x3712
	propDisplayName  = 0x3001
	propInternetCode = 0x3fde
)

// readTNEF reads as far as what is there makes sense; an error means that it is
// none at all. The files share memory with data; compressed Rich Text becomes at
// most about so many bytes.
func readTNEF(data []byte, most int) (*tnefMail, error) {
	if len(data) < 6 || binary.LittleEndian.Uint32(data) != tnefSignature {
		return nil, errNotTNEF
	}
	r := tnefReader{m: &tnefMail{}, code: "windows-1252", most: most}
	for rest := data[6:]; len(rest) >= 11; {
		level, id := rest[0], int(binary.LittleEndian.Uint16(rest[1:]))
		length := int64(binary.LittleEndian.Uint32(rest[5:]))
		if level != 1 && level != 2 || length > int64(len(rest))-9 {
			if level == 1 || level == 2 {
				r.attribute(id, rest[9:]) // cut short
			}
			break
		}
		r.attribute(id, rest[9:9+length])
		rest = rest[min(int64(len(rest)), 9+length+2):]
	}
	r.finish()
	return r.m, nil
}

type tnefReader struct {
	m    *tnefMail
	most int // bytes of Rich Text
	code string
	rtf  []byte
	html []byte
}

// file gives the file that attributes speak of.
func (r *tnefReader) file() *tnefFile {
	if len(r.m.files) == 0 {
		r.m.files = append(r.m.files, tnefFile{})
	}
	return &r.m.files[len(r.m.files)-1]
}

func (r *tnefReader) attribute(id int, data []byte) {
	switch id {
	case attrCodepage:
		if len(data) >= 4 {
			r.code = codePage(binary.LittleEndian.Uint32(data))
		}
	case attrSubject:
		r.m.subject = r.narrow(data)
	case attrBody:
		r.m.text = r.narrow(data)
	case attrRendData:
		if len(r.m.files) < maxFiles {
			r.m.files = append(r.m.files, tnefFile{})
		}
	case attrAttachTitle:
		r.file().name = orDefault(r.file().name, r.narrow(data))
	case attrAttachData:
		r.file().data = data
	case attrMessage, attrAttachment:
		readProps(data, func(p mapiProp) { r.property(p, id == attrAttachment) })
	}
}

func (r *tnefReader) property(p mapiProp, ofFile bool) {
	if ofFile {
		r.fileProperty(p)
		return
	}
	switch p.id {
	case propInternetCode:
		if len(p.data) >= 4 {
			r.code = orDefault(codePage(binary.LittleEndian.Uint32(p.data)), r.code)
		}
	case propSubject:
		r.m.subject = orDefault(r.m.subject, r.words(p))
	case propBody:
		r.m.text = orDefault(r.m.text, r.words(p))
	case propRTF:
		r.rtf = p.data
	case propHTML:
		r.html = p.data
	}
}

func (r *tnefReader) fileProperty(p mapiProp) {
	switch p.id {
	case propAttachLong:
		r.file().name = orDefault(r.words(p), r.file().name)
	case propAttachName, propDisplayName:
		r.file().name = orDefault(r.file().name, r.words(p))
	case propAttachMIME:
		r.file().kind = r.words(p)
	case propAttachID:
		r.file().id = r.words(p)
	case propAttachData:
		data := p.data
		if p.kind == mapiObject && len(data) > 16 { // a message or an OLE object behind its interface's id
			data = data[16:]
		}
		r.file().data = data
	}
}

// narrow reads a string of the code page.
func (r *tnefReader) narrow(data []byte) string {
	data, _, _ = cutNUL(data)
	text, _ := decodeCharset(data, r.code)
	return strings.TrimSpace(text)
}

func (r *tnefReader) words(p mapiProp) string {
	if p.kind != mapiUnicode {
		return r.narrow(p.data)
	}
	return strings.TrimSpace(wide(p.data))
}

// finish chooses the body: HTML, else Rich Text, beside the plain text.
func (r *tnefReader) finish() {
	if len(r.html) > 0 {
		data := r.html[:min(len(r.html), maxHTML)]
		r.m.html, _ = decodeCharset(data, orDefault(metaCharset(data), r.code))
	}
	if len(r.rtf) == 0 || r.most <= 0 || r.m.html != "" {
		return
	}
	rtf, err := expandRTF(r.rtf, r.most)
	if err != nil {
		return
	}
	r.m.expanded = len(rtf)
	if text, isHTML := fromRTF(rtf); isHTML {
		r.m.html = text
	} else {
		r.m.text = orDefault(r.m.text, strings.TrimSpace(text))
	}
}

func cutNUL(data []byte) (before, after []byte, found bool) {
	for i, c := range data {
		if c == 0 {
			return data[:i], data[i+1:], true
		}
	}
	return data, nil, false
}

// wide reads UTF-16, lowest byte first, up to its NUL.
func wide(data []byte) string {
	units := make([]uint16, 0, len(data)/2)
	for i := 0; i+1 < len(data); i += 2 {
		unit := binary.LittleEndian.Uint16(data[i:])
		if unit == 0 {
			break
		}
		units = append(units, unit)
	}
	return string(utf16.Decode(units))
}
