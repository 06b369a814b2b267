package configs

import (
	"encoding/base64"
	"fmt"
	"net/textproto"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

func (k *checker) webhooks() {
	names := map[string]bool{}
	for i := range k.config.Channels.Webhook {
		w := &k.config.Channels.Webhook[i]
		key := fmt.Sprintf("channels.webhook[%d]", i)
		k.common(key, w.Name, w.Skills, w.Language, names)
		w.Secret = k.secret(key, "secret", &w.SecretFile, w.SecretEnv)
		w.PreviousSecret = k.secret(key, "previous_secret", &w.PreviousSecretFile, w.PreviousSecretEnv)
		k.absolute(&w.CAFile)
		k.certificates(key+".ca_file", w.CAFile)
		given := w.SecretFile != "" || w.SecretEnv != ""
		if !given && (w.PreviousSecretFile != "" || w.PreviousSecretEnv != "") {
			k.doc.Report(key, "give secret_file too", "has a previous secret and none now")
		}
		if !given && w.Callback.URL == "" {
			k.doc.Report(key, "give secret_file to take messages, callback.url to send replies", "goes neither way")
		}
		// Without a secret of its own the callback is signed by those of what comes in.
		signs := w.Callback.URL != "" && w.Callback.SecretFile == "" && w.Callback.SecretEnv == ""
		k.signingKey(k.where(key, "secret", w.SecretFile), w.Secret, signs)
		k.signingKey(k.where(key, "previous_secret", w.PreviousSecretFile), w.PreviousSecret, signs)
		k.limits(key, w)
		k.callback(key+".callback", &w.Callback, given)
	}
}

// The bounds of max_body.
const (
	leastBody = 16 << 10
	mostBody  = 100 << 20
)

func (k *checker) limits(key string, w *Webhook) {
	if w.MaxBody != 0 && (w.MaxBody < leastBody || w.MaxBody > mostBody) {
		k.doc.Report(key+".max_body", "", "must be at least 16KiB and at most 100MiB")
	}
	if w.Burst > 0 && w.Burst < w.MaxPerSecond {
		k.doc.Report(key+".burst", "leave it out for twice as many", "is less than the %d that are taken in a second", w.MaxPerSecond)
	}
	for j, host := range w.AttachmentHosts {
		if host == "" || strings.ContainsAny(host, "/ ") {
			k.doc.Report(fmt.Sprintf("%s.attachment_hosts[%d]", key, j), "such as files.example.org or 10.0.0.7:8080", "%q is not a host", host)
		}
	}
}

func (k *checker) callback(key string, c *Callback, signed bool) {
	c.Secret = k.secret(key, "secret", &c.SecretFile, c.SecretEnv)
	c.PreviousSecret = k.secret(key, "previous_secret", &c.PreviousSecretFile, c.PreviousSecretEnv)
	k.signingKey(k.where(key, "secret", c.SecretFile), c.Secret, true)
	k.signingKey(k.where(key, "previous_secret", c.PreviousSecretFile), c.PreviousSecret, true)
	if c.URL == "" {
		if k.doc.Has(key) {
			k.doc.Report(key+".url", "", "is missing")
		}
		return
	}
	k.webAddress(key+".url", c.URL, c.PlainHTTP, "plain_http: true")
	own := c.SecretFile != "" || c.SecretEnv != ""
	if !own && !signed {
		k.doc.Report(key, "give secret_file", "has nothing to sign replies with")
	}
	if !own && (c.PreviousSecretFile != "" || c.PreviousSecretEnv != "") {
		k.doc.Report(key, "give secret_file too", "has a previous secret and none now")
	}
	k.headers(key, c.Headers)
}

// headers checks the headers of a callback, and fills in their values.
func (k *checker) headers(key string, all []Header) {
	names := map[string]bool{}
	for i := range all {
		h, key := &all[i], fmt.Sprintf("%s.headers[%d]", key, i)
		h.Content = k.secret(key, "value", &h.ValueFile, h.ValueEnv)
		if h.Value != "" {
			if h.ValueFile != "" || h.ValueEnv != "" {
				k.doc.Report(key+".value", "remove one", "a file or a variable is named too")
			}
			h.Content = NewSecret(h.Value)
		}
		if h.Value == "" && h.ValueFile == "" && h.ValueEnv == "" {
			k.doc.Report(key, "give value_file or value_env, or value for what is no secret", "has no value")
		}
		name := textproto.CanonicalMIMEHeaderKey(h.Name)
		switch {
		case h.Name == "": // it is said already
		case !httpguts.ValidHeaderFieldName(h.Name):
			k.doc.Report(key+".name", "such as X-Api-Key", "%q is not a header", h.Name)
		case slices.Contains(ownHeaders(), name):
			k.doc.Report(key+".name", "", "%s is set by Stagecoach", name)
		case names[name]:
			k.doc.Report(key+".name", "remove one", "%s is there already", name)
		}
		names[name] = true
		if !httpguts.ValidHeaderFieldValue(h.Content.Reveal()) {
			k.doc.Report(k.where(key, "value", h.ValueFile), "", "holds characters that no header can have")
		}
	}
}

// ownHeaders are those of a callback that Stagecoach sets.
func ownHeaders() []string {
	return []string{"Content-Type", "Content-Length", "Host", "User-Agent", "Connection", "Transfer-Encoding", "Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"}
}

// where gives the key under which a secret is named.
func (k *checker) where(key, name, file string) string {
	if file != "" || k.doc.Has(key+"."+name+"_file") {
		return key + "." + name + "_file"
	}
	if k.doc.Has(key + "." + name + "_env") {
		return key + "." + name + "_env"
	}
	return key + "." + name
}

// begins reports a token that isn't of the kind that is wanted.
func (k *checker) begins(key string, token Secret, prefix, hint string) {
	if !token.Empty() && !strings.HasPrefix(token.Reveal(), prefix) {
		k.doc.Report(key, hint, "the token begins otherwise than %s", prefix)
	}
}

// signingKey reports what is no key of Standard Webhooks, and a public one where
// it must sign.
func (k *checker) signingKey(key string, secret Secret, signs bool) {
	const hint = `make one by: echo "whsec_$(openssl rand -base64 32)"`
	if secret.Empty() {
		return
	}
	text, least, most := strings.TrimSpace(secret.Reveal()), 24, 64
	for prefix, size := range map[string][2]int{"whsec_": {24, 64}, "whpk_": {32, 32}, "whsk_": {32, 64}} {
		if rest, found := strings.CutPrefix(text, prefix); found {
			if prefix == "whpk_" && signs {
				k.doc.Report(key, "give a whsec_ or a whsk_", "a public key can't sign replies")
				return
			}
			text, least, most = rest, size[0], size[1]
			break
		}
	}
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil || len(raw) < least || len(raw) > most {
		k.doc.Report(key, hint, "holds no signing key: want whsec_ and the base64 of 24 to 64 bytes")
	}
}
