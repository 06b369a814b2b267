package email

import (
	"bytes"
	"regexp"
	"strings"

	"stagecoach/contact"
)

// report reads what says of itself that it is a report (RFC 6522): on delivery
// (RFC 3464), on reading (RFC 8098) or on a complaint (RFC 5965). A report that somebody forwards is a part
// among others of a person's mail, and none.
func (v *evidence) report() contact.AutoKind {
	if v.root != nil && v.root.kind == "multipart/report" && findPart(v.root, "message/feedback-report") != nil {
		v.u.Concerns = originalID(v.root)
		v.u.warn("somebody to whom this was sent has reported it to their provider as spam")
		return contact.AutoReply
	}
	status := findPart(v.root, "message/delivery-status", "message/global-delivery-status")
	receipt := findPart(v.root, "message/disposition-notification", "message/global-disposition-notification")
	if status == nil && receipt == nil || !v.isReport() && !v.looseReceipt(receipt) {
		return contact.AutoNone
	}
	if status == nil {
		f := parseFields(transferDecoded(receipt))
		v.u.Concerns = orDefault(firstID(f.get("Original-Message-ID")), originalID(v.root))
		disposition := strings.ToLower(f.get("Disposition"))
		if strings.Contains(disposition, "deleted") && v.refused(disposition) {
			v.u.Bounce = &contact.Bounce{Permanent: true, OriginalID: v.u.Concerns, Recipient: typedAddress(f.get("Final-Recipient")), Diagnostic: v.refusal()}
			v.u.Concerns = ""
			return contact.AutoBounce
		}
		if strings.Contains(disposition, "deleted") {
			v.u.warn("the receipt says that our mail was deleted without being shown")
		}
		return contact.AutoReceipt
	}
	data := transferDecoded(status)
	b, rank := readStatus(data[:min(len(data), maxStatus)])
	b.OriginalID = orDefault(originalID(v.root), orDefault(b.OriginalID, v.answered()))
	if rank == 0 { // fields of no use: what the words say
		words := v.reportWords()
		b.Permanent = !words.delayed
		v.readWords(&b, &words)
	}
	if rank == rankDelivered {
		v.u.Concerns = b.OriginalID
		return contact.AutoDelivered
	}
	if b.Recipient == "" {
		b.Recipient, b.Others = v.failedRecipients()
	}
	v.u.Bounce = &b
	return contact.AutoBounce
}

// isReport tells a report from a mail that has one attached.
func (v *evidence) isReport() bool {
	if v.root.kind == "multipart/report" {
		return true
	}
	return v.daemon() && !answerSubject.MatchString(v.u.Subject)
}

// looseReceipt tells whether a receipt is a report although it doesn't say so: its
// subject and its place do.
func (v *evidence) looseReceipt(receipt *part) bool {
	return receipt != nil && receipt.parent == v.root && readSubject.MatchString(v.subject) && !v.asks()
}

// answered gives the id that the mail itself says it answers: many servers name
// the mail in question so.
func (v *evidence) answered() string {
	if v.u.InReplyTo != "" {
		return v.u.InReplyTo
	}
	if n := len(v.u.References); n > 0 {
		return v.u.References[n-1]
	}
	return ""
}

// failedRecipients reads Exim's own field, which others took over.
func (v *evidence) failedRecipients() (first string, others []string) {
	for _, one := range parseAddresses(v.f.get("X-Failed-Recipients")) {
		switch {
		case one.Address == "":
		case first == "":
			first = one.Address
		default:
			others = append(others, one.Address)
		}
	}
	return first, others
}

// enhancedCode is a status code of RFC 3463 in a text.
var enhancedCode = regexp.MustCompile(`\b([245]\.\d{1,3}\.\d{1,3})\b`)

// maxStatus is how many bytes of a delivery status are read: thousands of
// recipients.
const maxStatus = 1 << 20

// readStatus reads the fields of each recipient; the worst of them counts. worst
// is 0 where they tell nobody's fate.
func readStatus(data []byte) (b contact.Bounce, worst int) {
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	for group := range bytes.SplitSeq(data, []byte("\n\n")) {
		f := parseFields(group)
		if id := orDefault(f.get("X-Original-Message-ID"), f.get("Original-Message-ID")); id != "" && b.OriginalID == "" {
			b.OriginalID = firstID(id)
		}
		// The envelope id that we gave (RFC 3461 section 4.4) names the reply.
		if envelope := strings.Trim(f.get("Original-Envelope-Id"), "<> \t"); b.OriginalID == "" {
			reply, _, _ := strings.Cut(envelope, "@")
			if replyForm.MatchString(reply) {
				b.OriginalID = envelope
			}
		}
		rank := severity(f)
		if rank == 0 {
			continue
		}
		if rank > worst {
			worst = rank
			readRecipient(&b, f, rank)
		} else if rank == rankFailed {
			var other contact.Bounce
			readRecipient(&other, f, rank)
			b.Others = append(b.Others, other.Recipient)
		}
	}
	return b, worst
}

// The fates of a recipient, the worst last.
const (
	rankDelivered = iota + 1
	rankDelayed
	rankFailed
)

// severity gives the rank of one recipient's fate, 0 where the fields say none.
func severity(f fields) int {
	action := strings.ToLower(f.get("Action"))
	code := strings.TrimSpace(f.get("Status"))
	has := func(words ...string) bool {
		for _, word := range words {
			if strings.HasPrefix(action, word) {
				return true
			}
		}
		return false
	}
	switch {
	case has("fail", "undeliver", "expired", "reject", "bounce"):
		return rankFailed
	case has("delay", "deferr", "queued", "transient"):
		return rankDelayed
	case has("deliver", "relay", "expand", "success"):
		return rankDelivered
	case strings.HasPrefix(code, "5."):
		return rankFailed
	case strings.HasPrefix(code, "4."):
		return rankDelayed
	case strings.HasPrefix(code, "2."):
		return rankDelivered
	case action != "" || f.has("Final-Recipient") || f.has("Original-Recipient"):
		return rankFailed // a report on nothing good, in words unknown
	default:
		return 0
	}
}

func readRecipient(b *contact.Bounce, f fields, rank int) {
	b.Permanent = rank == rankFailed
	b.Diagnostic = diagnostic(f.get("Diagnostic-Code"))
	b.Code, _, _ = strings.Cut(strings.TrimSpace(f.get("Status")), " ")
	if finer := enhancedCode.FindString(b.Diagnostic); finer != "" && (b.Code == "" || strings.HasSuffix(b.Code, ".0.0")) {
		b.Code = finer
	}
	for _, name := range []string{"Original-Recipient", "Final-Recipient", "X-Actual-Recipient"} {
		if b.Recipient = typedAddress(f.get(name)); b.Recipient != "" {
			return
		}
	}
}

// typedAddress reads an address with its type before it (RFC 3464 section 2.1.2).
func typedAddress(value string) string {
	kind, address, typed := strings.Cut(value, ";")
	if !typed {
		address = kind
	}
	return cleanAddress(address)
}

// refused tells a receipt by which a server refuses a mail (RFC 5429 section
// 2.2.1: the recipient's filter does) from one of a person who deleted it.
func (v *evidence) refused(disposition string) bool {
	if !strings.Contains(disposition, "automatic-action") {
		return false
	}
	return strings.Contains(strings.ToLower(v.f.get("Auto-Submitted")), "reject") || refusedWords.MatchString(v.subject) || refusedWords.MatchString(v.text)
}

// refusal gives the words of a refusal, on one line.
func (v *evidence) refusal() string {
	return clipTo(strings.Join(strings.Fields(v.u.ReplyText), " "), 300)
}

// diagnostic gives what the other server said, without its type and on one line.
func diagnostic(s string) string {
	if kind, words, typed := strings.Cut(s, ";"); typed && !strings.Contains(strings.TrimSpace(kind), " ") {
		s = words
	}
	return clipTo(strings.Join(strings.Fields(s), " "), 300)
}

func clipTo(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// originalID finds the Message-ID of the mail that a report is about. Where a
// server on the way gave that mail another id, our own mark in it still names
// the reply.
func originalID(root *part) string {
	if p := findPart(root, "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers", "message/rfc822-headers"); p != nil {
		header, _ := splitHeader(bytes.TrimLeft(transferDecoded(p), "\r\n"))
		if id := idOfOurs(parseFields(header)); id != "" {
			return id
		}
	}
	if root == nil {
		return ""
	}
	return looseOriginal(root, 0)
}

// looseOriginal finds the mail in question where it is no part of its own kind:
// some put its header where that of the part belongs, others into a text file.
func looseOriginal(p *part, depth int) string {
	for i, child := range p.children {
		if depth > 3 || i > 9 {
			break
		}
		if i > 0 && child.header.has("From") {
			if id := idOfOurs(child.header); id != "" {
				return id
			}
		}
		if i > 0 && child.text() && len(child.children) == 0 {
			data, _ := beginning(child, 64<<10)
			header, _ := splitHeader(bytes.TrimLeft(data, "\r\n \t"))
			if f := parseFields(header); f.has("From") && f.has("Message-Id") {
				return idOfOurs(f)
			}
		}
		if id := looseOriginal(child, depth+1); id != "" {
			return id
		}
	}
	return ""
}

func idOfOurs(f fields) string {
	if reply := strings.TrimSpace(f.get(replyField)); replyForm.MatchString(reply) {
		if from := parseAddresses(f.get("From")); len(from) > 0 && from[0].Address != "" {
			return MessageID(reply, from[0].Address)
		}
	}
	return firstID(f.get("Message-Id"))
}

// words says for people what a report means.
func (u *understood) bounceWords() string {
	b := u.Bounce
	whom := "a recipient"
	if b.Recipient != "" {
		whom = b.Recipient
	}
	what := "our mail could not be delivered to " + whom
	if !b.Permanent {
		what = "our mail to " + whom + " is delayed: the server keeps trying, nothing has failed yet"
	}
	if why := strings.TrimSpace(strings.TrimSpace(b.Code + " " + bounceReason(b))); why != "" {
		what += " (" + why + ")"
	}
	return what
}
