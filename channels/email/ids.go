package email

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
)

// The forms of what we put into mail so as to know the answer again.
var (
	tokenForm = regexp.MustCompile(`(?i)\+sc-([a-z2-7]{20,})@`)
	tokenID   = regexp.MustCompile(`(?i)^sc-([a-z2-7]{20,})@`)
	replyForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
)

// replyField marks what we compose: the form of a Message-ID alone doesn't tell,
// since Thunderbird gives ids of the same form to what people write in it.
const replyField = "X-Stagecoach-Reply"

// MessageID gives the Message-ID, without <>, of the reply sent from address.
func MessageID(replyID, address string) string { return replyID + "@" + domainOf(address) }

// ReplyID finds the reply in a Message-ID of ours, with or without <>, and
// false when it can't be one. It proves nothing: anybody can write one.
func ReplyID(messageID string) (string, bool) {
	id, _, found := strings.Cut(strings.Trim(messageID, "<> \t"), "@")
	if !found || !replyForm.MatchString(id) {
		return "", false
	}
	return id, true
}

// TokenAddress gives the address that carries the conversation's token:
// local+sc-TOKEN@domain.
func TokenAddress(address, token string) string {
	local, domain, _ := cutLast(address, "@")
	return local + "+sc-" + token + "@" + domain
}

// TokenID gives the id, without <>, by which the token stands among the
// References of what we send: sc-TOKEN@domain. Whoever answers gives it back, also
// where the server has replaced our Message-ID.
func TokenID(address, token string) string { return "sc-" + token + "@" + domainOf(address) }

// tokenOf finds the token among ids, the last of several, "" if there is none.
func tokenOf(ids []string) string {
	for _, id := range slices.Backward(ids) {
		if found := tokenID.FindStringSubmatch(id); found != nil {
			return strings.ToLower(found[1])
		}
	}
	return ""
}

// cutToken takes the token out of an address, "" if it has none.
func cutToken(address string) (plain, token string) {
	at := tokenForm.FindStringSubmatchIndex(address)
	if at == nil {
		return address, ""
	}
	return address[:at[0]] + address[at[1]-1:], strings.ToLower(address[at[2]:at[3]])
}

// providerID is the same for the same mail for ever, wherever it is seen: a
// hash over its Message-ID, From, Date, Subject and body, so that two mails with
// one Message-ID that say different things are two. Lacking a Message-ID the
// whole mail counts, the lines that servers added on its way to us included.
// What goes in may never change.
func providerID(raw []byte) string {
	header, body := splitHeader(raw)
	fields := parseFields(header)
	sum := sha256.New()
	put := func(s string) { _, _ = sum.Write([]byte(s)); _, _ = sum.Write([]byte{0}) }
	id := firstID(fields.get("Message-Id"))
	put("v1")
	put(id)
	if id == "" {
		body = raw
	} else {
		put(squash(fields.get("From")))
		put(squash(fields.get("Date")))
		put(squash(fields.get("Subject")))
	}
	_, _ = sum.Write(bytes.TrimSpace(bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n"))))
	return hex.EncodeToString(sum.Sum(nil))
}

// squash makes folding and spaces not matter.
func squash(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// firstID gives the first id in a header of ids, without <>.
func firstID(header string) string {
	if ids := messageIDs(header); len(ids) > 0 {
		return ids[0]
	}
	return ""
}

// messageIDs gives the ids of a header in order, without <>. Ids that lack
// their brackets are taken as they stand between spaces.
func messageIDs(header string) []string {
	out := []string{}
	bare := !strings.Contains(header, "<")
	for header = strings.TrimSpace(header); header != ""; header = strings.TrimSpace(header) {
		var id string
		bracketed := strings.HasPrefix(header, "<")
		if bracketed {
			end := strings.IndexByte(header, '>')
			if end < 0 {
				end = len(header)
			}
			id, header = header[1:end], header[min(end+1, len(header)):]
		} else {
			end := strings.IndexAny(header, " \t\r\n,<")
			if end < 0 {
				end = len(header)
			}
			id, header = header[:end], strings.TrimLeft(header[end:], " \t\r\n,")
		}
		if id = strings.Join(strings.Fields(id), ""); id != "" && (bare || strings.Contains(id, "@") || bracketed) {
			out = append(out, id)
		}
	}
	return out
}
