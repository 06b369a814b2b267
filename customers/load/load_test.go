package load_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/customers/load"
)

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func options() load.Options {
	return load.Options{Now: time.Date(2026, 5, 3, 0, 0, 0, 0, time.UTC)}
}

// read gives the rows and the faults of a list.
func read(t *testing.T, data []byte, opts load.Options) (rows []*customers.Row, faults []load.Fault, file *load.File) {
	t.Helper()
	file, err := load.Open(write(t, "list", data), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	if faults = file.Faults; len(faults) > 0 {
		return nil, faults, file
	}
	for {
		item, err := file.Next()
		if errors.Is(err, io.EOF) {
			return rows, faults, file
		}
		if err != nil {
			t.Fatal(err)
		}
		if (item.Fault == nil) == (item.Row == nil) {
			t.Fatalf("line %d has row %v and fault %v", item.Line, item.Row, item.Fault)
		}
		if item.Fault != nil {
			faults = append(faults, *item.Fault)
		} else {
			rows = append(rows, item.Row)
		}
	}
}

func utf16le(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func utf16be(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.BigEndian.AppendUint16(b, u)
	}
	return b
}

func TestEveryEncoding(t *testing.T) {
	const list = "external_id;name;emails\r\nK-1;Jürgen Groß;jg@example.org\r\nK-2;\"Zwei;\nZeilen \"\"und\"\" mehr\";\r\nK-3;Ende;"
	latin := bytes.ReplaceAll(bytes.ReplaceAll([]byte(list), []byte("ü"), []byte{0xfc}), []byte("ß"), []byte{0xdf})
	for name, c := range map[string]struct {
		data []byte
		want load.Charset
	}{
		"UTF-8":              {[]byte(list), load.UTF8},
		"with a mark":        {append([]byte{0xef, 0xbb, 0xbf}, list...), load.UTF8},
		"UTF-16LE, mark":     {append([]byte{0xff, 0xfe}, utf16le(list)...), load.UTF16LE},
		"UTF-16BE, mark":     {append([]byte{0xfe, 0xff}, utf16be(list)...), load.UTF16BE},
		"UTF-16LE":           {utf16le(list), load.UTF16LE},
		"UTF-16BE":           {utf16be(list), load.UTF16BE},
		"Latin-1":            {latin, load.Windows1252},
		"commas":             {bytes.ReplaceAll([]byte(strings.Replace(list, "Zwei;", "Zwei\x00", 1)), []byte(";"), []byte(",")), load.UTF8},
		"tabs":               {bytes.ReplaceAll([]byte(strings.Replace(list, "Zwei;", "Zwei\x00", 1)), []byte(";"), []byte("\t")), load.UTF8},
		"Excel's own header": {[]byte("sep=;\r\n" + list), load.UTF8},
	} {
		t.Run(name, func(t *testing.T) {
			data := bytes.ReplaceAll(c.data, []byte("Zwei\x00"), []byte("Zwei;"))
			rows, faults, file := read(t, data, options())
			if file.Charset != c.want || len(faults) > 0 || len(rows) != 3 {
				t.Fatalf("read as %s: %d rows, %v", file.Charset, len(rows), faults)
			}
			first := 2
			if strings.HasPrefix(name, "Excel") {
				first = 3
			}
			if rows[0].Name != "Jürgen Groß" || rows[0].Line != first || rows[1].Name != `Zwei; Zeilen "und" mehr` || rows[2].Line != first+3 {
				t.Errorf("got %+v, %+v, %+v", rows[0], rows[1], rows[2])
			}
		})
	}
}

func TestBlocksEndInsideOfCharacters(t *testing.T) {
	for shift := range 5 {
		list := "external_id,name\n" + strings.Repeat("x", shift) + strings.Repeat("K,ü€😀\n", 100_000)
		if _, _, file := read(t, []byte(list), options()); file.Charset != load.UTF8 {
			t.Errorf("shifted by %d it is read as %s", shift, file.Charset)
		}
	}
}

func TestOldMacs(t *testing.T) {
	rows, faults, _ := read(t, []byte("external_id,name\rK-1,Anna\rK-2,Bea\r"), options())
	if len(rows) != 2 || len(faults) > 0 || rows[1].Line != 3 {
		t.Errorf("got %v, %v", rows, faults)
	}
}

const head = "external_id,name,emails,phones,handles,language,timezone,value,customer_since,preferred_channel,tags,attr.Segment\n"

func TestARowWithEverything(t *testing.T) {
	rows, faults, _ := read(t, []byte(head+`K-1,  Anna   Müller ,a@example.org; B@Example.ORG;a@example.org,+49 (0)30 1234-567;0044 20 79460000,mastodon:@Anna@Social.example;bluesky:did:plc:abc;webchat:user:42,EN-gb,Europe/Berlin,1234.50,03.05.2021,Email,vip; vip;b2b,=cmd|' /C calc'!A0`+"\n"), options())
	if len(faults) > 0 || len(rows) != 1 {
		t.Fatal(faults)
	}
	r := rows[0]
	var got []string
	for _, i := range r.Identities {
		got = append(got, string(i.Channel)+":"+i.Address)
	}
	want := []string{
		"email:a@example.org", "email:B@Example.ORG", "phone:+49301234567", "phone:+442079460000",
		"mastodon:anna@social.example", "bluesky:did:plc:abc", "webchat:user:42",
	}
	if !slices.Equal(got, want) {
		t.Errorf("addresses are %q, want %q", got, want)
	}
	if r.External != "K-1" || r.Name != "Anna Müller" || r.Language != "en-GB" || r.Zone != "Europe/Berlin" || *r.Value != 1234.5 ||
		r.Since != "2021-05-03" || r.Prefer != contact.Email || !slices.Equal(r.Tags, []string{"vip", "b2b"}) ||
		r.Attributes[0] != (customers.Attribute{Name: "Segment", Value: "=cmd|' /C calc'!A0"}) {
		t.Errorf("got %+v", r)
	}
}

func TestFaults(t *testing.T) {
	cells := func(column, text string) string {
		fields := strings.Split(strings.TrimSpace(head), ",")
		row := make([]string, len(fields))
		row[0] = "K-1"
		row[slices.Index(fields, column)] = `"` + text + `"`
		return head + strings.Join(row, ",") + "\n"
	}
	for _, c := range []struct{ column, text, want string }{
		{"emails", "anna", "has no @"},
		{"emails", "a@b.c1;@example.org", "one side"},
		{"emails", "a b@example.org", "can't stand"},
		{"emails", "a..b@example.org", "a dot"},
		{"emails", "a@localhost", "no dot"},
		{"emails", "a@-x.org", "can't be"},
		{"emails", "a@exa mple.org", "can't be"},
		{"emails", "a@example.org, b@example.org", "split several by ;"},
		{"phones", "030 1234567", "--country"},
		{"phones", "+49 123", "no telephone"},
		{"phones", "+49 30 anrufen", "no telephone"},
		{"handles", "anna", "channel:address"},
		{"handles", "pigeon:anna", "there is no channel"},
		{"handles", "mastodon:anna", "name@server"},
		{"handles", "email:nobody", "has no @"},
		{"handles", "slack:", "empty"},
		{"language", "klingonisch!", "BCP 47"},
		{"language", "zz", "BCP 47"},
		{"timezone", "Mars/Olympus", "IANA"},
		{"timezone", "../../etc/passwd", "IANA"},
		{"timezone", "Local", "IANA"},
		{"value", "viel", "no number"},
		{"value", "NaN", "no number"},
		{"value", "1e999", "no number"},
		{"value", "1e16", "too large"},
		{"value", "1,234", "two ways"},
		{"value", "1.23.4", "no number"},
		{"value", "--5", "no number"},
		{"customer_since", "2024-13-40", "no day"},
		{"customer_since", "05/03/2021", "no day"},
		{"customer_since", "2027-01-01", "has not come"},
		{"customer_since", "0001-01-01", "too long ago"},
		{"preferred_channel", "fax", "there is no channel"},
		{"name", "a\x07b", "control"},
		{"name", strings.Repeat("n", 501), "at most 500"},
		{"tags", strings.Repeat("t;", 0) + strings.Repeat("u", 101), "at most 100"},
	} {
		rows, faults, _ := read(t, []byte(cells(c.column, c.text)), options())
		if len(rows) != 0 || len(faults) != 1 || faults[0].Line != 2 || faults[0].Column != c.column || !strings.Contains(faults[0].Reason, c.want) {
			t.Errorf("%s %q: %d rows, faults %+v; want %q", c.column, c.text, len(rows), faults, c.want)
		}
	}
	for _, c := range []struct {
		list string
		line int
		want string
	}{
		{head + ",Anna,,,,,,,,,,\n", 2, "neither an external_id nor an address"},
		{head + "K-1,a\n", 2, "the row has 2 fields, the header 12"},
		{head + "K-1,a,,,,,,,,,,,more\n", 2, "the row has 13 fields"},
		{head + "K-1,\"a\"b,,,,,,,,,,\n", 2, "behind a closing quote"},
		{head + "\n\nK-1,\"a,,,,,,,,,,\n", 4, "never closed"},
		{head + strings.Repeat("x,", 1_000_000) + "\n", 2, "the row has 1000001 fields"},
		{strings.Repeat("a,", 999_999) + "b\n1\n", 1, "the header has 1000000 columns"},
		{"external_id,emial\nK-1,x\n", 1, "column 2: there is no column"},
		{"external_id,e-mail\nK-1,x\n", 1, "did you mean emails?"},
		{"external_id,Name,name\nK-1,x,y\n", 1, "columns 2 and 3 have the same name"},
		{"external_id,,name\nK-1,x,y\n", 1, "column 2: the column has no name"},
		{"name,tags\nAnna,x\n", 1, "nobody could be found"},
		{"external_id,attr.\nK,x\n", 1, "names no field"},
	} {
		rows, faults, _ := read(t, []byte(c.list), options())
		if len(rows) != 0 || len(faults) != 1 || faults[0].Line != c.line || !strings.Contains(faults[0].Reason, c.want) {
			t.Errorf("%.80q: %d rows, faults %+v; want line %d: %q", c.list, len(rows), faults, c.line, c.want)
		}
	}
	_, faults, _ := read(t, []byte(head+"K-1,a,x,y,,,,,,,,\n"), options())
	if len(faults) != 1 || !strings.Contains(faults[0].Reason, "also phones: ") {
		t.Errorf("two faults of one row are told as %+v", faults)
	}
}

// TestBrokenQuote: a quote that is never closed costs its own line and no other.
func TestBrokenQuote(t *testing.T) {
	list := "external_id,name\nK-1,\"open\nK-2,Bea\nK-3,\"Three\nlines\"\nK-4,Dora\nK-5,\"open\n"
	rows, faults, _ := read(t, []byte(list), options())
	var ids []string
	for _, r := range rows {
		ids = append(ids, fmt.Sprintf("%s@%d", r.External, r.Line))
	}
	// Line 2's quote is closed by line 4's, behind which there is text.
	if fmt.Sprint(ids) != "[K-2@3 K-3@4 K-4@6]" || len(faults) != 2 || faults[0].Line != 2 || faults[1].Line != 7 {
		t.Errorf("got %v, %+v", ids, faults)
	}
}

func TestNumbers(t *testing.T) {
	for list, want := range map[string]float64{
		"a,value\n": 0, "1234.5": 1234.5, "-3": -3, "+7": 7, "1e3": 1000, "0.125": 0.125, "12.345": 12.345,
		"1,234.50": 1234.5, "1.234,50": 1234.5, "1,234,567": 1234567, "1.234.567": 1234567, "12,5": 12.5, "1 234,5": 1234.5,
	} {
		if want == 0 {
			continue
		}
		rows, faults, _ := read(t, []byte("external_id\tvalue\nK\t"+list+"\n"), options())
		if len(faults) > 0 || *rows[0].Value != want {
			t.Errorf("%q is read as %v, %v; want %v", list, rows, faults, want)
		}
	}
	if _, faults, _ := read(t, []byte("external_id;value\nK;1.234\n"), options()); len(faults) != 1 {
		t.Error("1.234 in a list with semicolons can be read in two ways")
	}
}

func TestCountry(t *testing.T) {
	opts := options()
	opts.Country = "DE"
	rows, faults, _ := read(t, []byte("phones\n030 / 123 45 67\n0171-1234567\n+1 555 010 0999\n12\n"), opts)
	if len(rows) != 3 || len(faults) != 1 || faults[0].Line != 5 {
		t.Fatalf("got %d rows, %v", len(rows), faults)
	}
	for n, want := range []string{"+49301234567", "+491711234567", "+15550100999"} {
		if got := rows[n].Identities[0].Address; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if load.KnownCountry("XX") || !load.KnownCountry("AT") {
		t.Error("countries aren't known")
	}
}

func TestJSON(t *testing.T) {
	const anna = `{"external_id":"K-1","name":"Anna","emails":["a@example.org","b@example.org"],"value":12.5,"attr":{"x":"1","y":2},"attr.z":true,"tags":"vip;b2b"}`
	for name, list := range map[string]string{
		"lines":      anna + "\n\n" + `{"external_id":"K-2"}` + "\n",
		"array":      "[" + anna + ",\n\n" + `{"external_id":"K-2"}]`,
		"one line":   "[" + anna + "," + `{"external_id":"K-2"}]`,
		"pretty":     "[\n  " + strings.ReplaceAll(anna, ",", ",\n    ") + ",\n  {\n\"external_id\":\n\"K-2\"\n}\n]\n",
		"one by one": strings.ReplaceAll(anna, ",", ",\n") + "\n{\n  \"external_id\": \"K-2\"\n}",
	} {
		rows, faults, file := read(t, []byte(list), options())
		if file.Format != "JSON" || len(faults) > 0 || len(rows) != 2 {
			t.Errorf("%s: %s, %d rows, %v", name, file.Format, len(rows), faults)
			continue
		}
		if r := rows[0]; len(r.Identities) != 2 || *r.Value != 12.5 || len(r.Attributes) != 3 || len(r.Tags) != 2 || rows[1].External != "K-2" {
			t.Errorf("%s: got %+v", name, r)
		}
		if line := 1 + strings.Count(list[:strings.LastIndex(list, "{")], "\n"); rows[1].Line != line {
			t.Errorf("%s: the second stands in line %d, want %d", name, rows[1].Line, line)
		}
	}
}

func TestBrokenJSON(t *testing.T) {
	list := strings.Join([]string{
		`{"external_id":"K-1"}`, `{"external_id":"K-2`, `{"external_id":"K-3"`, `nonsense`, `{"external_id":"K-5","emial":"x"}`,
		`{"external_id":"K-6","tags":{"a":1}}`, `{"external_id":"K-7","external_id":"K-8"}`, `{"external_id":"K-9",}`, `[]`, `{"external_id":"K-10","emails":["a;b"]}`,
		`{"external_id":"K-11"}`,
	}, "\n")
	rows, faults, _ := read(t, []byte(list), options())
	lines := []int{}
	for _, f := range faults {
		lines = append(lines, f.Line)
	}
	if len(rows) != 2 || rows[1].External != "K-11" || !slices.Equal(lines, []int{2, 3, 4, 5, 6, 7, 8, 9, 10}) {
		t.Errorf("got %d rows, faults %+v", len(rows), faults)
	}
	if _, faults, _ := read(t, []byte(`[{"external_id":"K-1"},`), options()); len(faults) != 1 || !strings.Contains(faults[0].Reason, "cut off") {
		t.Errorf("a cut array gives %+v", faults)
	}
}

func TestNoList(t *testing.T) {
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":         {nil, "nothing in it"},
		"only a mark":   {[]byte{0xef, 0xbb, 0xbf}, "nothing in it"},
		"a spreadsheet": {append([]byte("PK\x03\x04"), make([]byte, 100)...), "save the list as CSV"},
		"no header":     {[]byte("sep=;\n"), "no header"},
	} {
		f, err := load.Open(write(t, "list", c.data), options())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v", name, f, err)
		}
	}
	if _, err := load.Open(filepath.Join(t.TempDir(), "missing"), options()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file is %v", err)
	}
	if _, err := load.Open(t.TempDir(), options()); err == nil {
		t.Error("a folder was read")
	}
}

func TestTwice(t *testing.T) {
	list := "external_id,emails,name\nK-1,a@x.org,Anna\nK-1,a@x.org,Anna\nK-1,a@x.org,Other\nK-2,A@X.org,Bea\n,c@x.org,C\n,c@x.org,D\n"
	file, err := load.Open(write(t, "list.csv", []byte(list)), options())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	twice := load.NewTwice()
	var got []string
	for {
		item, err := file.Next()
		if err != nil {
			break
		}
		equal, fault, also := twice.Row(&item)
		got = append(got, fmt.Sprint(item.Line, equal, fault != nil, also))
	}
	want := []string{"2 false false []", "3 true false []", "4 false true []", "5 false false [{A@X.org 2}]", "6 false false []", "7 false true []"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestRejectedIsLoadedAgain: what was rejected, mended in its own file, is loaded; text
// that looks like a formula comes through it unchanged.
func TestRejectedIsLoadedAgain(t *testing.T) {
	list := "external_id;name;emails;phones\nK-1;=cmd|x;nobody;+49 30 1234567\nK-2;\"a;b\n\"\"c\"\"\";nobody;\n"
	path := write(t, "list.csv", []byte(list))
	file, err := load.Open(path, options())
	if err != nil {
		t.Fatal(err)
	}
	rejected := load.NewRejected(file, path)
	for {
		item, err := file.Next()
		if err != nil {
			break
		}
		if err := rejected.Add(file, &item, item.Fault); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(rejected.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path + ".rejected.csv")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), ",=") || !strings.Contains(string(data), "'=cmd") {
		t.Errorf("a formula is written as it is: %s", data)
	}
	rows, faults, _ := read(t, bytes.ReplaceAll(data, []byte("nobody"), []byte("a@example.org")), options())
	rows = slices.DeleteFunc(rows, func(r *customers.Row) bool { return r == nil })
	if len(rows) != 2 || len(faults) > 0 {
		t.Fatalf("mended, it gives %d rows, %+v\n%s", len(rows), faults, data)
	}
	if rows[0].Name != "=cmd|x" || rows[0].Identities[1].Address != "+49301234567" || rows[1].Name != `a;b "c"` {
		t.Errorf("got %+v, %+v", rows[0], rows[1])
	}
}

func FuzzFile(f *testing.F) {
	f.Add([]byte(head + "K-1,\"a\nb\",,,,,,,,,,\n"))
	f.Add([]byte("[{\"external_id\":\"K\"},\n{]"))
	f.Add([]byte("\xff\xfee\x00,\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := load.Open(write(t, "list", data), options())
		if err != nil {
			return
		}
		defer func() { _ = file.Close() }()
		if len(file.Faults) > 0 {
			return
		}
		last := 0
		for {
			item, err := file.Next()
			if err != nil {
				return
			}
			if item.Line < last || (item.Row == nil) == (item.Fault == nil) {
				t.Fatalf("line %d after %d, row %v, fault %v", item.Line, last, item.Row, item.Fault)
			}
			last = item.Line
		}
	})
}
