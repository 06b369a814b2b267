package email

import (
	"regexp"
	"strings"

	"stagecoach/contact"
)

var takesNone = regexp.MustCompile(`^(no-?_?\.?reply|do-?_?\.?not-?_?\.?reply|dont-?reply|ne-?pas-?repondre|keine-?antwort|wordpress|www(-data|-run)?|apache|nginx|httpd|nobody|webform|contactform|kontaktformular|mailer-daemon|postmaster|bounces?|owner-.*|.*-(request|owner|bounces)|listserv|majordomo)([+=-].*)?$`)

// unanswerable gives the code of why no automatic answer may go to a mail
// (RFC 3834 section 2, and what Microsoft's and others' programs ask for), ""
// if one may.
func unanswerable(u *understood) string {
	f := u.head
	switch strings.ToLower(strings.TrimSpace(f.get("Precedence"))) {
	case "bulk", "junk", "list", "auto_reply":
		return "bulk"
	}
	submitted, _, _ := strings.Cut(strings.ToLower(f.get("Auto-Submitted")), ";")
	switch submitted = strings.TrimSpace(submitted); {
	case u.Auto != contact.AutoNone, submitted != "" && submitted != "no":
		return "machine"
	case f.has("List-Id"), f.has("List-Unsubscribe"), f.has("List-Post"), f.has("List-Help"), f.has("Mailing-List"), f.has("Feedback-Id"):
		return "list"
	case f.has("Return-Path") && strings.TrimSpace(f.get("Return-Path")) == "<>":
		return "null_sender"
	}
	for ask := range strings.SplitSeq(strings.ToLower(f.get("X-Auto-Response-Suppress")), ",") {
		switch strings.TrimSpace(ask) {
		case "all", "autoreply", "oof":
			return "asked"
		}
	}
	for _, one := range []contact.Address{u.Sender(), u.From} {
		if takesNone.MatchString(strings.ToLower(localOf(one.Address))) {
			return "takes_none"
		}
	}
	return ""
}
