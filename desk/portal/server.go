package portal

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/a-h/templ"

	"stagecoach/desk/auth"
)

//go:embed portal.css
var style embed.FS

// Config is what the pages are set up with.
type Config struct {
	// Base is where customers reach us, without a slash at the end.
	Base   string
	Signer Signer
	// Keep gives how long a link holds after the last message.
	Keep func() time.Duration
	// Codes are the codes that were sent.
	Codes *Codes
	// Origin gives the network address that a request comes from.
	Origin func(r *http.Request) string
	// Now is time.Now if left out.
	Now func() time.Time
}

// Server serves the customers' pages.
type Server struct {
	cfg    Config
	source Source
	acts   Acts
	log    *slog.Logger
	// strays bounds tries of links that aren't ours, visits what one address may do.
	strays, visits *auth.Limiter
	cross          *http.CrossOriginProtection
	handler        http.Handler
	// troubles counts what went wrong here, not with whoever asks.
	troubles atomic.Uint64
}

// The bounds of what comes from one network address.
const (
	strayBurst, strayEvery = 20, 10 * time.Second
	visitBurst, visitEvery = 60, 2 * time.Second
)

// deviceLife is how long a device is let in without another code.
const deviceLife = 30 * 24 * time.Hour

// NewServer makes the pages.
func NewServer(cfg Config, source Source, acts Acts, log *slog.Logger) (*Server, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &Server{
		cfg: cfg, source: source, acts: acts, log: log.With("component", "portal"),
		strays: auth.NewLimiter(strayEvery, strayBurst), visits: auth.NewLimiter(visitEvery, visitBurst), cross: http.NewCrossOriginProtection(),
	}
	if u, err := url.Parse(cfg.Base); err != nil {
		return nil, fmt.Errorf("reading customer_url %q: %w", cfg.Base, err)
	} else if u.Host != "" {
		if err := s.cross.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
			return nil, fmt.Errorf("reading customer_url %q: %w", cfg.Base, err)
		}
	}
	s.handler = s.guarded(s.routes())
	return s, nil
}

// Handler answers everything below Path.
func (s *Server) Handler() http.Handler { return s.handler }

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path+"-/portal.css", s.css)
	for pattern, h := range map[string]func(http.ResponseWriter, *http.Request, *visit){
		"GET " + Path + "{token}":             s.home,
		"GET " + Path + "{token}/rate":        s.ratePage,
		"POST " + Path + "{token}/rate":       s.rate,
		"POST " + Path + "{token}/code":       s.sendCode,
		"POST " + Path + "{token}/enter":      s.enter,
		"POST " + Path + "{token}/leave":      s.leave,
		"POST " + Path + "{token}/write":      s.inside(s.write),
		"POST " + Path + "{token}/prefer":     s.inside(s.prefer),
		"POST " + Path + "{token}/allow":      s.inside(s.allow),
		"POST " + Path + "{token}/object":     s.inside(s.object),
		"POST " + Path + "{token}/links":      s.inside(s.endLinks),
		"GET " + Path + "{token}/file":        s.inside(s.file),
		"GET " + Path + "{token}/data.zip":    s.inside(s.export),
		"GET " + Path + "{token}/erase":       s.inside(s.erasePage),
		"POST " + Path + "{token}/erase":      s.inside(s.erase),
		"POST " + Path + "{token}/erase/code": s.inside(s.eraseCode),
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if v := s.visit(w, r); v != nil {
				h(w, r, v)
			}
		})
	}
	mux.HandleFunc(Path, func(w http.ResponseWriter, r *http.Request) { s.stray(w, r) })
	return mux
}

// pagePolicy is what a page may load: its own style and pictures, nothing else.
const pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// maxForm bounds the body of a request, in bytes.
const maxForm = 512 << 10

func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
		h.Set("Referrer-Policy", "same-origin") // the link is a secret, and no other site's business
		h.Set("Cache-Control", "no-store")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
		if s.secure() {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if err := s.cross.Check(r); err != nil {
			s.message(w, r, http.StatusForbidden, wordsOf(s.languageOf(r, "")).forged, "")
			return
		}
		bounded := *r
		bounded.Body = http.MaxBytesReader(w, r.Body, maxForm)
		next.ServeHTTP(w, &bounded)
	})
}

func (s *Server) secure() bool { return strings.HasPrefix(s.cfg.Base, "https://") }

// visit is a request with a link of ours that holds.
type visit struct {
	token    string
	link     Link
	standing *Standing
	// proved is as whom the device was let in; nobody with the link alone.
	proved []string
	lang   string
	w      *words
	now    time.Time
}

// in is true on a device that was let in.
func (v *visit) in() bool { return len(v.proved) > 0 }

func (v *visit) who() Who { return Who{Conversation: v.link.Conversation, Proved: v.proved} }

// visit finds out what a request's link is worth, or answers it: to whoever tries
// links that aren't ours always the same.
func (s *Server) visit(w http.ResponseWriter, r *http.Request) *visit {
	if ok, _ := s.visits.Allow(s.cfg.Origin(r)); !ok {
		s.message(w, r, http.StatusTooManyRequests, wordsOf(s.languageOf(r, "")).tooMany, "")
		return nil
	}
	token := r.PathValue("token")
	link, ok := s.cfg.Signer.Read(token)
	if !ok {
		s.stray(w, r)
		return nil
	}
	st, err := s.source.Standing(r.Context(), link.Conversation)
	switch {
	case errors.Is(err, ErrGone):
		s.gone(w, r, "")
		return nil
	case err != nil:
		s.trouble(w, r, err)
		return nil
	}
	now := s.cfg.Now()
	if link.Epoch != st.Epoch || !now.Before(link.Expires) && !now.Before(st.LastAt.Add(s.cfg.Keep())) {
		s.gone(w, r, st.Language)
		return nil
	}
	v := &visit{token: token, link: link, standing: st, lang: s.languageOf(r, st.Language), now: now}
	v.w = wordsOf(v.lang)
	if c, err := r.Cookie(s.cookieName(link)); err == nil {
		v.proved = s.cfg.Signer.LetIn(c.Value, link, now)
	}
	s.keepLanguage(w, r)
	if st.Restricted != nil {
		s.restricted(w, r, v)
		return nil
	}
	return v
}

// inside lets only those devices through that were let in; others see the status.
func (s *Server) inside(next func(http.ResponseWriter, *http.Request, *visit)) func(http.ResponseWriter, *http.Request, *visit) {
	return func(w http.ResponseWriter, r *http.Request, v *visit) {
		if !v.in() {
			s.back(w, r, v, "", "door")
			return
		}
		next(w, r, v)
	}
}

func (s *Server) stray(w http.ResponseWriter, r *http.Request) {
	lang := wordsOf(s.languageOf(r, ""))
	if ok, _ := s.strays.Allow(s.cfg.Origin(r)); !ok {
		s.message(w, r, http.StatusTooManyRequests, lang.tooMany, "")
		return
	}
	s.message(w, r, http.StatusNotFound, lang.notFound, lang.notFoundWhy)
}

func (s *Server) gone(w http.ResponseWriter, r *http.Request, language string) {
	lang := wordsOf(s.languageOf(r, language))
	s.message(w, r, http.StatusGone, lang.gone, lang.goneWhy)
}

// Troubles gives how often something went wrong here since the start.
func (s *Server) Troubles() uint64 { return s.troubles.Load() }

func (s *Server) trouble(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		s.troubles.Add(1)
		s.log.ErrorContext(r.Context(), "customer's page failed", "pattern", r.Pattern, "err", err)
	}
	s.message(w, r, http.StatusInternalServerError, wordsOf(s.languageOf(r, "")).trouble, "")
}

// fail answers what could not be done: whoever has proved themselves as somebody who is
// not of this conversation any more sees what anybody with the link does.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, v *visit, err error) {
	switch {
	case errors.Is(err, ErrStranger):
		s.setCookie(w, s.cookieName(v.link), "", -1)
		s.back(w, r, v, "", "door")
	case errors.Is(err, ErrGone):
		s.gone(w, r, v.lang)
	case errors.Is(err, ErrNoWay):
		s.back(w, r, v, "nowrite", "")
	default:
		s.trouble(w, r, err)
	}
}

func (s *Server) message(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	lang := wordsOf(s.languageOf(r, ""))
	s.show(r.Context(), w, status, messagePage(lang, title, text))
}

func (s *Server) show(ctx context.Context, w http.ResponseWriter, status int, page templ.Component) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = page.Render(ctx, w) // the browser has gone: nobody to tell
}

// back answers a form: the page again, with what was done.
func (s *Server) back(w http.ResponseWriter, r *http.Request, v *visit, done, at string, more ...string) {
	to, q := Path+v.token, url.Values{}
	if done != "" {
		q.Set("done", done)
	}
	for i := 0; i+1 < len(more); i += 2 {
		if more[i+1] != "" {
			q.Set(more[i], more[i+1])
		}
	}
	if len(q) > 0 {
		to += "?" + q.Encode()
	}
	if at != "" {
		to += "#" + at
	}
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // below Path, with a token of ours
}

func (s *Server) css(w http.ResponseWriter, r *http.Request) {
	body, err := style.ReadFile("portal.css")
	if err != nil {
		s.trouble(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	_, _ = w.Write(body)
}
