package directory_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/customers/directory"
)

func TestRecords(t *testing.T) {
	d, s, dir := open(t)
	anna := add(t, d, "aaaa-1", "K-1", "Anna Müller", mail("anna@example.org"), mail("Anna@Work.example"))
	if anna.Version != 1 || anna.By != "import" || anna.MadeAt.IsZero() || anna.ChangedAt != anna.MadeAt {
		t.Errorf("the first version is %+v", anna)
	}
	same, err := d.Update(t.Context(), "aaaa-1", "router", func(*customers.Record) error { return nil })
	ok(t, err)
	if same.Version != 1 || same.By != "import" {
		t.Errorf("unchanged, it became %+v", same)
	}
	next, err := d.Update(t.Context(), "aaaa-1", "agent", func(rec *customers.Record) error {
		rec.Identities[1].Address, rec.ID, rec.Version = "new@work.example", "other", 99
		return nil
	})
	ok(t, err)
	if next.Version != 2 || next.ID != "aaaa-1" || next.MadeAt != anna.MadeAt || !next.ChangedAt.After(anna.ChangedAt) {
		t.Errorf("the second version is %+v", next)
	}
	refused := errors.New("no")
	if _, err := d.Update(t.Context(), "aaaa-1", "agent", func(rec *customers.Record) error {
		rec.Name = "half done"
		return refused
	}); !errors.Is(err, refused) {
		t.Errorf("a refused change gives %v", err)
	}
	check := func(d *directory.Directory) {
		t.Helper()
		rec, err := d.Get(t.Context(), "aaaa-1")
		ok(t, err)
		if rec.Name != "Anna Müller" || rec.Version != 2 {
			t.Errorf("got %+v", rec)
		}
		for address, want := range map[string]string{"ANNA@example.org": "aaaa-1", "new@work.example": "aaaa-1", "anna@work.example": "", "x@y.z": ""} {
			if got := whose(t, d, s, address); got != want {
				t.Errorf("%s is %q, want %q", address, got, want)
			}
		}
		if rec, err := d.External(t.Context(), "K-1"); err != nil || rec.ID != "aaaa-1" {
			t.Errorf("K-1 is %+v, %v", rec, err)
		}
		if _, err := d.External(t.Context(), "K-2"); !errors.Is(err, directory.ErrNotFound) {
			t.Errorf("K-2 is %v", err)
		}
		if _, err := d.Get(t.Context(), "bbbb-1"); !errors.Is(err, directory.ErrNotFound) {
			t.Errorf("nobody is %v", err)
		}
	}
	check(d)
	ok(t, d.Close())
	check(openAt(t, dir, s))
}

func TestSharedAddress(t *testing.T) {
	d, s, _ := open(t)
	add(t, d, "b-1", "K-1", "Bea", mail("family@example.org"))
	add(t, d, "a-1", "K-2", "Ali", mail("family@example.org"), mail("ali@example.org"))
	if got := whose(t, d, s, "family@example.org"); got != "a-1+b-1" {
		t.Errorf("the shared address is %q's", got)
	}
	if got := whose(t, d, s, "ali@example.org"); got != "a-1" {
		t.Errorf("Ali's own address is %q's", got)
	}
	ok(t, d.Erase(t.Context(), "b-1"))
	if got := whose(t, d, s, "family@example.org"); got != "a-1" {
		t.Errorf("with one of two left, the address is %q's", got)
	}
}

func TestFind(t *testing.T) {
	d, _, _ := open(t)
	add(t, d, "01890-aaaa", "K-1", "Anna-Maria Müller", mail("am@example.org"))
	add(t, d, "01890-bbbb", "K-10", "Björn Mueller", mail("bjoern.m@example.org"),
		customers.Identity{Channel: contact.Phone, Address: "+49301234567"}, customers.Identity{Channel: contact.Mastodon, Address: "bear@social.example"})
	for text, want := range map[string]string{
		"01890-aaaa": "[01890-aaaa]", "01890": "[01890-aaaa 01890-bbbb]", "018": "[]", "K-1": "[01890-aaaa]",
		"bjoern.m@EXAMPLE.org": "[01890-bbbb]", "bear@social.example": "[01890-bbbb]", "+49301234567": "[01890-bbbb]",
		"mastodon:bear@social.example": "[01890-bbbb]", "Mastodon:@Bear@social.example": "[01890-bbbb]", "@bear@social.example": "[01890-bbbb]",
		"phone:+49 30 1234567": "[01890-bbbb]", "bluesky:bear@social.example": "[]", "email:am@example.org": "[01890-aaaa]",
		"muller": "[01890-aaaa]", "maria mul": "[01890-aaaa]", "mü an": "[01890-aaaa]", "BJORN": "[01890-bbbb]",
		"björn.": "[01890-bbbb]", "anna mueller": "[]", "": "[]", "%": "[]", "*": "[]", "' OR 1=1": "[]", "-": "[]",
	} {
		if got := found(t, d, text); got != want {
			t.Errorf("%q finds %s, want %s", text, got, want)
		}
	}
	if list, err := d.Find(t.Context(), "01890", 1); err != nil || len(list) != 1 {
		t.Errorf("at most one, and got %d, %v", len(list), err)
	}
}

func TestErase(t *testing.T) {
	d, s, dir := open(t)
	for i := range 300 { // pages are split and filled again
		add(t, d, fmt.Sprintf("c-%d", i), fmt.Sprintf("K-%d", i), "Somebody Else", mail(fmt.Sprintf("c%d@example.org", i)))
	}
	add(t, d, "secret", "EXT-SECRET", "Zacharias Geheim", mail("zacharias.geheim@example.org"))
	_, err := d.Update(t.Context(), "secret", "agent", func(rec *customers.Record) error {
		rec.Name, rec.Attributes = "Zacharias Verborgen", []customers.Attribute{{Name: "note", Value: "geheimnisvoll"}}
		return nil
	})
	ok(t, err)
	ok(t, d.Erase(t.Context(), "secret"))
	ok(t, d.Erase(t.Context(), "secret"))
	ok(t, d.Erase(t.Context(), "never was"))
	gone := func(d *directory.Directory) {
		t.Helper()
		if _, err := d.Get(t.Context(), "secret"); !errors.Is(err, directory.ErrErased) {
			t.Errorf("reading it gives %v", err)
		}
		if _, err := d.Update(t.Context(), "secret", "import", func(*customers.Record) error { return nil }); !errors.Is(err, directory.ErrErased) {
			t.Errorf("changing it gives %v", err)
		}
		for _, text := range []string{"zacharias", "EXT-SECRET", "zacharias.geheim@example.org"} {
			if got := found(t, d, text); got != "[]" {
				t.Errorf("%q finds %s", text, got)
			}
		}
		noBytes(t, dir, "zacharias", "geheim", "verborgen", "ext-secret")
	}
	gone(d)
	ok(t, d.Close())
	d = openAt(t, dir, s)
	gone(d)
	ok(t, d.Close())
	ok(t, os.Remove(directory.Path(dir)))
	gone(openAt(t, dir, s))
}

// noBytes looks for words in every file below a directory, whatever their case.
func noBytes(t *testing.T, dir string, words ...string) {
	t.Helper()
	ok(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, w := range words {
			if bytes.Contains(bytes.ToLower(data), []byte(w)) {
				t.Errorf("%s still has %q", path, w)
			}
		}
		return err
	}))
}

func TestPutAll(t *testing.T) {
	d, s, dir := open(t)
	var recs []*customers.Record
	for i := range 3000 {
		recs = append(recs, &customers.Record{ID: fmt.Sprintf("c-%d", i), External: fmt.Sprint(i), Identities: []customers.Identity{mail(fmt.Sprintf("c%d@example.org", i))}})
	}
	ok(t, d.PutAll(t.Context(), recs))
	ok(t, d.PutAll(t.Context(), recs))
	if rec, err := d.Get(t.Context(), "c-2999"); err != nil || rec.Version != 1 {
		t.Errorf("the last is %+v, %v", rec, err)
	}
	if err := d.PutAll(t.Context(), []*customers.Record{{ID: "x"}, {ID: "x"}}); err == nil {
		t.Error("a record was stored twice in one call")
	}
	ok(t, d.Close())
	ok(t, os.Remove(directory.Path(dir)))
	again := openAt(t, dir, s)
	if n, err := again.Count(t.Context()); err != nil || n != 3001 {
		t.Errorf("made anew it has %d, %v", n, err)
	}
	if got := whose(t, again, s, "c17@example.org"); got != "c-17" {
		t.Errorf("c17 is %q", got)
	}
}

func TestConcurrentUpdates(t *testing.T) {
	d, s, dir := open(t)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 20 {
				_, err := d.Update(t.Context(), "one", "agent", func(rec *customers.Record) error {
					rec.Tags = append(rec.Tags, fmt.Sprintf("%d-%d", w, i))
					return nil
				})
				if err != nil {
					t.Error(err)
				}
				add(t, d, fmt.Sprintf("c-%d-%d", w, i), "", "", mail(fmt.Sprintf("c%d-%d@example.org", w, i)))
			}
		})
	}
	wg.Wait()
	check := func(d *directory.Directory) {
		t.Helper()
		if rec, err := d.Get(t.Context(), "one"); err != nil || rec.Version != 160 || len(rec.Tags) != 160 {
			t.Errorf("160 changes gave version %d with %d tags, %v", rec.Version, len(rec.Tags), err)
		}
		if n, err := d.Count(t.Context()); err != nil || n != 161 {
			t.Errorf("there are %d records, %v", n, err)
		}
	}
	check(d)
	ok(t, d.Close())
	check(openAt(t, dir, s))
	ok(t, os.Remove(directory.Path(dir)))
	check(openAt(t, dir, s))
}

// TestUnknownFate has a write fail before and after it was stored: the next change is
// made on what is there.
func TestUnknownFate(t *testing.T) {
	for _, when := range []string{"before", "after"} {
		t.Run(when, func(t *testing.T) {
			d, s, _ := open(t)
			add(t, d, "a", "", "first", mail("a@example.org"))
			cut := errors.New("cut")
			s.fail = func(now string) error {
				if now == when {
					return cut
				}
				return nil
			}
			_, err := d.Update(t.Context(), "a", "agent", func(rec *customers.Record) error {
				rec.Tags = append(rec.Tags, "x")
				return nil
			})
			if !errors.Is(err, cut) {
				t.Fatalf("got %v", err)
			}
			s.fail = nil
			rec, err := d.Update(t.Context(), "a", "agent", func(rec *customers.Record) error {
				rec.Name = "second"
				return nil
			})
			ok(t, err)
			want := map[string]int{"before": 0, "after": 1}[when]
			if len(rec.Tags) != want || rec.Version != uint64(2+want) || rec.Name != "second" {
				t.Errorf("got %+v", rec)
			}
		})
	}
}

// TestOtherFile puts something else in the place of the index.
func TestOtherFile(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, path string){
		"rubbish": func(t *testing.T, path string) {
			t.Helper()
			ok(t, os.WriteFile(path, bytes.Repeat([]byte("rubbish "), 4096), 0o600))
		},
		"cut": func(t *testing.T, path string) {
			t.Helper()
			ok(t, os.Truncate(path, 5000))
		},
		"another journal's": func(t *testing.T, path string) {
			t.Helper()
			dir := t.TempDir()
			other := openAt(t, dir, &store{j: openJournal(t, dir)})
			for i := range 50 {
				add(t, other, fmt.Sprintf("o-%d", i), "", "", mail("other@example.org"))
			}
			ok(t, other.Close())
			data, err := os.ReadFile(directory.Path(dir))
			ok(t, err)
			ok(t, os.WriteFile(path, data, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			d, s, dir := open(t)
			add(t, d, "a", "", "Anna", mail("a@example.org"))
			ok(t, d.Close())
			spoil(t, directory.Path(dir))
			again := openAt(t, dir, s)
			if got := whose(t, again, s, "a@example.org"); got != "a" {
				t.Errorf("the address is %q's", got)
			}
			if n, err := again.Count(t.Context()); err != nil || n != 1 {
				t.Errorf("%d records, %v", n, err)
			}
		})
	}
}
