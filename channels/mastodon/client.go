package mastodon

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"stagecoach/channels"
)

// mattn/go-mastodon isn't used: its streaming reconnects in a tight loop, and it
// hides the Link headers, codes and bytes that we need.

// Bounds of what a server may answer, in bytes.
const (
	maxAnswer = 16 << 20
	maxError  = 64 << 10
)

// answer is a whole answer, read to its end.
type answer struct {
	code   int
	header http.Header
	body   []byte
	at     time.Time
}

func (res *answer) ok() bool { return res.code >= 200 && res.code < 300 }

// errTooLarge tells that an answer goes beyond what is read of one.
var errTooLarge = errors.New("the answer is too large")

// newClients makes the client of calls that may be repeated, and the one of those
// that may not.
func newClients(cfg Config, roots *x509.CertPool) (*retryablehttp.Client, *http.Client) {
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:       &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: cfg.Timeout,
		MaxIdleConnsPerHost:   4,
		IdleConnTimeout:       60 * time.Second,
		ForceAttemptHTTP2:     true,
	}
	once := &http.Client{
		Transport: transport,
		// A redirected POST would be sent as GET; a redirected token, elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	again := retryablehttp.NewClient()
	again.HTTPClient, again.Logger = once, nil
	again.RetryMax, again.RetryWaitMin, again.RetryWaitMax = 2, 200*time.Millisecond, 2*time.Second
	again.ErrorHandler = retryablehttp.PassthroughErrorHandler
	again.CheckRetry = func(ctx context.Context, res *http.Response, err error) (bool, error) {
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		if err == nil && (res.StatusCode == http.StatusTooManyRequests || res.Header.Get("Retry-After") != "") {
			return false, nil // the wait is the runner's, so that people see it
		}
		return retryablehttp.DefaultRetryPolicy(ctx, res, err)
	}
	return again, once
}

// get asks for path, again where that helps, and decodes the answer.
func (a *Adapter) get(ctx context.Context, op, path string, query url.Values, into any) (*answer, error) {
	res, err := a.ask(ctx, op, path, query)
	if err != nil {
		return nil, err
	}
	if !res.ok() {
		return res, a.refusal(op, res)
	}
	if into == nil {
		return res, nil
	}
	if err := json.Unmarshal(res.body, into); err != nil {
		return res, a.unreadable(op, res, err)
	}
	return res, nil
}

// unreadable tells of an answer that isn't what the API promises. At login that
// is a wrong address; later it's an accident of the server's.
func (a *Adapter) unreadable(op string, res *answer, err error) *channels.Error {
	if op == opLogin || op == opCheck {
		return a.failure(op, channels.Malformed, "", "server "+a.base.Host+
			" answers something else than the Mastodon API: is the server's address right?", err)
	}
	return a.failure(op, channels.Unavailable, "", fmt.Sprintf("server %s: unreadable answer of %d bytes", a.base.Host, len(res.body)), err)
}

// ask is get with any answer taken as it is.
func (a *Adapter) ask(ctx context.Context, op, path string, query url.Values) (*answer, error) {
	target := a.cfg.Server + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	ctx, cancel := context.WithTimeout(ctx, 4*a.cfg.Timeout)
	defer cancel()
	req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, a.failure(op, channels.Malformed, "", "making the request: "+channels.LastCause(err).Error(), err)
	}
	a.sign(req.Request)
	res, err := a.again.Do(req) //nolint:bodyclose // read closes it
	if err != nil {
		return nil, a.linkFailure(op, err)
	}
	done, err := a.read(res)
	if err != nil {
		if errors.Is(err, errTooLarge) {
			return nil, a.failure(op, channels.Malformed, "too_large", "server "+a.base.Host+": "+errTooLarge.Error(), err)
		}
		return nil, a.linkFailure(op, err)
	}
	return done, nil
}

func (a *Adapter) sign(req *http.Request) {
	req.Header.Set("Authorization", "Bearer "+string(a.cfg.Token))
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "Stagecoach (+https://"+a.cfg.domain()+")")
}

func (a *Adapter) read(res *http.Response) (*answer, error) {
	defer func() { _ = res.Body.Close() }()
	limit := a.largest
	if res.StatusCode >= 300 {
		limit = maxError
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > limit {
		if res.StatusCode < 300 {
			return nil, errTooLarge
		}
		body = nil
	}
	return &answer{code: res.StatusCode, header: res.Header, body: body, at: time.Now()}, nil
}

// post sends once. reached tells whether the server may have seen the request:
// then an error leaves in doubt what became of it.
func (a *Adapter) post(ctx context.Context, path, contentType, key string, body []byte, limit time.Duration) (res *answer, reached bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var linked atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { linked.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.cfg.Server+path, bytes.NewReader(body))
	if err != nil {
		return nil, false, err
	}
	// With GetBody net/http would send a request with an Idempotency-Key again by
	// itself, and servers may ignore that key.
	req.GetBody = nil
	a.sign(req)
	req.Header.Set("Content-Type", contentType)
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	got, err := a.once.Do(req) //nolint:bodyclose // read closes it
	if err != nil {
		return nil, linked.Load(), err
	}
	res, err = a.read(got)
	return res, true, err
}
