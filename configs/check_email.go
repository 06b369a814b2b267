package configs

import (
	"fmt"
	"net/mail"
	"strings"
	"time"
)

// The ports of each protocol.
const (
	portIMAP, portIMAPS         = 143, 993
	portSubmission, portSMTPTLS = 587, 465
)

func (k *checker) accounts() {
	names, addresses, read := map[string]bool{}, map[string]string{}, map[string]string{}
	for i := range k.config.Channels.Email {
		a := &k.config.Channels.Email[i]
		key := fmt.Sprintf("channels.email[%d]", i)
		k.account(key, a)
		if a.Name != "" && names[strings.ToLower(a.Name)] {
			k.doc.Report(key+".name", "give each account a name of its own", "the account %q is there already", a.Name)
		}
		names[strings.ToLower(a.Name)] = true
		k.readOnce(key, a, read)
		for j, address := range append([]string{a.Address}, a.Aliases...) {
			at := key + ".address"
			if j > 0 {
				at = fmt.Sprintf("%s.aliases[%d]", key, j-1)
				k.address(at, address)
			}
			lower := strings.ToLower(address)
			if other, ok := addresses[lower]; ok && address != "" {
				k.doc.Report(at, "", "the address belongs to the account %q already", other)
			}
			addresses[lower] = a.Name
		}
	}
}

// readOnce reports folders that another account reads already: each mail there
// would come in twice, and nobody could tell for which address.
func (k *checker) readOnce(key string, a *Email, read map[string]string) {
	if a.IMAP.Host == "" {
		return
	}
	for _, folder := range a.IMAP.Folders {
		place := strings.ToLower(fmt.Sprintf("%s:%d/%s/%s/%s", a.IMAP.Host, a.IMAP.Port, a.IMAP.Username, a.SharedMailbox, folder))
		if other, ok := read[place]; ok && other != a.Name {
			k.doc.Report(orParent(k, key+".imap"), fmt.Sprintf("one mailbox with several addresses is one account: put %s under aliases of %q; or let a filter of the mail server sort its mail into a folder of its own", a.Address, other),
				"the account %q reads the folder %q of this mailbox already", other, folder)
		}
		read[place] = a.Name
	}
}

func (k *checker) account(key string, a *Email) {
	if a.Name != "" && !accountName.MatchString(a.Name) {
		k.doc.Report(key+".name", "such as support", "must be of letters, digits, - and _, at most 64")
	}
	if a.Address != "" {
		k.address(key+".address", a.Address)
	}
	k.provider(key, a)
	k.oauth(key, a)
	if a.IMAP.Host == "" && a.SMTP.Host == "" && !a.unserved {
		k.doc.Report(key, "give imap.host and smtp.host", "names no server")
	}
	password := k.secret(key, "password", &a.PasswordFile, a.PasswordEnv)
	k.imap(key+".imap", a, password)
	k.smtp(key+".smtp", a, password)
	k.afterwards(key, a)
	k.dkim(key+".dkim", &a.DKIM)
	a.Subaddress = a.SubaddressGiven != nil && *a.SubaddressGiven
	a.CopyToSent = a.CopyToSentGiven == nil || *a.CopyToSentGiven
	if a.OpenSince.After(time.Now()) {
		k.doc.Report(key+".open_since", "", "lies in the future")
	}
	if a.IMAP.Host == "" && (a.Import > 0 || !a.OpenSince.IsZero()) {
		k.doc.Report(key, "give imap.host", "import and open_since need a mailbox to read")
	}
	for j, skill := range a.Skills {
		if strings.TrimSpace(skill) == "" {
			k.doc.Report(fmt.Sprintf("%s.skills[%d]", key, j), "", "must not be empty")
		}
	}
	for j, server := range a.TrustedAuthserv {
		if !authserv.MatchString(server) {
			k.doc.Report(fmt.Sprintf("%s.trusted_authserv[%d]", key, j), "such as mx.example.org, the first word of an Authentication-Results field", "%q is not the name of a server", server)
		}
	}
	if a.Language != "" && !subtag.MatchString(a.Language) {
		k.doc.Report(key+".language", "such as de", "%q is not a language", a.Language)
	}
}

func (k *checker) imap(key string, a *Email, password Secret) {
	i := &a.IMAP
	if i.Host == "" {
		if k.doc.Has(key) {
			k.doc.Report(key+".host", "", "is missing")
		}
		return
	}
	k.server(key, i.Host, &i.Port, &i.TLS, portIMAPS, portIMAP)
	k.trust(key, &i.CAFile, i.Fingerprint, i.TLS)
	i.Password = k.secret(key, "password", &i.PasswordFile, i.PasswordEnv)
	if i.PasswordFile == "" && i.PasswordEnv == "" {
		i.Password = password
		if !a.OAuth.On() && a.PasswordFile == "" && a.PasswordEnv == "" && !k.doc.Has(strings.TrimSuffix(key, "imap")+"oauth") {
			k.doc.Report(orParent(k, key), "give password_file or password_env", "no password")
		}
	}
	k.mechanism(key, i.Auth, a)
	i.Username = firstOf(i.Username, a.Username, a.Address)
	if i.Folder != "" && len(i.Folders) > 0 {
		k.doc.Report(key+".folders", "put all of them under folders", "folder is given too")
	}
	if len(i.Folders) == 0 {
		i.Folders = []string{firstOf(i.Folder, "INBOX")}
	}
	i.Folder = i.Folders[0]
	k.folders(key, i)
}

// folders reports what can't be watched.
func (k *checker) folders(key string, i *IMAP) {
	seen := map[string]bool{}
	for n, folder := range i.Folders {
		at := fmt.Sprintf("%s.folders[%d]", key, n)
		switch {
		case strings.TrimSpace(folder) == "":
			k.doc.Report(at, "", "must not be empty")
		case seen[strings.ToLower(folder)]:
			k.doc.Report(at, "", "the folder %q is there already", folder)
		case i.SentFolder != "" && strings.EqualFold(i.SentFolder, folder):
			k.doc.Report(key+".sent_folder", "", "is the folder that is watched for customers' mail")
		}
		seen[strings.ToLower(folder)] = true
	}
}

func (k *checker) smtp(key string, a *Email, password Secret) {
	s := &a.SMTP
	if s.Host == "" {
		if k.doc.Has(key) {
			k.doc.Report(key+".host", "", "is missing")
		}
		return
	}
	k.server(key, s.Host, &s.Port, &s.TLS, portSMTPTLS, portSubmission)
	k.trust(key, &s.CAFile, s.Fingerprint, s.TLS)
	s.Password = k.secret(key, "password", &s.PasswordFile, s.PasswordEnv)
	if s.PasswordFile == "" && s.PasswordEnv == "" {
		s.Password = password
	}
	withPassword := s.PasswordFile != "" || s.PasswordEnv != "" || a.PasswordFile != "" || a.PasswordEnv != "" || a.OAuth.On()
	if s.Username != "" && !withPassword {
		k.doc.Report(key+".username", "give password_file or password_env, or leave the name out to send without a login", "has no password")
	}
	k.mechanism(key, s.Auth, a)
	if withPassword {
		s.Username = firstOf(s.Username, a.Username, a.Address)
	}
}

// orParent gives the place to report what a section lacks: the section, or where
// it is left out, what it belongs to.
func orParent(k *checker, key string) string {
	if k.doc.Has(key) {
		return key
	}
	return key[:strings.LastIndex(key, ".")]
}

func firstOf(values ...string) string {
	for _, one := range values {
		if one != "" {
			return one
		}
	}
	return ""
}

// server fills in port and protection, each from the other.
func (k *checker) server(key, host string, port *int, mode *string, implicit, plain int) {
	if strings.ContainsAny(host, "/: ") && !strings.HasPrefix(host, "[") && strings.Count(host, ":") < 2 {
		k.doc.Report(key+".host", "put the port under port", "%q is not the name of a host", host)
	}
	if *mode == "" {
		*mode = "tls"
		if *port == plain || *port == 25 {
			*mode = "starttls"
		}
	}
	if *port == 0 {
		*port = plain
		if *mode == "tls" {
			*port = implicit
		}
	}
	switch {
	case *mode == "tls" && *port == plain:
		k.doc.Report(key+".tls", "write starttls", "port %d doesn't begin with TLS", plain)
	case *mode == "starttls" && *port == implicit:
		k.doc.Report(key+".tls", "write tls", "port %d begins with TLS", implicit)
	case *mode == "none" && !loopback(host):
		k.warn(key+".tls", "write tls or starttls", "the password and all mail would cross the network in the clear")
	}
}

func (k *checker) address(key, address string) {
	if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address {
		k.doc.Report(key, "such as support@example.org", "%q is not a plain e-mail address", address)
	}
}
