package bluesky

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
	host   string
}

func (res *answer) ok() bool { return res.code >= 200 && res.code < 300 }

// errTooLarge tells that an answer goes beyond maxAnswer.
var errTooLarge = fmt.Errorf("the answer is larger than %d MB", maxAnswer>>20)

// newClients makes the client of calls that may be repeated, and the one of those
// that may not.
func newClients(cfg Config, roots *x509.CertPool) (*retryablehttp.Client, *http.Client) {
	once := &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			TLSClientConfig:       &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:   10 * time.Second,
			ResponseHeaderTimeout: cfg.Timeout,
			MaxIdleConnsPerHost:   4,
			IdleConnTimeout:       60 * time.Second,
			ForceAttemptHTTP2:     true,
		},
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

// request is one call of XRPC (https://atproto.com/specs/xrpc).
type request struct {
	op string
	// method is the call's name (NSID); query its parameters.
	method string
	query  url.Values
	// body makes it a procedure rather than a query.
	body        []byte
	contentType string
	// chat sends it on to the service of direct messages.
	chat bool
	// token and server are those of the session if empty.
	token, server string
}

// get makes a query and decodes the answer.
func (a *Adapter) get(ctx context.Context, op, method string, query url.Values, into any) error {
	return a.read(ctx, request{op: op, method: method, query: query}, into)
}

// read makes a query and decodes the answer.
func (a *Adapter) read(ctx context.Context, q request, into any) error {
	_, err := a.readAt(ctx, q, into)
	return err
}

// readAt is read, and gives the time of the answer by the server's clock.
func (a *Adapter) readAt(ctx context.Context, q request, into any) (time.Time, error) {
	res, _, err := a.call(ctx, q)
	if err != nil {
		return time.Time{}, a.linkFailure(q.op, err)
	}
	if !res.ok() {
		return time.Time{}, a.refusal(q.op, res)
	}
	if err := json.Unmarshal(res.body, into); err != nil {
		return time.Time{}, a.unreadable(q.op, res, err)
	}
	return channels.AnsweredAt(res.header, res.at), nil
}

// unreadable tells of an answer that isn't what the protocol promises. At login
// that is a wrong address; later it's an accident of the server's.
func (a *Adapter) unreadable(op string, res *answer, err error) *channels.Error {
	if op == opLogin || op == opCheck {
		return a.failure(op, channels.Malformed, "", "server "+res.host+
			" answers something else than the AT protocol: is the server's address right?", err)
	}
	return a.failure(op, channels.Unavailable, "", fmt.Sprintf("server %s: unreadable answer of %d bytes", res.host, len(res.body)), err)
}

// call makes a call in our session, with a new token where the old one has ended.
// reached tells whether the server may have seen the request.
func (a *Adapter) call(ctx context.Context, q request) (res *answer, reached bool, err error) {
	s, err := a.session(ctx, q.op)
	if err != nil {
		return nil, false, err
	}
	res, reached, err = a.callWith(ctx, q, s)
	if err != nil || !res.tokenEnded(q.chat) {
		return res, reached, err
	}
	if s, err = a.renew(ctx, q.op, s); err != nil {
		return nil, false, err
	}
	return a.callWith(ctx, q, s)
}

func (a *Adapter) callWith(ctx context.Context, q request, s *session) (*answer, bool, error) {
	q.token, q.server = s.access, s.server
	return a.do(ctx, q)
}

// do makes one call. Queries are repeated where that helps, procedures never.
func (a *Adapter) do(ctx context.Context, q request) (res *answer, reached bool, err error) {
	target := q.server + "/xrpc/" + q.method
	if len(q.query) > 0 {
		target += "?" + q.query.Encode()
	}
	if q.body == nil {
		res, err = a.fetch(ctx, q, target)
		return res, true, err
	}
	ctx, cancel := context.WithTimeout(ctx, a.cfg.Timeout)
	defer cancel()
	var linked atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { linked.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(q.body))
	if err != nil {
		return nil, false, err
	}
	a.sign(req, q)
	if q.contentType != "" {
		req.Header.Set("Content-Type", q.contentType)
	}
	got, err := a.once.Do(req) //nolint:bodyclose // readAll closes it
	if err != nil {
		return nil, linked.Load(), err
	}
	res, err = readAll(got)
	return res, true, err
}

// fetch is a GET that is repeated where that helps.
func (a *Adapter) fetch(ctx context.Context, q request, target string) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, 4*a.cfg.Timeout)
	defer cancel()
	req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, a.failure(q.op, channels.Malformed, "", "making the request: "+channels.LastCause(err).Error(), err)
	}
	a.sign(req.Request, q)
	got, err := a.again.Do(req) //nolint:bodyclose // readAll closes it
	if err != nil {
		return nil, err
	}
	res, err := readAll(got)
	if errors.Is(err, errTooLarge) {
		return nil, a.failure(q.op, channels.Malformed, "too_large", "server "+req.URL.Host+": "+errTooLarge.Error(), err)
	}
	return res, err
}

func (a *Adapter) sign(req *http.Request, q request) {
	if q.token != "" {
		req.Header.Set("Authorization", "Bearer "+q.token)
	}
	if q.chat {
		req.Header.Set("Atproto-Proxy", a.cfg.ChatService)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "Stagecoach (@"+a.cfg.Handle+")")
}

func readAll(res *http.Response) (*answer, error) {
	defer func() { _ = res.Body.Close() }()
	limit := int64(maxAnswer)
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
	return &answer{code: res.StatusCode, header: res.Header, body: body, at: time.Now(), host: res.Request.URL.Host}, nil
}
