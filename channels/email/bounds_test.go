package email_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"stagecoach/channels/email"
)

// memoryBound is what reading one mail may take, the mail itself included.
const memoryBound = 200 << 20

// whole is a mail with a body of a kind.
func whole(header, body string) []byte {
	return []byte("From: a@b.test\r\nSubject: s\r\nMessage-ID: <1@b>\r\n" + header + "\r\n" + body)
}

func multipart(parts ...string) []byte {
	return whole("Content-Type: multipart/mixed; boundary=b\r\n", "--b\r\n"+strings.Join(parts, "\r\n--b\r\n")+"\r\n--b--\r\n")
}

func base64Lines(size int) string {
	line := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("0123456789abcdefghi"), 3)) + "\r\n"
	return strings.Repeat(line, size/57)
}

// nestedOpen is a mail of multiparts in each other, none of which ends.
func nestedOpen(levels int) []byte {
	var b strings.Builder
	for i := range levels {
		fmt.Fprintf(&b, "--n%d\r\nContent-Type: multipart/mixed; boundary=n%d\r\n\r\n", i, i+1)
	}
	return whole("Content-Type: multipart/mixed; boundary=n0\r\n", b.String()+"\r\nthe innermost words\r\n")
}

func nestedMessages(levels int) []byte {
	return []byte(strings.Repeat("From: a@b.test\r\nSubject: s\r\nContent-Type: message/rfc822\r\n\r\n", levels) + "From: c@d.test\r\n\r\nthe innermost words\r\n")
}

// packedBomb is a winmail.dat whose compressed Rich Text becomes nine times as
// long.
func packedBomb() string {
	number := binary.LittleEndian.AppendUint32
	rtf := number(number(number(number(nil, 1<<30), 1<<30), 0x75465a4c), 0)
	rtf = append(rtf, bytes.Repeat([]byte{0xff, 0, 0x0f, 0, 0x1f, 0, 0x2f, 0, 0x3f, 0, 0x4f, 0, 0x5f, 0, 0x6f, 0, 0x7f}, 8000)...)
	props := append(number(number(number(number(nil, 1), 0x10090102), 1), uint32(len(rtf))), rtf...)
	packed := number([]byte("\x78\x9f\x3e\x22\x01\x00\x01\x03\x90\x06\x00"), uint32(len(props)))
	packed = append(append(packed, props...), 0, 0)
	return "Content-Type: application/ms-tnef\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(packed)
}

// some repeats a text, less often where the race detector makes everything
// take more.
func some(text string, n int) string { return strings.Repeat(text, n/raceFactor) }

// huge are mails that are large, or made to take long. want is what must be in
// the text of each.
func huge() map[string]struct {
	raw  []byte
	want string
} {
	type mail = struct {
		raw  []byte
		want string
	}
	html := "Content-Type: text/html\r\n"
	return map[string]mail{
		"attachment of 30 MB":                {multipart("\r\nthe words", "Content-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"+base64Lines(30<<20/raceFactor)), "the words"},
		"attachment of 30 MB with rubbish":   {multipart("\r\nthe words", "Content-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n!"+base64Lines(30<<20/raceFactor)), "the words"},
		"attachment of 30 MB uuencoded":      {multipart("\r\nthe words", "\r\nbegin 644 a.zip\r\n"+some("M"+strings.Repeat("8", 60)+"\r\n", 30<<20/45)+"`\r\nend"), "the words"},
		"text of 30 MB":                      {whole("", some("the words of somebody who writes much\r\n", 800_000)), "the words"},
		"text of one line of 10 MB":          {whole("", some("the words ", 1<<20)), "the words"},
		"text of 10 MB, quoted-printable":    {whole("Content-Transfer-Encoding: quoted-printable\r\n", some("=67=72=FC=DF", 1<<20)), "grüß"},
		"text of angles":                     {whole("", some(">", 1<<20)+"the words"), "the words"},
		"10,000 headers":                     {[]byte(some("X-Spam: "+strings.Repeat("y", 60)+"\r\n", 10_000) + "From: a@b.test\r\nSubject: s\r\n\r\nthe words"), "the words"},
		"header of 2 MB":                     {[]byte("From: a@b.test\r\nSubject: " + some("a ", 1<<20) + "\r\n\r\nthe words"), "the words"},
		"subject of encoded words":           {[]byte("From: a@b.test\r\nSubject: " + some("=?utf-8?Q?=C3=BC?=\r\n ", 100_000) + "\r\n\r\nthe words"), "the words"},
		"subject of beginnings of words":     {[]byte("From: a@b.test\r\nSubject: " + some("=?u?Q?", 300_000) + "\r\n\r\nthe words"), "the words"},
		"100,000 recipients":                 {[]byte("From: a@b.test\r\nTo: " + some("Kim <kim@cust.test>,\r\n ", 100_000) + "\r\n\r\nthe words"), "the words"},
		"recipients of angles":               {[]byte("From: a@b.test\r\nTo: " + some("<", 1<<20) + "\r\nCc: " + some(`"`, 1<<20) + "\r\nReply-To: " + some("a:", 1<<19) + "\r\nSender: " + some("(", 1<<20) + "\r\n\r\nthe words"), "the words"},
		"100,000 references":                 {[]byte("From: a@b.test\r\nReferences: " + some("<a@b.test>\r\n ", 100_000) + "\r\n\r\nthe words"), "the words"},
		"100,000 parameters":                 {whole("Content-Type: text/plain"+some(";\r\n name*0=x", 100_000)+"\r\n", "the words"), "the words"},
		"header of lines that are none":      {[]byte("From: a@b.test\r\n" + some("nothing that is a field\r\n", 100_000) + "\r\nthe words"), "the words"},
		"20,000 parts":                       {multipart(slices.Repeat([]string{"\r\nthe words"}, 20_000)...), "the words"},
		"20,000 files":                       {multipart(append([]string{"\r\nthe words"}, slices.Repeat([]string{"Content-Type: application/pdf; name=a.pdf\r\n\r\nx"}, 20_000)...)...), "the words"},
		"200,000 parts":                      {multipart(slices.Repeat([]string{"\r\nthe words"}, 200_000)...), "the words"},
		"300 nested, none closed":            {nestedOpen(300), "the innermost words"},
		"20,000 nested, none closed":         {nestedOpen(20_000), ""},
		"20,000 messages in each other":      {nestedMessages(20_000), ""},
		"20,000 multiparts without parts":    {multipart(slices.Repeat([]string{"Content-Type: multipart/mixed; boundary=q\r\n\r\nthe words"}, 20_000)...), "the words"},
		"delimiters of nobody":               {multipart("\r\nthe words" + some("\r\n--", 5<<20)), "the words"},
		"boundary guessed again and again":   {multipart(slices.Repeat([]string{"Content-Type: multipart/mixed\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nthe words"}, 5000)...), "the words"},
		"delimiters that a mail never named": {[]byte("From: a@b.test\r\n\r\nthe words\r\n" + some("--xy\r\nContent-X: y\r\n", 2<<20)), "the words"},
		"html of 50 MB":                      {whole(html, "<p>the words</p>"+some("<p style='color:red'>more <b>words</b></p>\r\n", 50<<20/44)), "the words"},
		"html of 100,000 levels":             {whole(html, "the words"+some("<div><b>", 100_000)+"deep"), "the words"},
		"html of blockquotes":                {whole(html, "the words"+some("<blockquote>a", 100_000)), "the words"},
		"html of styles":                     {whole(html, "the words"+some(`<p style="color:red;font-size:12px;margin-left:1px;text-align:left">x`, 30_000)), "the words"},
		"html of an unclosed tag":            {whole(html, "the words<p "+some("a=b ", 1<<20)), "the words"},
		"html of one attribute":              {whole(html, `the words<p style="`+some("color:red;", 200_000)+`">x</p>`), "the words"},
		"html of hidden elements":            {whole(html, "the words"+some(`<div style="display:none">`, 100_000)), "the words"},
		"html of pictures":                   {whole(html, "the words"+some(`<img src="https://x.test/a.png" alt="a">`, 50_000)), "the words"},
		"html of comments":                   {whole(html, "the words"+some("<!--", 500_000)), "the words"},
		"html of entities":                   {whole(html, "the words"+some("&amp;&lt;&", 300_000)), "the words"},
		"html with a script of 10 MB":        {whole(html, "the words<script>"+some("x(1);", 2<<20)+"</script>"), "the words"},
		"uuencode that begins and begins":    {whole("", "the words\r\n"+some("begin 644 a\r\nM8888\r\n", 200_000)+"\r\nend"), "the words"},
		"yEnc that begins and begins":        {whole("", "the words\r\n"+some("=ybegin line=128 size=5 name=a\r\n", 200_000)), "the words"},
		"PGP that begins and begins":         {whole("", "the words\r\n"+some("-----BEGIN PGP SIGNED MESSAGE-----\r\n", 50_000)), "the words"},
		"calendar of 100,000 events":         {whole("Content-Type: text/calendar\r\n", some("BEGIN:VEVENT\r\nSUMMARY:the words\r\nEND:VEVENT\r\n", 100_000)), "the words"},
		"rich text of groups":                {whole("Content-Type: text/rtf\r\n", "{\\rtf1 the words"+some("{", 1<<20)+some("}", 1<<20)), "the words"},
		"enriched text of commands":          {whole("Content-Type: text/enriched\r\n", "the words"+some("<", 1<<20)), "the words"},
		"S/MIME of levels":                   {whole("Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n", base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0x30, 0x80}, 10<<20/raceFactor))), ""},
		"pages in 100,000 parts":             {multipart(append([]string{"Content-Type: text/html\r\n\r\n<p>the words</p>"}, slices.Repeat([]string{"Content-Type: text/html\r\n\r\n<p style='color:red'>x</p>"}, 100_000)...)...), "the words"},
		"calendars in 100,000 parts":         {multipart(append([]string{"\r\nthe words"}, slices.Repeat([]string{"Content-Type: text/calendar\r\n\r\nBEGIN:VEVENT\r\nSUMMARY:a\r\nEND:VEVENT"}, 100_000)...)...), "the words"},
		"a calendar's answer of many words":  {[]byte("From: a@b.test\r\nSubject: Accepted: " + some("the words ", 100_000) + "\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n" + some("termin the words\r\n", 200_000) + "--b\r\nContent-Type: text/calendar; method=REPLY\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR\r\n--b--\r\n"), "the words"},
		"report of 100,000 recipients":       {[]byte("From: a@b.test\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nthe words\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n" + some("Final-Recipient: rfc822; a@b.test\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n", 100_000) + "--b--\r\n"), "the words"},
		"packed Rich Text again and again":   {multipart(append([]string{"\r\nthe words"}, slices.Repeat([]string{packedBomb()}, 100)...)...), "the words"},
		"packed Rich Text in 100 messages":   {multipart(append([]string{"\r\nthe words"}, slices.Repeat([]string{"Content-Type: message/rfc822\r\n\r\nFrom: a@b.test\r\n" + packedBomb()}, 100)...)...), "the words"},
		"unlabelled letters of every kind":   {whole("", "the words "+some("Gr\xfc\xdfe \xc4\xfa\xba\xc3 \xff\x80", 500_000)), "the words"},
		"quoted-printable that is not said":  {whole("", "the words =C3=BC=C3=9F=\r\n"+some("=C3=BC=C3=9F=\r\n", 500_000)), "the words"},
		"flowed for ever":                    {whole("Content-Type: text/plain; format=flowed\r\n", some("the words \r\n", 300_000)), "the words"},
	}
}

// What a mail takes is bounded by what it allocates, all in all, which is the
// same on any machine; the time only against what would take for ever.
func TestHugeMailsAreReadInBounds(t *testing.T) {
	mails := huge()
	for i, name := range slices.Sorted(maps.Keys(mails)) {
		if i%raceFactor == 0 { // under the race detector some are enough
			t.Run(name, func(t *testing.T) { explainInBounds(t, mails[name].raw, nil, mails[name].want) })
		}
	}
}

func explainInBounds(t *testing.T, raw []byte, vouched *email.Vouched, want string) email.Explanation {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begun := time.Now()
	e := email.ExplainBy(raw, vouched)
	took := time.Since(begun)
	runtime.ReadMemStats(&after)
	allocated := int(after.TotalAlloc - before.TotalAlloc)
	t.Logf("%d KiB read in %v, %d KiB allocated", len(raw)>>10, took, allocated>>10)
	if took > 2*patience {
		t.Errorf("took %v", took)
	}
	if allocated+len(raw)*raceFactor > memoryBound*raceFactor {
		t.Errorf("%d MiB allocated for %d MiB", allocated>>20, len(raw)>>20)
	}
	if !strings.Contains(e.Text, want) {
		t.Errorf("%q is not in the text: %.300q; warnings %q", want, e.Text, e.Warnings)
	}
	return e
}
