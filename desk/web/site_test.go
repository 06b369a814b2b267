package web

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/a-h/templ"

	"stagecoach/desk/view"
)

// policy is the content policy under which the desk serves its pages.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; font-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; " +
	"frame-ancestors 'none'; manifest-src 'self'"

// site serves pages to a real browser and keeps what it posts. The pages and
// scripts are the real ones; the values behind them are held here.
type site struct {
	mu     sync.Mutex
	page   Page
	conv   view.Conversation
	over   view.Overview
	answer map[string]http.HandlerFunc
	lines  map[chan string]bool
	down   bool
	came   chan post
}

// post is what a page sent.
type post struct {
	Path string
	Form map[string][]string
}

func (p post) get(name string) string {
	if v := p.Form[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

func newSite(t *testing.T) (*site, string) {
	t.Helper()
	s := &site{
		page: samplePage("/", 5), conv: thread(7), over: sampleOverview(),
		answer: map[string]http.HandlerFunc{}, lines: map[chan string]bool{}, came: make(chan post, 100),
	}
	s.page.Desk.Offers = []view.Offer{sampleOffer()}
	srv := httptest.NewServer(s.handler())
	t.Cleanup(func() {
		s.cut()
		srv.Close()
	})
	return s, srv.URL
}

func (s *site) handler() http.Handler {
	mux := http.NewServeMux()
	gallery := galleryServer()
	mux.Handle("GET /static/", gallery)
	mux.Handle("GET /shot/", gallery)
	for pattern, draw := range map[string]func(Page) templ.Component{
		"GET /{$}":               func(p Page) templ.Component { return Desk(p) },
		"GET /p/live":            func(p Page) templ.Component { return Live(p) },
		"GET /c/{id}":            func(p Page) templ.Component { return Conversation(p, s.conv) },
		"GET /p/c/{id}":          func(p Page) templ.Component { return ConversationLive(p, s.conv) },
		"GET /p/c/{id}/presence": func(p Page) templ.Component { return PresenceLine(p, s.conv.ID, s.conv.Presence) },
		"GET /overview":          func(p Page) templ.Component { return Overview(p, s.over) },
		"GET /p/overview":        func(p Page) templ.Component { return OverviewLive(p, s.over) },
		"GET /search":            func(p Page) templ.Component { return Search(p, view.Search{}) },
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			s.mu.Lock()
			defer s.mu.Unlock()
			p := s.page
			p.Path = r.URL.Path
			if at := r.URL.Query().Get("at"); at != "" {
				p.Path = at
			}
			w.Header().Set("Content-Security-Policy", policy)
			templ.Handler(draw(p)).ServeHTTP(w, r)
		})
	}
	mux.HandleFunc("GET /api/events", s.events)
	mux.HandleFunc("POST /", s.post)
	return mux
}

// events is a live line that can be cut.
func (s *site) events(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	if s.down {
		s.mu.Unlock()
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	line := make(chan string, 100)
	s.lines[line] = true
	s.mu.Unlock()
	w.Header().Set("Content-Type", "text/event-stream")
	line <- "beat"
	for {
		select {
		case <-r.Context().Done():
			return
		case name, ok := <-line:
			if !ok {
				return
			}
			if _, err := w.Write([]byte("event: " + name + "\ndata: {}\n\n")); err != nil {
				return
			}
			if err := http.NewResponseController(w).Flush(); err != nil {
				return
			}
		}
	}
}

// tell sends an event to every live line.
func (s *site) tell(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for line := range s.lines {
		line <- name
	}
}

// cut ends every live line and takes no new one.
func (s *site) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = true
	for line := range s.lines {
		close(line)
		delete(s.lines, line)
	}
}

// change changes what the next answers show.
func (s *site) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *site) post(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p := post{Path: r.URL.Path, Form: r.PostForm}
	s.mu.Lock()
	answer := s.answer[p.Path]
	s.mu.Unlock()
	if answer != nil {
		answer(w, r)
	} else {
		w.WriteHeader(http.StatusNoContent)
	}
	s.came <- p
}

// wait gives the next post to a path; others before it are passed over.
func (s *site) wait(t *testing.T, path string) post {
	t.Helper()
	for {
		select {
		case p := <-s.came:
			if p.Path == path {
				return p
			}
		case <-t.Context().Done():
			t.Fatalf("nothing was posted to %s", path)
		}
	}
}
