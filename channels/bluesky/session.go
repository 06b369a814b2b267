package bluesky

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"stagecoach/channels"
)

// session is a login: a token for calls, and one to get the next
// (https://docs.bsky.app/docs/api/com-atproto-server-create-session).
type session struct {
	did, handle     string
	access, refresh string
	server          string
	// ends is when the token ends by our clock, zero if that isn't known.
	ends time.Time
}

// sessions holds the one session of the account. It is kept in memory alone.
type sessions struct {
	// turn is held by the one that logs in or renews.
	turn chan struct{}
	now  atomic.Pointer[session]
	// logins are when passwords were given lately; refused is what a server said
	// to the last one, until when it isn't asked again.
	logins   []time.Time
	refused  *channels.Error
	until    time.Time
	failures int
}

// A server takes 30 logins in 5 minutes and, at Bluesky's, 100 or 300 a day
// (https://docs.bsky.app/docs/advanced-guides/rate-limits,
// https://github.com/bluesky-social/bsky-docs/issues/183): less than that is used.
const (
	loginsAtOnce = 10
	loginsWindow = 5 * time.Minute
	loginsDaily  = 60
	firstRefusal = 30 * time.Second
	lastRefusal  = 30 * time.Minute
	// before is how long before its end a token is renewed.
	before = time.Minute
)

// session gives the session, after a login where there is none yet.
func (a *Adapter) session(ctx context.Context, op string) (*session, error) {
	s := a.sessions.now.Load()
	if s != nil && (s.ends.IsZero() || time.Now().Before(s.ends.Add(-before))) {
		return s, nil
	}
	return a.renew(ctx, op, s)
}

// renew replaces the session old, nil for none: by its refresh token, else by the
// password.
func (a *Adapter) renew(ctx context.Context, op string, old *session) (*session, error) {
	select {
	case a.sessions.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, a.linkFailure(op, ctx.Err())
	}
	defer func() { <-a.sessions.turn }()
	if s := a.sessions.now.Load(); s != old && s != nil {
		return s, nil // somebody else has done it
	}
	if old != nil {
		s, err := a.refreshed(ctx, op, old)
		if err != nil {
			return nil, err
		}
		if s != nil {
			a.sessions.now.Store(s)
			return s, nil
		}
	}
	s, err := a.login(ctx, op)
	if err != nil {
		return nil, err
	}
	a.sessions.now.Store(s)
	return s, nil
}

// refreshed renews a session by its refresh token. It gives nil where the server
// doesn't take that any more.
// https://docs.bsky.app/docs/api/com-atproto-server-refresh-session
func (a *Adapter) refreshed(ctx context.Context, op string, old *session) (*session, error) {
	res, _, err := a.do(ctx, request{
		op: op, method: "com.atproto.server.refreshSession", body: []byte{}, token: old.refresh, server: old.server,
	})
	if err != nil {
		return nil, a.linkFailure(op, err)
	}
	if res.ok() {
		return a.readSession(op, res, old.server)
	}
	if e := a.refusal(op, res); e.Reason != channels.Auth && e.Reason != channels.Malformed && e.Reason != channels.Rejected {
		return nil, e
	}
	return nil, nil //nolint:nilnil // nothing is what there is then
}

// login gives the password.
func (a *Adapter) login(ctx context.Context, op string) (*session, error) {
	now := time.Now()
	if a.sessions.refused != nil && now.Before(a.sessions.until) {
		e := *a.sessions.refused
		e.Op, e.RetryAfter = op, a.sessions.until.Sub(now)
		return nil, &e
	}
	if wait := a.sessions.loginWait(now); wait > 0 {
		e := a.failure(op, channels.RateLimited, "", "too many logins lately: the server allows few", nil)
		e.RetryAfter = wait
		return nil, e
	}
	server, err := a.find(ctx, op)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]string{"identifier": a.cfg.Handle, "password": string(a.cfg.Password)})
	if err != nil {
		return nil, a.failure(op, channels.Malformed, "", err.Error(), err)
	}
	res, _, err := a.do(ctx, request{
		op: op, method: "com.atproto.server.createSession", body: body, contentType: "application/json", server: server,
	})
	if err != nil {
		return nil, a.linkFailure(op, err)
	}
	a.sessions.logins = append(a.sessions.logins, now)
	if !res.ok() {
		return nil, a.loginRefused(op, res)
	}
	s, err := a.readSession(op, res, server)
	if err == nil {
		a.sessions.refused, a.sessions.failures = nil, 0
	}
	return s, err
}

// loginRefused remembers that a server has refused the password, so that it isn't
// given again and again.
func (a *Adapter) loginRefused(op string, res *answer) *channels.Error {
	e := a.refusal(opLogin, res)
	e.Op = op
	if e.Reason == channels.Auth || e.Reason == channels.RateLimited {
		wait := max(min(firstRefusal<<min(a.sessions.failures, 10), lastRefusal), e.RetryAfter)
		a.sessions.failures++
		a.sessions.refused, a.sessions.until = e, time.Now().Add(wait)
		e.RetryAfter = wait
	}
	return e
}

// loginWait gives how long to wait until the password may be given again.
func (s *sessions) loginWait(now time.Time) time.Duration {
	var kept []time.Time
	recent := 0
	for _, at := range s.logins {
		if now.Sub(at) < 24*time.Hour {
			kept = append(kept, at)
		}
		if now.Sub(at) < loginsWindow {
			recent++
		}
	}
	s.logins = kept
	switch {
	case len(kept) >= loginsDaily:
		return 24*time.Hour - now.Sub(kept[0])
	case recent >= loginsAtOnce:
		return loginsWindow - now.Sub(kept[len(kept)-recent])
	default:
		return 0
	}
}

// readSession reads the answer to createSession and refreshSession.
func (a *Adapter) readSession(op string, res *answer, server string) (*session, error) {
	var told struct {
		DID     string          `json:"did"`
		Handle  string          `json:"handle"`
		Access  string          `json:"accessJwt"`
		Refresh string          `json:"refreshJwt"`
		Active  *bool           `json:"active"`
		Status  string          `json:"status"`
		Doc     json.RawMessage `json:"didDoc"`
	}
	if err := json.Unmarshal(res.body, &told); err != nil || told.DID == "" || told.Access == "" || told.Refresh == "" {
		return nil, a.unreadable(opLogin, res, err)
	}
	if told.Active != nil && !*told.Active {
		return nil, a.failure(op, channels.Auth, "", "the account isn't active: "+firstOf(plain(told.Status), "the server says no more"), nil)
	}
	return &session{
		did: told.DID, handle: told.Handle, access: told.Access, refresh: told.Refresh,
		server: serverOf(told.Doc, server), ends: tokenEnd(told.Access, time.Now()),
	}, nil
}

// serverOf gives the server that an account's document names, if a token that was
// got from current may go there: only from TLS to TLS.
func serverOf(doc json.RawMessage, current string) string {
	found := endpoint(doc)
	if strings.HasPrefix(current, "https://") && strings.HasPrefix(found, "https://") && validServer(found) {
		return strings.TrimRight(found, "/")
	}
	return current
}

// endpoint gives the personal data server of a document (https://atproto.com/specs/did).
func endpoint(doc json.RawMessage) string {
	var d struct {
		Service []struct {
			ID       string `json:"id"`
			Type     string `json:"type"`
			Endpoint any    `json:"serviceEndpoint"`
		} `json:"service"`
	}
	if json.Unmarshal(doc, &d) != nil {
		return ""
	}
	for _, s := range d.Service {
		if strings.HasSuffix(s.ID, "#atproto_pds") && s.Type == "AtprotoPersonalDataServer" {
			at, _ := s.Endpoint.(string)
			return at
		}
	}
	return ""
}

// claims are what a token says of itself, nothing where it isn't a JWT (RFC 7519).
type claims struct {
	From  float64 `json:"iat"`
	To    float64 `json:"exp"`
	Scope string  `json:"scope"`
}

func claimsOf(token string) claims {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return claims{}
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return claims{}
	}
	var c claims
	if json.Unmarshal(raw, &c) != nil {
		return claims{}
	}
	return c
}

// ownPassword tells that a token was got by the account's own password
// (https://github.com/bluesky-social/atproto/blob/main/packages/pds/src/auth-scope.ts).
func ownPassword(token string) bool { return claimsOf(token).Scope == "com.atproto.access" }

// tokenEnd gives when a token ends by our clock: what counts is how long it lives,
// since the server's clock may differ.
func tokenEnd(token string, now time.Time) time.Time {
	c := claimsOf(token)
	if c.From <= 0 || c.To <= c.From || c.To-c.From > 1e8 {
		return time.Time{}
	}
	lives := time.Duration((c.To - c.From) * float64(time.Second))
	if lives <= 2*before {
		return time.Time{} // the server will say when
	}
	return now.Add(lives)
}

// find gives the server of the account: that of the configuration, else the one
// that its handle leads to.
func (a *Adapter) find(ctx context.Context, op string) (string, error) {
	if a.cfg.Server != "" {
		return a.cfg.Server, nil
	}
	if known := a.server.Load(); known != nil {
		return *known, nil
	}
	did, err := a.resolve(ctx, op, a.cfg.Handle, a.cfg.Resolver)
	if err != nil {
		return "", err
	}
	at := a.cfg.Directory + "/" + did
	if host, ok := strings.CutPrefix(did, "did:web:"); ok {
		at = "https://" + host + "/.well-known/did.json"
	}
	res, err := a.fetch(ctx, request{op: op}, at)
	if err != nil {
		return "", a.linkFailure(op, err)
	}
	server := strings.TrimRight(endpoint(res.body), "/")
	if !res.ok() || !validServer(server) || strings.HasPrefix(a.cfg.Directory, "https://") && !strings.HasPrefix(server, "https://") {
		return "", a.failure(op, channels.Unavailable, "", "where the account lives can't be found out: set server", nil)
	}
	a.server.Store(&server)
	return server, nil
}

// resolve gives the id behind a handle.
// https://docs.bsky.app/docs/api/com-atproto-identity-resolve-handle
func (a *Adapter) resolve(ctx context.Context, op, handle, server string) (string, error) {
	res, _, err := a.do(ctx, request{
		op: op, method: "com.atproto.identity.resolveHandle", query: url.Values{"handle": {handle}}, server: server,
	})
	if err != nil {
		return "", a.linkFailure(op, err)
	}
	if res.code == http.StatusBadRequest {
		return "", a.failure(op, channels.Auth, "", "nobody has the handle: is it written right?", nil)
	}
	if !res.ok() {
		return "", a.refusal(op, res)
	}
	var told struct {
		DID string `json:"did"`
	}
	if err := json.Unmarshal(res.body, &told); err != nil || !strings.HasPrefix(told.DID, "did:") {
		return "", a.unreadable(op, res, err)
	}
	return told.DID, nil
}
