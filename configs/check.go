package configs

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"stagecoach/configs/strict"
)

// checker fills in what depends on other values, and reports what makes no
// sense.
type checker struct {
	doc      *strict.Doc
	config   *Config
	dir      string
	warnings Errors
}

var (
	officeName  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
	accountName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)
	subtag      = regexp.MustCompile(`^[a-z]{2,3}$`)
	authserv    = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,253}[A-Za-z0-9])?$`)
)

func (k *checker) run() {
	c := k.config
	if !officeName.MatchString(c.Office) {
		k.doc.Report("office", "small letters, digits and _, such as main", "%q is no name for an office", c.Office)
	}
	k.absolute(&c.Data)
	k.absolute(&c.Policies)
	k.absolute(&c.Backup.Register)
	k.nats(&c.NATS)
	k.http(&c.HTTP)
	k.accounts()
	k.webhooks()
	k.mastodons()
	k.slacks()
	k.blueskies()
	k.webChats()
	k.remotes()
	k.gate(&c.NATS)
	k.classifier(&c.Classifier)
	k.crm(&c.CRM)
	k.signatures(&c.Signatures)
	k.lastResort(&c.LastResort)
}

// warn notes what is allowed but probably not meant.
func (k *checker) warn(key, hint, format string, args ...any) {
	k.warnings = append(k.warnings, k.doc.Problem(key, hint, format, args...))
}

// absolute makes a path relative to the file absolute.
func (k *checker) absolute(path *string) {
	if *path == "" || filepath.IsAbs(*path) {
		return
	}
	if abs, err := filepath.Abs(filepath.Join(k.dir, *path)); err == nil {
		*path = abs
	}
}

func (k *checker) nats(n *NATS) {
	k.absolute(&n.Credentials)
	k.absolute(&n.CAFile)
	for one := range strings.SplitSeq(n.URL, ",") {
		u, err := url.Parse(strings.TrimSpace(one))
		if n.URL != "" && (err != nil || u.Host == "" || !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme)) {
			k.doc.Report("nats.url", "such as nats://nats-1:4222", "is not the address of a server")
		} else if err == nil && u.User != nil {
			k.doc.Report("nats.url", "put the login into credentials_file", "must not hold a login")
		}
	}
	if n.URL == "" {
		for key, value := range map[string]string{"nats.credentials_file": n.Credentials, "nats.ca_file": n.CAFile} {
			if value != "" {
				k.doc.Report(key, "give url too", "is for an external cluster only")
			}
		}
		if n.Replicas != 1 {
			k.doc.Report("nats.replicas", "give url too, or 1", "the embedded engine keeps one copy")
		}
	}
	k.readable("nats.credentials_file", n.Credentials)
	k.certificates("nats.ca_file", n.CAFile)
}

func (k *checker) http(h *HTTP) {
	host := k.listen("http.listen", h.Listen)
	k.site("http.base_url", "such as https://desk.example.org", "give the desk a host name of its own", &h.BaseURL)
	k.customerURL(h)
	k.absolute(&h.TLS.Cert)
	k.absolute(&h.TLS.Key)
	k.certificate("http.tls", h.TLS)
	if !h.TLS.On() && h.TLS.Key == "" && !loopback(host) && len(h.TrustedProxies) == 0 {
		k.warn("http.listen", "give http.tls, or put a proxy with TLS before it and name it in http.trusted_proxies",
			"passwords would cross the network in the clear")
	}
}

func (k *checker) site(key, such, own string, site *string) {
	if *site == "" {
		return
	}
	u, err := url.Parse(*site)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"):
		k.doc.Report(key, such, "%q is not the address of a web site", *site)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		k.doc.Report(key, such, "must hold a host and a path only")
	case strings.TrimSuffix(u.Path, "/") != "":
		k.doc.Report(key, own, "must not have a path")
	default:
		*site = strings.TrimSuffix(*site, "/")
	}
}

// customerURL checks where customers reach their page: over the network, with TLS.
func (k *checker) customerURL(h *HTTP) {
	k.site("http.customer_url", "such as https://help.example.org", "give it a host name of its own: the pages are at /q/ there", &h.CustomerURL)
	u, err := url.Parse(h.CustomerURL)
	if h.CustomerURL == "" || err != nil || u.Host == "" {
		return
	}
	switch local := loopback(u.Hostname()); {
	case local:
		k.warn("http.customer_url", "give the name by which customers reach it", "only this machine can follow links to %s", u.Host)
	case u.Scheme == "http":
		k.warn("http.customer_url", "give an address of https://", "customers' conversations would cross the network in the clear")
	}
}

// listen checks an address to listen at, and gives its host.
func (k *checker) listen(key, address string) string {
	host, port, err := net.SplitHostPort(address)
	n, portErr := strconv.Atoi(port)
	switch {
	case err != nil:
		k.doc.Report(key, "such as 127.0.0.1:8080", "%q is not host:port", address)
	case portErr != nil || n < 0 || n > 65535:
		k.doc.Report(key, "", "port %q is not 0 to 65535", port)
	}
	return host
}

func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

func (k *checker) lastResort(l *LastResort) {
	accounts := k.config.Channels.Email
	var senders []string
	for _, a := range accounts {
		if a.SMTP.Host != "" {
			senders = append(senders, a.Name)
		}
	}
	k.people("last_resort", l.MailTo, l.Webhook)
	k.onCall(l)
	if l.Via != "" && !slices.Contains(senders, l.Via) {
		k.doc.Report("last_resort.via", strict.DidYouMean(l.Via, senders), "no e-mail account %q that can send", l.Via)
		return
	}
	if !l.Configured() {
		if k.config.Channels.Count() > 0 {
			k.warn("last_resort", "give last_resort.mail_to or last_resort.webhook", "nobody is told outside the desk when a customer waits too long")
		}
		return
	}
	k.concerned(l, senders)
}

// people checks the ways to people who are told outside the desk.
func (k *checker) people(key string, mailTo []string, webhook string) {
	for i, to := range mailTo {
		at := fmt.Sprintf("%s.mail_to[%d]", key, i)
		k.address(at, to)
		for _, a := range k.config.Channels.Email {
			if a.IMAP.Host != "" && (strings.EqualFold(to, a.Address) || slices.ContainsFunc(a.Aliases, func(other string) bool { return strings.EqualFold(to, other) })) {
				k.doc.Report(at, "give the address of a person", "is the mailbox %q, where each telling would be one more contact that waits", a.Name)
			}
		}
	}
	if webhook != "" {
		if u, err := url.Parse(webhook); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			k.doc.Report(key+".webhook", "such as https://alerts.example.org/hook", "is not the address of a web site")
		}
	}
}

// onCall checks who is called by a step of the ladder.
func (k *checker) onCall(l *LastResort) {
	seen := map[string]bool{}
	for i := range l.OnCall {
		one, key := &l.OnCall[i], fmt.Sprintf("last_resort.on_call[%d]", i)
		if seen[one.Name] && one.Name != "" {
			k.doc.Report(key+".name", "remove one", "%q is there already", one.Name)
		}
		seen[one.Name] = true
		if len(one.MailTo) == 0 && one.Webhook == "" {
			k.doc.Report(key, "give mail_to or webhook", "there is no way to tell them")
		}
		if one.Format != "" && one.Webhook == "" {
			k.doc.Report(key+".format", "add webhook", "is for a webhook only")
		}
		k.people(key, one.MailTo, one.Webhook)
	}
}

// concerned reports a mailbox whose trouble would be told through itself: if it
// can't send, nobody would hear.
func (k *checker) concerned(l *LastResort, senders []string) {
	if len(l.MailTo) == 0 || l.Webhook != "" {
		return
	}
	for _, a := range k.config.Channels.Email {
		if a.Name == "" {
			continue
		}
		others := slices.DeleteFunc(slices.Clone(senders), func(name string) bool { return name == a.Name })
		if l.Via != "" && l.Via != a.Name {
			continue
		}
		if len(others) == 0 {
			key := "last_resort.mail_to"
			if l.Via != "" {
				key = "last_resort.via"
			}
			k.doc.Report(key, "add an account that can send, or last_resort.webhook", "what concerns the mailbox %q would be told only through itself", a.Name)
			return
		}
	}
}
