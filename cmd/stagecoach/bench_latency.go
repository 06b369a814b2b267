package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"stagecoach/desk/view"
)

// screen is an agent's desk, as a browser has it: a session, and the live line.
type screen struct {
	base, token string
	http        *http.Client
	news        chan struct{}
	ended       chan error
}

// openScreen makes the first account by the set-up link, logs in, opens the
// live line and makes the agent available.
func openScreen(ctx context.Context, base, setup string) (*screen, error) {
	s := &screen{base: base, http: &http.Client{}, news: make(chan struct{}, 1), ended: make(chan error, 1)}
	var login view.Login
	err := s.call(ctx, http.MethodPost, "/api/setup", map[string]string{
		"token": setup, "name": "Bench", "email": "agent@bench.test", "password": randomID(),
	}, &login)
	if err != nil {
		return nil, err
	}
	s.token = login.Token
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/api/events", nil)
	if err != nil {
		return nil, fmt.Errorf("opening the live line: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	resp, err := s.http.Do(req) //nolint:bodyclose // listen closes it
	if err != nil {
		return nil, fmt.Errorf("opening the live line: %w", err)
	}
	go func() { s.ended <- s.listen(resp.Body) }()
	return s, s.call(ctx, http.MethodPost, "/api/presence", map[string]string{"presence": "available"}, nil)
}

// listen notes that something is new, whatever it is.
func (s *screen) listen(body io.ReadCloser) error {
	defer func() { _ = body.Close() }()
	lines := bufio.NewScanner(body)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "event: ") {
			select {
			case s.news <- struct{}{}:
			default:
			}
		}
	}
	return lines.Err()
}

func (s *screen) call(ctx context.Context, method, path string, in, out any) error {
	c := &client{http: s.http, base: s.base, token: s.token}
	if in == nil && method != http.MethodGet {
		in = struct{}{}
	}
	raw, err := c.call(ctx, method, path, in, nil)
	if err != nil || out == nil {
		return err
	}
	return json.NewDecoder(bytes.NewReader(raw)).Decode(out)
}

// until waits until the offer of this subject is on the screen, and gives it.
func (s *screen) until(ctx context.Context, subject string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, errors.New("a message did not reach the screen within a minute"))
	defer cancel()
	for {
		select {
		case <-s.news:
		case err := <-s.ended:
			return "", errors.Join(errors.New("the live line was cut"), err)
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
		var desk view.Desk
		if err := s.call(ctx, http.MethodGet, "/api/desk", nil, &desk); err != nil {
			return "", err
		}
		for _, o := range desk.Offers {
			if o.Card.Subject == subject {
				return o.ID, nil
			}
		}
	}
}

// latency times mails one by one from the mailbox to the screen, beside what a
// bare IDLE takes to hear of them.
func (b *bench) latency(ctx context.Context, d *Daemon, server mailServer) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	idle, err := startIdle(server.login())
	if err != nil {
		return fmt.Errorf("listening to the mailbox: %w", err)
	}
	defer func() { err = errors.Join(err, idle.close()) }()
	s, err := openScreen(ctx, d.URL(), d.setup)
	if err != nil {
		return err
	}
	var whole, heard, ours []time.Duration
	for i := range b.cmd.Single {
		b.bar.show("ingest: mails one by one", i, b.cmd.Single)
		// Never in step with the clocks of the servers.
		pause(ctx, 200*time.Millisecond+rand.N(500*time.Millisecond)) //nolint:gosec // no secret
		subject := fmt.Sprintf("Einzelne Frage %d", i)
		idle.forget()
		begin := time.Now()
		if err := server.put([][]byte{madeMail(1_000_000+i, subject, begin)}); err != nil {
			return err
		}
		offer, err := s.until(ctx, subject)
		if err != nil {
			return err
		}
		shown := time.Now()
		announced, err := idle.wait(ctx)
		if err != nil {
			return err
		}
		whole, heard, ours = append(whole, shown.Sub(begin)), append(heard, announced.Sub(begin)), append(ours, max(0, shown.Sub(announced)))
		if err := s.call(ctx, http.MethodPost, "/api/offers/"+offer+"/accept", nil, nil); err != nil {
			return err
		}
		if err := s.end(ctx, subject); err != nil {
			return err
		}
	}
	raw := p95(heard)
	b.add(figure{Name: "screen_p95", Value: p95(whole).Seconds(), Unit: "s", Limit: raw.Seconds()}, atMost(1.5))
	b.add(figure{Name: "screen_ours_p95", Value: millis(p95(ours)), Unit: "ms"}, goal{})
	b.note("screen: %d mails one by one, from the file in the mailbox to the offer read by the live line's reader; raw limit: a bare IDLE on the same mailbox. ours: from that announcement to the screen.", b.cmd.Single)
	return s.call(ctx, http.MethodPost, "/api/presence", map[string]string{"presence": "offline"}, nil)
}

// end disposes of what was accepted, so that the agent has room.
func (s *screen) end(ctx context.Context, subject string) error {
	var desk view.Desk
	if err := s.call(ctx, http.MethodGet, "/api/desk", nil, &desk); err != nil {
		return err
	}
	for _, card := range desk.Mine {
		if card.Subject == subject {
			return s.call(ctx, http.MethodPost, "/api/contacts/"+card.Contact+"/dispose", map[string]string{"disposition": "no_reply_needed"}, nil)
		}
	}
	return fmt.Errorf("the accepted contact %q is not on the desk", subject)
}
