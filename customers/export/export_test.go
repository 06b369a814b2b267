package export_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/mail"
	"strings"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/customers/export"
)

func written(t *testing.T, p *export.Person) map[string]string {
	t.Helper()
	var b bytes.Buffer
	if err := export.Write(&b, p); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(data)
	}
	return out
}

func bytesOf(text string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
}

// What a customer wrote can be read again, is nobody's formula, script or path, and a
// mail is as it came.
func TestWrite(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	raw := "From: ada@x.test\r\nSubject: Hi\r\n\r\nFrom here on\r\n>From there\r\nlast line without an end"
	got := written(t, &export.Person{
		Made: at, Customers: []string{"c1"}, Name: "<script>alert(1)</script>",
		Conversations: []export.Conversation{{
			ID: "v1", Channel: contact.Email, OpenedAt: at,
			Contacts: []export.Contact{{ID: "k1", Channel: contact.Email, Subject: `=cmd|' /C calc'!A0`, Start: at, Outcome: "replied"}},
			Items: []export.Item{
				{Kind: "message", ID: "m1", At: at, Channel: contact.Email, From: contact.Address{Address: "ada@x.test"}, Mail: []byte(raw)},
				{Kind: "reply", ID: "r1", At: at.Add(time.Hour), Channel: contact.Mastodon, From: contact.Address{Name: "Anna\r\nBcc: x@y"}, To: []string{"ada@social.test"}, Subject: "Grüße", Text: "From us\nto you", Files: []export.File{
					{Name: "../../etc/passwd", Open: bytesOf("one")}, {Name: "con?\x00.txt ", Open: bytesOf("two")}, {Name: "gone.txt", Gone: "expired"},
				}},
				{Kind: "note", ID: "n1", At: at, Text: "a note"},
			},
		}},
	})
	for _, name := range []string{"index.html", "profile.json", "conversations.json", "messages.mbox", "contacts.csv", "attachments/0001-passwd", "attachments/0002-con__.txt"} {
		if _, there := got[name]; !there {
			t.Errorf("there is no %s", name)
		}
	}
	if strings.Contains(got["index.html"], "<script>") {
		t.Error("a name is taken for HTML")
	}
	rows, err := csv.NewReader(strings.NewReader(got["contacts.csv"])).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][3] != `'=cmd|' /C calc'!A0` {
		t.Errorf("the table is %v, %v", rows, err)
	}
	var back []export.Conversation
	if err := json.Unmarshal([]byte(got["conversations.json"]), &back); err != nil || back[0].Items[1].Files[0].Path != "attachments/0001-passwd" {
		t.Errorf("conversations.json: %v, %+v", err, back)
	}
	mails := unquoted(got["messages.mbox"])
	if len(mails) != 2 || mails[0] != raw+"\n" {
		t.Fatalf("the mailbox holds %d mails, the first is %q", len(mails), mails[0])
	}
	m, err := mail.ReadMessage(strings.NewReader(mails[1]))
	if err != nil {
		t.Fatal(err)
	}
	if m.Header.Get("Bcc") != "" {
		t.Error("a name brought in a field of its own")
	}
	body, _ := io.ReadAll(m.Body)
	if !strings.Contains(string(body), "From us") {
		t.Errorf("the mail made of a post says %q", body)
	}
}

// unquoted reads a mailbox of the kind mboxrd.
func unquoted(mbox string) (mails []string) {
	var cur *strings.Builder
	for line := range strings.Lines(mbox) {
		switch bare := strings.TrimLeft(line, ">"); {
		case strings.HasPrefix(line, "From "):
			if cur != nil {
				mails = append(mails, strings.TrimSuffix(cur.String(), "\n"))
			}
			cur = &strings.Builder{}
			continue
		case strings.HasPrefix(bare, "From "):
			line = line[1:]
		}
		cur.WriteString(line)
	}
	return append(mails, strings.TrimSuffix(cur.String(), "\n"))
}

func TestSafeName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"": "file", "..": "file", ".": "file", "a/b.txt": "b.txt", `c:\x\y.pdf`: "y.pdf", ".bashrc": "bashrc", "a\u202etxt.exe": "a_txt.exe", "a.": "a",
		"bad\xff.txt": "bad_.txt",
	} {
		if got := export.SafeName(name); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
	if got := export.SafeName(strings.Repeat("ü", 500) + ".pdf"); len(got) > 120 || !strings.HasSuffix(got, ".pdf") {
		t.Errorf("a long name becomes %q", got)
	}
}
