package slack

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// block is what we read of the blocks of a message: emoji, which the text beside
// them has by name only. https://docs.slack.dev/reference/block-kit/block-elements/emoji-element
type block struct {
	Type     string  `json:"type"`
	Name     string  `json:"name"`
	Unicode  string  `json:"unicode"`
	SkinTone int     `json:"skin_tone"`
	Elements []block `json:"elements"`
}

// emojiName is an emoji in a text: ":wave:", ":wave::skin-tone-3:".
var emojiName = regexp.MustCompile(`:[a-z0-9_+'-]+:(?::skin-tone-[2-6]:)?`)

// withEmoji writes the emoji of a text as characters. Those of a workspace's own
// have none, and keep their names.
func withEmoji(text string, blocks json.RawMessage) string {
	if !strings.Contains(text, ":") || len(blocks) == 0 {
		return text
	}
	var all []block
	if unmarshalLoosely(blocks, &all) != nil {
		return text
	}
	known := map[string]string{}
	collectEmoji(all, known, 0)
	if len(known) == 0 {
		return text
	}
	return emojiName.ReplaceAllStringFunc(text, func(found string) string {
		if emoji, ok := known[strings.Trim(found, ":")]; ok {
			return emoji
		}
		name, tone, toned := strings.Cut(strings.Trim(found, ":"), "::")
		emoji, ok := known[name]
		switch {
		case !ok:
			return found
		case toned:
			return emoji + ":" + tone + ":"
		}
		return emoji
	})
}

// emojiDepth is how deep blocks nest at most: a list in a section in a block.
const emojiDepth = 8

func collectEmoji(all []block, into map[string]string, depth int) {
	if depth > emojiDepth {
		return
	}
	for _, b := range all {
		if emoji := emojiOf(b.Unicode); b.Type == "emoji" && emoji != "" {
			name := b.Name
			if b.SkinTone >= 2 && b.SkinTone <= 6 && !strings.Contains(name, "::") {
				name += "::skin-tone-" + strconv.Itoa(b.SkinTone)
			}
			into[name] = emoji
		}
		collectEmoji(b.Elements, into, depth+1)
	}
}

// emojiOf gives the characters of "1f44b-1f3fc", "" of anything else.
func emojiOf(points string) string {
	var b strings.Builder
	for i, point := range strings.Split(points, "-") {
		n, err := strconv.ParseUint(point, 16, 32)
		if err != nil || i == 12 || n < 0x20 || n > utf8.MaxRune || !utf8.ValidRune(rune(n)) {
			return ""
		}
		b.WriteRune(rune(n))
	}
	return b.String()
}
