package email_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/email"
	"stagecoach/contact"
)

// patience is what a parse may take on a machine that does much else; what it
// guards against takes hours.
const patience = time.Minute

// crlf makes a mail of lines.
func crlf(lines ...string) []byte { return []byte(strings.Join(lines, "\r\n")) }

func TestExplainReads(t *testing.T) {
	multipart := crlf(
		"From: =?iso-8859-1?Q?J=FCrgen_M=FCller?= <juergen@cust.test>",
		`To: "Acme, Support" <Support@ACME.test>, sales@acme.test`,
		"Cc: undisclosed-recipients:;, Bob <bob@cust.test>",
		"Reply-To: <answers@cust.test>",
		"Subject: =?utf-8?B?w5xiZXI=?= =?utf-8?B?IGRhcw==?=",
		" Paket",
		"Message-ID: <m1@cust.test>",
		"In-Reply-To: <m0@acme.test>",
		"References: <r0@acme.test>",
		"\t<m0@acme.test>",
		`Content-Type: multipart/mixed; boundary="out"`,
		"", "preamble", "--out",
		`Content-Type: multipart/alternative; boundary="in"`,
		"", "--in", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable",
		"", "Gr=C3=BC=C3=9Fe und =", "Dank", "--in",
		"Content-Type: text/html; charset=utf-8", "",
		`<p onclick="x()">Gr&uuml;&szlig;e <b>und</b> Dank<script>alert(1)</script></p>`,
		"--in--", "--out",
		`Content-Type: application/pdf; name="..\\..\\Rechnung.pdf"`,
		"Content-Disposition: attachment; filename*=utf-8''..%2F..%2FRechnung%20M%C3%A4rz.pdf",
		"Content-Transfer-Encoding: base64",
		"", "SGVsbG8s", "IFdvcmxk", "--out--", "")
	e := email.Explain(multipart)
	for _, c := range []struct{ what, got, want string }{
		{"from_email", e.FromEmail, "juergen@cust.test"},
		{"from_name", e.FromName, "Jürgen Müller"},
		{"to", strings.Join(e.To, " "), "Support@acme.test sales@acme.test"},
		{"cc", strings.Join(e.CC, " "), "bob@cust.test"},
		{"reply_to", strings.Join(e.ReplyTo, " "), "answers@cust.test"},
		{"subject", e.Subject, "Über das Paket"},
		{"text", e.Text, "Grüße und Dank"},
		{"message_id", e.MessageID, "m1@cust.test"},
		{"in_reply_to", e.InReplyTo, "m0@acme.test"},
		{"references", strings.Join(e.References, " "), "r0@acme.test m0@acme.test"},
		{"html_text", e.HTMLText, "<p>Grüße <b>und</b> Dank</p>"},
	} {
		if c.got != c.want {
			t.Errorf("%s = %q, want %q", c.what, c.got, c.want)
		}
	}
	want := email.ExplainedAttachment{
		Name: "Rechnung März.pdf", ContentType: "application/pdf", Size: 12, MD5: "82bb413746aee42f89dea2b59614f9ef",
	}
	if len(e.Attachments) != 1 || e.Attachments[0] != want {
		t.Errorf("attachments = %+v, want %+v", e.Attachments, want)
	}
	if e.AutoReply || e.Bounce || e.MailingList || len(e.Warnings) != 0 {
		t.Errorf("auto %v bounce %v list %v warnings %q, want none", e.AutoReply, e.Bounce, e.MailingList, e.Warnings)
	}
}

func TestExplainHasNoNulls(t *testing.T) {
	for _, raw := range [][]byte{nil, []byte("\r\n\r\n"), []byte("x"), []byte("From: a@b.c\r\n\r\nhi"), malformed()} {
		out, err := json.Marshal(email.Explain(raw))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(out), "null") {
			t.Errorf("%q is explained with null: %s", raw, out)
		}
	}
}

func TestBytesWithoutLabel(t *testing.T) {
	for name, c := range map[string]struct{ header, body, want string }{
		"utf-8":              {"", "Grüße", "Grüße"},
		"windows-1252":       {"", "Gr\xfc\xdfe \x80 5", "Grüße € 5"},
		"ascii says it":      {"Content-Type: text/plain; charset=us-ascii\r\n", "Gr\xfc\xdfe", "Grüße"},
		"utf-8 and isn't":    {"Content-Type: text/plain; charset=utf-8\r\n", "Gr\xfc\xdfe", "Grüße"},
		"unknown label":      {"Content-Type: text/plain; charset=klingon\r\n", "Grüße", "Grüße"},
		"koi8-r":             {"Content-Type: text/plain; charset=koi8-r\r\n", "\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"},
		"shift_jis":          {"Content-Type: text/plain; charset=Shift_JIS\r\n", "\x82\xb1\x82\xf1", "こん"},
		"gb2312":             {"Content-Type: text/plain; charset=gb2312\r\n", "\xc4\xe3\xba\xc3", "你好"},
		"no content type":    {"X: y\r\n", "plain", "plain"},
		"broken type":        {"Content-Type: ;;;\r\n", "plain", "plain"},
		"base64 with spaces": {"Content-Transfer-Encoding: BASE64 \r\n", "aGVs bG8\r\n=", "hello"},
		"nul":                {"", "a\x00b", "ab"},
	} {
		t.Run(name, func(t *testing.T) {
			e := email.Explain([]byte("From: a@b.test\r\nMessage-ID: <1@b>\r\n" + c.header + "\r\n" + c.body))
			if e.Text != c.want {
				t.Errorf("text = %q, want %q", e.Text, c.want)
			}
		})
	}
	e := email.Explain([]byte("From: J\xfcrgen <j@b.test>\r\nSubject: Gr\xc3\xbc\xc3\x9fe =?utf-8?q?=C3?= =?utf-8?q?=A4?=\r\n\r\n"))
	if e.FromName != "Jürgen" || e.Subject != "Grüße ä" {
		t.Errorf("from name %q, subject %q", e.FromName, e.Subject)
	}
}

func TestBrokenMailIsShown(t *testing.T) {
	nested := func(levels int) []byte {
		var b strings.Builder
		b.WriteString("From: a@b.test\r\nMessage-ID: <1@b>\r\nContent-Type: multipart/mixed; boundary=b0\r\n\r\n")
		for i := range levels {
			b.WriteString("--b" + string(rune('0'+i%10)) + strings.Repeat("x", i/10) + "\r\nContent-Type: multipart/mixed; boundary=b" +
				string(rune('0'+(i+1)%10)) + strings.Repeat("x", (i+1)/10) + "\r\n\r\n")
		}
		b.WriteString("\r\nthe innermost words\r\n")
		return []byte(b.String())
	}
	for name, c := range map[string]struct {
		raw  []byte
		want string
	}{
		"multipart without boundary":     {crlf("From: a@b.test", "Content-Type: multipart/mixed", "", "the words"), "the words"},
		"boundary that never comes":      {crlf("From: a@b.test", "Content-Type: multipart/mixed; boundary=zz", "", "the words"), ""},
		"300 nested, none closed":        {nested(300), "the innermost words"},
		"15 nested, none closed":         {nested(15), "the innermost words"},
		"3,000 nested, none closed":      {nested(3000), "the innermost words"},
		"no header at all":               {[]byte("just some words"), ""},
		"header never ends":              {[]byte(strings.Repeat("X: y\r\n", 20000)), ""},
		"one line of 2 MB in the header": {[]byte("Subject: " + strings.Repeat("a ", 1<<20) + "\r\n\r\nbody"), "body"},
		"20,000 parts":                   {[]byte("From: a@b.test\r\nContent-Type: multipart/mixed; boundary=p\r\n\r\n" + strings.Repeat("--p\r\n\r\nx\r\n", 20000) + "--p--"), "x"},
		"base64 that isn't":              {crlf("Content-Transfer-Encoding: base64", "", "!!!"), ""},
		"text part with a boundary":      {crlf("Content-Type: text/plain; boundary=q", "", "the words"), "the words"},
		"folding without indent":         {crlf("From: a@b.test", "Subject: one", "two", "Content-Type: text/plain", "", "the words"), "the words"},
		"mbox line first":                {crlf("From a@b.test Mon Nov  2 10:00:00 2026", "From: a@b.test", "", "the words"), "the words"},
		"bare line feeds":                {[]byte("From: a@b.test\nSubject: s\n\nthe words\nmore"), "the words\nmore"},
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			e := email.Explain(c.raw)
			if took := time.Since(begun); took > patience {
				t.Errorf("took %v, want far less", took)
			}
			if !strings.Contains(e.Text, c.want) {
				t.Errorf("text = %.200q, want %q in it", e.Text, c.want)
			}
		})
	}
	if e := email.Explain(nested(3000)); !slices.ContainsFunc(e.Warnings, func(w string) bool { return strings.Contains(w, "nested") }) {
		t.Errorf("warnings = %q, want one of the nesting", e.Warnings)
	}
}

func TestRemotePicturesAreBlocked(t *testing.T) {
	e := email.Explain(crlf("From: a@b.test", "Content-Type: text/html", "",
		`<img src="https://track.test/p.gif" alt="p"><img src=//track.test/q.gif><img src="cid:logo">`+
			`<div style="background:url(https://track.test/r)">x</div><table background="https://track.test/s"><tr><td>y</table>`+
			`<link rel=stylesheet href="https://track.test/t.css"><style>@import "https://track.test/u"</style>`+
			`<iframe src="https://track.test/v"></iframe><img srcset="https://track.test/w 2x"><a href="javascript:x()">z</a>`+
			`<img src="h`+"\t"+`ttps://track.test/x"><video poster="https://track.test/y"></video>`))
	for part := range strings.SplitSeq(e.HTMLText, email.BlockedSource+`="https://track.test/`) {
		if strings.Contains(strings.TrimLeft(part, "pq.gif\""), "track.test") {
			t.Errorf("something remote is left: %s", e.HTMLText)
		}
	}
	for _, want := range []string{`src="cid:logo"`, `alt="p"`, "x", "y", "z"} {
		if !strings.Contains(e.HTMLText, want) {
			t.Errorf("lacks %s: %s", want, e.HTMLText)
		}
	}
	if strings.Contains(e.HTMLText, "javascript") {
		t.Errorf("a script is left: %s", e.HTMLText)
	}
}

func TestHTMLBecomesText(t *testing.T) {
	e := email.Explain(crlf("From: a@b.test", "Content-Type: text/html; charset=utf-8", "",
		"<html><head><title>no</title><style>p{}</style></head><body><h1>Hello</h1><p>One &amp; two<br>three</p>",
		`<ul><li>first</li><li>second</li></ul>see <a href="https://x.test/a">here</a>`,
		"<blockquote>quoted<br>words</blockquote></body></html>"))
	want := "Hello\n\nOne & two\nthree\n\n- first\n- second\n\nsee here <https://x.test/a>\n> quoted\n> words"
	if e.Text != want {
		t.Errorf("text = %q\nwant   %q", e.Text, want)
	}
}

func TestMachineMailIsKnown(t *testing.T) {
	dsn := crlf("From: MAILER-DAEMON@mx.test", "To: support@acme.test", "Auto-Submitted: auto-replied",
		`Content-Type: multipart/report; report-type=delivery-status; boundary="d"`, "", "--d", "",
		"Sorry.", "--d", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mx.test", "",
		"Final-Recipient: rfc822; Ghost@cust.test", "Action: failed", "Status: 5.1.1", "Diagnostic-Code: smtp; 550 no", "",
		"--d", "Content-Type: message/rfc822", "",
		"Message-ID: <0199c0de-0000-7000-8000-000000000001@acme.test>", "From: support@acme.test", "", "the reply", "--d--")
	for name, c := range map[string]struct {
		raw  []byte
		auto contact.AutoKind
	}{
		"person":           {crlf("From: a@b.test", "Subject: Automatic payment fails", "", "help"), contact.AutoNone},
		"person, says no":  {crlf("From: a@b.test", "Auto-Submitted: no", "", "help"), contact.AutoNone},
		"vacation":         {crlf("From: a@b.test", "Auto-Submitted: auto-replied (vacation)", "", "away"), contact.AutoReply},
		"exchange":         {crlf("From: a@b.test", "Subject: Automatische Antwort: Frage", "", "away"), contact.AutoReply},
		"null return path": {crlf("Return-Path: <>", "From: a@b.test", "", "away"), contact.AutoReply},
		"list":             {crlf("From: a@b.test", "List-Id: <l.b.test>", "", "news"), contact.AutoList},
		"bounce":           {dsn, contact.AutoBounce},
		"delay":            {[]byte(strings.ReplaceAll(string(dsn), "Action: failed", "Action: delayed")), contact.AutoBounce},
		"delivered":        {[]byte(strings.ReplaceAll(string(dsn), "Action: failed", "Action: delivered")), contact.AutoDelivered},
		"daemon in words":  {crlf("Return-Path: <>", "From: Mail Delivery System <MAILER-DAEMON@x.test>", "", "undeliverable"), contact.AutoBounce},
		"exim":             {crlf("Return-Path: <>", "From: x@x.test", "X-Failed-Recipients: ghost@cust.test", "", "undeliverable"), contact.AutoBounce},
		"read receipt": {crlf("From: a@b.test", `Content-Type: multipart/report; report-type=disposition-notification; boundary="d"`,
			"", "--d", "", "read", "--d", "Content-Type: message/disposition-notification", "", "Disposition: manual", "--d--"), contact.AutoReceipt},
	} {
		t.Run(name, func(t *testing.T) {
			m := parse(t, c.raw)
			if m.Auto != c.auto {
				t.Errorf("auto = %q, want %q", m.Auto, c.auto)
			}
			if (m.Bounce != nil) != (c.auto == contact.AutoBounce) {
				t.Errorf("bounce = %+v", m.Bounce)
			}
		})
	}
	want := contact.Bounce{Permanent: true, Code: "5.1.1", Recipient: "Ghost@cust.test", OriginalID: "0199c0de-0000-7000-8000-000000000001@acme.test", Diagnostic: "550 no"}
	if m := parse(t, dsn); m.Bounce == nil || !reflect.DeepEqual(*m.Bounce, want) {
		t.Errorf("bounce = %+v, want %+v", m.Bounce, want)
	}
	if id, ok := email.ReplyID(want.OriginalID); !ok || id != "0199c0de-0000-7000-8000-000000000001" {
		t.Errorf("ReplyID = %q, %v", id, ok)
	}
}

func parse(t *testing.T, raw []byte) *contact.Message {
	t.Helper()
	a := adapter(t, email.Config{Account: "support", Address: support, SMTP: email.SMTP{Endpoint: email.Endpoint{Host: "x"}}}, nil)
	m, err := a.Parse(&channels.Inbound{Account: "support", Format: "rfc822", Raw: raw, ReceivedAt: time.Unix(1, 0)})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestTokenIsFound(t *testing.T) {
	const token = "abcdefghij234567klmnop"
	for name, raw := range map[string][]byte{
		"to":           crlf("To: Acme <support+sc-"+token+"@acme.test>", "", ""),
		"upper case":   crlf("Cc: SUPPORT+SC-"+strings.ToUpper(token)+"@ACME.TEST", "", ""),
		"delivered to": crlf("To: x@y.test", "Delivered-To: support+sc-"+token+"@acme.test", "", ""),
		"original to":  crlf("X-Original-To: support+sc-"+token+"@acme.test", "", ""),
		"references":   crlf("To: support@acme.test", "References: <sc-aaaaaaaaaa777777777777@acme.test> <x@y.test> <sc-"+token+"@acme.test>", " <rewritten@prod.outlook.test>", "", ""),
		"in reply to":  crlf("To: support@acme.test", "In-Reply-To: <SC-"+strings.ToUpper(token)+"@acme.test>", "", ""),
	} {
		if m := parse(t, raw); m.Token != token {
			t.Errorf("%s: token = %q, want %q", name, m.Token, token)
		}
	}
	for name, raw := range map[string][]byte{
		"too short": crlf("To: support+sc-abc@acme.test", "", ""),
		"in a body": crlf("To: support@acme.test", "", "support+sc-"+token+"@acme.test"),
		"subject":   crlf("Subject: support+sc-"+token+"@acme.test", "", ""),
	} {
		if m := parse(t, raw); m.Token != "" {
			t.Errorf("%s: token = %q, want none", name, m.Token)
		}
	}
}

func TestAddressesOfEveryKind(t *testing.T) {
	for header, want := range map[string]string{
		`Miller, Jane <jane@x.test>`:                    "Miller, Jane=jane@x.test",
		`"Miller, Jane" <jane@x.test>, Bob <b@x.test>`:  "Miller, Jane=jane@x.test|Bob=b@x.test",
		`jane@x.test (Jane Miller)`:                     "Jane Miller=jane@x.test",
		`<jane@x.test>`:                                 "=jane@x.test",
		`jane@x.test`:                                   "=jane@x.test",
		`Team: jane@x.test, Bob <b@x.test>;`:            "=jane@x.test|Bob=b@x.test",
		`Sales: Europe <s@x.test>`:                      "Sales: Europe=s@x.test",
		`"jane@x.test" <jane@x.test>`:                   "jane@x.test=jane@x.test",
		`=?utf-8?Q?M=C3=BCller=2C_Jane?= <jane@x.test>`: "Müller, Jane=jane@x.test",
		`Jane <jane@x.test`:                             "Jane=jane@x.test",
		`Jane <mailto:jane@x.test>`:                     "Jane=jane@x.test",
		`'Jane' <jane@x.test>;bob@x.test`:               "Jane=jane@x.test|=bob@x.test",
		`undisclosed-recipients:;`:                      "",
		`Jane`:                                          "Jane=",
		``:                                              "",
		`"broken <jane@x.test>`:                         "broken=jane@x.test",
		`Jane <<jane@x.test>>`:                          "Jane=jane@x.test",
		`"A \"quoted\" name" <q@x.test>`:                `A "quoted" name=q@x.test`,
	} {
		var got []string
		for _, a := range parse(t, crlf("From: f@x.test", "To: "+header, "", "")).To {
			got = append(got, a.Name+"="+a.Address)
		}
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("%s\n got %s\nwant %s", header, s, want)
		}
	}
}

func FuzzExplain(f *testing.F) {
	f.Add(malformed())
	f.Add(crlf("From: a@b.test", "Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: multipart/alternative; boundary=c", "", "--c", "", "x"))
	f.Add(crlf("From: =?utf-8?q?=C3?= =?utf-8?b?pA==?= <a@b>", "Content-Type: text/html", "", "<p>a<blockquote>b"))
	f.Add(crlf("Subject: s", "", "Hi", "", "On Mon, 2 Nov 2026 at 10:00, Bob <b@x> wrote:", "> q", "", "-- ", "sig"))
	f.Add(crlf("Content-Type: multipart/report; boundary=d", "", "--d", "Content-Type: message/delivery-status", "", "", "Action: failed", "--d--"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		begun := time.Now()
		e := email.Explain(raw)
		if took := time.Since(begun); took > patience {
			t.Errorf("took %v", took)
		}
		if _, err := json.Marshal(e); err != nil {
			t.Error(err)
		}
		for _, file := range e.Attachments {
			if strings.ContainsAny(file.Name, "/\\\x00\n") || file.Name == ".." {
				t.Errorf("attachment name %q has a path", file.Name)
			}
		}
		for _, w := range e.Warnings {
			if strings.Contains(w, "could not be parsed and is shown as it came (") {
				t.Errorf("the parser panicked: %s", w)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(malformed(), "rfc822")
	f.Add(mail("x"), "json")
	f.Fuzz(func(t *testing.T, raw []byte, format string) {
		a := adapter(t, email.Config{Account: "support", Address: support, SMTP: email.SMTP{Endpoint: email.Endpoint{Host: "x"}}}, nil)
		m, err := a.Parse(&channels.Inbound{Account: "support", Format: format, Raw: raw})
		if err == nil && (m == nil || m.Warnings == nil || m.To == nil || m.Attachments == nil || m.References == nil) {
			t.Errorf("a message with nil lists: %+v", m)
		}
	})
}
