package email

import (
	"encoding/binary"
	"errors"
)

// maxRTF bounds what compressed Rich Text may become, in bytes.
const maxRTF = 8 << 20

// lzfuStart is what the dictionary begins with (MS-OXRTFCP section 2.1.1.3).
const lzfuStart = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"

var errNotLZFu = errors.New("no compressed Rich Text")

// expandRTF undoes the compression of Rich Text (MS-OXRTFCP). What is cut short
// is given as far as it goes, and to about so many bytes at most.
func expandRTF(in []byte, most int) ([]byte, error) {
	most = min(most, maxRTF)
	if len(in) < 16 {
		return nil, errNotLZFu
	}
	size := int(binary.LittleEndian.Uint32(in[4:]))
	switch binary.LittleEndian.Uint32(in[8:]) {
	case 0x414c454d: // stored as it is
		return in[16:min(len(in), 16+min(size, most))], nil
	case 0x75465a4c:
	default:
		return nil, errNotLZFu
	}
	var dict [4096]byte
	write := copy(dict[:], lzfuStart)
	out := make([]byte, 0, min(size, 64<<10))
	put := func(c byte) {
		out = append(out, c)
		dict[write] = c
		write = (write + 1) & 0xfff
	}
	for at := 16; at < len(in); {
		control := in[at]
		at++
		for bit := range 8 {
			if len(out) >= most || at >= len(in) {
				return out, nil
			}
			if control>>bit&1 == 0 {
				put(in[at])
				at++
				continue
			}
			if at+1 >= len(in) {
				return out, nil
			}
			reference := int(in[at])<<8 | int(in[at+1])
			at += 2
			from, length := reference>>4, reference&0xf+2
			if from == write {
				return out, nil
			}
			for range length {
				put(dict[from])
				from = (from + 1) & 0xfff
			}
		}
	}
	return out, nil
}
