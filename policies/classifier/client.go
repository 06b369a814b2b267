package classifier

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/semaphore"

	"stagecoach/policies"
)

// Config says where a classifier is, and how it is asked.
type Config struct {
	URL string
	// Token is sent as "Authorization: Bearer", "" for none.
	Token string
	// Roots are the authorities to trust, nil for the system's.
	Roots *x509.CertPool
	// TimeLimit is how long it may take at most, 2 s if zero.
	TimeLimit time.Duration
	// AtOnce is how many questions are asked at a time, 8 if zero.
	AtOnce int
	// Plain sends words as they are, instead of without addresses and numbers.
	Plain bool
	// Pause is how long it is left alone after it has failed often, 30 s if zero.
	Pause time.Duration
}

// The bounds of what is asked.
const (
	maxAnswer = 64 << 10
	// failures is after how many failures in a row it is left alone.
	failures = 5
)

// Client asks one classifier.
type Client struct {
	cfg     Config
	http    *retryablehttp.Client
	slots   *semaphore.Weighted
	breaker *gobreaker.CircuitBreaker[policies.Said]
	logger  *slog.Logger

	mu    sync.Mutex
	count map[policies.Trouble]int64
	last  Failure
}

// Failure is what went wrong last.
type Failure struct {
	At      time.Time
	Trouble policies.Trouble
	Words   string
}

// New gives a client. It connects to nothing yet.
func New(cfg Config, logger *slog.Logger) *Client {
	if cfg.TimeLimit == 0 {
		cfg.TimeLimit = 2 * time.Second
	}
	if cfg.AtOnce == 0 {
		cfg.AtOnce = 8
	}
	if cfg.Pause == 0 {
		cfg.Pause = 30 * time.Second
	}
	c := &Client{
		cfg: cfg, slots: semaphore.NewWeighted(int64(cfg.AtOnce)), count: map[policies.Trouble]int64{},
		logger: logger.With("component", "classifier"),
	}
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		TLSClientConfig:       &tls.Config{RootCAs: cfg.Roots, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   cfg.AtOnce,
		IdleConnTimeout:       time.Minute,
		TLSHandshakeTimeout:   cfg.TimeLimit,
		ResponseHeaderTimeout: cfg.TimeLimit,
		// What unfolds to more than it says is bounded by what is read of it.
		MaxResponseHeaderBytes: maxAnswer,
	}
	c.http = &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax: 1, RetryWaitMin: 50 * time.Millisecond, RetryWaitMax: 200 * time.Millisecond,
		CheckRetry: again, Backoff: retryablehttp.DefaultBackoff, ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	c.breaker = gobreaker.NewCircuitBreaker[policies.Said](gobreaker.Settings{
		Name: "classifier", Timeout: cfg.Pause,
		ReadyToTrip:   func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= failures },
		OnStateChange: c.changed,
	})
	return c
}

// again repeats what broke off or what the other side says it could not do just now.
func again(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil {
		return true, nil //nolint:nilerr // the last of them comes back from Do
	}
	return resp.StatusCode >= http.StatusInternalServerError, nil
}

// changed says when it is left alone, and when no longer.
func (c *Client) changed(_ string, from, to gobreaker.State) {
	switch to {
	case gobreaker.StateOpen:
		c.mu.Lock()
		why := c.last.Words
		c.mu.Unlock()
		c.logger.Warn("the external classifier is left alone for a while: the policy's own entries decide", "pause", c.cfg.Pause, "err", why)
	case gobreaker.StateClosed:
		c.logger.Info("the external classifier answers again")
	case gobreaker.StateHalfOpen:
		c.logger.Debug("the external classifier is tried again", "was", from.String())
	}
}

// Close lets connections go.
func (c *Client) Close() { c.http.HTTPClient.CloseIdleConnections() }

// Ask gives the word of the classifier on a message that waits since then, at most
// its time limit later. It never fails: what went wrong is a trouble in what it says.
func (c *Client) Ask(ctx context.Context, set *policies.Set, in *policies.ClassifyInput, since time.Time) policies.Said {
	if since.IsZero() {
		since = time.Now()
	}
	ctx, cancel := context.WithDeadlineCause(ctx, since.Add(c.cfg.TimeLimit), errLate)
	defer cancel()
	said, err := c.ask(ctx, set, in)
	said.Trouble = troubleOf(ctx, err)
	if err != nil {
		said = policies.Said{Trouble: said.Trouble}
	}
	c.note(set.Hear(said).Trouble, err)
	return said
}

var (
	errLate = errors.New("it did not answer within its time limit")
	errBusy = errors.New("as much as at_once allows was being asked, for half of the time limit")
)

// statusError is an answer that is none.
type statusError struct{ code int }

// Error implements error.
func (e *statusError) Error() string {
	if e.code >= 300 && e.code < 400 {
		return fmt.Sprintf("it redirects (HTTP %d), which is not followed: name the address that answers", e.code)
	}
	return fmt.Sprintf("it answers HTTP %d %s", e.code, http.StatusText(e.code))
}

// brokenError is an answer that can't be read.
type brokenError struct{ err error }

// Error implements error.
func (e *brokenError) Error() string { return e.err.Error() }

// Unwrap implements errors.Unwrap.
func (e *brokenError) Unwrap() error { return e.err }

func troubleOf(ctx context.Context, err error) policies.Trouble {
	_, refused := errors.AsType[*statusError](err)
	_, broken := errors.AsType[*brokenError](err)
	switch {
	case err == nil:
		return ""
	case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
		return policies.TroublePaused
	case errors.Is(err, errBusy):
		return policies.TroubleBusy
	case refused:
		return policies.TroubleRefused
	case broken:
		return policies.TroubleBroken
	case ctx.Err() != nil:
		return policies.TroubleTimeOut
	}
	return policies.TroubleUnreachable
}

// ask waits for its turn and asks, unless the classifier is left alone.
func (c *Client) ask(ctx context.Context, set *policies.Set, in *policies.ClassifyInput) (policies.Said, error) {
	if c.breaker.State() == gobreaker.StateOpen {
		return policies.Said{}, gobreaker.ErrOpenState
	}
	// What has waited for half the time isn't asked any more: that it then doesn't
	// answer in time would say nothing of the classifier.
	late, _ := ctx.Deadline()
	turn, cancel := context.WithDeadline(ctx, late.Add(-c.cfg.TimeLimit/2))
	defer cancel()
	if turn.Err() != nil || c.slots.Acquire(turn, 1) != nil {
		return policies.Said{}, errBusy
	}
	defer c.slots.Release(1)
	body, err := json.Marshal(questionOf(set, in, !c.cfg.Plain))
	if err != nil {
		return policies.Said{}, fmt.Errorf("writing the question: %w", err)
	}
	return c.breaker.Execute(func() (policies.Said, error) { return c.post(ctx, body) })
}

func (c *Client) post(ctx context.Context, body []byte) (said policies.Said, err error) {
	req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodPost, c.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return said, fmt.Errorf("writing the question: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	if c.cfg.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.cfg.Token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return said, plain(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }() // it was read, or is of no use
	if resp.StatusCode != http.StatusOK {
		return said, &statusError{resp.StatusCode}
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return said, plain(ctx, err)
	}
	if len(text) > maxAnswer {
		return said, &brokenError{fmt.Errorf("its answer is longer than %d KiB", maxAnswer>>10)}
	}
	if said, err = read(text); err != nil {
		return said, &brokenError{err}
	}
	return said, nil
}

// plain gives an error without the address that was asked, which may hold a secret.
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
