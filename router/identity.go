package router

import (
	"strings"

	"golang.org/x/net/idna"

	"stagecoach/contact"
	"stagecoach/customers"
)

// maxDomain is the length, in bytes, of the longest domain that is written in
// ASCII: none is longer (RFC 1035 section 2.3.4), and the time that takes grows
// with the square of it.
const maxDomain = 255

// sameAddress gives the form of an address that all ways to write it share: no
// case, a domain in ASCII, and with providers of mailboxes who promise that it is
// one and the same mailbox, no "+tag", and no dots where they don't count. What
// other servers make of a "+" only they know. A telephone number is the same whether
// they call or text.
func sameAddress(channel, address string) (ch, same string) {
	if channel == string(contact.Phone) || channel == string(contact.SMS) {
		if number, ok := customers.Number(address); ok {
			return string(contact.Phone), number
		}
		return string(contact.Phone), strings.ToLower(strings.TrimSpace(address))
	}
	return channel, sameMailbox(channel, address)
}

// sameMailbox does so for what is no telephone number.
func sameMailbox(channel, address string) string {
	address = strings.ToLower(strings.TrimSpace(address))
	at := strings.LastIndexByte(address, '@')
	if channel != string(contact.Email) || at < 1 {
		return address
	}
	local, domain := address[:at], strings.TrimSuffix(address[at+1:], ".")
	if len(domain) <= maxDomain {
		if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
			domain = ascii
		}
	}
	switch domain {
	case "gmail.com", "googlemail.com":
		bare, _, _ := strings.Cut(local, "+")
		if bare = strings.ReplaceAll(bare, ".", ""); bare != "" {
			return bare + "@gmail.com"
		}
	case "outlook.com", "hotmail.com", "live.com", "msn.com", "icloud.com", "me.com", "mac.com", "fastmail.com", "proton.me", "protonmail.com", "pm.me":
		if bare, _, _ := strings.Cut(local, "+"); bare != "" {
			local = bare
		}
	}
	return local + "@" + domain
}
