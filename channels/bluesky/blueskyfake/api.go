package blueskyfake

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// refused is an answer other than 200 (https://atproto.com/specs/xrpc#error-responses).
type refused struct {
	code        int
	name, words string
}

func refuse(w http.ResponseWriter, code int, name, words string) {
	writeJSON(w, code, map[string]string{"error": name, "message": words})
}

func writeJSON(w http.ResponseWriter, code int, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		code, raw = http.StatusInternalServerError, []byte(`{"error":"InternalServerError"}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write(raw)
}

func readBody(r *http.Request, into any) *refused {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return &refused{http.StatusBadRequest, "InvalidRequest", "Wrong request encoding (Content-Type)"}
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		return &refused{http.StatusBadRequest, "InvalidRequest", "Input must be an object: " + err.Error()}
	}
	return nil
}

func (s *Server) api(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id, ok := strings.CutPrefix(r.URL.Path, "/img/"); ok {
		data, known := s.pictures[id]
		if !known {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write(data)
		return
	}
	if r.URL.Path == "/"+s.me().did { // as the directory of did:plc has it
		writeJSON(w, http.StatusOK, s.document())
		return
	}
	method, ok := strings.CutPrefix(r.URL.Path, "/xrpc/")
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Date", time.Now().Add(-s.cfg.Behind).UTC().Format(http.TimeFormat))
	w.Header().Set("RateLimit-Limit", "3000")
	w.Header().Set("RateLimit-Remaining", "2900")
	w.Header().Set("RateLimit-Reset", strconv.FormatInt(time.Now().Add(5*time.Minute).Unix(), 10))
	out, bad := s.answer(method, r)
	if bad != nil {
		refuse(w, bad.code, bad.name, bad.words)
		return
	}
	writeJSON(w, http.StatusOK, out)
}

func (s *Server) answer(method string, r *http.Request) (any, *refused) {
	writes := slices.Contains([]string{
		"com.atproto.server.createSession", "com.atproto.server.refreshSession", "com.atproto.repo.putRecord",
		"com.atproto.repo.createRecord", "com.atproto.repo.uploadBlob", "chat.bsky.convo.sendMessage",
	}, method)
	if writes != (r.Method == http.MethodPost) {
		return nil, &refused{http.StatusMethodNotAllowed, "InvalidRequest", "Incorrect HTTP method"}
	}
	switch method {
	case "com.atproto.server.createSession":
		return s.createSession(r)
	case "com.atproto.server.refreshSession":
		return s.refreshSession(r)
	case "com.atproto.identity.resolveHandle":
		p, ok := s.people[strings.ToLower(r.URL.Query().Get("handle"))]
		if !ok {
			return nil, &refused{http.StatusBadRequest, "InvalidRequest", "Unable to resolve handle"}
		}
		return map[string]string{"did": p.did}, nil
	}
	if bad := s.authorize(r); bad != nil {
		return nil, bad
	}
	if strings.HasPrefix(method, "chat.bsky.") {
		return s.chat(method, r)
	}
	q := r.URL.Query()
	switch method {
	case "com.atproto.repo.putRecord", "com.atproto.repo.createRecord":
		return s.writeRecord(r, method == "com.atproto.repo.createRecord")
	case "com.atproto.repo.getRecord":
		return s.getRecord(q)
	case "com.atproto.repo.uploadBlob":
		return s.uploadBlob(r)
	case "app.bsky.notification.listNotifications":
		return s.listNotifications(q)
	case "app.bsky.notification.getPreferences":
		return s.getPreferences()
	case "app.bsky.feed.getPosts":
		return s.getPosts(q["uris"])
	case "app.bsky.feed.searchPosts":
		if s.cfg.NoSearch {
			return nil, &refused{http.StatusForbidden, "Forbidden", "Request Forbidden"}
		}
		return s.searchPosts(q)
	case "app.bsky.actor.getProfiles":
		return s.getProfiles(q["actors"])
	default:
		return nil, &refused{http.StatusNotImplemented, "MethodNotImplemented", "Method Not Implemented"}
	}
}

func bearer(r *http.Request) string {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return token
}

func (s *Server) authorize(r *http.Request) *refused {
	token := bearer(r)
	ends, ok := s.tokens[token]
	switch {
	case token == "":
		return &refused{http.StatusUnauthorized, "AuthMissing", "Authentication Required"}
	case !ok:
		return &refused{http.StatusBadRequest, "InvalidToken", "Token could not be verified"}
	case !time.Now().Before(ends):
		return &refused{http.StatusBadRequest, "ExpiredToken", "Token has expired"}
	}
	return nil
}

// createSession logs in.
// https://docs.bsky.app/docs/api/com-atproto-server-create-session
func (s *Server) createSession(r *http.Request) (any, *refused) {
	var in struct {
		Identifier string `json:"identifier"`
		Password   string `json:"password"`
	}
	if bad := readBody(r, &in); bad != nil {
		return nil, bad
	}
	s.logins = slices.DeleteFunc(s.logins, func(at time.Time) bool { return time.Since(at) > 5*time.Minute })
	if s.logins = append(s.logins, time.Now()); len(s.logins) > s.cfg.Logins {
		return nil, &refused{http.StatusTooManyRequests, "RateLimitExceeded", "Rate Limit Exceeded"}
	}
	if in.Identifier != s.cfg.Handle && in.Identifier != s.me().did || in.Password != s.cfg.Password {
		return nil, &refused{http.StatusUnauthorized, "AuthenticationRequired", "Invalid identifier or password"}
	}
	return s.session(), nil
}

func (s *Server) refreshSession(r *http.Request) (any, *refused) {
	token := bearer(r)
	if body, err := io.ReadAll(io.LimitReader(r.Body, 10)); err != nil || len(body) > 0 {
		return nil, &refused{http.StatusBadRequest, "InvalidRequest", "A request body was provided when none was expected"}
	}
	if !s.refresh[token] {
		return nil, &refused{http.StatusBadRequest, "ExpiredToken", "Token has been revoked"}
	}
	return s.session(), nil
}

func (s *Server) session() any {
	scope := "appPassPrivileged"
	if s.cfg.OwnPassword {
		scope = "access"
	}
	access, refresh := s.token(scope, s.cfg.TokenLife), s.token("refresh", 60*24*time.Hour)
	s.tokens[access] = time.Now().Add(s.cfg.TokenLife)
	s.refresh[refresh] = true
	return map[string]any{
		"did": s.me().did, "handle": s.cfg.Handle, "accessJwt": access, "refreshJwt": refresh, "active": true,
		"emailConfirmed": true, "didDoc": s.document(),
	}
}

// token makes one in the form of a JWT (RFC 7519); nobody checks its signature.
func (s *Server) token(scope string, lives time.Duration) string {
	s.serial++
	encode := base64.RawURLEncoding.EncodeToString
	claims := fmt.Sprintf(`{"scope":"com.atproto.%s","sub":%q,"iat":%d,"exp":%d,"jti":"%d"}`, scope, s.me().did,
		time.Now().Unix(), time.Now().Add(lives).Unix(), s.serial)
	return encode([]byte(`{"typ":"at+jwt","alg":"HS256"}`)) + "." + encode([]byte(claims)) + "." + encode(fmt.Appendf(nil, "signature %d of %p", s.serial, s))
}

func (s *Server) document() any {
	return map[string]any{
		"id": s.me().did, "alsoKnownAs": []string{"at://" + s.cfg.Handle},
		"service": []any{map[string]string{
			"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": s.URL(),
		}},
	}
}

func (s *Server) profile(p *person) map[string]any {
	labels := []any{}
	for _, l := range p.labels {
		labels = append(labels, map[string]string{"src": p.did, "uri": "at://" + p.did + "/app.bsky.actor.profile/self", "val": l, "cts": stamp(time.Unix(0, 0))})
	}
	return map[string]any{
		"did": p.did, "handle": p.handle, "displayName": p.name, "labels": labels,
		"viewer": map[string]any{"muted": false, "blockedBy": p.blocksUs},
	}
}

// page cuts out a page of a list, the newest first.
func page[T any](s *Server, all []T, q url.Values, standard int) (out []T, cursor string, bad *refused) {
	limit := standard
	if given := q.Get("limit"); given != "" {
		n, err := strconv.Atoi(given)
		if err != nil || n < 1 || n > 100 {
			return nil, "", &refused{http.StatusBadRequest, "InvalidRequest", "Error: limit can not be greater than 100"}
		}
		limit = n
	}
	limit = min(limit, s.cfg.PageLimit)
	end := len(all)
	if c := q.Get("cursor"); c != "" {
		n, err := strconv.Atoi(c)
		if err != nil || n < 0 || n > len(all) {
			return nil, "", &refused{http.StatusBadRequest, "InvalidRequest", "Malformed cursor"}
		}
		end = n
	}
	from := max(0, end-limit)
	out = slices.Clone(all[from:end])
	slices.Reverse(out)
	if from > 0 {
		cursor = strconv.Itoa(from)
	}
	return orEmpty(out), cursor, nil
}

func withCursor(name string, list any, cursor string) any {
	out := map[string]any{name: list}
	if cursor != "" {
		out["cursor"] = cursor
	}
	return out
}

// attempts is how many pages of all notifications are looked through for one of
// some reasons.
const attempts = 10

// listNotifications gives the newest by their own time, of which many may share
// one; a page of some reasons alone may be short or empty and not the last.
// https://github.com/bluesky-social/atproto/blob/main/packages/bsky/src/api/app/bsky/notification/listNotifications.ts
func (s *Server) listNotifications(q url.Values) (any, *refused) {
	limit, err := strconv.Atoi(or(q.Get("limit"), "50"))
	if err != nil || limit < 1 || limit > 100 {
		return nil, &refused{http.StatusBadRequest, "InvalidRequest", "Error: limit can not be greater than 100"}
	}
	limit = min(limit, s.cfg.PageLimit)
	end := len(s.notes)
	if c := q.Get("cursor"); c != "" {
		at, err := time.Parse(time.RFC3339Nano, c)
		if err != nil {
			return nil, &refused{http.StatusBadRequest, "InvalidRequest", "Malformed cursor"}
		}
		for end > 0 && !s.notes[end-1].at.Before(at) {
			end--
		}
	}
	if q.Get("priority") != "false" && s.cfg.FollowsOnly {
		end = 0
	}
	out := []json.RawMessage{}
	for range attempts {
		from := max(0, end-limit)
		for _, n := range slices.Backward(s.notes[from:end]) {
			if reasons := q["reasons"]; len(reasons) == 0 || n.reason == "" || slices.Contains(reasons, n.reason) {
				out = append(out, n.raw)
			}
		}
		if end = from; end == 0 || len(out) >= (limit+1)/2 {
			break
		}
	}
	if end == 0 {
		return withCursor("notifications", out, ""), nil
	}
	return withCursor("notifications", out, s.notes[end].at.UTC().Format(time.RFC3339Nano)), nil
}

// getPreferences gives who may notify the account of what.
func (s *Server) getPreferences() (any, *refused) {
	if s.cfg.Mentions == "" {
		return nil, &refused{http.StatusNotImplemented, "MethodNotImplemented", "Method Not Implemented"}
	}
	all := map[string]any{"include": "all", "list": true, "push": true}
	return map[string]any{"preferences": map[string]any{
		"mention": map[string]any{"include": s.cfg.Mentions, "list": true, "push": true}, "reply": all, "quote": all,
	}}, nil
}
