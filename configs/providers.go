package configs

import (
	"maps"
	"slices"
	"strings"
)

// provider is what is known of a mail provider, so that an address and a secret
// are enough.
type provider struct {
	imapHost string
	smtpHost string
	// imapPort and smtpPort are those of a program on this machine, which begins in
	// the clear (STARTTLS); the usual ones if 0.
	imapPort, smtpPort int
	// submission is true where SMTP begins in the clear (587, STARTTLS) rather
	// than with TLS (465).
	submission bool
	// savesSent is true where the provider itself keeps what went out by SMTP.
	savesSent bool
	// subaddress is true where mail to local+anything reaches every mailbox of the
	// provider's own domains.
	subaddress bool
	// hint is added where a password is refused.
	hint string
	// login is how to log in by OAuth, nil where programs of others can't.
	login *providerLogin
	// tokensOnly is true where no password is taken at all.
	tokensOnly bool
	// domains are those of addresses that are surely the provider's.
	domains []string
}

// providerLogin is a provider's OAuth. {tenant} stands for the tenant.
type providerLogin struct {
	authURL, tokenURL, deviceURL string
	scopes, appScopes            []string
	tenant                       string
	flow                         string
	params                       map[string]string
}

// anyOrganisation is Microsoft's name for whichever tenant the person is of.
const anyOrganisation = "organizations" //nolint:misspell // as Microsoft spells it

const appPassword = "make a password for programs (app password) in the settings of the account: its own isn't taken here"

// providers lists what is known, by the name under which it is configured. Hosts,
// ports and protection are as in the database of Thunderbird
// (github.com/thunderbird/autoconfig, ispdb) or in the provider's own help:
// developers.google.com/workspace/gmail/imap/imap-smtp; learn.microsoft.com,
// "POP, IMAP, and SMTP settings"; support.apple.com/102525; zoho.com/mail/help, IMAP
// access; proton.me/support, Bridge. Who keeps what was sent by SMTP: Google and
// Microsoft (github.com/huacnlee/omamail/pull/60) and Proton
// (github.com/ProtonMail/proton-bridge/issues/430). Of Apple it's said, too; where it
// isn't sure the channel finds it out by itself.
func providers() map[string]provider {
	list := map[string]provider{
		"gmail": {
			imapHost: "imap.gmail.com", smtpHost: "smtp.gmail.com", savesSent: true, subaddress: true, login: googleLogin(),
			hint: "Gmail takes an app password, https://myaccount.google.com/apppasswords, or oauth", domains: []string{"gmail.com", "googlemail.com"},
		},
		"microsoft365": {
			imapHost: "outlook.office365.com", smtpHost: "smtp.office365.com", submission: true, savesSent: true,
			login: microsoftLogin(anyOrganisation), tokensOnly: true,
			hint: "Microsoft 365 takes no passwords: configure oauth", domains: []string{"onmicrosoft.com"},
		},
		"outlook": {
			imapHost: "outlook.office365.com", smtpHost: "smtp-mail.outlook.com", submission: true, savesSent: true, subaddress: true,
			login: microsoftLogin("consumers"), tokensOnly: true,
			hint: "Outlook.com takes no passwords: configure oauth", domains: []string{"outlook.com", "hotmail.com", "live.com", "msn.com", "outlook.de", "hotmail.de"},
		},
		"icloud": {
			imapHost: "imap.mail.me.com", smtpHost: "smtp.mail.me.com", submission: true, subaddress: true,
			hint: "iCloud takes an app-specific password, https://account.apple.com", domains: []string{"icloud.com", "me.com", "mac.com"},
		},
		"proton": {
			imapHost: "127.0.0.1", smtpHost: "127.0.0.1", imapPort: 1143, smtpPort: 1025, savesSent: true, subaddress: true,
			hint: "Proton Bridge takes the password that it shows for the mailbox", domains: []string{"proton.me", "protonmail.com", "pm.me"},
		},
		"freenet": {
			imapHost: "mx.freenet.de", smtpHost: "mx.freenet.de", domains: []string{"freenet.de"},
			hint: "switch on POP3, IMAP and SMTP in freenet's settings",
		},
		"gmx": {
			imapHost: "imap.gmx.net", smtpHost: "mail.gmx.net", domains: []string{"gmx.de", "gmx.net", "gmx.at", "gmx.ch"},
			hint: "switch on IMAP in GMX's settings under POP3/IMAP; with two factors, make an app password",
		},
		"webde": {
			imapHost: "imap.web.de", smtpHost: "smtp.web.de", submission: true, domains: []string{"web.de"},
			hint: "switch on IMAP in WEB.DE's settings under POP3/IMAP; with two factors, make an app password",
		},
	}
	for name, hosts := range map[string][3]string{
		"fastmail":   {"imap.fastmail.com", "smtp.fastmail.com", "fastmail.com fastmail.fm"},
		"yahoo":      {"imap.mail.yahoo.com", "smtp.mail.yahoo.com", "yahoo.com yahoo.de yahoo.co.uk yahoo.fr ymail.com"},
		"aol":        {"imap.aol.com", "smtp.aol.com", "aol.com"},
		"zoho":       {"imap.zoho.com", "smtp.zoho.com", "zohomail.com"},
		"zohoeu":     {"imap.zoho.eu", "smtp.zoho.eu", "zohomail.eu"},
		"migadu":     {"imap.migadu.com", "smtp.migadu.com", ""},
		"rackspace":  {"secure.emailsrvr.com", "secure.emailsrvr.com", ""},
		"ionosuk":    {"imap.ionos.co.uk", "smtp.ionos.co.uk", ""},
		"ionosus":    {"imap.ionos.com", "smtp.ionos.com", ""},
		"yandex":     {"imap.yandex.com", "smtp.yandex.com", "yandex.com yandex.ru"},
		"mailru":     {"imap.mail.ru", "smtp.mail.ru", "mail.ru"},
		"qq":         {"imap.qq.com", "smtp.qq.com", "qq.com"},
		"netease":    {"imap.163.com", "smtp.163.com", "163.com"},
		"tonline":    {"secureimap.t-online.de", "securesmtp.t-online.de", "t-online.de"},
		"mailboxorg": {"imap.mailbox.org", "smtp.mailbox.org", "mailbox.org"},
		"posteo":     {"posteo.de", "posteo.de", "posteo.de posteo.net"},
		"ionos":      {"imap.ionos.de", "smtp.ionos.de", ""},
		"strato":     {"imap.strato.de", "smtp.strato.de", ""},
		"hetzner":    {"mail.your-server.de", "mail.your-server.de", ""},
		"ovh":        {"ssl0.ovh.net", "ssl0.ovh.net", ""},
		"infomaniak": {"mail.infomaniak.com", "mail.infomaniak.com", ""},
	} {
		list[name] = provider{imapHost: hosts[0], smtpHost: hosts[1], hint: appPassword, savesSent: strings.HasPrefix(name, "zoho"), subaddress: ownSubaddress(name), domains: strings.Fields(hosts[2])}
	}
	return list
}

// ownSubaddress reports whether mail to local+anything reaches a mailbox of the
// provider's own domains, as its help says.
func ownSubaddress(name string) bool {
	return slices.Contains([]string{"fastmail", "mailboxorg", "posteo", "yandex", "zoho", "zohoeu"}, name)
}

// savesSent reports whether a server is known to keep what goes out by it.
func savesSent(host string) bool {
	for _, p := range providers() {
		if p.savesSent && p.imapPort == 0 && strings.EqualFold(strings.TrimSuffix(host, "."), p.smtpHost) {
			return true
		}
	}
	return false
}

func googleLogin() *providerLogin {
	return &providerLogin{ //nolint:gosec // addresses, no secrets
		authURL: "https://accounts.google.com/o/oauth2/v2/auth", tokenURL: "https://oauth2.googleapis.com/token",
		scopes: []string{"https://mail.google.com/"}, flow: "browser",
		params: map[string]string{"access_type": "offline", "prompt": "consent"},
	}
}

func microsoftLogin(tenant string) *providerLogin {
	const base = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/"
	return &providerLogin{
		authURL: base + "authorize", tokenURL: base + "token", deviceURL: base + "devicecode", tenant: tenant, flow: "device",
		scopes:    []string{"https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send", "offline_access"},
		appScopes: []string{"https://outlook.office365.com/.default"},
	}
}

// providerOf gives the provider whose an address surely is, "" if none is known.
func providerOf(address string) string {
	_, domain, _ := strings.Cut(strings.ToLower(address), "@")
	all := providers()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for _, one := range all[name].domains {
			if domain == one || strings.HasSuffix(domain, "."+one) {
				return name
			}
		}
	}
	return ""
}

// provider fills in what the account's provider is known for and the file leaves
// out.
func (k *checker) provider(key string, a *Email) {
	defer func() {
		if a.CopyToSentGiven == nil && savesSent(a.SMTP.Host) {
			no := false
			a.CopyToSentGiven = &no
		}
	}()
	if a.Provider == "" || a.Provider == genericProvider {
		if a.IMAP.Host == "" && a.SMTP.Host == "" {
			if name := providerOf(a.Address); name != "" && a.Provider == "" {
				k.doc.Report(key, "write provider: "+name+", or give imap.host and smtp.host", "names no server")
				a.unserved = true
			}
		}
		return
	}
	p, ok := providers()[a.Provider]
	if !ok {
		return // the list of names has said so
	}
	ownSMTP := a.SMTP.Host == ""
	k.hosts(a, p)
	if ownSMTP && p.savesSent && a.CopyToSentGiven == nil {
		no := false
		a.CopyToSentGiven = &no
	}
	if p.subaddress && a.SubaddressGiven == nil && providerOf(a.Address) == a.Provider {
		yes := true
		a.SubaddressGiven = &yes
	}
	a.Hint = p.hint
	if p.tokensOnly && !k.doc.Has(key+".oauth") {
		k.warn(key+".provider", "give oauth.client_id, then run \"stagecoach mail login "+a.Name+"\"", "this provider takes no passwords for mail")
	}
	k.oauthOf(a, p.login)
}

// hosts fills in the provider's servers.
func (*checker) hosts(a *Email, p provider) {
	if a.IMAP.Host == "" {
		a.IMAP.Host = p.imapHost
		if a.IMAP.Port == 0 && a.IMAP.TLS == "" && p.imapPort > 0 {
			a.IMAP.Port, a.IMAP.TLS = p.imapPort, "starttls"
		}
	}
	if a.SMTP.Host != "" {
		return
	}
	a.SMTP.Host = p.smtpHost
	switch {
	case a.SMTP.Port != 0 || a.SMTP.TLS != "":
	case p.smtpPort > 0:
		a.SMTP.Port, a.SMTP.TLS = p.smtpPort, "starttls"
	case p.submission:
		a.SMTP.Port, a.SMTP.TLS = portSubmission, "starttls"
	}
}

// oauthOf fills in what is known of a provider's OAuth.
func (k *checker) oauthOf(a *Email, login *providerLogin) {
	o := &a.OAuth
	if o.ClientID == "" || login == nil {
		return
	}
	if o.Tenant == "" {
		o.Tenant = login.tenant
	}
	fill := func(to *string, value string) {
		if *to == "" {
			*to = strings.ReplaceAll(value, "{tenant}", o.Tenant)
		}
	}
	fill(&o.Flow, login.flow)
	fill(&o.AuthURL, login.authURL)
	fill(&o.TokenURL, login.tokenURL)
	fill(&o.DeviceURL, login.deviceURL)
	if len(o.Scopes) == 0 {
		o.Scopes = slices.Clone(login.scopes)
		if o.Flow == "app" && login.appScopes != nil {
			o.Scopes = slices.Clone(login.appScopes)
		}
	}
	o.Params = login.params
}
