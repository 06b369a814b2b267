package webchat

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// problem is what a browser gets that is refused (RFC 9457).
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	// Code is for the widget: what it does about it.
	Code string `json:"code"`
}

// The codes that the widget acts on.
const (
	codeToken    = "token_unknown"
	codeIdentity = "identity_wrong"
	codeExpired  = "identity_expired"
	codeFast     = "too_fast"
	codeAway     = "not_running"
	codeForm     = "wrong_form"
	codeTaken    = "id_taken"
	codeOrigin   = "origin_unknown"
	codeMissing  = "not_found"
)

func refuse(w http.ResponseWriter, status int, code, title, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(problem{Title: title, Status: status, Detail: detail, Code: code}) // the browser may be gone
}

func refuseLater(w http.ResponseWriter, wait time.Duration, status int, code, title, detail string) {
	w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(wait.Seconds())))))
	refuse(w, status, code, title, detail)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the browser may be gone
}

// ServeHTTP implements http.Handler, mounted at /channels/webchat/<account>/
// without that part of the path.
func (a *Adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.Trim(r.URL.Path, "/")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "no-referrer")
	if path == "chat.js" || path == "demo" {
		a.servePage(w, r, path)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	if !a.allowOrigin(w, r) {
		return
	}
	name, id, _ := strings.Cut(path, "/")
	serve, method := a.endpoint(name, id)
	if serve == nil {
		refuse(w, http.StatusNotFound, codeMissing, "Nothing is here", "See the README of this channel for what is.")
		return
	}
	if r.Method == http.MethodOptions {
		preflight(w, method)
		return
	}
	if r.Method != method {
		w.Header().Set("Allow", method)
		refuse(w, http.StatusMethodNotAllowed, codeForm, "Not so", "This address takes "+method+" only.")
		return
	}
	if wait, ok := a.limits.requests.allow(a.addressOf(r), a.now()); !ok {
		refuseLater(w, wait, http.StatusTooManyRequests, codeFast, "Too fast", "Too many requests come from this address.")
		return
	}
	this := a.board()
	if this == nil {
		refuseLater(w, 2*time.Second, http.StatusServiceUnavailable, codeAway, "Not now", "The chat is starting or stopping. Come again in a moment.")
		return
	}
	defer this.flights.Done()
	hold := this.holds.take(w)
	defer hold.release()
	serve(this, hold, r)
}

type endpoint func(u *run, w http.ResponseWriter, r *http.Request)

func (a *Adapter) endpoint(name, id string) (serve endpoint, method string) {
	if name == "files" && id != "" {
		return asVisitor(func(u *run, w http.ResponseWriter, r *http.Request, v visitor) { u.serveFile(w, r, v, id) }), http.MethodGet
	}
	if id != "" {
		return nil, ""
	}
	switch name {
	case "session":
		return (*run).serveSession, http.MethodPost
	case "events":
		return asVisitor((*run).serveEvents), http.MethodGet
	case "messages":
		return asVisitor((*run).serveMessage), http.MethodPost
	case "files":
		return asVisitor((*run).takeFile), http.MethodPost
	case "typing":
		return asVisitor((*run).serveTyping), http.MethodPost
	case "read":
		return asVisitor((*run).serveRead), http.MethodPost
	case "email":
		return asVisitor((*run).serveEmail), http.MethodPost
	case "end":
		return asVisitor((*run).serveEnd), http.MethodPost
	default:
		return nil, ""
	}
}

// allowOrigin lets those pages ask that may embed the chat. What comes without an
// origin comes from no foreign page.
func (a *Adapter) allowOrigin(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	w.Header().Add("Vary", "Origin")
	if origin == "" {
		return true
	}
	if !a.origins[origin] && !ownOrigin(origin, r.Host) {
		refuse(w, http.StatusForbidden, codeOrigin, "Not from this site",
			"Pages of "+origin+" may not embed this chat. Its supervisor names them under origins.")
		return false
	}
	w.Header().Set("Access-Control-Allow-Origin", origin)
	w.Header().Set("Access-Control-Expose-Headers", "Retry-After")
	return true
}

func ownOrigin(origin, host string) bool {
	return host != "" && (origin == "https://"+host || origin == "http://"+host)
}

func preflight(w http.ResponseWriter, method string) {
	h := w.Header()
	h.Add("Vary", "Access-Control-Request-Headers")
	h.Set("Access-Control-Allow-Methods", method)
	h.Set("Access-Control-Allow-Headers", "authorization, content-type, last-event-id")
	h.Set("Access-Control-Max-Age", "7200")
	w.WriteHeader(http.StatusNoContent)
}

// asVisitor serves those whose token is known.
func asVisitor(serve func(u *run, w http.ResponseWriter, r *http.Request, v visitor)) endpoint {
	return func(u *run, w http.ResponseWriter, r *http.Request) {
		v, err := byToken(r.Context(), u.store.read, bearer(r), u.a.now())
		switch {
		case errors.Is(err, errNoVisitor):
			w.Header().Set("WWW-Authenticate", "Bearer")
			refuse(w, http.StatusUnauthorized, codeToken, "Not known", "This token is not known or has ended. Open a session again.")
		case err != nil:
			u.broken(w, r, err)
		default:
			serve(u, w, r, v)
		}
	}
}

func bearer(r *http.Request) string {
	token, ok := cut(r.Header.Get("Authorization"), "Bearer ")
	if !ok || len(token) > 100 {
		return ""
	}
	return token
}

// broken answers that our own store failed.
func (u *run) broken(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		u.a.log.WarnContext(r.Context(), "a visitor's request could not be served", "err", err)
	}
	refuseLater(w, 5*time.Second, http.StatusServiceUnavailable, codeAway, "Not now", "This could not be stored or read. Come again in a moment.")
}

// full reports that the disk is down to what is kept for replies.
func (a *Adapter) full() bool { return a.cfg.Full != nil && a.cfg.Full() }

// refuseFull answers that nothing new can be kept; browsers try again.
func (u *run) refuseFull(w http.ResponseWriter) {
	refuseLater(w, 30*time.Second, http.StatusServiceUnavailable, codeAway, "Not now", "Nothing new can be stored at the moment. Come again in a while.")
}

// Bodies are small and come soon.
const (
	bodyBytes = 128 << 10
	bodyTime  = 30 * time.Second
)

// readJSON reads a small body. Unknown fields are for newer servers.
func readJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if strings.TrimSpace(strings.ToLower(kind)) != "application/json" {
		refuse(w, http.StatusUnsupportedMediaType, codeForm, "Want JSON", "Send Content-Type: application/json.")
		return false
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTime)) // where the server can
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyBytes))
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	if over := (*http.MaxBytesError)(nil); errors.As(err, &over) {
		refuse(w, http.StatusRequestEntityTooLarge, codeForm, "Too large", "This is more than fits into a message.")
		return false
	}
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, codeForm, "Not understood", "The body is not the JSON that belongs here.")
		return false
	}
	return true
}
