package email_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/email"
	"stagecoach/contact"
)

// trusting parses a mail as an account at a host that believes these servers.
func trusting(t *testing.T, raw []byte, host string, servers ...string) *contact.Message {
	t.Helper()
	a := adapter(t, email.Config{
		Account: "support", Address: support, TrustedAuthserv: servers,
		IMAP: email.IMAP{Endpoint: email.Endpoint{Host: host, Password: "x"}},
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
		"nothing behind a comment":             {nil, []string{results + "mx.acme.test; spf=fail (mx: not permitted)smtp.mailfrom=x@cust.test; dkim=fail (bad)header.d=cust.test"}, contact.TrustForged},
		"never closed":                         {nil, []string{results + "mx.acme.test; dmarc=pass (oh; header.from=cust.test"}, contact.TrustProven},
		"quoted":                               {nil, []string{results + `"mx.acme.test"; dmarc=fail reason="not; aligned" header.from=cust.test`}, contact.TrustForged},
		"rubbish":                              {nil, []string{results + ";;;=;==; a=b=c; (((; \\"}, contact.TrustUnknown},
		"answer elsewhere":                     {nil, []string{pass, "Reply-To: vip@bank.test"}, contact.TrustClaimed},
		"answer to the same house":             {nil, []string{pass, "Reply-To: team@cust.test"}, contact.TrustProven},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := crlf(append(slices.Concat(c.head, []string{"Received: from cust.test by mx.acme.test; Tue, 03 Mar 2026 10:15:00 +0100"}), "From: Jane <jane@cust.test>", "Message-ID: <1@cust.test>", "", "Hello")...)
			m := trusting(t, raw, "imap.acme.test", c.servers...)
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

func TestNamesThatShowAnotherAddress(t *testing.T) {
	t.Parallel()
	for from, warned := range map[string]bool{
		`"vip@bank.test" <mallory@evil.test>`: true, `"Vera Iber (vip@bank.test)" <x1@mail.evil.test>`: true,
		`"jane@cust.test" <jane@cust.test>`: false, `"jane@cust.test" <bounce@mail.cust.test>`: false, `"Jane @ Cust" <jane@cust.test>`: false,
	} {
		m := trusting(t, crlf("Received: from a by b", "From: "+from, "Message-ID: <1@x.test>", "Subject: Boiler", "", "It is cold."), "imap.acme.test")
		if told := strings.Contains(strings.Join(m.Warnings, " "), "name shows"); told != warned {
			t.Errorf("from %s: warnings %q", from, m.Warnings)
		}
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
		"a list as author": {letter("<1@cust.test>", date, "[all] Heizung", "Sie geht nicht.\r\n--\r\nfooter", "From: Jane via all <all@lists.test>", "Reply-To: jane@cust.test"), true},
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

// A mail that says neither when it was written nor which it is, is the same in
// two mailboxes that get it at about the same time; the same words a day later
// are another.
func TestCopiesWithoutDateAndID(t *testing.T) {
	t.Parallel()
	a := adapter(t, email.Config{Account: "support", Address: support, SMTP: email.SMTP{Endpoint: email.Endpoint{Host: "x"}}}, nil)
	marks := func(at time.Time, text string, head ...string) []string {
		raw := crlf(append(head, "From: scanner@cust.test", "Subject: Scan", "", text)...)
		m, err := a.Parse(&channels.Inbound{Account: "support", Format: "rfc822", Raw: raw, ReceivedAt: at})
		if err != nil {
			t.Fatal(err)
		}
		return m.Copies
	}
	at := time.Date(2026, 3, 2, 9, 14, 59, 0, time.UTC)
	first := marks(at, "Page 1", "Return-Path: <scanner@cust.test>", "Delivered-To: support@acme.test", "Received: from a by b id 1; Mon, 2 Mar 2026")
	for name, c := range map[string]struct {
		marks []string
		copy  bool
	}{
		"the other mailbox":  {marks(at.Add(20*time.Second), "Page 1", "Delivered-To: sales@acme.test", "Received: from a by c id 2; Mon, 2 Mar 2026", "X-Original-To: sales@acme.test", "DKIM-Signature: v=1"), true},
		"ten minutes before": {marks(at.Add(-10*time.Minute), "Page 1"), true},
		"another day":        {marks(at.Add(24*time.Hour), "Page 1"), false},
		"another page":       {marks(at, "Page 2"), false},
	} {
		if shared := slices.ContainsFunc(c.marks, func(m string) bool { return slices.Contains(first, m) }); shared != c.copy {
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

// What a sender may have written proves nothing, whosever name it bears.
func TestNobodyProvesThemselves(t *testing.T) {
	t.Parallel()
	const (
		mine   = "Received: from client.evil.test (client.evil.test [203.0.113.7]) by mx.acme.test with ESMTPS id 1; Tue, 3 Mar 2026 10:15:00 +0100"
		lmtp   = "Received: from mx.acme.test by box.acme.test with LMTP id AbC; Tue, 3 Mar 2026 10:15:01 +0100"
		filter = "Received: from localhost (localhost [127.0.0.1]) by mx.acme.test (Postfix) with ESMTP id 2; Tue, 3 Mar 2026 10:15:01 +0100"
		theirs = "Received: from laptop by mail.evil.test with ESMTPA id 9; Tue, 3 Mar 2026 10:14:00 +0100"
		pass   = "Authentication-Results: mx.acme.test; dmarc=pass header.from=cust.test; dkim=pass header.d=cust.test; spf=pass smtp.mailfrom=cust.test"
		fail   = "Authentication-Results: mx.acme.test; dmarc=fail header.from=cust.test"
		google = "Authentication-Results: mx.google.com; dmarc=pass header.from=cust.test"
		bare   = "Authentication-Results: spf=pass smtp.mailfrom=cust.test; dmarc=pass action=none header.from=cust.test"
	)
	for name, c := range map[string]struct {
		host    string
		servers []string
		head    []string
		want    contact.Trust
	}{
		"under our server's line":                 {"imap.acme.test", nil, []string{mine, pass}, contact.TrustUnknown},
		"under it and a line of their own":        {"imap.acme.test", nil, []string{mine, pass, theirs}, contact.TrustUnknown},
		"under the mailbox's and our server's":    {"imap.acme.test", nil, []string{lmtp, mine, pass, theirs}, contact.TrustUnknown},
		"with no line of any server":              {"imap.acme.test", nil, []string{pass}, contact.TrustUnknown},
		"our server's, above its line":            {"imap.acme.test", nil, []string{pass, mine}, contact.TrustProven},
		"our server's, under the mailbox's":       {"imap.acme.test", nil, []string{lmtp, pass, mine}, contact.TrustProven},
		"maybe ours, under a local filter's":      {"imap.acme.test", nil, []string{filter, pass, mine}, contact.TrustUnknown},
		"a failure is believed of anybody":        {"imap.acme.test", nil, []string{filter, fail, mine}, contact.TrustForged},
		"ours fails, theirs passes beneath":       {"imap.acme.test", nil, []string{fail, mine, pass, theirs}, contact.TrustForged},
		"a name given, under its line":            {"imap.acme.test", []string{"mx.acme.test"}, []string{filter, mine, pass}, contact.TrustProven},
		"a name given, under another's line":      {"imap.acme.test", []string{"mx.acme.test"}, []string{mine, theirs, pass}, contact.TrustUnknown},
		"another name given":                      {"imap.acme.test", []string{"mx.other.test"}, []string{pass, mine}, contact.TrustUnknown},
		"gmail's in a gmail mailbox":              {"imap.gmail.com", nil, []string{"Received: by 2002:a05:1 with SMTP id x; Tue, 3 Mar 2026", "Received: from cust.test by mx.google.com with ESMTPS id y; Tue, 3 Mar 2026", google}, contact.TrustProven},
		"gmail's name in another mailbox":         {"imap.acme.test", nil, []string{mine, google}, contact.TrustUnknown},
		"gmail's name below its sender's servers": {"imap.gmail.com", nil, []string{"Received: from mail.evil.test by mx.google.com with ESMTPS id y; Tue, 3 Mar 2026", theirs, google}, contact.TrustUnknown},
		"another name in a gmail mailbox":         {"imap.gmail.com", nil, []string{"Received: from cust.test by mx.google.com with ESMTPS id y; Tue, 3 Mar 2026", pass}, contact.TrustUnknown},
		"microsoft's own":                         {"outlook.office365.com", nil, []string{"Received: from A.eurprd01.prod.outlook.com by B.eurprd01.prod.outlook.com with HTTPS; Tue, 3 Mar 2026", bare, "Received: from cust.test by AM0EUR.mail.protection.outlook.com with Microsoft SMTP Server; Tue, 3 Mar 2026"}, contact.TrustProven},
		"each of icloud's checks":                 {"imap.mail.me.com", nil, []string{"Authentication-Results: bimi.icloud.com; bimi=skipped", "Authentication-Results: dmarc.icloud.com; dmarc=pass header.from=cust.test", "Authentication-Results: spf.icloud.com; spf=pass smtp.mailfrom=cust.test", "Received: from cust.test by mx.icloud.com; Tue, 3 Mar 2026"}, contact.TrustProven},
		"microsoft's form elsewhere":              {"imap.acme.test", nil, []string{mine, bare}, contact.TrustUnknown},
		"a server that only ends alike":           {"imap.acme.test", []string{"acme.test"}, []string{"Authentication-Results: mx.notacme.test; dmarc=pass header.from=cust.test", mine}, contact.TrustUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := trusting(t, crlf(append(c.head, "From: Jane <jane@cust.test>", "Message-ID: <1@cust.test>", "", "Hello")...), c.host, c.servers...)
			if m.Auth.Trust != c.want {
				t.Errorf("trust %q, want %q: %+v", m.Auth.Trust, c.want, m.Auth)
			}
			if m.Auth.Trust == contact.TrustUnknown && (m.Auth.DMARC != "" || m.Auth.DKIM != "" || m.Auth.SPF != "") {
				t.Errorf("what proves nothing is told: %+v", m.Auth)
			}
		})
	}
}

// What comes by a form names its author in Reply-To: that is so every day and no
// warning, but proves nothing either.
func TestFormsAreNoWarning(t *testing.T) {
	t.Parallel()
	for from, warned := range map[string]bool{
		"Acme <wordpress@acme.test>": false, "Forms <noreply@forms.test>": false, "Acme <" + support + ">": false,
		"kontaktformular@shop.test": false, "The director <director@acme.test>": true, "Jane <jane@bank.test>": true,
	} {
		m := trusting(t, crlf("Received: from a by b", "From: "+from, "Reply-To: Karl <karl@cust.test>", "Message-ID: <1@x.test>", "Subject: Boiler", "", "It is cold."), "imap.acme.test")
		if told := strings.Contains(strings.Join(m.Warnings, " "), "nothing proves"); told != warned || m.Auth.Trust != contact.TrustClaimed {
			t.Errorf("from %s: trust %q, warnings %q", from, m.Auth.Trust, m.Warnings)
		}
	}
}
