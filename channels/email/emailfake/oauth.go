package emailfake

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"time"
)

// OAuth is an authorization server: codes by browser with PKCE (RFC 7636), by
// device (RFC 8628), refresh tokens that work once, and a program's own login.
type OAuth struct {
	*httptest.Server

	mu sync.Mutex
	// life is how long its tokens are good.
	life    time.Duration
	access  map[string]time.Time
	refresh map[string]bool
	codes   map[string]oauthCode
	devices map[string]*oauthDevice
	refuse  string
	words   string
	asked   map[string]int
}

type oauthCode struct{ challenge, redirect string }

type oauthDevice struct {
	allowed, denied bool
	polls           int
}

// The program as this server knows it.
const (
	ClientID     = "stagecoach-test"
	ClientSecret = "client-secret-7731"
)

// StartOAuth opens one whose tokens are good for life.
func StartOAuth(life time.Duration) *OAuth {
	o := &OAuth{
		life: life, access: map[string]time.Time{}, refresh: map[string]bool{}, codes: map[string]oauthCode{},
		devices: map[string]*oauthDevice{}, asked: map[string]int{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/auth", o.authorize)
	mux.HandleFunc("/device", o.device)
	mux.HandleFunc("/token", o.token)
	o.Server = httptest.NewServer(mux)
	return o
}

// Check is a Rogue's Login: it takes tokens that are good, of XOAUTH2 and
// OAUTHBEARER only.
func (o *OAuth) Check(mechanism, _, secret string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if mechanism != "XOAUTH2" && mechanism != "OAUTHBEARER" {
		return errors.New("[AUTHENTICATIONFAILED] only by token")
	}
	if end, ok := o.access[secret]; !ok || time.Now().After(end) {
		return errors.New("[AUTHENTICATIONFAILED] Invalid credentials (Failure)")
	}
	return nil
}

// EndTokens makes all access tokens worthless before their time, as a clock that
// differs or an administrator does.
func (o *OAuth) EndTokens() {
	o.mu.Lock()
	defer o.mu.Unlock()
	clear(o.access)
}

// EndLogins makes all refresh tokens worthless.
func (o *OAuth) EndLogins() {
	o.mu.Lock()
	defer o.mu.Unlock()
	clear(o.refresh)
}

// Refuse answers each request for a token with this error, "" with none.
func (o *OAuth) Refuse(code string) {
	o.RefuseWith(code, "AADSTS70000: The login has ended. Trace ID: 0000-1111")
}

// RefuseWith answers each request for a token with this error and its words.
func (o *OAuth) RefuseWith(code, description string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.refuse, o.words = code, description
}

// Asked counts the requests for tokens by their grant.
func (o *OAuth) Asked(grant string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.asked[grant]
}

// Allow is the person who enters a code; with no, who refuses.
func (o *OAuth) Allow(userCode string, yes bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if d := o.devices[userCode]; d != nil {
		d.allowed, d.denied = yes, !yes
	}
}

func secret() string {
	var b [18]byte
	_, _ = rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// authorize is the page on which a person says yes, which this one always does.
func (o *OAuth) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || q.Get("client_id") != ClientID || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	code := secret()
	o.mu.Lock()
	o.codes[code] = oauthCode{q.Get("code_challenge"), q.Get("redirect_uri")}
	o.mu.Unlock()
	answer := back.Query()
	answer.Set("code", code)
	answer.Set("state", q.Get("state"))
	back.RawQuery = answer.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

func (o *OAuth) device(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("client_id") != ClientID {
		fail(w, "invalid_client")
		return
	}
	code := secret()
	o.mu.Lock()
	o.devices[code] = &oauthDevice{}
	o.mu.Unlock()
	reply(w, map[string]any{
		"device_code": "device-" + code, "user_code": code, "verification_uri": o.URL + "/enter", "expires_in": 600, "interval": 1,
	})
}

func (o *OAuth) token(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	grant := r.FormValue("grant_type")
	o.asked[grant]++
	switch {
	case o.refuse == "unavailable":
		http.Error(w, "later", http.StatusServiceUnavailable)
		return
	case o.refuse != "":
		failWith(w, o.refuse, o.words)
		return
	case r.FormValue("client_id") != ClientID:
		fail(w, "invalid_client")
		return
	}
	switch grant {
	case "authorization_code":
		code, ok := o.codes[r.FormValue("code")]
		sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		if !ok || base64.RawURLEncoding.EncodeToString(sum[:]) != code.challenge || r.FormValue("redirect_uri") != code.redirect {
			fail(w, "invalid_grant")
			return
		}
		delete(o.codes, r.FormValue("code"))
	case "refresh_token":
		if !o.refresh[r.FormValue("refresh_token")] {
			fail(w, "invalid_grant")
			return
		}
		delete(o.refresh, r.FormValue("refresh_token")) // it works once
	case "urn:ietf:params:oauth:grant-type:device_code":
		if why := o.pollDevice(r.FormValue("device_code")); why != "" {
			fail(w, why)
			return
		}
	case "client_credentials":
		if r.FormValue("client_secret") != ClientSecret {
			fail(w, "invalid_client")
			return
		}
	default:
		fail(w, "unsupported_grant_type")
		return
	}
	o.give(w, grant != "client_credentials")
}

// pollDevice gives why a device has no token yet, "" if it may have one.
func (o *OAuth) pollDevice(code string) string {
	d := o.devices[code[min(len("device-"), len(code)):]]
	switch {
	case d == nil:
		return "expired_token"
	case d.denied:
		return "access_denied"
	case !d.allowed:
		d.polls++
		return "authorization_pending"
	default:
		return ""
	}
}

func (o *OAuth) give(w http.ResponseWriter, renewable bool) {
	access := "access-" + secret()
	o.access[access] = time.Now().Add(o.life)
	answer := map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": max(int(o.life.Seconds()), 1)}
	if renewable {
		refresh := "refresh-" + secret()
		o.refresh[refresh] = true
		answer["refresh_token"] = refresh
	}
	reply(w, answer)
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func fail(w http.ResponseWriter, code string) {
	failWith(w, code, "AADSTS70000: The login has ended. Trace ID: 0000-1111")
}

func failWith(w http.ResponseWriter, code, description string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(map[string]string{
		"error": code, "error_description": description,
	})
}
