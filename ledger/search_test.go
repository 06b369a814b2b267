package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/router"
)

// shelf holds words by reference.
type shelf struct {
	mu       sync.Mutex
	messages map[string]*contact.Message
	replies  map[string]*contact.Reply
	notes    map[string]*contact.Note
	// broken references give an error until they are mended.
	broken map[string]error
	asked  map[string]int
}

func newShelf() *shelf {
	return &shelf{
		messages: map[string]*contact.Message{}, replies: map[string]*contact.Reply{}, notes: map[string]*contact.Note{},
		broken: map[string]error{}, asked: map[string]int{},
	}
}

func take[T any](s *shelf, ref string, from map[string]*T) (*T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[ref]++
	if err := s.broken[ref]; err != nil {
		return nil, err
	}
	if v := from[ref]; v != nil {
		return v, nil
	}
	return nil, fmt.Errorf("%s: %w", ref, ErrGone)
}

func (s *shelf) Message(_ context.Context, ref string) (*contact.Message, error) {
	return take(s, ref, s.messages)
}

func (s *shelf) Reply(_ context.Context, ref string) (*contact.Reply, error) {
	return take(s, ref, s.replies)
}

func (s *shelf) Note(_ context.Context, ref string) (*contact.Note, error) {
	return take(s, ref, s.notes)
}

// library is a story of messages with words.
type library struct {
	*story
	shelf *shelf
	next  int
}

func newLibrary(tb testing.TB) *library {
	tb.Helper()
	s := newStory(tb)
	s.epoch = 1
	s.tell("router", router.Takeover{Life: "l"})
	s.tell("intake", router.ConversationOpened{Conversation: router.Conversation{ID: "v1", Customer: "k1"}})
	c := planContact("c1", "v1", "m0")
	c.Messages = nil
	s.tell("intake", router.ContactOpened{Contact: c})
	return &library{story: s, shelf: newShelf()}
}

// put adds a message with these words; they are a minute apart.
func (l *library) put(subject, body string) (ref string) {
	l.next++
	id := fmt.Sprintf("m%d", l.next)
	l.now = l.now.Add(time.Minute)
	it := item(id, l.now)
	l.shelf.mu.Lock()
	l.shelf.messages[it.Ref] = &contact.Message{Subject: subject, Text: body, From: contact.Address{Address: "Jürgen.Groß@example.com", Name: "Jürgen Groß"}}
	l.shelf.mu.Unlock()
	l.tell("intake", router.MessageReceived{Item: it, Message: id, Customer: "k1", Conversation: "v1", Contact: "c1"},
		router.MessageJoined{Contact: "c1", Message: router.MsgRef{ID: id, Ref: it.Ref}, Due: l.now.Add(time.Hour)})
	return it.Ref
}

// open folds and fills all of it.
func (l *library) open(dir string) *Ledger {
	l.t.Helper()
	led := openAt(l.t, dir)
	l.fold(led)
	fillAll(l.t, led, l.shelf)
	return led
}

func fillAll(tb testing.TB, l *Ledger, words Words) {
	tb.Helper()
	for more := true; more; {
		var err error
		if more, err = l.fill(tb.Context(), words); err != nil {
			tb.Fatal(err)
		}
	}
}

func items(tb testing.TB, l *Ledger, q string) string {
	tb.Helper()
	hits, err := l.Search(tb.Context(), q, SearchOptions{})
	if err != nil {
		tb.Fatalf("searching %q: %v", q, err)
	}
	out := make([]string, 0, len(hits))
	for _, h := range hits {
		out = append(out, h.Item)
	}
	return strings.Join(out, " ")
}

func TestSearch(t *testing.T) {
	lib := newLibrary(t)
	lib.put("Rechnung für März", "Die Rechnung 4711 wurde doppelt abgebucht, bitte prüfen.")         // m1
	lib.put("Lieferung", "Mein Paket kam in der Hauptstraße nicht an. Müller, Köln")                 // m2
	lib.put("Café", "Le café est fermé, où est mon remboursement ?")                                 // m3
	lib.put("Order AB-1234/x", `He said "never again" and NEAR left; SELECT * FROM words; -- rank:`) // m4
	lib.put("注文", "東京都の配送について教えてください")                                                               // m5
	lib.put("Strasse", "Die Strasse heisst Muellerstrasse und die Rechnung ist falsch.")             // m6
	l := lib.open(t.TempDir())
	for _, tc := range []struct{ q, want string }{
		{"rechnung", "m6 m1"},
		{"RECHNUNG doppelt", "m1"},
		{"rech", "m6 m1"},
		{"rechn", "m6 m1"},
		{"rechnu", "m6 m1"},
		{"rechner", ""},
		{"rechnun ", ""},
		{"haupts", "m2"},
		{"lieferu", "m2"},
		{"Märzen", ""},
		{"rech doppelt", ""},
		{"prufen", "m1"},
		{"prüfen", "m1"},
		{"pruefen", "m1"},
		{"März", "m1"},
		{"maerz", "m1"},
		{"müller", "m6 m2"},
		{"mueller", "m6 m2"},
		{"muller", "m2"},
		{"hauptstrasse", "m2"},
		{"Hauptstraße", "m2"},
		{"straße", "m6"},
		{"cafe ferme", "m3"},
		{"Café", "m3"},
		{`"never again"`, "m4"},
		{`"again never"`, ""},
		{"„never again“", "m4"},
		{"AB-1234", "m4"},
		{"AB-1234/x", "m4"},
		{"4711", "m1"},
		{"東京", "m5"},
		{"配送", "m5"},
		{"都", "m5"},
		{"groß", "m6 m5 m4 m3 m2 m1"},
		{"juergen.gross@example.com", "m6 m5 m4 m3 m2 m1"},
		{`" OR *`, ""},
		{`*`, ""},
		{`"`, ""},
		{``, ""},
		{`""`, ""},
		{`( ) : ^ + - {`, ""},
		{`subject:rechnung`, ""},
		{`rechnung OR lieferung`, ""},
		{`rechnung NOT doppelt`, ""},
		{`NEAR(rechnung doppelt)`, ""},
		{`rechnung*`, "m6 m1"},
		{`rech"nung`, ""},
		{"rechnung\x00doppelt", "m1"},
		{"\xff\xferechnung", "m6 m1"},
		{"'; DROP TABLE doc; --", ""},
		{strings.Repeat("rechnung ", 500), "m6 m1"},
		{strings.Repeat(`"`, 2000), ""},
	} {
		if got := items(t, l, tc.q); got != tc.want {
			t.Errorf("%.60q finds %q, want %q (asked %s)", tc.q, got, tc.want, ask(tc.q).match)
		}
	}
}

func TestSearchHit(t *testing.T) {
	lib := newLibrary(t)
	lib.put("Rechnung", strings.Repeat("viel Text davor ", 50)+"und dann die Mahnung mit\n\nZeilen "+strings.Repeat("und danach ", 50))
	lib.tell("anna", router.Noted{Conversation: "v1", Contact: "c1", Note: "n1", Ref: "note.n1", By: "anna"})
	lib.shelf.notes["note.n1"] = &contact.Note{Text: "Mahnung war ein Fehler"}
	lib.now = lib.now.Add(time.Hour)
	lib.tell("anna", router.ReplyQueued{Reply: router.Reply{ID: "y1", Kind: contact.Answer, Conversation: "v1", Contact: "c1", Agent: "anna", Ref: "reply.y1"}})
	lib.shelf.replies["reply.y1"] = &contact.Reply{
		FromName: "Anna", Subject: "Re: Rechnung", Text: "Verzeihung für die Mahnung",
		To: []contact.Address{{Address: "kunde@example.org"}}, Attachments: []contact.Attachment{{Name: "gutschrift.pdf"}},
	}
	l := lib.open(t.TempDir())
	hits, err := l.Search(t.Context(), "mahn", SearchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(hits) != 3 || hits[0].Kind != "reply" || hits[1].Kind != "note" || hits[2].Kind != "message" {
		t.Fatalf("hits are %+v", hits)
	}
	if h := hits[2]; !strings.Contains(h.Snippet, "«Mahnung» mit Zeilen") || h.Contact != "c1" || h.Conversation != "v1" || h.Author != "Jürgen Groß <Jürgen.Groß@example.com>" ||
		h.Subject != "Rechnung" || h.Ref != "inbox.0.m1" || len(h.Snippet) > 400 {
		t.Errorf("hit is %+v", h)
	}
	if hits[0].Author != "Anna" || !hits[0].At.Equal(lib.now) {
		t.Errorf("hit is %+v, want the time %s", hits[0], lib.now)
	}
	if got := items(t, l, "gutschrift.pdf"); got != "y1" {
		t.Errorf("a file's name finds %q", got)
	}
	if got := items(t, l, "kunde@example.org"); got != "y1" {
		t.Errorf("a recipient finds %q", got)
	}
	one, err := l.Search(t.Context(), "mahnung", SearchOptions{Limit: 1})
	if err != nil || len(one) != 1 {
		t.Fatalf("%v, %v", one, err)
	}
	rest, err := l.Search(t.Context(), "mahnung", SearchOptions{Before: one[0].Num})
	if err != nil || len(rest) != 2 || rest[0].Num != hits[1].Num {
		t.Errorf("the next page is %+v, %v", rest, err)
	}
	ranked, err := l.Search(t.Context(), "mahnung", SearchOptions{Rank: true})
	if err != nil || len(ranked) != 3 || ranked[2].Kind != "message" {
		t.Errorf("ranked: %+v, %v", ranked, err)
	}
}

// TestHistoryIsOldAlsoWhenLoadedLate orders by when a message came.
func TestHistoryIsOldAlsoWhenLoadedLate(t *testing.T) {
	lib := newLibrary(t)
	lib.put("neu", "Vertrag")
	old := item("h1", lib.now.AddDate(-1, 0, 0))
	lib.shelf.messages[old.Ref] = &contact.Message{Text: "Vertrag"}
	lib.tell("intake", router.MessageReceived{Item: old, Message: "h1", Conversation: "v1"})
	same := item("h2", lib.now.AddDate(-1, 0, 0))
	lib.shelf.messages[same.Ref] = &contact.Message{Text: "Vertrag"}
	lib.tell("intake", router.MessageReceived{Item: same, Message: "h2", Conversation: "v1"})
	l := lib.open(t.TempDir())
	if got := items(t, l, "vertrag"); got != "m1 h2 h1" {
		t.Errorf("found %q", got)
	}
	line, err := l.Timeline(t.Context(), "v1")
	if err != nil {
		t.Fatal(err)
	}
	if line[0].Item != "h1" || line[1].Item != "h2" {
		t.Errorf("the timeline begins with %s, %s", line[0].Item, line[1].Item)
	}
}

func TestErasedWordsLeaveNoBytes(t *testing.T) {
	lib := newLibrary(t)
	const secret = "Quittenmarmelade"
	for range 40 {
		lib.put("Anfrage", "gewöhnliche Worte über Pflaumenmus und anderes")
	}
	ref := lib.put(secret+" im Betreff", "Ich möchte "+secret+" und Süßholzgeflüster kaufen. "+strings.Repeat(secret+" ", 30))
	for range 40 {
		lib.put("Anfrage", "weitere Worte über Pflaumenmus")
	}
	dir := t.TempDir()
	l := lib.open(dir)
	marks := []string{secret, strings.ToLower(secret), "uittenmarmelad", "fluster", "gefluester", "Süßholz", "sußholz", "suessholz"}
	if got := bytesLeft(t, dir, marks); len(got) < 5 {
		t.Fatalf("the test can't fail: before erasing there is only %v", got)
	}
	if got := items(t, l, secret); got != "m41" {
		t.Fatalf("found %q", got)
	}
	if err := l.EraseWords(t.Context(), []string{ref, "inbox.0.unknown"}); err != nil {
		t.Fatal(err)
	}
	if got := bytesLeft(t, dir, marks); len(got) > 0 {
		t.Errorf("left in the files: %v", got)
	}
	if got := items(t, l, secret); got != "" {
		t.Errorf("found %q", got)
	}
	if got := items(t, l, "pflaumenmus"); len(strings.Fields(got)) != 20 {
		t.Errorf("other words were lost: %q", got)
	}
	// Filling again from the beginning must not bring them back.
	l.filled.Store(0)
	fillAll(t, l, lib.shelf)
	if got := items(t, l, secret); got != "" {
		t.Errorf("they came back: %q", got)
	}
	if got := bytesLeft(t, dir, marks); len(got) > 0 {
		t.Errorf("they came back to the files: %v", got)
	}
}

func bytesLeft(t *testing.T, dir string, marks []string) (left []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "ledger", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range marks {
			if bytes.Contains(data, []byte(m)) {
				left = append(left, filepath.Base(file)+":"+m)
			}
		}
	}
	return left
}

// TestWordsThatCanNotBeHadComeLater: neither the fold nor the words behind
// them wait.
func TestWordsThatCanNotBeHadComeLater(t *testing.T) {
	lib := newLibrary(t)
	late := lib.put("", "Apfel")
	lib.put("", "Birne")
	gone := lib.put("", "Kirsche")
	delete(lib.shelf.messages, gone)
	lib.shelf.mu.Lock()
	lib.shelf.broken[late] = errors.New("the store is away")
	lib.shelf.mu.Unlock()
	l := openAt(t, t.TempDir())
	l.again = 10 * time.Millisecond
	run(t, l, lib.log, lib.shelf)
	ctx := within(t)
	if err := l.WaitFor(ctx, lib.n); err != nil {
		t.Fatal(err)
	}
	if err := l.await(ctx, func() bool { return l.Filled() >= lib.n }); err != nil {
		t.Fatal(err)
	}
	if got := items(t, l, "birne"); got != "m2" {
		t.Errorf("found %q", got)
	}
	if got := items(t, l, "apfel"); got != "" {
		t.Errorf("found %q", got)
	}
	lib.shelf.mu.Lock()
	delete(lib.shelf.broken, late)
	asked := lib.shelf.asked[gone]
	lib.shelf.mu.Unlock()
	for items(t, l, "apfel") == "" {
		if !rest(ctx, 5*time.Millisecond) {
			t.Fatal("it never came")
		}
	}
	lib.shelf.mu.Lock()
	defer lib.shelf.mu.Unlock()
	if asked != 1 || lib.shelf.asked[gone] != 1 {
		t.Errorf("what is gone was asked for %d times", lib.shelf.asked[gone])
	}
}

func TestFillingGoesOnWhereItStopped(t *testing.T) {
	lib := newLibrary(t)
	for i := range 150 {
		lib.put("", fmt.Sprintf("Wort%d gemeinsam", i))
	}
	dir := t.TempDir()
	l := openAt(t, dir)
	lib.fold(l)
	if more, err := l.fill(t.Context(), lib.shelf); err != nil || !more {
		t.Fatalf("%v, %v", more, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = lib.open(dir)
	hits, err := l.Search(t.Context(), "gemeinsam", SearchOptions{Limit: 200})
	if err != nil || len(hits) != 150 {
		t.Errorf("%d hits, %v", len(hits), err)
	}
	for ref, n := range lib.shelf.asked {
		if n != 1 {
			t.Errorf("%s was asked for %d times", ref, n)
		}
	}
}

func TestADamagedSearchIsMadeAnew(t *testing.T) {
	lib := newLibrary(t)
	for range 200 {
		lib.put("", strings.Repeat("Apfel und Birne ", 20))
	}
	dir := t.TempDir()
	l := lib.open(dir)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(wordsPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	for i := len(data) / 4 / 4096 * 4096; i < len(data); i++ {
		data[i] = 0x5a
	}
	if err := os.WriteFile(wordsPath(dir), data, 0o600); err != nil {
		t.Fatal(err)
	}
	l = openAt(t, dir)
	l.log = logTo(t.Output())
	run(t, l, lib.log, lib.shelf)
	ctx := within(t)
	for i := range 100 { // until the damage is met
		lib.put("", fmt.Sprintf("Kirsche%d %s", i, strings.Repeat("Apfel und Birne ", 20)))
	}
	if err := l.await(ctx, func() bool { return l.Filled() >= lib.n }); err != nil {
		t.Fatal(err)
	}
	hits, err := l.Search(ctx, "birne", SearchOptions{Limit: 200})
	if err != nil || len(hits) != 200 {
		t.Errorf("%d hits, %v", len(hits), err)
	}
}

func FuzzQuestion(f *testing.F) {
	for _, s := range []string{`" OR *`, `a"b"c`, "NEAR(a b)", "é*", "東京 tokyo", `"`, "\x00", "a:b", "^a", "-a"} {
		f.Add(s)
	}
	lib := newLibrary(f)
	lib.put("Betreff", "Text")
	l := lib.open(f.TempDir())
	f.Fuzz(func(t *testing.T, q string) {
		if _, err := l.Search(t.Context(), q, SearchOptions{}); err != nil {
			t.Errorf("%q: %v", q, err)
		}
	})
}
