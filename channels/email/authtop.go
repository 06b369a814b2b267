package email

import (
	"regexp"
	"slices"
	"strings"

	"stagecoach/contact"
)

// Whose field is believed. A sender can write any field, also one with the name
// of our server; what they can't is to write above the Received of the server
// that takes their mail (RFC 8601 section 5). So a mail is proven only by a
// field of a server that is named, by the account or because its provider is
// known always to write one, or by one that stands above all that a sender can
// have written. That checks have failed is believed of any: nobody says so of
// their own mail.

// believed says which servers' fields an account believes.
type believed struct {
	// names are those of servers, those of servers below them included.
	names []string
	// nameless is set where the provider's servers give no name: the first field
	// without one is theirs.
	nameless bool
	// several is set where each check is signed by a name of its own.
	several bool
	// ours are our own addresses on the account, called the name that its mail
	// bears.
	ours   []string
	called string
}

// provider is a provider of mailboxes that writes a field of its own into each
// mail, above what the sender wrote.
type provider struct {
	// hosts are those at which its mailboxes are fetched, hosts below included.
	hosts []string
	names []string
	// nameless and several are as in believed.
	nameless, several bool
}

//nolint:gochecknoglobals // a table
var providers = []provider{
	{hosts: []string{"imap.gmail.com", "imap.googlemail.com"}, names: []string{"mx.google.com"}},
	{hosts: []string{"outlook.office365.com", "outlook.office.com", "imap-mail.outlook.com", "partner.outlook.cn"}, names: []string{"protection.outlook.com", "mx.microsoft.com"}, nameless: true},
	{hosts: []string{"imap.mail.me.com"}, names: []string{"icloud.com"}, several: true},
	{hosts: []string{"imap.mail.yahoo.com", "imap.aol.com"}, names: []string{"yahoo.com", "aol.com"}},
	{hosts: []string{"imap.fastmail.com"}, names: []string{"messagingengine.com"}},
	{hosts: []string{"imap.gmx.net", "imap.gmx.com"}, names: []string{"gmx.net", "gmx.com"}},
	{hosts: []string{"imap.web.de"}, names: []string{"web.de"}},
	{hosts: []string{"imap.zoho.com", "imappro.zoho.com", "imap.zoho.eu", "imappro.zoho.eu"}, names: []string{"mx.zohomail.com", "mx.zohomail.eu", "mx.zoho.com"}},
}

// believes gives whose fields the account believes: those that it names, else
// its provider's.
func (c Config) believes() believed {
	whom := believed{ours: append([]string{c.Address}, c.Aliases...), called: c.FromName}
	if len(c.TrustedAuthserv) > 0 {
		whom.names = c.TrustedAuthserv
		whom.nameless = slices.ContainsFunc(whom.names, func(name string) bool { return under(name, []string{"outlook.com"}) })
		return whom
	}
	for _, p := range providers {
		if under(c.IMAP.Host, p.hosts) {
			whom.names, whom.nameless, whom.several = p.names, p.nameless, p.several
			break
		}
	}
	return whom
}

// formLocal is the sender of forms on web pages, and of shops and portals that
// pass on what customers write in them.
var formLocal = regexp.MustCompile(`(?i)^(wordpress|www(-data|-run)?|web(master|site|form|server|mail)?|apache|nginx|httpd|form(s|ular|ulare|ulario|ulaire|-?mail(er)?)?|(contact|kontakt)[-_.]?form(ular)?|kontaktformular|contact|kontakt|shop|info|mailer|post|service)([-+_.].*)?$`)

// form tells whether a mail is what somebody wrote in a form: those are sent by
// an address of nobody's or our own, and answered to whom the form names.
func (b believed) form(u *understood) bool {
	local := localOf(u.From.Address)
	if noReplyLocal.MatchString(local) || formLocal.MatchString(local) || u.head.has("X-PHP-Originating-Script") {
		return true
	}
	return slices.ContainsFunc(b.ours, func(own string) bool { return strings.EqualFold(own, u.From.Address) })
}

// none is true where no server is named.
func (b believed) none() bool { return len(b.names) == 0 }

// trusts tells whether the word of the server of this name counts.
func (b believed) trusts(by string) bool {
	if by == "" {
		return b.nameless
	}
	return under(by, b.names)
}

// under tells whether a host is one of those named, or below one.
func under(host string, names []string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return slices.ContainsFunc(names, func(name string) bool {
		name = strings.ToLower(strings.Trim(name, ". "))
		return name != "" && (host == name || strings.HasSuffix(host, "."+name))
	})
}

var (
	// lmtpHop is a Received by which a server puts a mail into a mailbox (RFC
	// 3848): nobody from outside comes that way.
	lmtpHop = regexp.MustCompile(`(?i)\bwith\s+(utf8)?lmtps?a?\b`)
	// receivedBy gives the server that wrote a Received.
	receivedBy = regexp.MustCompile(`(?i)(?:^|\s)by\s+([a-z0-9.-]+\.[a-z0-9-]+)`)
)

// search is the way down a header to the field that counts.
type search struct {
	believed
	// began is set from the first field that counts on, proves where a sender
	// can't have written it.
	began, proves bool
	// below is set under the first Received that a sender may have written
	// beneath, ours under one of a server named.
	below, ours bool
}

// received passes a Received. It gives true where nothing further down counts:
// what stands under the field that counts may be the sender's, and so may what
// is under another's Received where one of the servers named stood above.
func (s *search) received(value string) bool {
	if s.began {
		return true
	}
	if !lmtpHop.MatchString(value) {
		s.below = true
	}
	by := receivedBy.FindStringSubmatch(value)
	mine := by != nil && under(by[1], s.names)
	if s.ours && !mine {
		return true
	}
	s.ours = s.ours || mine
	return false
}

// takes tells whether the field of this server counts. above is false where no
// Received follows: then nobody has received the mail, and all may be the
// sender's.
func (s *search) takes(by, first string, above bool) bool {
	switch {
	case s.began:
		return by == first || s.several && s.trusts(by)
	case s.none():
		s.began, s.proves = true, !s.below && above
	case s.trusts(by):
		s.began, s.proves = true, true
	}
	return s.began
}

// unproven leaves out what speaks for the sender and may be the sender's word.
func unproven(a contact.Authentication) contact.Authentication {
	if a.Trust == contact.TrustProven {
		a.Trust = contact.TrustUnknown
	}
	for _, result := range []*string{&a.SPF, &a.DKIM, &a.DMARC} {
		if !failed(*result) {
			*result = ""
		}
	}
	return a
}
