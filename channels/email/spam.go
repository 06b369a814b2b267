package email

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	spamScore   = regexp.MustCompile(`(?i)\bSCL:\s*(-?\d+)`)
	spamVerdict = regexp.MustCompile(`(?i)\bSFV:\s*(SPM|SKS|SKB)\b`)
	spamTag     = regexp.MustCompile(`^\s*(\*{3,}\s*spam\s*\*{3,}|\{spam\??\}|\[spam\?{2,}\]|\*{2,}suspected spam\*{2,})`)
)

// readSpam takes over what filters before us found. It proposes, and ends
// nothing: a filter of the sender's own house may have said so, or anybody.
func (u *understood) readSpam() {
	for _, mark := range spamMarks {
		value := strings.TrimSpace(u.head.get(mark.name))
		if value != "" && mark.spam(strings.ToLower(value)) {
			u.SpamMark = mark.name + ": " + clipTo(value, 80)
			break
		}
	}
	if u.SpamMark == "" && spamTag.MatchString(strings.ToLower(u.Subject)) {
		u.SpamMark = "the subject begins with the mark of a filter"
	}
	if u.SpamMark != "" {
		u.warn("a filter before us takes this for spam (" + u.SpamMark + ")")
	}
}

// spamMark is a field of a filter and how to read its value, in small letters.
type spamMark struct {
	name string
	spam func(value string) bool
}

// spamMarks are asked in order; one that says no ends nothing, as filters
// disagree.
//
//nolint:gochecknoglobals // a table
var spamMarks = []spamMark{
	{"X-Spam-Flag", says("yes", "true")},
	{"X-Spam-Status", says("yes")},
	{"X-Spam", says("yes", "true", "spam")},
	{"X-Barracuda-Spam-Flag", says("yes")},
	{"X-Forefront-Antispam-Report", func(s string) bool {
		return spamVerdict.MatchString(s) || atLeast(spamScore.FindStringSubmatch(s), 5)
	}},
	{"X-MS-Exchange-Organization-SCL", func(s string) bool { return atLeast([]string{"", s}, 5) }}, //nolint:misspell // its name
	{"X-Rspamd-Action", says("add header", "rewrite subject", "reject", "quarantine")},
	{"X-Spamd-Result", func(s string) bool { return strings.HasPrefix(s, "default: true") }},
	{"X-GMX-Antispam", func(s string) bool { return s[0] >= '1' && s[0] <= '9' }},
	{"X-UI-Filterresults", says("junk")},
	{"X-Spampanel-Class", says("spam", "phish")},
	{"X-SES-Spam-Verdict", says("fail")},
	{"X-SES-Virus-Verdict", says("fail")},
	{"X-Virus-Status", says("infected", "yes")},
	{"X-Proofpoint-Spam-Details", func(s string) bool {
		return strings.Contains(s, "rule=spam") || strings.Contains(s, "rule=inbound_spam")
	}},
	{"X-YahooFilteredBulk", func(string) bool { return true }},
	{"X-Spam-Level", func(s string) bool { return strings.Count(s, "*") >= 6 }},
}

func says(words ...string) func(string) bool {
	return func(value string) bool {
		for _, word := range words {
			if strings.HasPrefix(value, word) {
				return true
			}
		}
		return false
	}
}

func atLeast(found []string, least int) bool {
	if len(found) < 2 {
		return false
	}
	n, err := strconv.Atoi(strings.TrimSpace(found[1]))
	return err == nil && n >= least
}
