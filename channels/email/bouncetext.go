package email

import (
	"slices"
	"strings"

	"stagecoach/contact"
)

// Servers that don't follow RFC 3464 report in words. What they say is known
// from their sources and from the reports of large providers; nothing is taken
// for a report unless a mail system signs it.

// never tells whether the sender is one that no person is. Some reports name it
// without a domain.
func (v *evidence) never() bool {
	if v.u.From.Address == "" {
		return daemonLocal.MatchString(strings.ToLower(strings.TrimSpace(v.u.From.Name)))
	}
	return daemonLocal.MatchString(v.local)
}

// daemon tells whether a mail system may sign the mail.
func (v *evidence) daemon() bool {
	return v.never() || systemLocal.MatchString(v.local) || daemonName.MatchString(v.u.From.Name)
}

// bounceText gives what a report in words says, nil where the mail is none.
func (v *evidence) bounceText() *contact.Bounce {
	never, exim := v.never(), v.f.has("X-Failed-Recipients")
	sure := never || exim
	ndr := sure || v.daemon() && (v.f.has("X-MS-Embedded-Report") || strings.Contains(v.f.get("X-Mailer"), "SMTP32"))
	listed := !v.daemon() && (v.f.has("List-Id") || v.f.has("List-Unsubscribe"))
	if answerSubject.MatchString(v.u.Subject) || listed || v.person() && !ndr {
		return nil
	}
	machine := sure || v.daemon() || v.nullPath()
	if !machine && !failSubject.MatchString(clipTo(v.subject, 1000)) { // most mails: spare them the words
		return nil
	}
	words := v.reportWords()
	if !machine && !words.ours {
		return nil
	}
	switch {
	case !words.failed && !words.delayed && !sure, !ndr && !v.markedAsReport(&words):
		return nil
	case !words.failed && !words.delayed && (autoSubject.MatchString(v.subject) || v.f.has("In-Reply-To") || doneWords.MatchString(words.about)):
		return nil
	}
	b := &contact.Bounce{Permanent: !words.delayed, OriginalID: originalID(v.root)}
	b.Recipient, b.Others = v.failedRecipients()
	v.readWords(b, &words)
	return b
}

// reportWords is what the words of a report say, apart from the mail of ours
// that it quotes.
type reportWords struct {
	said, quoted, low, about string
	failed, delayed          bool
	// ours is set where a mail of ours is enclosed that bears our own mark.
	ours bool
}

func (v *evidence) reportWords() reportWords {
	w := reportWords{said: clipTo(v.u.Text, 4*judged)}
	if at := quotedMail.FindStringIndex(w.said); at != nil {
		w.said, w.quoted = w.said[:at[0]], w.said[at[0]:]
	}
	w.low = strings.ToLower(clip(w.said))
	subject := clipTo(v.subject, 1000)
	w.about = subject + "\n" + w.low
	w.failed = failSubject.MatchString(subject) || failWords.MatchString(w.low)
	w.delayed = delayWords.MatchString(w.about) && !failStrong.MatchString(w.low)
	w.ours = failSubject.MatchString(subject) && failWords.MatchString(w.low) && !strings.Contains(w.low, "?") && v.enclosesOurs(w.quoted)
	return w
}

// enclosesOurs tells whether the mail holds a copy of one of ours.
func (v *evidence) enclosesOurs(quoted string) bool {
	if quotedMark.MatchString(quoted) {
		return true
	}
	p := findPart(v.root, "message/rfc822", "text/rfc822-headers", "message/rfc822-headers")
	if p == nil || p.parent != v.root {
		return false
	}
	header, _ := splitHeader(transferDecoded(p))
	return replyForm.MatchString(strings.TrimSpace(parseFields(header).get(replyField)))
}

// markedAsReport tells whether more than its words makes a mail a report, where
// its sender may be a person: a postmaster who writes of addresses unknown is
// one.
func (v *evidence) markedAsReport(w *reportWords) bool {
	word := v.submitted()
	switch {
	case v.nullPath(), strings.HasPrefix(word, "auto-"), w.ours:
		return true
	case v.f.has("X-MS-Exchange-Message-Is-Ndr"), v.f.has("X-MS-Embedded-Report"):
		return true
	case quotedID.MatchString(w.quoted):
		return !v.asks()
	case failSubject.MatchString(v.subject) && reportLine.MatchString(w.said):
		return !strings.Contains(w.low, "?")
	default:
		return reportSubject.MatchString(v.subject) && failWords.MatchString(w.low) && !strings.Contains(w.low, "?")
	}
}

// readWords takes what a report in words tells out of it.
func (v *evidence) readWords(b *contact.Bounce, w *reportWords) {
	if b.OriginalID == "" {
		b.OriginalID = v.quotedID(w.quoted)
	}
	if b.OriginalID == "" {
		b.OriginalID = v.answered()
	}
	if b.Recipient == "" {
		b.Recipient = v.addressIn(w.said)
		b.Others = v.otherAddresses(w.said, b.Recipient)
	}
	for line := range strings.Lines(w.said) {
		line = strings.TrimSpace(line)
		code := enhancedCode.FindString(line)
		basic := smtpCode.FindStringSubmatch(" " + line + " ")
		if code == "" && basic == nil || strings.HasPrefix(code, "2") {
			continue
		}
		if b.Code = code; code == "" {
			b.Code = basic[1][:1] + ".0.0"
		}
		b.Diagnostic = clipTo(line, 300)
		return
	}
	for line := range strings.Lines(w.said) {
		if failWords.MatchString(strings.ToLower(line)) {
			b.Diagnostic = clipTo(strings.Join(strings.Fields(line), " "), 300)
		}
	}
}

// quotedID finds the Message-ID in a copy of our mail that is part of the text.
func (v *evidence) quotedID(quoted string) string {
	id := quotedID.FindStringSubmatch(quoted)
	mark := quotedMark.FindStringSubmatch(quoted)
	switch {
	case mark != nil && replyForm.MatchString(mark[1]):
		return mark[1]
	case id != nil:
		return id[1]
	default:
		return ""
	}
}

// addressIn finds the recipient that a report names: the first address behind
// words that say so, else the first that is neither ours nor the reporter's.
func (v *evidence) addressIn(said string) string {
	if at := failedAfter.FindStringIndex(said); at != nil {
		if found := v.firstAddress(said[at[1]:]); found != "" {
			return found
		}
	}
	return v.firstAddress(said)
}

// otherAddresses gives what else may be an address that was not reached, where
// only words tell: so nobody passes for reached who may not be.
func (v *evidence) otherAddresses(said, beside string) (others []string) {
	for _, at := range anyAddress.FindAllStringIndex(said, 20) {
		one := v.firstAddress(said[at[0]:at[1]])
		if one != "" && !strings.EqualFold(one, beside) && !slices.Contains(others, one) {
			others = append(others, one)
		}
	}
	return others
}

func (v *evidence) firstAddress(said string) string {
	for _, at := range anyAddress.FindAllStringIndex(said, 20) {
		found := said[at[0]:at[1]]
		if typed := strings.LastIndexByte(found, '='); typed > 0 && strings.EqualFold(found[:typed], "smtp") {
			found = found[typed+1:]
		}
		address := cleanAddress(strings.TrimRight(found, ".:;,"))
		local := strings.ToLower(localOf(address))
		if address == "" || daemonLocal.MatchString(local) || local == "postmaster" || strings.EqualFold(address, v.u.From.Address) || notWhom.MatchString(said[:at[0]]) {
			continue
		}
		ours := false
		for _, to := range v.u.To {
			ours = ours || strings.EqualFold(to.Address, address)
		}
		if !ours {
			return address
		}
	}
	return ""
}

// bounceReason says in plain words why a mail could not be delivered, "" if that
// isn't known.
func bounceReason(b *contact.Bounce) string {
	said := strings.ToLower(b.Diagnostic)
	_, detail, _ := strings.Cut(b.Code, ".")
	has := func(words ...string) bool {
		for _, word := range words {
			if strings.Contains(said, word) {
				return true
			}
		}
		return false
	}
	switch {
	case detail == "2.2", has("quota", "mailbox full", "mailbox is full", "storage"):
		return "the mailbox is full"
	case detail == "1.1", detail == "1.6", detail == "1.10", detail == "1.0", has("user unknown", "unknown user", "no such user", "does not exist", "doesn't exist", "not found", "not listed", "no mailbox"):
		return "there is no such mailbox"
	case detail == "2.1", has("disabled", "inactive"):
		return "the mailbox is closed"
	case detail == "3.4", detail == "2.3", has("too large", "size limit", "too big"):
		return "the mail is too large"
	case detail == "1.2", detail == "4.4", has("host not found", "domain not found", "host unknown", "nxdomain", "no mx"):
		return "there is no such domain, or it takes no mail"
	case detail == "4.7", detail == "4.1", detail == "4.2", has("timed out", "time out", "refused connection", "connection refused"):
		return "their server could not be reached in time"
	case strings.HasPrefix(detail, "7."), has("spam", "blocked", "policy", "blacklist", "denied"):
		return "their server refused it by its rules"
	default:
		return ""
	}
}
