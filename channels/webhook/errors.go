package webhook

import (
	"regexp"
	"strings"

	"stagecoach/channels"
	"stagecoach/contact"
)

var anyAddress = regexp.MustCompile(`[^\s<>"'(),;:]+@[^\s<>"'(),;:]+`)

// failure makes the error of this account. Secrets and addresses are taken out
// of its words: servers repeat what they are told.
func (a *Adapter) failure(op string, reason channels.Reason, code, text string, cause error) *channels.Error {
	for _, s := range a.cfg.Secrets {
		text = hide(text, string(s))
	}
	for _, s := range a.cfg.Callback.Secrets {
		text = hide(text, string(s))
	}
	for _, s := range a.cfg.Callback.Headers {
		text = hide(text, string(s))
	}
	text = anyAddress.ReplaceAllString(text, "[address]")
	return &channels.Error{
		Channel: contact.Webhook, Account: a.cfg.Account, Op: op, Reason: reason, Code: code,
		Err: channels.Plain(channels.Bounded(text, 600), cause),
	}
}

// hide takes a secret out of a text, with its prefix, without it, and what
// follows "Bearer ".
func hide(text, secret string) string {
	parts := []string{secret}
	for _, prefix := range []string{prefixHMAC, prefixPrivate, prefixPublic} {
		parts = append(parts, strings.TrimPrefix(secret, prefix))
	}
	if _, token, found := strings.Cut(secret, " "); found {
		parts = append(parts, token)
	}
	for _, part := range parts {
		if len(part) >= 4 {
			text = strings.ReplaceAll(text, part, "***")
		}
	}
	return text
}
