package slack

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"stagecoach/channels"
)

// Slack's text is mrkdwn: links, people and channels stand in <>, and & < > are
// escaped. https://docs.slack.dev/messaging/formatting-message-text

// plainText makes text for people of mrkdwn. name gives the name of a user, or of a
// channel.
func plainText(text string, name func(id string) string) string {
	var b strings.Builder
	for text != "" {
		start := strings.IndexByte(text, '<')
		if start < 0 {
			b.WriteString(unescape(text))
			break
		}
		b.WriteString(unescape(text[:start]))
		text = text[start+1:]
		end := strings.IndexByte(text, '>')
		if end < 0 || strings.ContainsAny(text[:end], "<\n") {
			b.WriteByte('<') // nothing that Slack writes
			continue
		}
		b.WriteString(reference(text[:end], name))
		text = text[end+1:]
	}
	return tidy(b.String())
}

// reference gives what stands between < and > its words.
func reference(ref string, name func(id string) string) string {
	target, label, labelled := strings.Cut(ref, "|")
	label = unescape(label)
	switch {
	case target == "":
		return "<" + unescape(ref) + ">"
	case target[0] == '@':
		return "@" + firstOf(name(target[1:]), label, target[1:])
	case target[0] == '#':
		return "#" + firstOf(label, name(target[1:]), target[1:])
	case target[0] == '!':
		return special(target[1:], label)
	}
	target = unescape(target)
	shownTarget := strings.TrimPrefix(strings.TrimPrefix(target, "mailto:"), "tel:")
	if !labelled || label == "" || label == shownTarget || label == target {
		return shownTarget
	}
	if bare := strings.TrimSuffix(target[strings.Index(target, "://")+1:], "/"); strings.HasSuffix(bare, "/"+label) {
		return target // "example.com" for "https://example.com/"
	}
	return label + " (" + shownTarget + ")"
}

// special are mentions of groups, and dates.
func special(target, label string) string {
	command, _, _ := strings.Cut(target, "^")
	switch {
	case label != "" && command == "date":
		return label
	case label != "":
		return "@" + strings.TrimPrefix(label, "@")
	case command == "subteam":
		return "@group"
	default:
		return "@" + command
	}
}

func unescape(s string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}

// escape makes mrkdwn of text: nothing in it is a link or a mention then.
// https://docs.slack.dev/messaging/formatting-message-text#escaping
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// tidy takes out what no text needs: control characters, and marks that turn the
// direction of what follows without an end.
func tidy(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\r\n", "\n"), string(utf8.RuneError))
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r':
			return '\n'
		case unicode.IsControl(r), r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return -1
		}
		return r
	}, s)
}

// shown makes one line of at most n characters of what somebody else named.
func shown(s string, n int) string { return channels.Bounded(tidy(s[:min(len(s), 8*n)]), n) }

// language gives the primary subtag of a BCP 47 tag, "" of anything else.
func language(s string) string {
	primary, _, _ := strings.Cut(strings.ToLower(s), "-")
	if len(primary) < 2 || len(primary) > 3 || strings.Trim(primary, "abcdefghijklmnopqrstuvwxyz") != "" {
		return ""
	}
	return primary
}

func firstOf(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}
