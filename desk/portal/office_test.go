package portal_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/desk/portal"
)

// office is what the pages show in these tests; it keeps what is done on them.
type office struct {
	mu       sync.Mutex
	standing portal.Standing
	story    portal.Story
	ways     []portal.Way
	code     string
	did      []string
	consents []portal.Consent
}

var (
	_ portal.Source = (*office)(nil)
	_ portal.Acts   = (*office)(nil)
)

func (o *office) note(what string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.did = append(o.did, what)
}

func (o *office) Standing(context.Context, string) (*portal.Standing, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	st := o.standing
	return &st, nil
}

func (o *office) stands(state portal.State) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.standing.State = state
	if state == portal.StateAnswered {
		o.standing.Due = time.Time{}
	}
}

func (o *office) Story(context.Context, portal.Who) (*portal.Story, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	st := o.story
	return &st, nil
}

func (o *office) File(context.Context, portal.Who, portal.File) (portal.File, io.ReadCloser, error) {
	return portal.File{Name: "Rechnung.pdf"}, io.NopCloser(strings.NewReader("%PDF")), nil
}

func (o *office) Ways(context.Context, portal.Who) ([]portal.Way, error) { return o.ways, nil }

func (o *office) SendCode(_ context.Context, _ portal.Who, _ portal.Way, _, text string) error {
	for word := range strings.FieldsSeq(text) {
		if word = strings.Trim(word, "."); len(word) == 6 && strings.Trim(word, "0123456789") == "" {
			o.mu.Lock()
			o.code = word
			o.mu.Unlock()
		}
	}
	return nil
}

func (o *office) Write(_ context.Context, _ portal.Who, w portal.Written) error {
	o.note("write " + w.Text)
	return nil
}

func (o *office) Rate(_ context.Context, _ portal.Who, r portal.Rating) (time.Time, error) {
	o.note("rate " + string(r.Rating) + " " + r.Words)
	if r.Rating == contact.RatedBad {
		return time.Date(2026, 11, 25, 16, 0, 0, 0, time.UTC), nil
	}
	return time.Time{}, nil
}

func (o *office) Change(_ context.Context, _ portal.Who, c portal.Change) error {
	o.note("change " + c.Prefer)
	o.mu.Lock()
	o.consents = c.Consents
	o.mu.Unlock()
	return nil
}

func (o *office) EndLinks(context.Context, portal.Who) error          { o.note("links"); return nil }
func (o *office) Export(context.Context, portal.Who, io.Writer) error { return nil }
func (o *office) Erase(context.Context, portal.Who) (*portal.Restricted, error) {
	o.note("erase")
	return nil, nil //nolint:nilnil // nothing must be kept
}

func sampleOffice(language string) *office {
	at := time.Date(2026, 11, 23, 9, 12, 0, 0, time.UTC)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		berlin = time.UTC
	}
	question := "Guten Tag,\n\nwo bleibt meine Bestellung 4711? Ich habe am 12. November bezahlt.\n\nMiriam Köhler"
	answer := "Guten Tag Frau Köhler,\n\nsie ist heute an DHL übergeben worden und sollte am Mittwoch bei Ihnen sein. Verfolgen können Sie sie unter https://dhl.example/00340434161094022115-und-ein-sehr-langer-Name\n\nAnna Amsel"
	if language == "en" {
		question, answer = "Hello,\n\nwhere is my order 4711? I paid on 12 November.\n\nMiriam Köhler", "Dear Ms Köhler,\n\nit was handed to the carrier today and should be with you on Wednesday.\n\nAnna Amsel"
	}
	return &office{
		ways: []portal.Way{{ID: "way1", Shown: "m•••@e•••.org", Customer: "miriam"}},
		standing: portal.Standing{
			State: portal.StateHeld, AskedAt: at, Due: at.Add(7 * time.Hour), Name: "Anna Amsel", Language: language, Zone: berlin, LastAt: time.Now(),
		},
		story: portal.Story{
			CanRate: true,
			Lines: []portal.Line{
				{Mine: true, At: at, Channel: contact.Email, Text: question, Files: []portal.File{{Name: "Überweisung vom 12. November.pdf", Size: 81234, Of: "inbox.1.2"}}},
				{At: at.Add(time.Hour), Name: "Anna Amsel", Channel: contact.Email, Text: answer},
				{Mine: true, At: at.Add(30 * time.Hour), Channel: contact.Email, Missing: "expired"},
			},
			Kept: []portal.Kept{{Kind: "messages", Days: 730}, {Kind: "originals", Days: 365}, {Kind: "replies", Days: 730}, {Kind: "notes", Days: 365}, {Kind: "profile"}, {Kind: "facts", Days: -1}},
			Profile: portal.Profile{
				Fields: []portal.Field{
					{Name: "name", Value: "Miriam Köhler", Source: "import", Since: at},
					{Name: "customer_since", Value: "2019-04-02", Source: "import", Since: at},
					{Name: "tier", Value: "gold", Source: "policy", Since: at},
					{Name: "value", Value: "812 / 1000", Source: "orders", Since: at, Stale: true},
				},
				Addresses: []portal.Field{{Name: "email", Value: "miriam.koehler@example.org", Source: "message", Since: at}},
				Channels:  []contact.Channel{contact.Email, contact.WebChat}, Prefer: contact.Email, PreferSource: "stated",
				PreferAt: at,
				Consents: []portal.Consent{
					{Channel: contact.Email, Purpose: "service", Given: true},
					{Channel: contact.WebChat, Purpose: "service", Given: true},
					{Channel: contact.Email, Purpose: "marketing", Needed: true, Source: "customer", At: at},
					{Channel: contact.WebChat, Purpose: "marketing", Needed: true},
					{Channel: contact.Email, Purpose: "feedback", Given: true, Source: "customer", At: at},
					{Channel: contact.WebChat, Purpose: "feedback", Given: true},
					{Channel: contact.Email, Purpose: "outreach", Needed: true},
					{Channel: contact.WebChat, Purpose: "outreach", Needed: true},
				},
				Hidden:    []portal.Hidden{{Channel: contact.Mastodon, Shown: "Mastodon", Why: "agent", At: at, Way: "way2"}, {Channel: contact.SMS, Shown: "SMS", Why: "token", At: at}},
				CanChange: true, CanErase: true, CanExport: true,
			},
		},
	}
}

// pageOf serves the office and gives the address of its page.
func pageOf(t *testing.T, o *office) string {
	t.Helper()
	page, _ := pageIn(t, o, t.TempDir(), slog.New(slog.DiscardHandler))
	return page
}

// pageIn is pageOf, with the folder of the codes and the log of its server.
func pageIn(t *testing.T, o *office, dir string, logger *slog.Logger) (string, *portal.Server) {
	t.Helper()
	var handler http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	codes, err := portal.OpenCodes(t.Context(), dir, bytes.Repeat([]byte{7}, 32), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = codes.Close() })
	s, err := portal.NewServer(portal.Config{
		Base: srv.URL, Signer: signer(7), Codes: codes, Keep: func() time.Duration { return 90 * 24 * time.Hour }, Origin: func(r *http.Request) string { return r.RemoteAddr },
	}, o, o, logger)
	if err != nil {
		t.Fatal(err)
	}
	handler = s.Handler()
	return srv.URL + portal.Path + signer(7).Token(portal.Link{Conversation: conversation, Expires: time.Now().Add(time.Hour)}), s
}
