package email_test

import (
	"strings"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/email"
	"stagecoach/contact"
)

// trusting parses a mail as an account that believes these servers.
func trusting(t *testing.T, raw []byte, servers ...string) *contact.Message {
	t.Helper()
	a := adapter(t, email.Config{
		Account: "support", Address: support, TrustedAuthserv: servers,
		SMTP: email.SMTP{Endpoint: email.Endpoint{Host: "x"}},
	}, nil)
	m, err := a.Parse(&channels.Inbound{Account: "support", Format: "rfc822", Raw: raw, ReceivedAt: time.Unix(1, 0)})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestWhetherTheSenderIsProven(t *testing.T) {
	t.Parallel()
	const results = "Authentication-Results: "
	pass := results + "mx.acme.test; dmarc=pass header.from=cust.test"
	for name, c := range map[string]struct {
		servers []string
		head    []string
		want    contact.Trust
	}{
		"nothing said":                         {nil, nil, contact.TrustUnknown},
		"none":                                 {nil, []string{results + "mx.acme.test; none"}, contact.TrustUnknown},
		"gmail":                                {nil, []string{results + "mx.google.com;\r\n dkim=pass header.i=@cust.test header.s=s1 header.b=abc;\r\n spf=pass (google.com: domain of jane@cust.test designates 192.0.2.1 as permitted sender; really) smtp.mailfrom=jane@cust.test;\r\n dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=cust.test"}, contact.TrustProven},
		"microsoft passes":                     {nil, []string{results + "spf=pass (sender IP is 192.0.2.1)\r\n smtp.mailfrom=cust.test; dkim=pass (signature was verified)\r\n header.d=cust.test;dmarc=pass action=none\r\n header.from=cust.test;compauth=pass reason=100"}, contact.TrustProven},
		"microsoft fails":                      {nil, []string{results + "spf=fail (sender IP is 192.0.2.1)\r\n smtp.mailfrom=cust.test; dkim=none (message not signed)\r\n header.d=none;dmarc=fail action=oreject\r\n header.from=cust.test;compauth=fail reason=000"}, contact.TrustForged},
		"microsoft knows the forwarder":        {nil, []string{results + "spf=fail smtp.mailfrom=cust.test; dkim=fail header.d=cust.test;dmarc=fail action=none header.from=cust.test;compauth=pass reason=130"}, contact.TrustUnknown},
		"dmarc fails":                          {nil, []string{results + "mx.acme.test; dmarc=fail (p=none dis=none) header.from=cust.test"}, contact.TrustForged},
		"dmarc of a domain above":              {nil, []string{results + "mx.acme.test; dmarc=fail header.from=mail.cust.test"}, contact.TrustForged},
		"dmarc of somebody else":               {nil, []string{results + "mx.acme.test; dmarc=pass header.from=evil.test"}, contact.TrustUnknown},
		"no record":                            {nil, []string{results + "mx.acme.test; dmarc=none header.from=cust.test; spf=none; dkim=none"}, contact.TrustUnknown},
		"dkim aligned":                         {nil, []string{results + "mx.acme.test; dkim=pass header.d=cust.test"}, contact.TrustProven},
		"dkim of another":                      {nil, []string{results + "mx.acme.test; dkim=pass header.d=mailer.test"}, contact.TrustUnknown},
		"two signatures":                       {nil, []string{results + "mx.acme.test; dkim=fail header.d=cust.test; dkim=pass header.d=cust.test"}, contact.TrustProven},
		"both fail":                            {nil, []string{results + "mx.acme.test; dkim=fail header.d=cust.test; spf=fail smtp.mailfrom=x@cust.test"}, contact.TrustForged},
		"forwarded":                            {nil, []string{results + "mx.acme.test; dkim=none; spf=fail smtp.mailfrom=x@cust.test"}, contact.TrustUnknown},
		"spf soft":                             {nil, []string{results + "mx.acme.test; dkim=fail header.d=cust.test; spf=softfail smtp.mailfrom=x@cust.test"}, contact.TrustUnknown},
		"two fields of one server":             {nil, []string{results + "mx.acme.test; dkim=pass header.d=other.test", results + "mx.acme.test; dmarc=fail header.from=cust.test"}, contact.TrustForged},
		"the sender's own below":               {nil, []string{results + "mx.acme.test; dmarc=fail header.from=cust.test", "Received: from evil by mx.acme.test", pass}, contact.TrustForged},
		"the sender's own with a trusted name": {[]string{"mx.acme.test"}, []string{results + "mx.acme.test; dmarc=fail header.from=cust.test", "Received: from evil by mx.acme.test", pass}, contact.TrustForged},
		"a server not trusted":                 {[]string{"mx.acme.test"}, []string{results + "evil.test; dmarc=pass header.from=cust.test"}, contact.TrustUnknown},
		"not trusted and failing":              {[]string{"mx.acme.test"}, []string{results + "evil.test; dmarc=fail header.from=cust.test"}, contact.TrustUnknown},
		"trusted below another":                {[]string{"acme.test"}, []string{results + "inner.test; spf=none", results + "MX2.Acme.test 1; dmarc = pass header.from = cust.test"}, contact.TrustProven},
		"never closed":                         {nil, []string{results + "mx.acme.test; dmarc=pass (oh; header.from=cust.test"}, contact.TrustProven},
		"quoted":                               {nil, []string{results + `"mx.acme.test"; dmarc=fail reason="not; aligned" header.from=cust.test`}, contact.TrustForged},
		"rubbish":                              {nil, []string{results + ";;;=;==; a=b=c; (((; \\"}, contact.TrustUnknown},
		"answer elsewhere":                     {nil, []string{pass, "Reply-To: vip@bank.test"}, contact.TrustClaimed},
		"answer to the same house":             {nil, []string{pass, "Reply-To: team@cust.test"}, contact.TrustProven},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := crlf(append(c.head, "From: Jane <jane@cust.test>", "Message-ID: <1@cust.test>", "", "Hello")...)
			m := trusting(t, raw, c.servers...)
			if m.Auth.Trust != c.want {
				t.Errorf("trust %q, want %q: %+v", m.Auth.Trust, c.want, m.Auth)
			}
			told := strings.Contains(strings.Join(m.Warnings, " "), "forged") || strings.Contains(strings.Join(m.Warnings, " "), "nothing proves")
			if told == c.want.Proven() {
				t.Errorf("warnings %q", m.Warnings)
			}
		})
	}
}

// A mail that servers changed on the way to another of our addresses is known by
// one of its marks; another mail by none.
func TestCopiesShareAMark(t *testing.T) {
	t.Parallel()
	letter := func(id, date, subject, text string, more ...string) *contact.Message {
		return parse(t, crlf(append(more, "From: Jane <Jane@cust.test>", "Message-ID: "+id, "Date: "+date, "Subject: "+subject, "", text)...))
	}
	const date = "Tue, 03 Mar 2026 10:15:00 +0100"
	first := letter("<1@cust.test>", date, "Heizung", "Sie geht nicht.")
	for name, c := range map[string]struct {
		m    *contact.Message
		copy bool
	}{
		"another id":       {letter("<other@relay.test>", date, "Heizung", "Sie geht  nicht. "), true},
		"no id":            {letter("", date, "Heizung", "Sie geht nicht.", "Received: by x"), true},
		"with a footer":    {letter("<1@cust.test>", date, "[all] Heizung", "Sie geht nicht.\r\n--\r\nfooter"), true},
		"another text":     {letter("<2@cust.test>", date, "Heizung", "Sie geht wieder."), false},
		"another time":     {letter("<2@cust.test>", "Tue, 03 Mar 2026 11:15:00 +0100", "Heizung", "Sie geht nicht."), false},
		"an id used again": {letter("<1@cust.test>", "Wed, 04 Mar 2026 10:15:00 +0100", "Heizung", "Und noch etwas."), false},
		"no date":          {letter("<2@cust.test>", "", "Heizung", "Sie geht nicht."), false},
	} {
		shared := false
		for _, mark := range c.m.Copies {
			for _, other := range first.Copies {
				shared = shared || mark == other
			}
		}
		if shared != c.copy {
			t.Errorf("%s: a copy is %v, want %v", name, shared, c.copy)
		}
	}
}

func FuzzAuthenticationResults(f *testing.F) {
	f.Add("mx.acme.test; dmarc=fail (p=none; x) header.from=cust.test; spf=pass smtp.mailfrom=\"a b\"@cust.test")
	f.Add(strings.Repeat("=", 1000) + strings.Repeat("(", 1000) + `\`)
	f.Fuzz(func(t *testing.T, value string) {
		began := time.Now()
		email.Explain([]byte("Authentication-Results: " + value + "\r\nFrom: a@cust.test\r\n\r\nx"))
		if took := time.Since(began); took > patience {
			t.Errorf("took %v", took)
		}
	})
}
