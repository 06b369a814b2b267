package demo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// client speaks to the desk's HTTP API as one person.
type client struct {
	base  string
	token string
	http  *http.Client
}

func newClient(base string) *client {
	return &client{base: strings.TrimRight(base, "/"), http: &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute, ResponseHeaderTimeout: callTime,
	}}}
}

// callTime is how long an answer may take.
const callTime = 20 * time.Second

// refusal is what the API did not do, and why (RFC 9457).
type refusal struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// Error implements error.
func (r *refusal) Error() string {
	if r.Detail == "" {
		return fmt.Sprintf("the API answered with status %d", r.Status)
	}
	return r.Detail
}

// refused reports whether the daemon understood and said no.
func refused(err error) bool {
	var r *refusal
	return errors.As(err, &r) && r.Status < http.StatusInternalServerError && r.Status != http.StatusTooManyRequests
}

// get, post and put call the API; what was not answered is tried again, which
// is safe, as every command that matters carries an id.
func (c *client) get(ctx context.Context, path string, out any) error {
	return c.call(ctx, http.MethodGet, path, nil, out)
}

func (c *client) post(ctx context.Context, path string, in, out any) error {
	return c.call(ctx, http.MethodPost, path, in, out)
}

func (c *client) put(ctx context.Context, path string, in any) error {
	return c.call(ctx, http.MethodPut, path, in, nil)
}

const tries = 5

func (c *client) call(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("asking for %s: %w", path, err)
		}
	}
	for try := 1; ; try++ {
		err := c.once(ctx, method, path, body, out)
		if err == nil || refused(err) || try == tries || ctx.Err() != nil {
			return err
		}
		if !wait(ctx, time.Duration(try)*200*time.Millisecond) {
			return err
		}
	}
}

func (c *client) once(ctx context.Context, method, path string, body []byte, out any) error {
	ctx, cancel := context.WithTimeoutCause(ctx, callTime, errors.New("no answer came in time"))
	defer cancel()
	resp, err := c.send(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	if err != nil {
		return fmt.Errorf("asking for %s: %w", path, err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		r := &refusal{}
		_ = json.Unmarshal(data, r) // what can't be read has its status
		r.Status = resp.StatusCode
		return fmt.Errorf("%s %s: %w", method, path, r)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("reading the answer to %s: %w", path, err)
	}
	return nil
}

func (c *client) send(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("asking for %s: %w", path, err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking for %s: %w", path, err)
	}
	return resp, nil
}

// follow keeps the live line open until ctx ends, and signals wake whenever
// what the one who is logged in holds or is offered may have changed.
func (c *client) follow(ctx context.Context, wake chan<- struct{}) {
	for ctx.Err() == nil {
		c.listen(ctx, wake)
		wait(ctx, 300*time.Millisecond)
	}
}

func (c *client) listen(ctx context.Context, wake chan<- struct{}) {
	resp, err := c.send(ctx, http.MethodGet, "/api/events", nil)
	if err != nil {
		return
	}
	defer func() { _ = resp.Body.Close() }()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		name, is := strings.CutPrefix(lines.Text(), "event: ")
		if !is || name != "offer" && name != "desk" {
			continue // news that concern others
		}
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

// close drops idle connections.
func (c *client) close() { c.http.CloseIdleConnections() }
