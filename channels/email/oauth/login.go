package oauth

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// Terminal is where a person logs in: what they read, and what they type, nil
// where nobody can.
type Terminal struct {
	Out io.Writer
	In  io.Reader
}

// loginTimeout is how long a person may take.
const loginTimeout = 15 * time.Minute

// Login has a person log in and stores what the provider gives. A running
// daemon finds it in the file.
func (s *Source) Login(ctx context.Context, term Terminal) error {
	ctx, cancel := context.WithTimeoutCause(ctx, loginTimeout, errors.New("nobody logged in within 15 minutes"))
	defer cancel()
	ctx = context.WithValue(ctx, oauth2.HTTPClient, s.cfg.Client)
	begun := time.Now()
	var token *oauth2.Token
	var err error
	switch s.cfg.Flow {
	case App:
		token, err = s.cfg.asItself().Token(ctx)
	case Device:
		token, err = s.byCode(ctx, term)
	case Browser:
		token, err = s.byBrowser(ctx, term)
	default:
		err = fmt.Errorf("unknown way to log in %q", s.cfg.Flow)
	}
	if err != nil {
		return s.cfg.loginTrouble(ctx, err)
	}
	if token.RefreshToken == "" && s.cfg.Flow != App {
		return errors.New("the provider gave a login that ends within the hour and can't be renewed: " +
			"allow the program to keep access (offline_access, access_type=offline), and log in again")
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-s.turn }()
	unlock, err := lock(ctx, s.cfg.File)
	if err != nil {
		return fmt.Errorf("locking the stored login: %w", err)
	}
	defer unlock()
	s.login = stored{}
	s.keep(token, begun)
	if err := s.save(); err != nil {
		return fmt.Errorf("storing the login: %w", err)
	}
	return nil
}

// loginTrouble says why a login came to nothing.
func (c *Config) loginTrouble(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("logging in: %w", context.Cause(ctx))
	}
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		return fmt.Errorf("logging in: %w", c.hide(err))
	}
	switch refused.ErrorCode {
	case "access_denied", "authorization_declined":
		return errors.New("logging in: the person or an administrator did not allow it")
	case "expired_token":
		return errors.New("logging in: the code has expired: run the command again")
	}
	if e, ok := errors.AsType[*LoginError](c.explain(err)); ok {
		return fmt.Errorf("logging in: the provider says %s", e.Cause)
	}
	return c.explain(err)
}

// byCode shows a code that is entered in any browser, and waits for that.
func (s *Source) byCode(ctx context.Context, term Terminal) (*oauth2.Token, error) {
	cfg := s.cfg.asPerson()
	code, err := cfg.DeviceAuth(ctx, s.cfg.params()...)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(term.Out, "1. On any computer or telephone, open   %s\n", code.VerificationURI)
	fmt.Fprintf(term.Out, "2. Enter the code                       %s\n", code.UserCode)
	fmt.Fprintf(term.Out, "3. Log in as                            %s\n", s.cfg.User)
	fmt.Fprintf(term.Out, "Waiting until that is done%s; Ctrl-C gives up.\n", untilWords(code.Expiry))
	if code.Interval < 1 {
		code.Interval = 5 // RFC 8628, section 3.2
	}
	return cfg.DeviceAccessToken(ctx, code)
}

func untilWords(end time.Time) string {
	if end.IsZero() {
		return ""
	}
	return ", until " + end.Local().Format("15:04")
}

// byBrowser sends the browser to the provider and takes it back on a port of
// this machine. A browser on another machine ends on an address that it can't
// open; that address may be pasted instead.
func (s *Source) byBrowser(ctx context.Context, term Terminal) (*oauth2.Token, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening a port for the browser to come back to: %w", err)
	}
	cfg := s.cfg.asPerson()
	cfg.RedirectURL = "http://" + l.Addr().String() + "/"
	verifier, state := oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	options := append(s.cfg.params(), oauth2.S256ChallengeOption(verifier))
	fmt.Fprintf(term.Out, "1. Open this address in a browser, and log in there as %s:\n\n   %s\n\n", s.cfg.User, cfg.AuthCodeURL(state, options...))
	fmt.Fprintln(term.Out, "2. If the browser runs on this machine, that is all. If it runs on another, it ends on a page")
	fmt.Fprintln(term.Out, "   that can't be opened: copy the address of that page, paste it here, and press Enter.")

	back := &comeback{state: state, answers: make(chan url.Values, 1)}
	srv := &http.Server{Handler: back, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = srv.Serve(l) // it ends by Shutdown below
	}()
	defer func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if srv.Shutdown(grace) != nil {
			_ = srv.Close()
		}
		<-served
	}()
	if term.In != nil {
		// It ends with the terminal: a read of it can't be called back.
		go back.paste(term)
	}
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case answer := <-back.answers:
		if code := answer.Get("error"); code != "" {
			return nil, &oauth2.RetrieveError{ErrorCode: code, ErrorDescription: answer.Get("error_description")}
		}
		return cfg.Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(verifier))
	}
}

// comeback waits for the browser's return. Only one that bears our state counts.
type comeback struct {
	state   string
	answers chan url.Values
}

// take hands an answer over if it is one, and reports that.
func (c *comeback) take(answer url.Values) bool {
	if answer.Get("state") != c.state || answer.Get("code") == "" && answer.Get("error") == "" {
		return false
	}
	select {
	case c.answers <- answer:
	default: // the first one counts
	}
	return true
}

// ServeHTTP implements http.Handler.
func (c *comeback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if !c.take(r.URL.Query()) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "This is not the answer that is waited for.\n")
		return
	}
	_, _ = io.WriteString(w, "Stagecoach has your answer. You can close this page and look at the terminal.\n")
}

func (c *comeback) paste(term Terminal) {
	lines := bufio.NewScanner(term.In)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		if u, err := url.Parse(line); err == nil && c.take(u.Query()) {
			return
		}
		fmt.Fprintln(term.Out, "That isn't the address of the page on which the browser ended: it has code= and state= in it.")
	}
}
