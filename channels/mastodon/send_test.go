package mastodon_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/mastodon"
	"stagecoach/channels/mastodon/mastodonfake"
	"stagecoach/contact"
)

// composed gives a reply as the daemon hands it to Send.
func composed(t *testing.T, a *mastodon.Adapter, r *contact.Reply) *contact.Reply {
	t.Helper()
	raw, err := a.Compose(r)
	if err != nil {
		t.Fatal(err)
	}
	r.Raw = raw
	return r
}

func answering(visibility string, extra map[string]any, text, question string) *contact.Reply {
	r := reply("r-"+text[:min(len(text), 20)], text, question)
	o := map[string]any{"v": 1, "status": question, "visibility": visibility, "author": alice}
	maps.Copy(o, extra)
	r.Origin, _ = json.Marshal(o)
	return r
}

// long is a text of several posts.
func long(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "Sentence number %d says that all is well with order %d. ", i, i*i)
	}
	return b.String()
}

func TestPartsAreNotDoubled(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]mastodonfake.Misbehaviour{
		"refused":              {Code: 503},
		"cut before the third": {Cut: true},
		"cut after the third":  {Cut: true, After: true},
		"500 after the third":  {Code: 500, After: true},
		"too fast":             {Code: 429, RetryAfter: "1"},
	} {
		for _, again := range []string{"same process", "another process"} {
			t.Run(name+", "+again, func(t *testing.T) {
				t.Parallel()
				s := provider(t, mastodonfake.Config{NoIdempotency: true})
				question := s.Put(mastodonfake.Post{Text: "well?"})
				a := adapter(t, config(s), nil)
				r := composed(t, a, reply("long", long(40), question))
				var out struct {
					Posts []struct {
						Status string `json:"status"`
					} `json:"posts"`
				}
				if err := json.Unmarshal(r.Raw, &out); err != nil {
					t.Fatal(err)
				}
				how := how // the subtests run beside each other
				how.Method, how.Path, how.Skip, how.Times = http.MethodPost, "/api/v1/statuses", 2, 1
				blind := mastodonfake.Misbehaviour{Method: http.MethodGet, Path: "/statuses", Skip: 1, Code: 502, RetryAfter: "1"}
				s.Misbehave(how, blind)
				if _, err := a.Send(t.Context(), r); err == nil {
					t.Fatal("nothing went wrong")
				}
				s.Misbehave()
				if again == "another process" {
					a = adapter(t, config(s), nil)
				}
				if _, err := a.Send(t.Context(), r); err != nil {
					t.Fatal(err)
				}
				for _, p := range out.Posts {
					if n := s.Received(p.Status); n != 1 {
						t.Errorf("the customer got %q %d times", p.Status, n)
					}
				}
			})
		}
	}
}

func TestDoubtIsSettledAtOnceWhereTheServerAnswers(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{NoIdempotency: true, Flavour: mastodonfake.GoToSocial})
	a := adapter(t, config(s), nil)
	question := s.Put(mastodonfake.Post{Text: "well?", Visibility: "direct"})
	s.Misbehave(mastodonfake.Misbehaviour{Method: http.MethodPost, Path: "/api/v1/statuses", Cut: true, After: true, Times: 1})
	r := composed(t, a, answering("direct", nil, "it is on its way", question))
	if _, err := a.Send(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if n := s.Received("on its way"); n != 1 {
		t.Errorf("the customer got it %d times", n)
	}
}

func TestSameWordsOfTwoRepliesAreBothSent(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{})
	a := adapter(t, config(s), nil)
	question := s.Put(mastodonfake.Post{Text: "well?"})
	for _, id := range []string{"one", "two"} {
		if _, err := a.Send(t.Context(), composed(t, a, reply(id, "Thank you!", question))); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.Received("Thank you!"); n != 2 {
		t.Errorf("the customer got %d replies, want 2", n)
	}
}

func TestDelivered(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{})
	question := s.Put(mastodonfake.Post{Text: "well?"})
	a := adapter(t, config(s), nil)
	r := composed(t, a, reply("one", "🎉 see https://acme.test/a/long/way/to/the/answer?of=all#questions", question))
	if delivered, known, err := a.Delivered(t.Context(), r); delivered || known || err != nil {
		t.Errorf("at once, Delivered gives %v, %v, %v, want nothing known", delivered, known, err)
	}
	mastodon.Settle(a, 0)
	if delivered, known, err := a.Delivered(t.Context(), r); delivered || !known || err != nil {
		t.Errorf("later, Delivered gives %v, %v, %v, want not delivered", delivered, known, err)
	}
	if _, err := a.Send(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if delivered, known, err := adapter(t, config(s), nil).Delivered(t.Context(), r); !delivered || !known || err != nil {
		t.Errorf("once sent, Delivered gives %v, %v, %v, want delivered", delivered, known, err)
	}
	other := composed(t, a, reply("two", "something else", question))
	s.Down()
	if _, known, err := a.Delivered(t.Context(), other); known || channels.ReasonOf(err) != channels.Unavailable {
		t.Errorf("of a server that is down, Delivered gives %v, %v", known, err)
	}
}

func TestUploads(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{})
	a := adapter(t, config(s), nil)
	question := s.Put(mastodonfake.Post{Text: "well?"})
	r := reply("with files", "as shown", question)
	r.Attachments = []contact.Attachment{
		{Name: "how_to-open.png", ContentType: "image/png", Data: []byte("png")},
		{Name: "opening.mp4", ContentType: "video/mp4", Data: []byte("mp4")},
	}
	s.Misbehave(mastodonfake.Misbehaviour{Method: http.MethodPost, Path: "/api/v1/statuses", Code: 503, Times: 1})
	composed(t, a, r)
	if _, err := a.Send(t.Context(), r); channels.ReasonOf(err) != channels.Unavailable {
		t.Fatalf("Send gives %v", err)
	}
	uploads := s.Calls("POST /api/v2/media")
	if _, err := a.Send(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if got := s.Posted()[0].Media; fmt.Sprint(got) != "[how to open opening]" || s.Calls("POST /api/v2/media") != uploads {
		t.Errorf("the post has %q, after %d uploads and %d more", got, uploads, s.Calls("POST /api/v2/media")-uploads)
	}
	r = reply("odd file", "as shown", question)
	r.Attachments = []contact.Attachment{{Name: "a.exe", ContentType: "application/x-msdownload", Data: []byte("MZ")}}
	if _, err := a.Send(t.Context(), composed(t, a, r)); channels.ReasonOf(err) != channels.Rejected {
		t.Errorf("a file that the server doesn't take gives %v", err)
	}
	r.Attachments = make([]contact.Attachment, 5)
	if _, err := a.Compose(r); channels.ReasonOf(err) != channels.Malformed {
		t.Errorf("five attachments give %v", err)
	}
}

func TestLimitHoldsAllReplies(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{})
	a := adapter(t, config(s), nil)
	question := s.Put(mastodonfake.Post{Text: "well?"})
	r := composed(t, a, reply("one", "an answer", question))
	s.Misbehave(mastodonfake.Misbehaviour{Method: http.MethodPost, Code: 429, RateLimitReset: 4 * time.Minute})
	_, err := a.Send(t.Context(), r)
	typed, ok := err.(*channels.Error) //nolint:errorlint // that type is the contract
	if !ok || typed.Reason != channels.RateLimited || typed.RetryAfter < 3*time.Minute || typed.RetryAfter > 5*time.Minute {
		t.Fatalf("Send gives %#v", err)
	}
	if wait := a.Pause(time.Now()); wait < 3*time.Minute {
		t.Errorf("the next reply waits %v", wait)
	}
	s.Misbehave()
	if _, err := a.Send(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if wait := a.Pause(time.Now()); wait != 0 {
		t.Errorf("once sent, the next reply waits %v", wait)
	}
}

func TestServerThatChokesOnARepeatedKey(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{ChokesOnKeys: true})
	question := s.Put(mastodonfake.Post{Text: "well?"})
	r := composed(t, adapter(t, config(s), nil), reply("one", "an answer", question))
	for range 3 {
		if _, err := adapter(t, config(s), nil).Send(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.Received("an answer"); n != 1 {
		t.Errorf("the customer got it %d times", n)
	}
}

func TestDirectAnswerAcrossProcesses(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{Flavour: mastodonfake.GoToSocial, NoIdempotency: true})
	question := s.Put(mastodonfake.Post{Text: "well?", Visibility: "direct"})
	r := composed(t, adapter(t, config(s), nil), answering("direct", nil, "between us", question))
	for range 2 {
		a := adapter(t, config(s), nil)
		if err := a.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Send(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.Received("between us"); n != 1 {
		t.Errorf("the customer got it %d times", n)
	}
}

func TestQuestionDeletedAfterTheAnswer(t *testing.T) {
	t.Parallel()
	s := provider(t, mastodonfake.Config{NoIdempotency: true})
	question := s.Put(mastodonfake.Post{Text: "well?"})
	r := composed(t, adapter(t, config(s), nil), reply("one", "an answer", question))
	if _, err := adapter(t, config(s), nil).Send(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	s.Delete(question)
	if delivered, known, err := adapter(t, config(s), nil).Delivered(t.Context(), r); !delivered || !known || err != nil {
		t.Errorf("Delivered gives %v, %v, %v", delivered, known, err)
	}
	other := composed(t, adapter(t, config(s), nil), reply("two", "too late", question))
	if _, err := adapter(t, config(s), nil).Send(t.Context(), other); channels.ReasonOf(err) != channels.Rejected {
		t.Errorf("an answer to what is gone gives %v", err)
	}
}
