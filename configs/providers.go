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
	// submission is true where SMTP begins in the clear (587, STARTTLS) rather
	// than with TLS (465).
	submission bool
	// savesSent is true where the provider itself keeps what went out by SMTP.
	savesSent bool
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

// providers lists what is known, by the name under which it is configured.
func providers() map[string]provider {
	list := map[string]provider{
		"gmail": {
			imapHost: "imap.gmail.com", smtpHost: "smtp.gmail.com", savesSent: true, login: googleLogin(),
			hint: "Gmail takes an app password, https://myaccount.google.com/apppasswords, or oauth", domains: []string{"gmail.com", "googlemail.com"},
		},
		"microsoft365": {
			imapHost: "outlook.office365.com", smtpHost: "smtp.office365.com", submission: true, savesSent: true,
			login: microsoftLogin(anyOrganisation), tokensOnly: true,
			hint: "Microsoft 365 takes no passwords: configure oauth", domains: []string{"onmicrosoft.com"},
		},
		"outlook": {
			imapHost: "outlook.office365.com", smtpHost: "smtp-mail.outlook.com", submission: true, savesSent: true,
			login: microsoftLogin("consumers"), tokensOnly: true,
			hint: "Outlook.com takes no passwords: configure oauth", domains: []string{"outlook.com", "hotmail.com", "live.com", "msn.com", "outlook.de", "hotmail.de"},
		},
		"icloud": {imapHost: "imap.mail.me.com", smtpHost: "smtp.mail.me.com", submission: true, hint: appPassword, domains: []string{"icloud.com", "me.com", "mac.com"}},
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
		list[name] = provider{imapHost: hosts[0], smtpHost: hosts[1], hint: appPassword, savesSent: name == "zoho", domains: strings.Fields(hosts[2])}
	}
	return list
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
	if a.IMAP.Host == "" {
		a.IMAP.Host = p.imapHost
	}
	if a.SMTP.Host == "" {
		a.SMTP.Host = p.smtpHost
		if a.SMTP.Port == 0 && a.SMTP.TLS == "" && p.submission {
			a.SMTP.Port, a.SMTP.TLS = portSubmission, "starttls"
		}
	}
	if p.savesSent && a.CopyToSentGiven == nil {
		no := false
		a.CopyToSentGiven = &no
	}
	a.Hint = p.hint
	if p.tokensOnly && !k.doc.Has(key+".oauth") {
		k.warn(key+".provider", "give oauth.client_id, then run \"stagecoach mail login "+a.Name+"\"", "this provider takes no passwords for mail")
	}
	k.oauthOf(a, p.login)
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
