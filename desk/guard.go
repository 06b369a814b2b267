package desk

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"

	"stagecoach/desk/auth"
)

// pagePolicy is what a page of ours may load: only what we serve, no inline
// script and no inline style.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; font-src 'self'; media-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; " +
	"frame-ancestors 'none'; manifest-src 'self'"

// mailPolicy is what a customer's HTML may do, shown in a frame: look like
// something. No script, no form, nothing from elsewhere, an origin of its own.
const mailPolicy = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; " +
	"form-action 'none'; base-uri 'none'; frame-ancestors 'self'"

// mailPicturesPolicy is mailPolicy once the agent has asked for the pictures.
const mailPicturesPolicy = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data: https: http:; " +
	"style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"

// filePolicy is for what others wrote and we only pass on.
const filePolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

// maxForm bounds the body of any request but an upload, in bytes.
const maxForm = 2 << 20

// guarded sets what holds for every answer, and bounds every request.
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-DNS-Prefetch-Control", "off") // a customer's link must not tell by its name's look-up that it was read
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
		if s.svc.cfg.secure() {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if !strings.HasPrefix(r.URL.Path, "/static/") {
			h.Set("Cache-Control", "no-store")
		}
		limit := int64(maxForm)
		if r.URL.Path == "/api/attachments" {
			limit = s.svc.cfg.MaxUpload + 1<<20
		}
		// The server must find its own body in its own request, or it takes what
		// was left unread for the next request on the line.
		bounded := *r
		bounded.Body = http.MaxBytesReader(w, r.Body, limit)
		next.ServeHTTP(w, &bounded)
	})
}

// recovered turns a panic of one request into its 500.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { //nolint:contextcheck // the request has its context
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler { //nolint:errorlint // a sentinel that is panicked with, as documented
				panic(v)
			}
			s.log.ErrorContext(r.Context(), "request panicked", "method", r.Method, "pattern", r.Pattern,
				"panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			s.fail(w, r, problem(http.StatusInternalServerError, "internal", "Something went wrong here. It has been logged."))
		}()
		next.ServeHTTP(w, r)
	})
}

func bearerOf(r *http.Request) (string, bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "bearer") {
		return "", false
	}
	return strings.TrimSpace(token), true
}

// encrypted reports whether the browser speaks TLS to us, or to the proxy that
// base_url names.
func (s *Server) encrypted(r *http.Request) bool {
	return r.TLS != nil || s.svc.cfg.secure()
}

// cookieName has the prefix by which browsers accept it from nobody else's
// host or path, where there is TLS.
func (s *Server) cookieName(r *http.Request) string {
	if s.encrypted(r) {
		return "__Host-stagecoach"
	}
	return "stagecoach"
}

func (s *Server) cookieOf(r *http.Request) string {
	c, err := r.Cookie(s.cookieName(r))
	if err != nil {
		return ""
	}
	return c.Value
}

func (s *Server) setCookie(w http.ResponseWriter, r *http.Request, token string) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure wherever there is TLS
		Name: s.cookieName(r), Value: token, Path: "/", MaxAge: int(auth.Longest.Seconds()),
		HttpOnly: true, Secure: s.encrypted(r), SameSite: http.SameSiteLaxMode,
	})
}

func (s *Server) dropCookie(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure wherever there is TLS
		Name: s.cookieName(r), Path: "/", MaxAge: -1,
		HttpOnly: true, Secure: s.encrypted(r), SameSite: http.SameSiteLaxMode,
	})
}

// origin gives the network address that somebody tries from: the peer, or whom
// a trusted proxy speaks for. An IPv6 host counts as its /64.
func (s *Server) origin(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.trusted(addr); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = next
	}
	addr = addr.Unmap()
	if addr.Is6() {
		if p, err := addr.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return addr.String()
}

func (s *Server) trusted(addr netip.Addr) bool {
	for _, p := range s.svc.cfg.TrustedProxies {
		if p.Contains(addr.Unmap()) {
			return true
		}
	}
	return false
}

// originOf gives scheme and host of a URL.
func originOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base
	}
	return u.Scheme + "://" + u.Host
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = encode(w, filled(v)) // the client has gone: nobody to tell
}

func encode(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("writing an answer: %w", err)
	}
	return nil
}
