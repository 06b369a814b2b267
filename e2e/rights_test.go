package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

// needles are the ways in which a text may stand in a file: as it is, in either
// UTF-16, in base64 wherever that begins, and that in base64 once more, as
// attachments lie inside originals.
func needles(text string) [][]byte {
	var out [][]byte
	for _, t := range []string{text, strings.ToLower(text), strings.ToUpper(text)} {
		out = append(out, []byte(t))
		var little, big []byte
		for _, u := range utf16.Encode([]rune(t)) {
			little, big = append(little, byte(u), byte(u>>8)), append(big, byte(u>>8), byte(u))
		}
		out = append(out, little, big)
		for _, once := range aligned([]byte(t)) {
			out = append(out, once)
			out = append(out, aligned(once)...)
		}
	}
	return out
}

// aligned gives the parts of a text's base64 that are the same whatever stands
// around it, for each place within three bytes.
func aligned(text []byte) [][]byte {
	var out [][]byte
	for shift := range 3 {
		whole := base64.StdEncoding.EncodeToString(append(bytes.Repeat([]byte{0}, shift), text...))
		from, to := (shift*8+5)/6, (shift+len(text))*8/6
		if to-from >= 8 {
			out = append(out, []byte(whole[from:to]))
		}
	}
	return out
}

// traces lists the files below a folder in which one of the texts stands. A daemon that
// runs puts new files in the place of old ones: where one was gone as it was to be read,
// its bytes may lie in one that was read before, so that all are looked at again.
func traces(t *testing.T, dir string, texts ...string) []string {
	t.Helper()
	for range tracesAgain {
		found, err := tracesOnce(dir, texts)
		if err == nil {
			return found
		}
		if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	t.Fatalf("%s never stood still for long enough to be read", dir)
	return nil
}

// tracesAgain is how often a folder is looked at in which files come and go.
const tracesAgain = 50

func tracesOnce(dir string, texts []string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, text := range texts {
			for _, needle := range needles(text) {
				if bytes.Contains(data, needle) {
					found = append(found, fmt.Sprintf("%s in %s", text, strings.TrimPrefix(path, dir)))
					break
				}
			}
		}
		return nil
	})
	return found, err
}

// erasedData is what `customers erase --json` prints.
type erasedData struct {
	Data struct {
		Customers []string `json:"customers"`
		Addresses []string `json:"addresses"`
		Messages  int      `json:"messages"`
		Replies   int      `json:"replies"`
		Open      []struct {
			ID string `json:"id"`
		} `json:"open"`
	} `json:"data"`
	Erasure struct {
		ID      string `json:"id"`
		Ended   bool   `json:"ended"`
		Removed []struct {
			Kind string `json:"kind"`
			N    int    `json:"n"`
		} `json:"removed"`
	} `json:"erasure"`
}

// subject is a person with data everywhere.
type subject struct {
	customer string
	// texts are what must be gone, addresses theirs.
	texts, addresses []string
}

// populate has customer 1 of each line write, be answered with a file, be noted about,
// and write once more; customer 2 of each line only writes. It gives those of the
// former.
func populate(t *testing.T, s *square) map[*line]*subject {
	t.Helper()
	out := map[*line]*subject{}
	anna := s.hire("Anna")
	s.boss.must(t, "PUT", "/api/agents/anna@acme.test", map[string]any{"name": "Anna", "email": "anna@acme.test", "capacity": 1000}, nil)
	for i, l := range s.lines {
		p := &subject{texts: []string{
			fmt.Sprintf("zanzibar%dquestion", i), fmt.Sprintf("zanzibar%danswer", i), fmt.Sprintf("zanzibar%dnote", i),
			fmt.Sprintf("zanzibar%dsecond", i), fmt.Sprintf("zanzibar%dfile", i), fmt.Sprintf("zanzibar%ddraft", i),
		}}
		out[l] = p
		place := l.write(1, "Where is it? "+p.texts[0])
		c := anna.takeFrom(t, l).Card
		v := anna.conversation(t, c.Conversation)
		for _, to := range v.ReplyTo {
			if len(to.Address) >= 6 { // shorter ones stand in anything
				p.addresses = append(p.addresses, to.Address)
			}
		}
		anna.must(t, "POST", "/api/contacts/"+c.Contact+"/note", map[string]any{"text": "They say " + p.texts[2]}, nil)
		reply := map[string]any{"text": "It comes, " + p.texts[1], "covers": v.Covers}
		if l.channel != "mastodon" && l.channel != "bluesky" { // those take pictures only
			id, err := anna.upload(t.Context(), "bill.txt", []byte("a bill "+p.texts[4]))
			if err != nil {
				t.Fatal(err)
			}
			reply["attachments"] = []string{id}
		}
		var d done
		anna.must(t, "POST", "/api/contacts/"+c.Contact+"/reply", reply, &d)
		anna.untilDelivered(t, c.Conversation, d.Reply)
		l.more(place, "And now? "+p.texts[3]+strings.Repeat(" and so on", 10))
		var next card
		eventually(t, patience, words("the second message on %s", l.name()), func() bool {
			v := anna.conversation(t, c.Conversation)
			next = v.Card
			return next.Contact != c.Contact && next.State != "ended" && next.Contact != ""
		})
		p.customer = c.Customer
		l.write(2, "Somebody else asks")
	}
	eventually(t, patience, words("everything to be taken in"), func() bool { return s.audit().Summary.Contacts == 3*len(s.lines) })
	return out
}

// TestErase erases people who wrote on every channel: no byte of what they wrote, of
// what was answered, noted and attached, and of their addresses is left, neither
// while the daemon runs, nor after another start, nor once it has stopped, and the
// ledger goes on adding up.
func TestErase(t *testing.T) {
	s := newSquare(t)
	s.begin()
	s.open()
	people := populate(t, s)
	var all []string
	for l, p := range people {
		for _, text := range append(p.texts[:4:4], p.addresses...) {
			if got := traces(t, s.dir, text); len(got) == 0 {
				t.Errorf("%s: %q is not found before it is erased: the search finds nothing", l.name(), text)
			}
		}
		all = append(append(all, p.texts...), p.addresses...)
	}
	before := s.audit().Summary
	for l, p := range people {
		exported(t, s, l, p)
		code, out, errs := s.run("customers", "erase", p.customer, "--yes", "--json", "--by", "berta@acme.test", "--data", s.dir)
		var got erasedData
		if err := json.Unmarshal([]byte(out), &got); err != nil || code != 0 {
			t.Fatalf("%s: erasing ended with %d: %v\n%s%s", l.name(), code, err, out, errs)
		}
		if !got.Erasure.Ended || len(got.Data.Open) != 1 || got.Data.Messages != 2 || got.Data.Replies == 0 {
			t.Errorf("%s: erased %+v", l.name(), got)
		}
		for _, trace := range traces(t, s.dir, p.texts...) { // two of them have one address, on two channels
			t.Errorf("%s: %s", l.name(), trace)
		}
	}
	after := s.audit().Summary
	if after.Contacts != before.Contacts || after.Disposed["erased"] != len(s.lines) {
		t.Errorf("before %+v, after %+v", before, after)
	}
	s.kill()
	s.begin()
	for _, trace := range traces(t, s.dir, all...) {
		t.Errorf("after another start: %s", trace)
	}
	s.audit()
	s.stop()
	for _, trace := range traces(t, s.dir, all...) {
		t.Errorf("once stopped: %s", trace)
	}
	if a := s.audit().Summary; a.Contacts != before.Contacts {
		t.Errorf("a stopped daemon's ledger has %+v", a)
	}
}

// exported has what is kept of somebody written, and looks whether all of it is there,
// and nothing of others.
func exported(t *testing.T, s *square, l *line, p *subject) {
	t.Helper()
	dir := filepath.Join(folder(t), "export")
	if code, out, errs := s.run("customers", "export", p.customer, "--to", dir, "--json", "--data", s.dir); code != 0 {
		t.Fatalf("%s: the export ended with %d:\n%s%s", l.name(), code, out, errs)
	}
	in := func(file string, texts ...string) {
		t.Helper()
		data, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Errorf("%s: %v", l.name(), err)
		}
		for _, text := range texts {
			if !bytes.Contains(data, []byte(text)) {
				t.Errorf("%s: %s lacks %q", l.name(), file, text)
			}
		}
	}
	in("conversations.json", p.texts[0], p.texts[1], p.texts[2], p.texts[3], `"outcome": "replied"`, `"outcome": "open"`)
	in("messages.mbox", p.texts[0], p.texts[1], p.texts[3])
	in("index.html", p.texts[0], p.texts[1], p.texts[2])
	in("profile.json", p.customer)
	in("contacts.csv", "replied")
	if l.channel != "mastodon" && l.channel != "bluesky" && len(traces(t, filepath.Join(dir, "attachments"), p.texts[4])) != 1 {
		t.Errorf("%s: the file that went with the reply is not there once", l.name())
	}
	for _, trace := range traces(t, dir, "Somebody else asks", "anna@acme.test") {
		t.Errorf("%s: in the export: %s", l.name(), trace)
	}
}
