package mastodon

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

// errTooLong tells that a text needs more posts than we send.
var errTooLong = errors.New("the text is too long")

// leastRoom is what a link fits into at least.
const leastRoom = 40

// split cuts a text into posts of at most room characters each: after a
// paragraph, a line, a sentence or a word, in this order, never in a link or in
// the middle of what people see as one character.
func split(text string, room int, c counter) ([]string, error) {
	if room < leastRoom {
		return nil, fmt.Errorf("only %d characters are left for text: %w", room, errTooLong)
	}
	var out []string
	for text = strings.TrimSpace(text); text != ""; {
		if len(out) == maxParts {
			return nil, errTooLong
		}
		end := fitting(text, room, c)
		if end < len(text) {
			end = goodEnd(text, end)
		}
		out = append(out, strings.TrimRight(text[:end], " \n\t"))
		text = strings.TrimLeft(text[end:], " \n\t")
	}
	return out, nil
}

// fitting gives how many bytes of text fit into room: whole words, or characters
// where the first word alone is too long.
func fitting(text string, room int, c counter) int {
	used, end := 0, 0
	for end < len(text) {
		gap := len(text[end:]) - len(strings.TrimLeft(text[end:], " \n\t"))
		word := strings.IndexAny(text[end+gap:], " \n\t")
		if word < 0 {
			word = len(text) - end - gap
		}
		n := utf8.RuneCountInString(text[end:end+gap]) + c.count(text[end+gap:end+gap+word])
		if used+n > room {
			break
		}
		used += n
		end += gap + word
	}
	if end > 0 {
		return end
	}
	end = fittingCharacters(text, room)
	for c.count(text[:end]) > room { // a link that is cut may count for more than its characters
		links := urlForm.FindAllStringIndex(text[:end], -1)
		if n := len(links); n > 0 && links[n-1][0] > 0 {
			end = links[n-1][0]
			continue
		}
		_, last := utf8.DecodeLastRuneInString(text[:end])
		end -= last
	}
	return end
}

// fittingCharacters cuts a word that is longer than a post.
func fittingCharacters(text string, room int) int {
	end, used := 0, 0
	for seen := graphemes.FromString(text); seen.Next(); {
		n := utf8.RuneCountInString(seen.Value())
		if used+n > room {
			break
		}
		used += n
		end += len(seen.Value())
	}
	if end > 0 {
		return end
	}
	for i := range text { // one character of more code points than fit
		if used == room {
			return i
		}
		used++
	}
	return len(text)
}

// goodEnd looks for the best place to stop at or before end, in the latter part
// of what fits.
func goodEnd(text string, end int) int {
	fits := text[:end]
	// What follows is at a space already, unless a word was cut.
	if next := text[end:]; strings.HasPrefix(next, "\n") {
		return end
	}
	for _, stop := range []struct {
		at   string
		from int
	}{{"\n\n", end / 2}, {"\n", end * 2 / 3}, {". ", end * 2 / 3}, {"! ", end * 2 / 3}, {"? ", end * 2 / 3}, {".\n", end / 2}} {
		if i := strings.LastIndex(fits, stop.at); i >= stop.from && i > 0 {
			return i + 1
		}
	}
	return end
}
