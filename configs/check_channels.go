package configs

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"stagecoach/configs/strict"
)

// common checks what every account has beside its channel's own: names is those
// that the channel has already.
func (k *checker) common(key, name string, skills []string, language string, names map[string]bool) {
	if name != "" && !accountName.MatchString(name) {
		k.doc.Report(key+".name", "such as support", "must be of letters, digits, - and _, at most 64")
	}
	if name != "" && names[strings.ToLower(name)] {
		k.doc.Report(key+".name", "give each account a name of its own", "the account %q is there already", name)
	}
	names[strings.ToLower(name)] = true
	for j, skill := range skills {
		if strings.TrimSpace(skill) == "" {
			k.doc.Report(fmt.Sprintf("%s.skills[%d]", key, j), "", "must not be empty")
		}
	}
	if language != "" && !subtag.MatchString(language) {
		k.doc.Report(key+".language", "such as de", "%q is not a language", language)
	}
}

// webAddress reports what is no address of a web server, and one without TLS on
// another machine unless that is allowed.
func (k *checker) webAddress(key, address string, plain bool, allow string) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		k.doc.Report(key, "such as https://crm.example.org/replies", "is not the address of a web site")
	case u.User != nil:
		k.doc.Report(key, "", "must not hold a login")
	case u.Scheme == "http" && !plain && !onThisMachine(u.Hostname()):
		k.doc.Report(key, "write https"+orAllow(allow), "would cross the network in the clear")
	}
}

func orAllow(allow string) string {
	if allow == "" {
		return ""
	}
	return ", or " + allow
}

func onThisMachine(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.IsLoopback()
	}
	return loopback(host)
}

func (k *checker) mastodons() {
	names := map[string]bool{}
	for i := range k.config.Channels.Mastodon {
		m := &k.config.Channels.Mastodon[i]
		key := fmt.Sprintf("channels.mastodon[%d]", i)
		k.common(key, m.Name, m.Skills, m.Language, names)
		m.Token = k.token(key, "token", &m.TokenFile, m.TokenEnv)
		k.absolute(&m.CAFile)
		k.certificates(key+".ca_file", m.CAFile)
		if m.Server != "" {
			k.webAddress(key+".server", m.Server, false, "")
		}
		if name, domain, ok := strings.Cut(strings.TrimPrefix(m.Address, "@"), "@"); m.Address != "" && (!ok || name == "" || domain == "") {
			k.doc.Report(key+".address", "such as support@social.example", "%q is not name@domain", m.Address)
		}
		k.listening(key+".listen", &m.Listen, notInTag)
	}
}

func (k *checker) slacks() {
	names := map[string]bool{}
	for i := range k.config.Channels.Slack {
		s := &k.config.Channels.Slack[i]
		key := fmt.Sprintf("channels.slack[%d]", i)
		k.common(key, s.Name, s.Skills, s.Language, names)
		s.BotToken = k.token(key, "bot_token", &s.BotTokenFile, s.BotTokenEnv)
		s.AppToken = k.token(key, "app_token", &s.AppTokenFile, s.AppTokenEnv)
		k.begins(k.where(key, "bot_token", s.BotTokenFile), s.BotToken, "xoxb-", `it stands under "OAuth & Permissions" as the Bot User OAuth Token`)
		k.begins(k.where(key, "app_token", s.AppTokenFile), s.AppToken, "xapp-", `it stands under "Basic Information", App-Level Tokens`)
		for j, name := range s.Channels {
			if bare := strings.TrimPrefix(strings.TrimSpace(name), "#"); bare == "" || len(bare) > 80 || strings.ContainsAny(bare, " ,/") {
				k.doc.Report(fmt.Sprintf("%s.channels[%d]", key, j), `such as "#help" or C0123ABCD`, "%q is not a channel's name or id", name)
			}
		}
		k.absolute(&s.CAFile)
		k.certificates(key+".ca_file", s.CAFile)
		if s.API != "" {
			k.webAddress(key+".api", s.API, false, "")
		}
	}
}

func (k *checker) blueskies() {
	names := map[string]bool{}
	for i := range k.config.Channels.Bluesky {
		b := &k.config.Channels.Bluesky[i]
		key := fmt.Sprintf("channels.bluesky[%d]", i)
		k.common(key, b.Name, b.Skills, b.Language, names)
		b.Password = k.token(key, "password", &b.PasswordFile, b.PasswordEnv)
		k.absolute(&b.CAFile)
		k.certificates(key+".ca_file", b.CAFile)
		k.network(key, b)
		k.listening(key+".listen", &b.Listen, noWord)
	}
}

// handle is the form of a handle (https://atproto.com/specs/handle).
var handle = regexp.MustCompile(`^@?([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$`)

// network checks where a Bluesky account lives.
func (k *checker) network(key string, b *Bluesky) {
	if b.Handle != "" && (!handle.MatchString(b.Handle) || len(b.Handle) > 253) {
		k.doc.Report(key+".handle", "such as support.bsky.social", "%q is not a whole handle", b.Handle)
	}
	for _, s := range []struct{ name, value string }{{"server", b.Server}, {"resolver", b.Resolver}, {"directory", b.Directory}} {
		if s.value != "" {
			k.webAddress(key+"."+s.name, s.value, false, "")
		}
	}
	if s := b.ChatService; s != "" && (!strings.HasPrefix(s, "did:") || !strings.Contains(s, "#")) {
		k.doc.Report(key+".chat_service", "such as did:web:api.bsky.chat#bsky_chat", "%q is not the id of a service", s)
	}
}

// notInTag and noWord tell of characters that no hashtag has on Mastodon, and on
// Bluesky.
func notInTag(r rune) bool {
	return r != '_' && r != '·' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
}

func noWord(r rune) bool { return r == '#' || unicode.IsSpace(r) || unicode.IsControl(r) }

// listening checks what is looked for in public posts.
func (k *checker) listening(key string, l *Listen, odd func(rune) bool) {
	for i, tag := range l.Hashtags {
		bare := strings.TrimPrefix(tag, "#")
		if bare == "" || len(bare) > 200 || strings.ContainsFunc(bare, odd) {
			k.doc.Report(fmt.Sprintf("%s.hashtags[%d]", key, i), "one word, such as acmeshop", "%q is not a hashtag", tag)
		}
	}
	for i, word := range l.Keywords {
		if n := len([]rune(strings.TrimSpace(word))); n < 3 || n > 100 {
			k.doc.Report(fmt.Sprintf("%s.keywords[%d]", key, i), "3 to 100 characters", "has %d characters", n)
		}
	}
	if l.Every != 0 && len(l.Hashtags)+len(l.Keywords) == 0 {
		k.doc.Report(key, "give hashtags or keywords", "looks for nothing")
	}
}

func (k *checker) webChats() {
	names := map[string]bool{}
	var senders []string
	var signing []int
	for _, e := range k.config.Channels.Email {
		if e.SMTP.Host != "" {
			senders = append(senders, e.Name)
		}
	}
	for i := range k.config.Channels.WebChat {
		w := &k.config.Channels.WebChat[i]
		key := fmt.Sprintf("channels.webchat[%d]", i)
		k.common(key, w.Name, w.Skills, w.Language, names)
		w.Secret = k.secret(key, "secret", &w.SecretFile, w.SecretEnv)
		w.PreviousSecret = k.secret(key, "previous_secret", &w.PreviousSecretFile, w.PreviousSecretEnv)
		k.shopKey(key, "secret", w.SecretFile, w.Secret)
		k.shopKey(key, "previous_secret", w.PreviousSecretFile, w.PreviousSecret)
		for j, origin := range w.Origins {
			k.origin(fmt.Sprintf("%s.origins[%d]", key, j), origin)
		}
		if w.signs() {
			signing = append(signing, i)
		}
		if w.Users != "" && !accountName.MatchString(w.Users) {
			k.doc.Report(key+".users", "such as shop", "must be of letters, digits, - and _, at most 64")
		}
		if w.ExternalIDs && !w.signs() {
			k.doc.Report(key+".external_ids", "give the secret by which the site signs them: secret_file", "nobody's user_id is signed here")
		}
		if w.MailAfter != 0 && w.MailVia == "" {
			k.doc.Report(key+".mail_after", "name the mailbox by mail_via", "nothing is mailed")
		}
		if w.MailVia != "" && !slices.Contains(senders, w.MailVia) {
			k.doc.Report(key+".mail_via", strict.DidYouMean(w.MailVia, senders), "no e-mail account %q that can send", w.MailVia)
		}
	}
	for _, i := range signing {
		if w := &k.config.Channels.WebChat[i]; len(signing) > 1 && w.Users == "" {
			k.doc.Report(fmt.Sprintf("channels.webchat[%d]", i), "name by users whose they are: the same word in each where one number is one customer",
				"%d web chats sign user_ids, so the same number may be two people", len(signing))
		}
	}
}

// origin is a web site as browsers name it: nothing after the host.
func (k *checker) origin(key, address string) {
	u, err := url.Parse(strings.TrimSuffix(address, "/"))
	switch {
	case strings.Contains(address, "*"):
		k.doc.Report(key, "name each site", "* is not understood")
	case err == nil && u.Host != "" && (u.Path != "" || u.RawQuery != "" || u.Fragment != ""):
		k.doc.Report(key, "write "+u.Scheme+"://"+u.Host, "a site is named without what comes after the host")
	default:
		k.webAddress(key, address, false, "")
	}
}

// minShopKey is how long a key must be that others' servers sign with.
const minShopKey = 32

func (k *checker) shopKey(key, name, file string, s Secret) {
	if s.Empty() || len(s.Reveal()) >= minShopKey {
		return
	}
	from := "_env"
	if file != "" {
		from = "_file"
	}
	k.doc.Report(key+"."+name+from, "make one by: openssl rand -hex 32", "the key is shorter than %d characters", minShopKey)
}

// token is a secret that must be given.
func (k *checker) token(key, name string, file *string, env string) Secret {
	value := k.secret(key, name, file, env)
	if *file == "" && env == "" {
		k.doc.Report(key, "give "+name+"_file or "+name+"_env", "no %s", strings.ReplaceAll(name, "_", " "))
	}
	return value
}
