// Package webchatfake is a visitor of the web chat who speaks its HTTP API as the
// browser's widget does: over real HTTP, with a token, a stream of events, and
// messages that are sent again under the same id until they are confirmed. It is
// strict: a gap, a double or a wrong order in what it is shown is a Complaint. It
// can also behave as bad links make browsers behave. For tests and the
// demonstration.
package webchatfake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Config is one visitor.
type Config struct {
	// URL is the chat's address: http://host/channels/webchat/acme.
	URL string
	// Origin is the page that embeds the chat, "" for none.
	Origin string
	// Title and Page tell where the chat is open, Language in what language.
	Title, Page, Language string
	// Identity is put into the session as it is, nil for an anonymous visitor.
	Identity any
	// Client makes the requests; one of its own if nil.
	Client *http.Client
	// Wait is the pause before something is tried again; 50 ms if zero.
	Wait time.Duration
}

// Line is one message of the conversation as the visitor sees it.
type Line struct {
	N      int64  `json:"n"`
	ID     string `json:"id"`
	From   string `json:"from"`
	Name   string `json:"name"`
	Text   string `json:"text"`
	At     int64  `json:"at"`
	Thread string `json:"thread"`
	Files  []File `json:"files"`
}

// File names a file of a Line.
type File struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
	Size int64  `json:"size"`
}

// Outlook is what the visitor is told of the time that an answer takes: in seconds
// within what those who write now usually have one, and within what they will
// themselves; 0 where nothing is said.
type Outlook struct {
	Known    bool  `json:"known"`
	Open     bool  `json:"open"`
	Closed   bool  `json:"closed"`
	Answered int64 `json:"answered"`
	Yours    int64 `json:"yours"`
}

// RefusedError is what the chat answers when it refuses.
type RefusedError struct {
	Status     int           `json:"status"`
	Code       string        `json:"code"`
	Title      string        `json:"title"`
	Detail     string        `json:"detail"`
	RetryAfter time.Duration `json:"-"`
}

// Error implements error.
func (p *RefusedError) Error() string {
	return fmt.Sprintf("%d %s: %s: %s", p.Status, p.Code, p.Title, p.Detail)
}

// Mode is how a bad link behaves. The zero value is a good one.
type Mode struct {
	// CutBefore and CutAfter lose this many next messages: before they reach the
	// chat, or the answers.
	CutBefore, CutAfter int
	// Doubles sends each message twice at once.
	Doubles bool
}

// Visitor is one browser. Its methods may be called from several goroutines.
type Visitor struct {
	cfg    Config
	client *http.Client
	ctx    context.Context //nolint:containedctx // the visitor's life, which Close ends
	cancel context.CancelFunc
	group  sync.WaitGroup

	coming sync.Mutex // held while the session is opened

	mu         sync.Mutex
	token      string
	id         string
	mode       Mode
	lines      []Line
	typing     []string
	outlook    Outlook
	complaints []string
	changed    chan struct{}
	streams    int
	cut        context.CancelFunc
}

// New makes a visitor who has not come yet. Close must be called.
func New(ctx context.Context, cfg Config) *Visitor {
	if cfg.Wait <= 0 {
		cfg.Wait = 50 * time.Millisecond
	}
	if cfg.Language == "" {
		cfg.Language = "en"
	}
	client := cfg.Client
	if client == nil {
		client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2}}
	}
	ctx, cancel := context.WithCancel(ctx)
	return &Visitor{cfg: cfg, client: client, ctx: ctx, cancel: cancel, changed: make(chan struct{})}
}

// Close ends the visitor's requests and waits for them.
func (v *Visitor) Close() {
	v.cancel()
	v.group.Wait()
	if v.cfg.Client == nil {
		v.client.CloseIdleConnections()
	}
}

// Come opens the session, trying again until the chat answers. Once it is open
// it does nothing.
func (v *Visitor) Come() error {
	v.coming.Lock()
	defer v.coming.Unlock()
	for v.ID() == "" {
		err := v.Session()
		if err != nil && !again(err) {
			return err
		}
		if err != nil && !v.pause() {
			return v.ctx.Err()
		}
	}
	return nil
}

// Session opens or resumes the session, once.
func (v *Visitor) Session() error {
	in := map[string]any{"language": v.cfg.Language}
	if v.cfg.Identity != nil {
		in["identity"] = v.cfg.Identity
	}
	var out struct {
		Token   string  `json:"token"`
		Visitor string  `json:"visitor"`
		Outlook Outlook `json:"outlook"`
	}
	if err := v.Post("session", in, &out); err != nil {
		return err
	}
	v.change(func() {
		if v.id != "" && v.id != out.Visitor {
			v.lines = nil // another person's conversation
		}
		v.token, v.id, v.outlook = out.Token, out.Visitor, out.Outlook
	})
	return nil
}

// Listen opens the stream and keeps it open, until Close.
func (v *Visitor) Listen() {
	v.group.Go(func() {
		for {
			_ = v.stream() // it always ends, and is opened again
			if !v.pause() {
				return
			}
		}
	})
}

// Say sends a message until it is confirmed, and gives the id it was sent under.
func (v *Visitor) Say(text string, files ...string) (string, error) {
	id := uuid.NewString()
	return id, v.SayAs(id, text, files...)
}

// SayAs is Say with an id of the caller's.
func (v *Visitor) SayAs(id, text string, files ...string) error {
	for {
		err := v.trySay(id, text, files)
		if !again(err) {
			return err
		}
		if !v.pause() {
			return v.ctx.Err()
		}
	}
}

var errCut = errors.New("the link was cut")

func (v *Visitor) trySay(id, text string, files []string) error {
	v.mu.Lock()
	before, after, doubles := v.mode.CutBefore > 0, v.mode.CutAfter > 0, v.mode.Doubles
	switch {
	case before:
		v.mode.CutBefore--
	case after:
		v.mode.CutAfter--
	}
	v.mu.Unlock()
	if before {
		return errCut
	}
	in := map[string]any{"id": id, "text": text, "files": files, "language": v.cfg.Language, "page": map[string]string{"url": v.cfg.Page, "title": v.cfg.Title}}
	if doubles {
		v.group.Go(func() { _ = v.Post("messages", in, nil) }) // the other one counts
	}
	var out struct {
		ID string `json:"id"`
		N  int64  `json:"n"`
	}
	if err := v.Post("messages", in, &out); err != nil {
		return err
	}
	if out.ID != id || out.N <= 0 {
		v.complain("message %s was confirmed as %s, number %d", id, out.ID, out.N)
	}
	if after && !before {
		return errCut // the answer never arrived
	}
	return nil
}

// Upload sends a file and gives its id, once.
func (v *Visitor) Upload(name string, data []byte) (File, error) {
	var out File
	req, err := v.request(http.MethodPost, "files?name="+url.QueryEscape(name), bytes.NewReader(data))
	if err != nil {
		return out, err
	}
	req.Header.Set("Content-Type", "application/octet-stream")
	return out, v.do(req, &out)
}

// Download fetches a file, and gives its bytes and headers.
func (v *Visitor) Download(id string) ([]byte, http.Header, error) {
	req, err := v.request(http.MethodGet, "files/"+id, nil)
	if err != nil {
		return nil, nil, err
	}
	resp, err := v.client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, resp.Header, problemOf(resp)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	return data, resp.Header, err
}

// Post sends JSON to one of the chat's addresses, once.
func (v *Visitor) Post(path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := v.request(http.MethodPost, path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	return v.do(req, out)
}

func (v *Visitor) request(method, path string, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(v.ctx, method, v.cfg.URL+"/"+path, body)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.token != "" {
		req.Header.Set("Authorization", "Bearer "+v.token)
	}
	if v.cfg.Origin != "" {
		req.Header.Set("Origin", v.cfg.Origin)
	}
	return req, nil
}

func (v *Visitor) do(req *http.Request, out any) error {
	resp, err := v.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= 300 {
		return problemOf(resp)
	}
	if v.cfg.Origin != "" && resp.Header.Get("Access-Control-Allow-Origin") != v.cfg.Origin {
		return fmt.Errorf("a browser would hide this answer: it allows %q", resp.Header.Get("Access-Control-Allow-Origin"))
	}
	if out == nil || resp.StatusCode == http.StatusNoContent {
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	return json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(out)
}

func problemOf(resp *http.Response) error {
	p := &RefusedError{Status: resp.StatusCode}
	_ = json.NewDecoder(io.LimitReader(resp.Body, 1<<16)).Decode(p) // what isn't ours has a status at least
	p.Status = resp.StatusCode
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
		p.RetryAfter = time.Duration(s) * time.Second
	}
	return p
}

// again reports whether a browser would try once more.
func again(err error) bool {
	if p, ok := errors.AsType[*RefusedError](err); ok {
		return p.Status >= 500 || p.Status == http.StatusTooManyRequests
	}
	return err != nil && !errors.Is(err, context.Canceled)
}

func (v *Visitor) pause() bool {
	select {
	case <-v.ctx.Done():
		return false
	case <-time.After(v.cfg.Wait):
		return true
	}
}

func (v *Visitor) complain(format string, args ...any) {
	v.change(func() { v.complaints = append(v.complaints, strings.TrimSpace(fmt.Sprintf(format, args...))) })
}
