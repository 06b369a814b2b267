// Package oauth keeps the login of one mailbox by OAuth 2.0 (RFC 6749): it
// hands out access tokens, fetches a new one when the last is about to expire
// or was refused, keeps what the provider gave in a file of mode 0600, and logs
// a person in, by device code (RFC 8628) or by the browser (RFC 8252, with
// PKCE, RFC 7636).
package oauth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// Flow is how the first token is had.
type Flow string

// The flows. Device shows a code that a person enters in any browser, Browser
// sends a person's browser to the provider and back to this machine, and App
// needs no person: the program logs in as itself.
const (
	Device  Flow = "device"
	Browser Flow = "browser"
	App     Flow = "app"
)

// Config is the login of one mailbox.
type Config struct {
	// Account names the mailbox in what is said to people, User is its login
	// name at the provider.
	Account string
	User    string
	// ClientID and ClientSecret are how the provider knows the program. Public
	// programs have no secret.
	ClientID     string
	ClientSecret string
	AuthURL      string
	TokenURL     string
	DeviceURL    string
	Scopes       []string
	// Params are added to the address to which the browser is sent.
	Params map[string]string
	Flow   Flow
	// File is where the token is kept; the folder is made if missing.
	File string
	// Client fetches; one that gives up after 30 s if nil.
	Client *http.Client
}

// FileFor gives where the login of an account is kept below the data directory.
func FileFor(data, account string) string {
	return filepath.Join(data, "logins", "email-"+account+".json")
}

// LoginError says that a person must log in. Its text tells how.
type LoginError struct {
	Account string
	// Cause is the provider's word, "" where nobody has logged in yet.
	Cause string
}

// Error implements error.
func (e *LoginError) Error() string {
	command := fmt.Sprintf("run \"stagecoach mail login %s\"", e.Account)
	if e.Cause == "" {
		return "nobody has logged in to this mailbox yet: " + command
	}
	return "the provider accepts the stored login no longer (" + e.Cause + "): " + command + " to log in again"
}

// SetupError says that the provider doesn't know the program as configured.
type SetupError struct {
	Cause string
}

// Error implements error.
func (e *SetupError) Error() string {
	return "the provider refuses the program itself (" + e.Cause + "): check oauth.client_id, client_secret_file and tenant"
}

// expiryMargin is how long before its end a token is no longer used, at most a
// quarter of its life. backwards is by how much the clock may have been behind
// the time at which a token came before its end is no longer believed.
const (
	expiryMargin = 2 * time.Minute
	backwards    = 5 * time.Minute
	fetchTimeout = 30 * time.Second
)

// Source hands out the tokens of one mailbox. Its methods may be called from
// several goroutines, and several processes may share the file.
type Source struct {
	cfg Config
	log *slog.Logger
	// turn holds one word for whoever may look at the rest.
	turn  chan struct{}
	login stored
	seen  stamp
	// unsaved is true while the file lacks what login has.
	unsaved bool
}

// New makes a source. It does no I/O.
func New(cfg Config, log *slog.Logger) *Source {
	if cfg.Client == nil {
		cfg.Client = &http.Client{Timeout: fetchTimeout}
	}
	return &Source{cfg: cfg, log: log.With("component", "oauth", "account", cfg.Account), turn: make(chan struct{}, 1)}
}

// Token gives an access token. refused is one that a server has just refused
// though it should be good, "" if none was: it is not given again.
func (s *Source) Token(ctx context.Context, refused string) (string, error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer func() { <-s.turn }()
	if err := s.read(); err != nil {
		return "", err
	}
	if s.login.usable(s.cfg.ClientID, refused, time.Now()) {
		s.store(ctx)
		return s.login.Access, nil
	}
	unlock, err := lock(ctx, s.cfg.File)
	if err != nil {
		return "", fmt.Errorf("locking the stored login: %w", err)
	}
	defer unlock()
	// Another process may have fetched one while we waited.
	if err := s.read(); err != nil {
		return "", err
	}
	if s.login.usable(s.cfg.ClientID, refused, time.Now()) {
		return s.login.Access, nil
	}
	return s.fetch(ctx, refused)
}

// store keeps what the file lacks. The token works without; what a restart would
// miss is told, and tried again with the next one asked for.
func (s *Source) store(ctx context.Context) {
	if err := s.save(); err != nil {
		s.log.LogAttrs(ctx, slog.LevelError, "a refreshed login can't be stored", slog.Any("err", err))
	}
}

// fetch has a new token, and keeps it before anybody uses it. While the provider
// can't give one, the last is used to its very end.
func (s *Source) fetch(ctx context.Context, refused string) (string, error) {
	ctx = context.WithValue(ctx, oauth2.HTTPClient, s.cfg.Client)
	var token *oauth2.Token
	var err error
	begun := time.Now()
	switch {
	case s.cfg.Flow == App:
		token, err = s.cfg.asItself().Token(ctx)
	case s.login.Refresh == "" || s.login.ClientID != s.cfg.ClientID:
		return "", &LoginError{Account: s.cfg.Account}
	default:
		token, err = s.cfg.asPerson().TokenSource(ctx, &oauth2.Token{RefreshToken: s.login.Refresh}).Token()
	}
	if err != nil {
		err = s.cfg.explain(err)
		if !isFinal(err) && s.login.lasts(s.cfg.ClientID, refused, time.Now()) {
			s.log.LogAttrs(ctx, slog.LevelWarn, "a new token can't be fetched, the last one is used to its end", slog.Any("err", err))
			return s.login.Access, nil
		}
		return "", err
	}
	s.keep(token, begun)
	s.store(ctx)
	return token.AccessToken, nil
}

// keep remembers what the provider gave. A provider that sends no new refresh
// token means the old one to stay.
func (s *Source) keep(token *oauth2.Token, begun time.Time) {
	refresh := token.RefreshToken
	if refresh == "" {
		refresh = s.login.Refresh
	}
	expires := token.Expiry
	if expires.IsZero() {
		expires = begun.Add(time.Hour)
	}
	s.login = stored{
		Version: storedVersion, ClientID: s.cfg.ClientID, Access: token.AccessToken, Refresh: refresh,
		Obtained: begun.UTC().Round(0), Expires: expires.UTC().Round(0),
	}
	s.unsaved = true
}

func (c *Config) asPerson() *oauth2.Config {
	return &oauth2.Config{
		ClientID: c.ClientID, ClientSecret: c.ClientSecret, Scopes: c.Scopes,
		Endpoint: oauth2.Endpoint{AuthURL: c.AuthURL, TokenURL: c.TokenURL, DeviceAuthURL: c.DeviceURL, AuthStyle: oauth2.AuthStyleInParams},
	}
}

func (c *Config) asItself() *clientcredentials.Config {
	return &clientcredentials.Config{
		ClientID: c.ClientID, ClientSecret: c.ClientSecret, Scopes: c.Scopes, TokenURL: c.TokenURL,
		AuthStyle: oauth2.AuthStyleInParams,
	}
}

// params gives what is asked beside the standard's own, in a fixed order.
func (c *Config) params() []oauth2.AuthCodeOption {
	var out []oauth2.AuthCodeOption
	for _, key := range slices.Sorted(maps.Keys(c.Params)) {
		out = append(out, oauth2.SetAuthURLParam(key, c.Params[key]))
	}
	if c.User != "" {
		out = append(out, oauth2.SetAuthURLParam("login_hint", c.User))
	}
	return out
}

// explain tells what only a person can mend from what mends itself.
func (c *Config) explain(err error) error {
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		return fmt.Errorf("fetching a token from the provider: %w", c.hide(err))
	}
	cause := refused.ErrorCode
	if words := firstSentence(refused.ErrorDescription); words != "" {
		cause += ": " + words
	}
	cause += whatToDo(refused.ErrorCode, refused.ErrorDescription)
	switch refused.ErrorCode {
	case "invalid_grant", "interaction_required", "consent_required", "login_required", "expired_token", "access_denied":
		if c.Flow == App {
			return &SetupError{Cause: cause}
		}
		return &LoginError{Account: c.Account, Cause: cause}
	case "invalid_client", "unauthorized_client", "invalid_scope", "unsupported_grant_type", "invalid_request", //nolint:misspell // as RFC 6749 spells them
		"deleted_client", "disabled_client", "org_internal", "admin_policy_enforced", "restricted_client", "invalid_tenant":
		return &SetupError{Cause: cause}
	}
	status := ""
	if refused.Response != nil {
		status = refused.Response.Status
	}
	return fmt.Errorf("fetching a token: the provider answered %s %s", status, cause)
}

// hide takes the address apart from an error of the network: what it was asked
// with stands in it.
func (c *Config) hide(err error) error {
	if c.ClientSecret == "" || !strings.Contains(err.Error(), c.ClientSecret) {
		return err
	}
	return errors.New(strings.ReplaceAll(err.Error(), c.ClientSecret, "***"))
}

// firstSentence gives the part of a provider's description that tells anything:
// behind it, some put the ids of their machines.
func firstSentence(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	for _, end := range []string{". ", " Trace ID:"} {
		if before, _, found := strings.Cut(text, end); found {
			text = before
		}
	}
	const most = 200
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return strings.TrimSuffix(text, ".")
}
