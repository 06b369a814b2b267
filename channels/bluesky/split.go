package bluesky

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

// errTooLong tells that a text needs more posts than we send.
var errTooLong = errors.New("the text is too long")

const spaces = " \n\t"

// split cuts a text into parts that fit, numbered if there are several: after a
// paragraph, a line, a sentence or a word, in this order, never in a link or in
// the middle of what people see as one character.
func split(text rich, r room) ([]rich, error) {
	if r.fits(text.Text) {
		return []rich{text}, nil
	}
	r.graphemes -= frame
	r.bytes -= frame
	var parts []rich
	at := 0
	for {
		at += len(text.Text[at:]) - len(strings.TrimLeft(text.Text[at:], spaces))
		if at == len(text.Text) {
			break
		}
		if len(parts) == maxParts {
			return nil, errTooLong
		}
		end := at + r.fitting(text.Text[at:])
		if end < len(text.Text) {
			end = at + goodEnd(text.Text[at:], end-at)
		}
		to := at + len(strings.TrimRight(text.Text[at:end], spaces))
		parts = append(parts, text.part(at, to))
		at = end
	}
	for i := range parts {
		parts[i].Text += fmt.Sprintf(" (%d/%d)", i+1, len(parts))
	}
	return parts, nil
}

// fitting gives how many bytes of text fit: whole words, or characters where the
// first word alone is too long.
func (r room) fitting(text string) int {
	end, word, n := 0, 0, 0
	for seen := graphemes.FromString(text); seen.Next(); {
		s := seen.Value()
		if strings.Contains(spaces, s[:1]) {
			word = end
		}
		if n == r.graphemes || end+len(s) > r.bytes {
			if strings.Contains(spaces, s[:1]) || word == 0 {
				return firstNumber(end, r.fittingRunes(s))
			}
			return word
		}
		n++
		end += len(s)
	}
	return end
}

// fittingRunes cuts a character of more bytes than fit.
func (r room) fittingRunes(s string) int {
	for i := range s {
		if _, size := utf8.DecodeRuneInString(s[i:]); i+size > r.bytes {
			return i
		}
	}
	return len(s)
}

// firstNumber is the first that isn't 0.
func firstNumber(a, b int) int {
	if a != 0 {
		return a
	}
	return b
}

// goodEnd looks for the best place to stop at or before end, in the latter part
// of what fits.
func goodEnd(text string, end int) int {
	fits := text[:end]
	if strings.HasPrefix(text[end:], "\n") {
		return end
	}
	for _, stop := range []struct {
		at   string
		from int
	}{{"\n\n", end / 2}, {"\n", end * 2 / 3}, {". ", end * 2 / 3}, {"! ", end * 2 / 3}, {"? ", end * 2 / 3}, {"。", end / 2}, {".\n", end / 2}} {
		if i := strings.LastIndex(fits, stop.at); i >= stop.from && i > 0 {
			return i + len(strings.TrimRight(stop.at, spaces))
		}
	}
	return end
}
