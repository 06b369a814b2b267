package slack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"stagecoach/channels"
)

// Bounds of the attachments of a message, and of what one reply carries.
const (
	maxFile  = 20 << 20
	maxFiles = 10
	fileTime = 60 * time.Second
	allTime  = 120 * time.Second
	// maxTogether is how much the attachments of one message have at most.
	maxTogether = 40 << 20
	maxUpload   = 40 << 20
)

// fetchFiles gets the attachments of a message. What can't be had is said, and
// loses nothing else.
func (a *Adapter) fetchFiles(ctx context.Context, all []file) (out []fetched, notes []string) {
	ctx, cancel := context.WithTimeout(ctx, allTime)
	defer cancel()
	left := a.together
	for i, f := range all {
		if i == maxFiles {
			notes = append(notes, fmt.Sprintf("%d more attachments were not fetched", len(all)-maxFiles))
			break
		}
		one := a.fetchFile(ctx, f, left)
		left -= int64(len(one.Data))
		out = append(out, one)
	}
	return out, notes
}

func (a *Adapter) fetchFile(ctx context.Context, f file, left int64) fetched {
	out := fetched{ID: f.ID, Name: cleanName(firstOf(f.Name, f.Title, f.ID)), Type: f.Mimetype}
	if f.Access == "check_file_info" || (f.URL == "" && f.Download == "" && f.Mode == "") {
		f = a.fileInfo(ctx, f)
		out.Name, out.Type = cleanName(firstOf(f.Name, f.Title, f.ID)), f.Mimetype
	}
	from := firstOf(f.Download, f.URL)
	switch {
	case f.Mode == "tombstone" || f.Access == "file_not_found":
		out.Error = "it was deleted before it could be fetched"
	case f.Mode == "hidden_by_limit":
		out.Error = "Slack hides it: the workspace's plan shows recent files only"
	case f.Access == "access_denied" || f.Access == "slack_connect_file_link_sharing_blocked":
		out.Error = "Slack doesn't let the app see it"
	case f.IsExternal || f.Mode == "external":
		out.Error = "it lies with another service"
	case from == "":
		out.Error = "it has no address"
	case f.Size > maxFile:
		out.Error = fmt.Sprintf("it is larger than %d MB", maxFile>>20)
	}
	tooMuch := fmt.Sprintf("the attachments of the message are larger than %d MB together", a.together>>20)
	if out.Error == "" && f.Size > left {
		out.Error = tooMuch
	}
	if out.Error != "" {
		return out
	}
	data, kind, err := a.fetchFrom(ctx, from, f.Mimetype)
	if err != nil {
		out.Error = "it could not be fetched: " + channels.Words(a.failure(opFetch, "", "", channels.LastCause(err).Error(), nil))
		return out
	}
	if int64(len(data)) > left { // it said that it was smaller
		out.Error = tooMuch
		return out
	}
	out.Data, out.Type = data, firstOf(out.Type, kind)
	return out
}

// fileInfo asks about a file that an event only names, as in shared channels.
// https://docs.slack.dev/reference/methods/files.info
func (a *Adapter) fileInfo(ctx context.Context, f file) file {
	var got struct {
		File file `json:"file"`
	}
	if _, err := a.read(ctx, opFetch, "files.info", url.Values{"file": {f.ID}}, &got); err != nil || got.File.ID != f.ID {
		return f
	}
	return got.File
}

// trusted reports whether an address may be shown our token: Slack's own over TLS,
// or the server that we are configured for. Whoever shares a file may name another.
func (a *Adapter) trusted(u *url.URL) bool {
	if u.User != nil {
		return false
	}
	if u.Scheme == a.base.Scheme && strings.EqualFold(u.Host, a.base.Host) {
		return true
	}
	if u.Scheme != "https" || (u.Port() != "" && u.Port() != "443") {
		return false
	}
	host := strings.ToLower(u.Hostname())
	for _, domain := range []string{"slack.com", "slack-gov.com"} {
		if host == domain || strings.HasSuffix(host, "."+domain) {
			return true
		}
	}
	return false
}

var errNotSlack = errors.New("its address isn't Slack's")

// fetchTries is how often a file is asked for; longestPause, how long it is waited
// for where the server says when to come again.
const (
	fetchTries   = 3
	longestPause = 20 * time.Second
)

// laterError tells that a file may be had later.
type laterError struct {
	code int
	wait time.Duration
}

func (e *laterError) Error() string { return fmt.Sprintf("its server says %d", e.code) }

// fetchFrom gets the bytes of a file, again where that may help: nobody asks for it
// later.
func (a *Adapter) fetchFrom(ctx context.Context, from, said string) (data []byte, kind string, err error) {
	for try := range fetchTries {
		if data, kind, err = a.fetchOnce(ctx, from, said); err == nil || !mayHelp(err) {
			break
		}
		wait := time.Second << try
		if later, ok := errors.AsType[*laterError](err); ok && later.wait > 0 {
			wait = min(later.wait, longestPause)
		}
		select {
		case <-ctx.Done():
			return nil, "", ctx.Err()
		case <-time.After(wait):
		}
	}
	return data, kind, err
}

// mayHelp reports whether asking again for a file may help: the server said so, or
// the link broke.
func mayHelp(err error) bool {
	if _, ok := errors.AsType[*laterError](err); ok {
		return true
	}
	_, known := channels.LinkWords(err)
	return known && !errors.Is(err, context.Canceled)
}

// fetchOnce gets the bytes of a file with our token.
// https://docs.slack.dev/messaging/working-with-files#retrieving
func (a *Adapter) fetchOnce(ctx context.Context, from, said string) ([]byte, string, error) {
	ctx, cancel := context.WithTimeout(ctx, fileTime)
	defer cancel()
	for range 4 { // redirects
		u, err := url.Parse(from)
		if err != nil || !a.trusted(u) {
			return nil, "", errNotSlack
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
		if err != nil {
			return nil, "", err
		}
		a.sign(req, a.cfg.BotToken)
		req.Header.Del("Accept")
		res, err := a.once.Do(req)
		if err != nil {
			return nil, "", err
		}
		if next, err := res.Location(); err == nil && res.StatusCode/100 == 3 {
			_ = res.Body.Close()
			from = next.String()
			continue
		}
		return readFile(res, said)
	}
	return nil, "", errors.New("redirected too often")
}

func readFile(res *http.Response, said string) ([]byte, string, error) {
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500 {
		return nil, "", &laterError{code: res.StatusCode, wait: channels.RetryAfter(res.Header, time.Now())}
	}
	if res.StatusCode != http.StatusOK {
		return nil, "", fmt.Errorf("its server says %d", res.StatusCode)
	}
	kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil {
		kind = "application/octet-stream"
	}
	if kind == "text/html" && !strings.Contains(said, "html") {
		return nil, "", errors.New("Slack shows its sign-in page instead: does the token have the scope files:read?") //nolint:staticcheck // a name
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, maxFile+1))
	if err != nil {
		return nil, "", err
	}
	if len(data) > maxFile {
		return nil, "", fmt.Errorf("it is larger than %d MB", maxFile>>20)
	}
	return data, kind, nil
}

// cleanName is a file's name without anything that a name has no use for.
func cleanName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || strings.ContainsRune(`\:*?"<>|`, r) {
			return -1
		}
		return r
	}, path.Base(strings.ToValidUTF8(name[:min(len(name), 1000)], "")))
	name = shown(strings.TrimLeft(name, "."), 120)
	if name == "" || name == "/" {
		return "file"
	}
	return name
}
