package mastodon

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"stagecoach/channels"
)

// The stream only wakes the asking: whatever it says or doesn't is found by
// polling too. It comes back after a pause that doubles, up to longestPause; a
// silence of maxSilence ends it, since servers send a heartbeat each 15 s.
const (
	firstPause   = time.Second
	longestPause = 5 * time.Minute
	maxSilence   = 90 * time.Second
	steady       = time.Minute
)

// errNoStream tells that the server has no stream of this kind.
var errNoStream = errors.New("the server has no such stream")

// stream wakes until ctx ends, by server-sent events or, where the server has
// none (GoToSocial, Pleroma), by a web socket.
// https://docs.joinmastodon.org/methods/streaming/
func (a *Adapter) stream(ctx context.Context, about *server, wake, edits chan<- struct{}) {
	from, err := a.streamBase(about)
	if err != nil {
		a.log.WarnContext(ctx, "the server's stream isn't used, notifications are polled", "err", err)
		return
	}
	listen := a.listenEvents
	pause, told := firstPause, false
	on := func(event string) { told = false; wakeFor(event, wake, edits) }
	for ctx.Err() == nil {
		began := time.Now()
		err := listen(ctx, from, on)
		if errors.Is(err, errNoStream) {
			listen = a.listenSocket
			err = listen(ctx, from, on)
		}
		switch {
		case errors.Is(err, errNoStream): // for ever, or a proxy's word while it starts
			if listen = a.listenEvents; !told {
				a.log.InfoContext(ctx, "the server has no stream: notifications are polled")
			}
			pause, told = a.rest, true
		case time.Since(began) > steady:
			pause = firstPause
		}
		if ctx.Err() == nil && !told {
			a.log.DebugContext(ctx, "the stream has ended", "err", a.plainErr(err), "pause", pause)
		}
		jitter := time.Duration(rand.Int64N(int64(pause)/4 + 1)) //nolint:gosec // jitter needs no secret
		select {
		case <-ctx.Done():
		case <-time.After(pause + jitter):
		}
		pause = min(2*pause, longestPause)
		wakeFor("notification", wake, edits) // what came meanwhile
	}
}

func (a *Adapter) plainErr(err error) string {
	if err == nil {
		return ""
	}
	return a.plain(channels.LastCause(err).Error())
}

// wakeFor wakes what an event is news for.
func wakeFor(event string, wake, edits chan<- struct{}) {
	to := wake
	switch event {
	case "delete", "status.update":
		to = edits
	case "notification", "notifications_merged", "conversation":
	default:
		return
	}
	select {
	case to <- struct{}{}:
	default:
	}
}

// streamBase is where the stream is: where the server says, else beside the API.
// The token goes there, so it's never less protected than the API.
func (a *Adapter) streamBase(about *server) (*url.URL, error) {
	at := *a.base
	at.Path = ""
	if about.streaming == "" {
		return &at, nil
	}
	told, err := url.Parse(about.streaming)
	if err != nil || told.Host == "" {
		return &at, nil //nolint:nilerr // what it says is of no use: beside the API then
	}
	scheme := map[string]string{"wss": "https", "ws": "http", "https": "https", "http": "http"}[told.Scheme]
	if scheme == "" || a.base.Scheme == "https" && scheme != "https" {
		return nil, fmt.Errorf("it would be at %s://%s, without protection", told.Scheme, told.Host)
	}
	return &url.URL{Scheme: scheme, Host: told.Host}, nil
}

// listenEvents reads server-sent events until they end.
func (a *Adapter) listenEvents(ctx context.Context, from *url.URL, on func(event string)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from.String()+"/api/v1/streaming/user", nil)
	if err != nil {
		return err
	}
	a.sign(req)
	req.Header.Set("Accept", "text/event-stream")
	res, err := a.once.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	switch {
	case res.StatusCode == http.StatusOK && strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream"):
	case res.StatusCode >= 500, res.StatusCode == http.StatusTooManyRequests:
		return fmt.Errorf("the stream answers %d", res.StatusCode)
	default:
		return errNoStream
	}
	on("notification") // what came before it stood
	quiet := time.AfterFunc(maxSilence, cancel)
	defer quiet.Stop()
	return readEvents(res.Body, func(event string) {
		quiet.Reset(maxSilence)
		on(event)
	})
}

// readEvents calls on for each event, and with "" for each heartbeat. What an
// event says isn't looked at.
func readEvents(from io.Reader, on func(event string)) error {
	lines := bufio.NewReaderSize(from, 64<<10)
	for {
		line, isPrefix, err := lines.ReadLine()
		if err != nil {
			return err
		}
		event, ok := strings.CutPrefix(string(line[:min(len(line), 256)]), "event:")
		if ok && !isPrefix {
			on(strings.TrimSpace(event))
		} else if len(line) > 0 && line[0] == ':' {
			on("")
		}
		for isPrefix && err == nil {
			_, isPrefix, err = lines.ReadLine()
		}
		if err != nil {
			return err
		}
	}
}

// untilDone closes what is read from when ctx ends.
func untilDone(ctx context.Context, c io.Closer) (stop func()) {
	ended := context.AfterFunc(ctx, func() { _ = c.Close() })
	return sync.OnceFunc(func() { ended(); _ = c.Close() })
}
