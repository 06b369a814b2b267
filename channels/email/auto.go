package email

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/jhillyerd/enmime/v2"

	"stagecoach/contact"
)

var (
	autoSubject = regexp.MustCompile(`(?i)^\s*((automatic reply|auto[- ]?reply|auto(matic)?[- ]response|out of (the )?office( autoreply)?|automatische (antwort|beantwortung)|abwesenheits(notiz|nachricht|assistent)|réponse automatique|respuesta automática|risposta automatica|automatisch antwoord|odpowiedź automatyczna)\s*[:：]|autoreply:)`)
	daemonLocal = regexp.MustCompile(`(?i)^(mailer-daemon|postmaster|mail-daemon|maildaemon)$`)
)

// isAutoReply tells whether a program wrote the mail (RFC 3834 section 5 and
// what programs do instead). A person's mail taken for a machine's is worse
// than the reverse, so only clear marks count.
func isAutoReply(f fields) bool {
	submitted, _, _ := strings.Cut(strings.ToLower(f.get("Auto-Submitted")), ";")
	submitted, _, _ = strings.Cut(strings.TrimSpace(submitted), " ")
	switch {
	case submitted != "" && submitted != "no":
		return true
	case f.has("X-Autoreply"), f.has("X-Autorespond"), f.has("X-Autoresponder"):
		return !strings.EqualFold(f.get("X-Autoreply"), "no")
	case strings.EqualFold(f.get("Precedence"), "auto_reply"):
		return true
	case f.has("Return-Path") && strings.TrimSpace(f.get("Return-Path")) == "<>":
		return true
	default:
		return autoSubject.MatchString(decodeWords(f.get("Subject")))
	}
}

// isList tells whether the mail came over a mailing list or as a newsletter
// (RFC 2919, RFC 2369).
func isList(f fields) bool {
	return f.has("List-Id") || f.has("List-Post") || f.has("List-Unsubscribe") ||
		strings.EqualFold(f.get("Precedence"), "list")
}

// classify finds delivery reports (RFC 3464) and receipts (RFC 8098) in the
// parts and settles what kind of machine mail it is.
func (u *understood) classify(root *enmime.Part) {
	status := findPart(root, "message/delivery-status", "message/global-delivery-status")
	receipt := findPart(root, "message/disposition-notification")
	local := localOf(u.From.Address)
	var delivered bool
	switch {
	case status != nil:
		u.Bounce, delivered = readStatus(transferDecoded(status))
	case daemonLocal.MatchString(local) && u.autoReply:
		u.Bounce = &contact.Bounce{}
	case len(u.failedRecipients(root)) > 0:
		u.Bounce = &contact.Bounce{Permanent: true, Recipient: u.failedRecipients(root)[0].Address}
	}
	if delivered {
		u.Bounce = nil
	}
	if u.Bounce != nil {
		u.bounce = true
		u.Bounce.OriginalID = originalID(root)
	}
	switch {
	case u.bounce:
		u.Auto = contact.AutoBounce
	case receipt != nil || delivered:
		u.Auto = contact.AutoReceipt
	case u.autoReply:
		u.Auto = contact.AutoReply
	case u.list && u.InReplyTo == "" && len(u.References) == 0: // no newsletter answers
		u.Auto = contact.AutoList
	}
}

// failedRecipients reads Exim's own header of its own reports.
func (u *understood) failedRecipients(root *enmime.Part) []contact.Address {
	return parseAddresses(root.Header.Get("X-Failed-Recipients"))
}

func findPart(root *enmime.Part, kinds ...string) *enmime.Part {
	return root.BreadthMatchFirst(func(p *enmime.Part) bool {
		for _, kind := range kinds {
			if strings.EqualFold(p.ContentType, kind) {
				return true
			}
		}
		return false
	})
}

// readStatus reads the fields of each recipient; the worst of them counts.
// delivered means that it only reports success.
func readStatus(data []byte) (b *contact.Bounce, delivered bool) {
	b = &contact.Bounce{}
	delivered = true
	found := false
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	for group := range bytes.SplitSeq(data, []byte("\n\n")) {
		f := parseFields(group)
		action, _, _ := strings.Cut(strings.ToLower(f.get("Action")), " ")
		if action == "" {
			continue
		}
		found = true
		good := action == "delivered" || action == "relayed" || action == "expanded"
		delivered = delivered && good
		if good || b.Permanent {
			continue
		}
		b.Permanent = action == "failed"
		b.Code, _, _ = strings.Cut(f.get("Status"), " ")
		_, recipient, _ := strings.Cut(orDefault(f.get("Original-Recipient"), f.get("Final-Recipient")), ";")
		b.Recipient = cleanAddress(recipient)
	}
	return b, delivered && found
}

// originalID finds the Message-ID of the mail that a report is about.
func originalID(root *enmime.Part) string {
	part := findPart(root, "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers")
	if part == nil {
		return ""
	}
	header, _ := splitHeader(transferDecoded(part))
	return firstID(parseFields(header).get("Message-Id"))
}
