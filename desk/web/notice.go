package web

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"stagecoach/contact"
	"stagecoach/desk/view"
)

// notice is a word about a message that an agent has to know before answering.
type notice struct {
	// Tone is bad, warn or info.
	Tone string
	Text string
}

// noticeRule puts what a channel's parser has noticed into an agent's words.
type noticeRule struct {
	// begins and has are how the parser's words begin, and a part of them; "" is
	// any. What a sender chose may stand in the words, so those that warn are known
	// by their beginning before anything else is.
	begins, has string
	// tone is bad, warn or info; "" makes it a remark, for who looks closer.
	tone string
	// words stand for the parser's, which then become a remark; "" keeps them.
	words string
}

// noticeRules are tried in their order; what none knows is a warning as it is.
//
//nolint:gochecknoglobals // a table
var noticeRules = []noticeRule{
	{begins: "the sender is probably forged", tone: "bad"},
	{begins: "the answer goes to ", tone: "warn"},
	{begins: "the sender's name shows ", tone: "warn"},
	{begins: "The signed part of the mail names another sender", tone: "warn"},
	{begins: "The subject shown is the signed one", tone: "warn"},
	{begins: "the charset "},
	{begins: "the mail has no Message-ID"},
	{has: "does NOT fit", tone: "bad"},
	{has: "does not name the sender", tone: "warn"},
	{has: "takes this for spam", tone: "warn", words: "A spam filter marked this mail before it came here."},
	{has: "is encrypted with", tone: "info"},
	{has: "the signature fits", tone: "info"},
	{has: "is signed with", tone: "info"},
	{has: "was signed with", tone: "info"},
	{has: "without being shown", tone: "info"},
	{has: "are in the original", tone: "info"},
	{has: "is in the original", tone: "info"},
	{has: "is in the file beside it", tone: "info"},
	{has: "is shown as it came", tone: "info", words: "This mail is damaged: it is shown as it came."},
	{has: "winmail.dat can't be read", tone: "info", words: "The file winmail.dat, in which Outlook sends files, is damaged. Please ask for them again."},
	{has: "authors: the first is taken", tone: "info", words: "Several people signed this mail; the first of them is taken for the sender."},
	{has: "address is taken from", tone: "info"},
}

// noAddress is what a mail says from which nobody can be answered.
const noAddress = "This mail names no address to answer to."

// notices sorts what was noticed about a message: what has to be known first,
// the worst on top, and remarks on its technique.
func notices(it view.Item) (known []notice, remarks []string) {
	for _, w := range it.Warnings {
		n, remark := noticed(it, w)
		if n.Text != "" && !slices.Contains(known, n) {
			known = append(known, n)
		}
		if remark != "" {
			remarks = append(remarks, remark)
		}
	}
	rank := map[string]int{"bad": 0, "warn": 1, "info": 2}
	slices.SortStableFunc(known, func(a, b notice) int { return rank[a.Tone] - rank[b.Tone] })
	return known, remarks
}

func noticed(it view.Item, w string) (known notice, remark string) {
	switch {
	case strings.TrimSpace(w) == "", saidInPlace(w) && strings.Contains(it.Text, "["+w+"]"):
		return notice{}, ""
	case it.Auto == contact.AutoCalendar && strings.Contains(w, "written by a calendar"): // the tag says so
		return notice{}, ""
	case strings.HasSuffix(w, "has no From"), strings.HasSuffix(w, "sender has no address"):
		if it.Address == "" {
			return notice{"warn", noAddress}, ""
		}
		return notice{}, sentence(w)
	}
	for _, r := range noticeRules {
		switch {
		case !strings.HasPrefix(w, r.begins) || !strings.Contains(w, r.has):
		case r.tone == "":
			return notice{}, sentence(w)
		case r.words != "":
			return notice{r.tone, r.words}, sentence(w)
		default:
			return notice{r.tone, sentence(w)}, ""
		}
	}
	return notice{"warn", sentence(w)}, ""
}

// saidInPlace reports whether words stand in a mail's text where others can't be
// read. Nothing else is believed to be said there: the sender may have written it
// to keep it from being shown.
func saidInPlace(w string) bool {
	return strings.HasPrefix(w, "The mail is encrypted with ") || strings.HasPrefix(w, "The mail holds words packed by ")
}

// sentence gives words a capital letter and a full stop.
func sentence(s string) string {
	if s = strings.TrimSpace(s); s == "" {
		return ""
	}
	r, n := utf8.DecodeRuneInString(s)
	s = string(unicode.ToUpper(r)) + s[n:]
	if strings.ContainsAny(s[len(s)-1:], ".!?") {
		return s
	}
	return s + "."
}

func noticeIcon(tone string) string {
	if tone == "info" {
		return "info"
	}
	return "warn"
}

// autoName says what kind of machine wrote a message, "" where a person did.
func autoName(k contact.AutoKind) string {
	switch k {
	case contact.AutoReply:
		return "Automatic reply"
	case contact.AutoBounce:
		return "Delivery report"
	case contact.AutoList:
		return "Mailing list"
	case contact.AutoReceipt:
		return "Read receipt"
	case contact.AutoDelivered:
		return "Report that our mail arrived"
	case contact.AutoCalendar:
		return "Answer of a calendar"
	case contact.AutoChallenge:
		return "Asks for a proof"
	default:
		return ""
	}
}
