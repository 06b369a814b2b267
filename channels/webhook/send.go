package webhook

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
)

const userAgent = "Stagecoach-Webhook/1"

// maxAnswer is how much of an answer is read.
const maxAnswer = 64 << 10

// newCallbackClient makes the client for callbacks: redirects are not followed,
// certificates verified, and nothing is sent twice by itself.
func newCallbackClient(roots *x509.CertPool) *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: 10 * time.Second,
			ForceAttemptHTTP2:   true,
			MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
		},
	}
}

// exchange is one attempt: what was answered, or how far it came.
type exchange struct {
	status int
	header http.Header
	body   []byte
	// begun is true once something of the request went out.
	begun bool
	err   error
}

// post signs a body with the time of this attempt and posts it once.
func (a *Adapter) post(ctx context.Context, id string, body []byte) exchange {
	ctx, cancel := context.WithTimeout(ctx, a.cfg.Callback.Timeout)
	defer cancel()
	var begun atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaderField: func(string, []string) { begun.Store(true) },
	})
	req, err := http.NewRequestWithContext(traced, http.MethodPost, a.cfg.Callback.URL, bytes.NewReader(body))
	if err != nil {
		return exchange{err: err}
	}
	for name, value := range a.cfg.Callback.Headers {
		req.Header.Set(name, string(value))
	}
	stamp, signature := a.given.sign(id, a.now(), body)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set(headerID, id)
	req.Header.Set(headerTimestamp, stamp)
	req.Header.Set(headerSignature, signature)
	resp, err := a.callback.Do(req)
	if err != nil {
		return exchange{begun: begun.Load(), err: err}
	}
	defer func() { _ = resp.Body.Close() }()
	// The status is the answer; a body that breaks off changes nothing of it.
	said, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return exchange{status: resp.StatusCode, header: resp.Header, body: said, begun: true}
}

// Send implements channels.Sender. The webhook-id is the reply's id at every
// attempt; the standard has receivers take each id once.
func (a *Adapter) Send(ctx context.Context, r *contact.Reply) (channels.Receipt, error) {
	if !idForWebhook(r.ID) {
		return channels.Receipt{}, a.failure("send", channels.Malformed, "", "the reply's id is no id", nil)
	}
	receipt, known, err := a.once.begin(ctx, r.ID)
	switch {
	case err != nil:
		return channels.Receipt{}, a.failure("send", channels.Unavailable, "", "stopped", err)
	case known:
		return receipt, nil
	}
	receipt, failed := a.send(ctx, r)
	if failed != nil {
		a.once.end(r.ID, nil)
		return channels.Receipt{}, failed
	}
	a.once.end(r.ID, &receipt)
	return receipt, nil
}

func (a *Adapter) send(ctx context.Context, r *contact.Reply) (channels.Receipt, *channels.Error) {
	body := r.Raw
	if len(body) == 0 {
		var err error
		if body, err = a.Compose(r); err != nil {
			if typed, is := errors.AsType[*channels.Error](err); is {
				return channels.Receipt{}, typed
			}
			return channels.Receipt{}, a.failure("send", channels.Malformed, "", "the reply can't be composed", err)
		}
	}
	said, err := replyOf(body)
	if err != nil {
		return channels.Receipt{}, a.failure("send", channels.Malformed, "", "what was composed is broken", err)
	}
	x := a.post(ctx, r.ID, body)
	if failed := a.judge(x, "send", said); failed != nil {
		return channels.Receipt{}, failed
	}
	return channels.Receipt{ProviderID: cmp.Or(idSaid(x.body), r.ID), At: a.now().UTC()}, nil
}

// judge makes an error of an attempt, nil for one that went well.
func (a *Adapter) judge(x exchange, op string, said Reply) *channels.Error {
	if x.err != nil {
		return a.cutOff(x, op)
	}
	o := outcomeOf(x, said, a.now())
	if o.reason == "" {
		a.heldUntil.Store(0)
		return nil
	}
	if o.reason == channels.Unavailable && a.cfg.Callback.NotIdempotent && mayHaveTaken(x.status) {
		o.reason, o.wait = channels.InDoubt, 0
		o.words += "; it may have taken the reply all the same"
	}
	for _, word := range said.words() {
		o.words = strings.ReplaceAll(o.words, word, "[…]")
	}
	if o.wait > 0 {
		a.heldUntil.Store(a.now().Add(o.wait).UnixNano())
	}
	failed := a.failure(op, o.reason, strconv.Itoa(x.status), "callback "+a.place()+": "+o.words, nil)
	failed.RetryAfter = o.wait
	return failed
}

// cutOff is the error of an attempt without an answer. A receiver that knows ids
// again can be asked again whatever it has made of it.
func (a *Adapter) cutOff(x exchange, op string) *channels.Error {
	words, known := channels.LinkWords(x.err)
	switch {
	case errors.Is(x.err, context.Canceled):
		words = "stopped"
	case !known:
		words = "it can't be reached"
	}
	reason := channels.Unavailable
	if !x.begun {
		if op == "send" {
			op = "connect"
		}
	} else if a.cfg.Callback.NotIdempotent {
		reason = channels.InDoubt
		words += " before it answered; it may have taken the reply"
	}
	return a.failure(op, reason, "", "callback "+a.place()+": "+words, x.err)
}

// place names the receiver's machine in an error. The rest of its address may
// hold a key.
func (a *Adapter) place() string { return placeOf(a.cfg.Callback.URL) }

// Delivered implements channels.Resolver: whoever knows a webhook-id again can be
// asked by sending it again.
func (a *Adapter) Delivered(ctx context.Context, r *contact.Reply) (delivered, known bool, err error) {
	_, failed := a.Send(ctx, r)
	typed, is := errors.AsType[*channels.Error](failed)
	if !is {
		return failed == nil, failed == nil, failed
	}
	switch {
	case !typed.Permanent():
		return false, false, failed
	case typed.Code == "409", typed.Code == "410": // it may have been otherwise at the first attempt
		return false, false, nil
	default: // these bytes were never taken, and never will be
		return false, true, nil
	}
}

// Pause implements channels.Pacer: while the receiver wants to be left alone,
// nothing is sent.
func (a *Adapter) Pause(now time.Time) time.Duration {
	until := a.heldUntil.Load()
	if until == 0 {
		return 0
	}
	return max(0, time.Unix(0, until).Sub(now))
}

// Unused implements channels.Pacer; turns aren't counted.
func (a *Adapter) Unused() {}
