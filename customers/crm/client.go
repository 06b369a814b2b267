package crm

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/semaphore"

	"stagecoach/contact"
)

// Config says where a CRM is, and how it is asked.
type Config struct {
	// URL is asked by an address of the customer's, IDURL by the company's own id of
	// them; either may be "". {address}, {channel} and {external_id} are filled in.
	URL, IDURL string
	// Token is sent as "Authorization: Bearer", "" for none.
	Token string
	// Roots are the authorities to trust, nil for the system's.
	Roots *x509.CertPool
	// TimeLimit is how long it may take at most, 3 s if zero.
	TimeLimit time.Duration
	// AtOnce is how many questions are asked at a time, 4 if zero.
	AtOnce int
	// Fields are JSON pointers to those that a CRM calls otherwise.
	Fields map[string]string
	// Pause is how long it is left alone after it has failed often, 30 s if zero.
	Pause time.Duration
}

// The bounds of what is asked.
const (
	maxAnswer = 256 << 10
	// failures is after how many failures in a row it is left alone.
	failures = 5
)

// Question is whom a CRM is asked about.
type Question struct {
	// External is the company's own id, "" where it is not known.
	External string
	Channel  contact.Channel
	Address  string
}

// Client asks one CRM.
type Client struct {
	cfg     Config
	http    *retryablehttp.Client
	slots   *semaphore.Weighted
	breaker *gobreaker.CircuitBreaker[Answer]
	logger  *slog.Logger

	mu     sync.Mutex
	status Status
}

// Status is how it stands with a CRM since the daemon started.
type Status struct {
	// Asked counts questions, Found and Unknown their answers, Failed the rest.
	Asked, Found, Unknown, Failed int64
	// Paused is true while it is left alone, Down while its last word was a failure.
	Paused, Down bool
	// Trouble is what went wrong last, at TroubleAt.
	Trouble   string
	TroubleAt time.Time
}

// ErrCannotAsk means that nothing is known by which this CRM could be asked.
var ErrCannotAsk = errors.New("nothing is known by which the CRM could be asked")

// ErrPaused means that it is left alone for a while, as it has failed often.
var ErrPaused = errors.New("the CRM is left alone for a while, as it has failed often")

// New gives a client. It connects to nothing yet.
func New(cfg Config, logger *slog.Logger) *Client {
	if cfg.TimeLimit == 0 {
		cfg.TimeLimit = 3 * time.Second
	}
	if cfg.AtOnce == 0 {
		cfg.AtOnce = 4
	}
	if cfg.Pause == 0 {
		cfg.Pause = 30 * time.Second
	}
	c := &Client{cfg: cfg, slots: semaphore.NewWeighted(int64(cfg.AtOnce)), logger: logger.With("component", "crm")}
	c.http = &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport: &http.Transport{
				Proxy:               http.ProxyFromEnvironment,
				TLSClientConfig:     &tls.Config{RootCAs: cfg.Roots, MinVersion: tls.VersionTLS12},
				ForceAttemptHTTP2:   true,
				MaxIdleConnsPerHost: cfg.AtOnce, IdleConnTimeout: time.Minute,
				TLSHandshakeTimeout: cfg.TimeLimit, ResponseHeaderTimeout: cfg.TimeLimit, MaxResponseHeaderBytes: 64 << 10,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax: 1, RetryWaitMin: 50 * time.Millisecond, RetryWaitMax: 300 * time.Millisecond,
		CheckRetry: again, Backoff: retryablehttp.DefaultBackoff, ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	c.breaker = gobreaker.NewCircuitBreaker[Answer](gobreaker.Settings{
		Name: "crm", Timeout: cfg.Pause,
		ReadyToTrip:   func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= failures },
		OnStateChange: c.changed,
	})
	return c
}

// again repeats what broke off, and what the other side could not do just now.
func again(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil {
		return true, nil //nolint:nilerr // the last of them comes back from Do
	}
	return resp.StatusCode >= http.StatusInternalServerError, nil
}

// changed says when it is left alone, and when no longer. The breaker is locked
// meanwhile: it must not be asked how it stands.
func (c *Client) changed(_ string, _, to gobreaker.State) {
	switch to {
	case gobreaker.StateOpen:
		c.mu.Lock()
		why := c.status.Trouble
		c.mu.Unlock()
		c.logger.Warn("the CRM is left alone for a while: what it said last counts, marked as stale", "pause", c.cfg.Pause, "err", why)
	case gobreaker.StateClosed:
		c.logger.Info("the CRM answers again")
	case gobreaker.StateHalfOpen:
	}
}

// Close lets connections go.
func (c *Client) Close() { c.http.HTTPClient.CloseIdleConnections() }

// Status gives how it stands.
func (c *Client) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.status
	s.Paused = c.breaker.State() == gobreaker.StateOpen
	return s
}

// Asks reports whether the CRM can be asked by these.
func (c *Client) Asks(q Question) bool { return c.where(q) != "" }

// where gives the address of a question, "" where it can't be asked.
func (c *Client) where(q Question) string {
	switch {
	case q.External != "" && c.cfg.IDURL != "":
		return fill(c.cfg.IDURL, q)
	case q.Address != "" && c.cfg.URL != "":
		return fill(c.cfg.URL, q)
	}
	return ""
}

// fill puts what is asked about into an address: escaped for where it stands.
func fill(template string, q Question) string {
	path, query, asked := strings.Cut(template, "?")
	put := func(s string, escape func(string) string) string {
		return strings.NewReplacer("{external_id}", escape(q.External), "{address}", escape(q.Address), "{channel}", escape(string(q.Channel))).Replace(s)
	}
	if path = put(path, url.PathEscape); asked {
		path += "?" + put(query, url.QueryEscape)
	}
	return path
}

// Ask gives what the CRM knows of a customer.
func (c *Client) Ask(ctx context.Context, q Question) (Answer, error) {
	where := c.where(q)
	if where == "" {
		return Answer{}, ErrCannotAsk
	}
	if c.breaker.State() == gobreaker.StateOpen {
		return Answer{}, ErrPaused
	}
	if err := c.slots.Acquire(ctx, 1); err != nil {
		return Answer{}, fmt.Errorf("waiting for a turn to ask the CRM: %w", err)
	}
	defer c.slots.Release(1)
	limited, cancel := context.WithTimeoutCause(ctx, c.cfg.TimeLimit, fmt.Errorf("it did not answer within %s", c.cfg.TimeLimit))
	defer cancel()
	a, err := c.breaker.Execute(func() (Answer, error) {
		a, err := c.get(limited, where)
		if err == nil && a.External != "" && q.External != "" && a.External != q.External && c.cfg.IDURL != "" {
			return Answer{}, errors.New("it answered about another customer than it was asked about")
		}
		return a, err
	})
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return Answer{}, ErrPaused
	}
	if ctx.Err() == nil {
		c.note(&a, err)
	}
	if err != nil {
		return Answer{}, fmt.Errorf("asking the CRM: %w", err)
	}
	return a, nil
}

func (c *Client) note(a *Answer, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status.Asked++
	c.status.Down = err != nil
	switch {
	case err != nil:
		c.status.Failed++
		c.status.Trouble, c.status.TroubleAt = err.Error(), time.Now()
	case a.Found:
		c.status.Found++
	default:
		c.status.Unknown++
	}
}

func (c *Client) get(ctx context.Context, where string) (Answer, error) {
	req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodGet, where, nil)
	if err != nil {
		return Answer{}, errors.New("its address can't be asked: see url and id_url")
	}
	req.Header.Set("Accept", "application/json")
	if c.cfg.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.cfg.Token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return Answer{}, plain(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }() // it was read, or is of no use
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return Answer{}, nil
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return Answer{}, fmt.Errorf("it redirects (HTTP %d), which is not followed: name the address that answers", resp.StatusCode)
	case resp.StatusCode != http.StatusOK:
		return Answer{}, fmt.Errorf("it answers HTTP %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return Answer{}, plain(ctx, err)
	}
	if len(text) > maxAnswer {
		return Answer{}, fmt.Errorf("its answer is longer than %d KiB", maxAnswer>>10)
	}
	return read(text, c.cfg.Fields)
}

// plain gives an error without the address that was asked: it holds the customer's.
func plain(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	type wrapped interface{ Unwrap() error }
	for {
		inner, ok := err.(wrapped)
		if !ok || inner.Unwrap() == nil {
			return err
		}
		err = inner.Unwrap()
	}
}
