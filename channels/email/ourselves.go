package email

import (
	"slices"
	"strings"

	"stagecoach/contact"
)

// apartFromUs leaves out what a mail says of ourselves. We are nobody whom an
// answer goes to. What came over a group of our own, or over any list and to us
// as well, is a person's mail that wants an answer.
func (a *Adapter) apartFromUs(u *understood) {
	u.ReplyTo = slices.DeleteFunc(u.ReplyTo, func(one contact.Address) bool { return a.own(one.Address) })
	if u.Bounce != nil {
		u.Bounce.OriginalID = a.wholeID(u.Bounce.OriginalID)
	}
	u.Concerns = a.wholeID(u.Concerns)
	if u.Auto != contact.AutoList {
		return
	}
	posts := anyAddress.FindAllString(u.head.get("List-Post"), 5)
	ours := slices.ContainsFunc(posts, a.house) || a.houseList(u.head.get("List-Id"))
	if len(posts) > 0 && !noReplyLocal.MatchString(localOf(u.From.Address)) {
		for _, to := range slices.Concat(u.To, u.CC) {
			ours = ours || a.own(to.Address)
		}
	}
	if ours {
		u.Auto = contact.AutoNone
	}
}

// house reports whether an address is of the company's own domain.
func (a *Adapter) house(address string) bool {
	return a.own(address) || aligned(domainOf(address), domainOf(a.cfg.Address))
}

// houseList reports whether a list (RFC 2919) is named under our domain.
func (a *Adapter) houseList(id string) bool {
	if _, inside, found := strings.Cut(id, "<"); found {
		id, _, _ = strings.Cut(inside, ">")
	}
	id, own := strings.ToLower(strings.TrimSpace(id)), domainOf(a.cfg.Address)
	return own != "" && (id == own || strings.HasSuffix(id, "."+own))
}

// wholeID makes the Message-ID of a reply of ours of which only the reply's id
// is known.
func (a *Adapter) wholeID(id string) string {
	if replyForm.MatchString(id) {
		return MessageID(id, a.cfg.Address)
	}
	return id
}
