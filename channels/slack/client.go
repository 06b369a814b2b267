package slack

import (
	"bytes"
	"context"
	"crypto/tls"
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
	// ok, error and needed are those of Slack's frame.
	ok            bool
	error, needed string
}

// errTooLarge tells that an answer goes beyond maxAnswer.
var errTooLarge = fmt.Errorf("the answer is larger than %d MB", maxAnswer>>20)

// newClients makes the client of calls that may be repeated, and the one of those
// that may not.
func newClients(cfg Config) (*retryablehttp.Client, *http.Client, error) {
	roots, err := cfg.roots()
	if err != nil {
		return nil, nil, err
	}
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:       &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: cfg.Timeout,
		MaxIdleConnsPerHost:   8,
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
			return false, nil // whoever asks waits, as long as the server wishes
		}
		return retryablehttp.DefaultRetryPolicy(ctx, res, err)
	}
	return again, once, nil
}

// read calls a method that changes nothing, again where that helps, and decodes
// the answer.
func (a *Adapter) read(ctx context.Context, op, method string, query url.Values, into any) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, 4*a.cfg.Timeout)
	defer cancel()
	// As a form: it is what every method takes.
	req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodPost, a.cfg.API+method, []byte(query.Encode()))
	if err != nil {
		return nil, a.failure(op, channels.Malformed, "", "making the request: "+channels.LastCause(err).Error(), err)
	}
	a.sign(req.Request, a.cfg.BotToken)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	got, err := a.again.Do(req) //nolint:bodyclose // readAnswer closes it
	if err != nil {
		return nil, a.linkFailure(op, err)
	}
	res, err := readAnswer(got)
	if errors.Is(err, errTooLarge) {
		return nil, a.failure(op, channels.Malformed, codeTooLarge, "server "+a.base.Host+": "+errTooLarge.Error(), err)
	}
	if err != nil {
		return nil, a.linkFailure(op, err)
	}
	return res, a.understand(op, method, res, into)
}

// The codes of answers that are none of Slack's.
const (
	codeTooLarge   = "too_large"
	codeUnreadable = "unreadable"
)

// understand decodes what is ok, and makes an error of what isn't.
func (a *Adapter) understand(op, method string, res *answer, into any) error {
	if !res.ok {
		if res.code < 300 && res.error == "" {
			return a.unreadable(op, method, len(res.body), nil)
		}
		return a.refusal(op, method, res)
	}
	if into == nil {
		return nil
	}
	if err := unmarshalLoosely(res.body, into); err != nil {
		return a.unreadable(op, method, len(res.body), err)
	}
	return nil
}

// unreadable tells of an answer that isn't what the API promises. At login that
// is a wrong address; later it's an accident of the server's.
func (a *Adapter) unreadable(op, method string, size int, err error) *channels.Error {
	if op == opLogin || op == opCheck {
		return a.failure(op, channels.Malformed, "", "server "+a.base.Host+
			" answers something else than Slack's Web API: is the address of the API right?", err)
	}
	return a.failure(op, channels.Unavailable, codeUnreadable, fmt.Sprintf("server %s: %s gives an unreadable answer of %d bytes", a.base.Host, method, size), err)
}

func (a *Adapter) sign(req *http.Request, token Secret) {
	req.Header.Set("Authorization", "Bearer "+string(token))
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "Stagecoach")
}

// readAnswer reads an answer to its end, and its frame.
func readAnswer(res *http.Response) (*answer, error) {
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
	out := &answer{code: res.StatusCode, header: res.Header, body: body, at: time.Now()}
	var frame struct {
		OK     bool   `json:"ok"`
		Error  string `json:"error"`
		Needed string `json:"needed"`
	}
	if unmarshalLoosely(body, &frame) == nil {
		out.ok = frame.OK && res.StatusCode < 300
		out.error, out.needed = shown(frame.Error, 80), frame.Needed
	}
	return out, nil
}

// post sends once, and gives whatever the answer is. reached tells whether the
// server may have seen the request: then an error leaves in doubt what became of it.
func (a *Adapter) post(ctx context.Context, target, contentType string, token Secret, body []byte, limit time.Duration) (res *answer, reached bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var linked atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { linked.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return nil, false, err
	}
	req.GetBody = nil // net/http would send it again by itself
	if token != "" {
		a.sign(req, token)
	}
	req.Header.Set("Content-Type", contentType)
	got, err := a.once.Do(req) //nolint:bodyclose // readAnswer closes it
	if err != nil {
		return nil, linked.Load(), err
	}
	res, err = readAnswer(got)
	return res, true, err
}

// call posts JSON to a method that may be called twice.
func (a *Adapter) call(ctx context.Context, op, method string, token Secret, args, into any) error {
	body, err := json.Marshal(args)
	if err != nil {
		return a.failure(op, channels.Malformed, "", "making the request", err)
	}
	res, _, err := a.post(ctx, a.cfg.API+method, jsonType, token, body, a.cfg.Timeout)
	if err != nil {
		return a.linkFailure(op, err)
	}
	return a.understand(op, method, res, into)
}

const jsonType = "application/json; charset=utf-8"

// patiently calls again for as long as the server says that it is asked too often.
func patiently(ctx context.Context, do func() error) error {
	for {
		err := do()
		typed, ok := errors.AsType[*channels.Error](err)
		if !ok || typed.Reason != channels.RateLimited {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(max(typed.RetryAfter, 50*time.Millisecond)):
		}
	}
}
