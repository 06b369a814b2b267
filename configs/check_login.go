package configs

import (
	"encoding/hex"
	"net/url"
	"strings"
)

// genericProvider is a server of which nothing is known.
const genericProvider = "generic"

// oauth checks how an account logs in by OAuth.
func (k *checker) oauth(key string, a *Email) {
	at, o := key+".oauth", &a.OAuth
	if !k.doc.Has(at) {
		return
	}
	o.ClientSecret = k.secret(at, "client_secret", &o.ClientSecretFile, o.ClientSecretEnv)
	if o.ClientID == "" {
		k.doc.Report(at, "register the program at the provider, which gives its client_id", "client_id is missing")
		return
	}
	if o.Flow == "" {
		o.Flow = "browser"
		if o.DeviceURL != "" {
			o.Flow = "device"
		}
	}
	need := []struct {
		name, value string
		needed      bool
	}{
		{"token_url", o.TokenURL, true},
		{"auth_url", o.AuthURL, o.Flow == "browser"},
		{"device_url", o.DeviceURL, o.Flow == "device"},
	}
	for _, one := range need {
		switch {
		case one.value != "":
			k.loginURL(at+"."+one.name, one.value)
		case one.needed && a.Provider != "" && a.Provider != genericProvider:
			k.doc.Report(at, "give a password instead, or "+one.name, "flow %s: no login of this kind is known of %s", o.Flow, a.Provider)
			return
		case one.needed:
			k.doc.Report(at, "or name a known provider", "%s is missing", one.name)
		}
	}
	if o.Flow != "app" {
		return
	}
	if o.ClientSecret.Empty() {
		k.doc.Report(at, "give client_secret_file", "flow app needs the program's secret")
	}
	if o.Tenant == anyOrganisation || o.Tenant == "common" {
		k.doc.Report(at, "give tenant: the id of your organisation", "flow app needs the tenant")
	}
}

// loginURL reports an address to which a secret would go in the clear.
func (k *checker) loginURL(key, address string) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		k.doc.Report(key, "such as https://login.example.org/token", "%q is not the address of a web site", address)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		k.doc.Report(key, "write https", "the login would cross the network in the clear")
	}
}

// mechanism reports a way to log in for which something lacks.
func (k *checker) mechanism(key, auth string, a *Email) {
	if (auth == "oauthbearer" || auth == "xoauth2") && !a.OAuth.On() {
		k.doc.Report(key+".auth", "give oauth", "%s needs a token", auth)
	}
}

// trust checks which certificates are trusted.
func (k *checker) trust(key string, caFile *string, fingerprint, mode string) {
	k.absolute(caFile)
	k.certificates(key+".ca_file", *caFile)
	if fingerprint == "" {
		return
	}
	bare := strings.NewReplacer(":", "", " ", "").Replace(fingerprint)
	if sum, err := hex.DecodeString(bare); err != nil || len(sum) != 32 {
		k.doc.Report(key+".fingerprint", "as \"openssl x509 -fingerprint -sha256\" shows it", "is not the SHA-256 of a certificate, 64 hexadecimal digits")
	}
	switch {
	case *caFile != "":
		k.doc.Report(key+".fingerprint", "remove one", "ca_file is given too")
	case mode == "none":
		k.doc.Report(key+".fingerprint", "", "tls: none has no certificate")
	}
}

// afterwards checks what becomes of stored mail.
func (k *checker) afterwards(key string, a *Email) {
	switch {
	case a.After == "":
		a.After = "leave"
	case a.IMAP.Host == "":
		k.doc.Report(key+".after", "give imap.host", "needs a mailbox to read")
	}
	if a.After == "move" && a.MoveTo == "" {
		k.doc.Report(key+".after", "give move_to: the folder", "move lacks the folder to move to")
	}
	if a.After != "move" && a.MoveTo != "" {
		k.doc.Report(key+".move_to", "write after: move", "has no effect")
	}
	for _, folder := range a.IMAP.Folders {
		if a.MoveTo != "" && strings.EqualFold(folder, a.MoveTo) {
			k.doc.Report(key+".move_to", "", "is a folder that is watched")
		}
	}
	if a.SharedMailbox != "" && a.IMAP.Host == "" {
		k.doc.Report(key+".shared_mailbox", "give imap.host", "needs a mailbox to read")
	}
}
