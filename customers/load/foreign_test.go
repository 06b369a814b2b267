package load_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stagecoach/customers/load"
)

// TestForeignColumns: what other programs call a column is told by our name of it, and
// what we have none for by the way to keep it.
func TestForeignColumns(t *testing.T) {
	for name, want := range map[string]string{
		"Customer ID": "did you mean external_id?", "Record ID": "did you mean external_id?", "Kundennummer": "did you mean external_id?",
		"First Name": "did you mean name?", "E-Mail": "did you mean emails?", "Phone Number": "did you mean phones?",
		"MobilePhone": "did you mean phones?", "Telefon": "did you mean phones?", "Total Spent": "did you mean attr.revenue?",
		"Orders count": "did you mean attr.orders?", "CreatedDate": "did you mean customer_since?", "Time-Zone": "did you mean timezone?",
		"Note": `call it "attr.Note" to keep it`, "Größe": `call it "attr.Größe" to keep it`,
	} {
		_, faults, _ := read(t, []byte("external_id,"+name+"\nK,x\n"), options())
		if len(faults) != 1 || faults[0].Line != 1 || !strings.Contains(faults[0].Reason, want) {
			t.Errorf("%s: %+v; want %q", name, faults, want)
		}
	}
}

// TestJoinedLists: the header of the second list is no customer called "name".
func TestJoinedLists(t *testing.T) {
	rows, faults, _ := read(t, []byte("external_id,name\nK-1,Ada\nExternal_ID, name\nK-2,Bea\n"), options())
	if len(rows) != 2 || len(faults) != 1 || faults[0].Line != 3 || !strings.Contains(faults[0].Reason, "the header once more") {
		t.Errorf("%d rows, %+v", len(rows), faults)
	}
}

// TestZeroByteOfARow: a zero byte is the fault of its row, also at the head of a file; what
// is no text at all is told by what it is.
func TestZeroByteOfARow(t *testing.T) {
	rows, faults, _ := read(t, []byte("external_id,name\nK-1,a\x00b\nK-2,Bea\n"), options())
	if len(rows) != 1 || len(faults) != 1 || faults[0].Line != 2 || faults[0].Column != "name" {
		t.Errorf("%d rows, %+v", len(rows), faults)
	}
	for data, want := range map[string]string{
		"\x1f\x8b\x08\x00abc\n\x00": "gzip", "PK\x03\x04\x14\x00[Content]": "spreadsheet", "e\x00\x00\x00x\x00\x00\x00\n": "neither CSV nor JSON",
	} {
		file, err := load.Open(write(t, "list", []byte(data)), options())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", data, err, want)
		}
		if file != nil {
			_ = file.Close()
		}
	}
}

// rejectAll writes everything of a list as rejected.
func rejectAll(t *testing.T, path string) *load.Rejected {
	t.Helper()
	file, err := load.Open(path, options())
	if err != nil {
		t.Fatal(err)
	}
	out := load.NewRejected(file, path)
	for {
		item, err := file.Next()
		if err != nil {
			break
		}
		if item.Fault == nil {
			continue
		}
		if err := out.Add(file, &item, item.Fault); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(out.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestMendedIsKept: the list once more doesn't write over what somebody has mended.
func TestMendedIsKept(t *testing.T) {
	path := write(t, "list.csv", []byte("external_id,emails\nK-1,nobody\n"))
	out := rejectAll(t, path)
	if out.Before() != "" {
		t.Errorf("the first kept %q", out.Before())
	}
	rejectAll(t, path)
	if _, err := os.Stat(out.Path() + "~"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the same once more was kept: %v", err)
	}
	if err := os.WriteFile(out.Path(), []byte("mended"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second finds its own, and leaves what is kept
		out = rejectAll(t, path)
	}
	kept, err := os.ReadFile(out.Path() + "~")
	now, also := os.ReadFile(out.Path())
	if string(kept) != "mended" || !strings.Contains(string(now), "K-1") || err != nil || also != nil {
		t.Errorf("kept %q, now %q: %v, %v", kept, now, err, also)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*.new"))
	if len(left) > 0 || err != nil {
		t.Errorf("left %v: %v", left, err)
	}
}

// TestRejectedObjects: an object has its line and reason, once, and is loaded when mended.
func TestRejectedObjects(t *testing.T) {
	path := write(t, "list.json", []byte("[{\"external_id\":\"K-1\",\n \"emails\":[\"say \\\"hi\\\"\"]},\n{}]"))
	path = rejectAll(t, path).Path()
	again := rejectAll(t, path).Path()
	data, err := os.ReadFile(again)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	if strings.Count(text, "rejected_reason") != 2 || !strings.HasPrefix(text, `{"rejected_line":1,"rejected_reason":"emails: `) {
		t.Errorf("rejected twice: %s", text)
	}
	mended := strings.Replace(text, `["say \"hi\""]`, `["a@example.org"]`, 1)
	rows, faults, _ := read(t, []byte(mended), options())
	if len(rows) != 1 || len(faults) != 1 || rows[0].Identities[0].Address != "a@example.org" {
		t.Errorf("mended: %d rows, %+v\n%s", len(rows), faults, mended)
	}
}
