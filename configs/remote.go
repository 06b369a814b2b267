package configs

import (
	"crypto/tls"
	"fmt"
	"net"
	"strings"
)

// Remote is an account whose adapter runs as a process of its own, on this
// machine or another, and connects to nats.listen.
type Remote struct {
	// Name names the account: with the channel it is the process's login.
	Name string `yaml:"name" json:"name" required:"true"`
	// Channel is what its customers are known by and its policies speak of.
	Channel string `yaml:"channel" json:"channel" required:"true" enum:"email|slack|mastodon|bluesky|webhook|sms"`
	// The secret is what the process logs in with.
	SecretFile string `yaml:"secret_file" json:"secret_file"`
	SecretEnv  string `yaml:"secret_env" json:"secret_env"`
	Secret     Secret `yaml:"-" json:"-"`
	// Address is the account's own on its channel, Aliases are its others.
	Address string   `yaml:"address" json:"address"`
	Aliases []string `yaml:"aliases" json:"aliases"`
	// Limits is what a reply can carry, for as long as the process hasn't told.
	Limits   ReplyLimits `yaml:"limits" json:"limits"`
	Skills   []string    `yaml:"skills" json:"skills"`
	Language string      `yaml:"language" json:"language"`
}

// HintFor implements strict.Hinter.
func (Remote) HintFor(key string) string {
	switch key {
	case "token_file", "password_file", "bot_token_file", "server", "handle", "imap", "smtp", "callback", "listen":
		return "it stands in the configuration of the adapter's process"
	}
	return secretHint(key)
}

// ReplyLimits is what one reply can carry; 0 is no limit.
type ReplyLimits struct {
	// Text is the longest text in characters, Files the number of files, FileBytes
	// their size together.
	Text      int   `yaml:"text" json:"text" range:"0..1000000"`
	Files     int   `yaml:"files" json:"files" range:"0..100"`
	FileBytes int64 `yaml:"file_bytes" json:"file_bytes" range:"0..104857600"`
}

// minSecret is the shortest secret of a login that is tried over a network.
const minSecret = 16

func (k *checker) remotes() {
	names := map[string]map[string]bool{}
	for channel, all := range k.named() {
		names[channel] = map[string]bool{}
		for _, name := range all {
			names[channel][strings.ToLower(name)] = true
		}
	}
	for i := range k.config.Channels.Remote {
		r := &k.config.Channels.Remote[i]
		key := fmt.Sprintf("channels.remote[%d]", i)
		if names[r.Channel] == nil {
			names[r.Channel] = map[string]bool{}
		}
		k.common(key, r.Name, r.Skills, r.Language, names[r.Channel])
		r.Secret = k.token(key, "secret", &r.SecretFile, r.SecretEnv)
		if n := len(r.Secret.Reveal()); n > 0 && n < minSecret {
			k.doc.Report(key, "make one by: openssl rand -hex 24", "the secret has %d characters, and %d at least are needed", n, minSecret)
		}
		if r.Channel == "email" {
			k.remoteMail(key, r)
		}
	}
	if len(k.config.Channels.Remote) > 0 && k.config.NATS.Listen == "" {
		k.doc.Report("channels.remote", "give nats.listen, such as 0.0.0.0:4222", "there is no address for its processes to connect to")
	}
}

func (k *checker) remoteMail(key string, r *Remote) {
	if r.Address == "" {
		k.doc.Report(key, "such as support@example.org", "an e-mail account needs its address")
		return
	}
	k.address(key+".address", r.Address)
	for j, other := range r.Aliases {
		k.address(fmt.Sprintf("%s.aliases[%d]", key, j), other)
	}
}

// named gives the accounts that the daemon runs itself, by channel.
func (k *checker) named() map[string][]string {
	out := map[string][]string{}
	c := &k.config.Channels
	for _, a := range c.Email {
		out["email"] = append(out["email"], a.Name)
	}
	for _, a := range c.Webhook {
		out["webhook"] = append(out["webhook"], a.Name)
	}
	for _, a := range c.Mastodon {
		out["mastodon"] = append(out["mastodon"], a.Name)
	}
	for _, a := range c.Slack {
		out["slack"] = append(out["slack"], a.Name)
	}
	for _, a := range c.Bluesky {
		out["bluesky"] = append(out["bluesky"], a.Name)
	}
	return out
}

// gate checks where processes of adapters connect to.
func (k *checker) gate(n *NATS) {
	k.absolute(&n.TLS.Cert)
	k.absolute(&n.TLS.Key)
	if n.Listen == "" {
		for key, given := range map[string]bool{"nats.tls": n.TLS.Cert != "" || n.TLS.Key != "", "nats.plain": n.Plain} {
			if given {
				k.doc.Report(key, "give nats.listen too", "is for nats.listen only")
			}
		}
		return
	}
	host := k.listen("nats.listen", n.Listen)
	if _, port, err := net.SplitHostPort(n.Listen); err == nil && port == "0" {
		k.warn("nats.listen", "give the port", "port 0 is another one at each start, which no process can know")
	}
	k.certificate("nats.tls", n.TLS)
	switch {
	case n.TLS.On() && n.Plain:
		k.doc.Report("nats.plain", "remove it", "a certificate is given too")
	case n.TLS.On() || n.TLS.Key != "":
	case !loopback(host):
		k.doc.Report("nats.listen", "give nats.tls: {cert: …, key: …}, or listen at 127.0.0.1", "secrets and customers' words would cross the network in the clear")
	case !n.Plain:
		k.doc.Report("nats.listen", "give nats.tls, or say plain: true", "has no TLS, which is for one machine only")
	}
	if len(k.config.Channels.Remote) == 0 {
		k.warn("nats.listen", "give channels.remote, or leave it out", "no account's adapter is to connect there")
	}
}

// certificate reports what is no certificate with its key.
func (k *checker) certificate(key string, t TLS) {
	switch {
	case (t.Cert == "") != (t.Key == ""):
		k.doc.Report(key, "", "needs both cert and key")
	case t.On():
		k.readable(key+".cert", t.Cert)
		if k.readable(key+".key", t.Key) {
			k.private(key+".key", t.Key)
			if _, err := tls.LoadX509KeyPair(t.Cert, t.Key); err != nil {
				k.doc.Report(key, "", "certificate and key: %v", err)
			}
		}
	}
}
