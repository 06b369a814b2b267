package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"golang.org/x/sync/errgroup"

	"stagecoach/channels"
	"stagecoach/channels/media"
)

// The bounds of fetching files by their addresses.
const (
	fetchFiles    = 10
	fetchAtOnce   = 4
	fetchBytes    = 20 << 20
	fetchAllBytes = 40 << 20
	fetchTime     = 12 * time.Second
	fetchHops     = 3
)

// fetcher reads files from where messages say they are: from public addresses,
// and from hosts that the configuration names.
type fetcher struct {
	client *retryablehttp.Client
	hosts  []string
}

func newFetcher(cfg Config, roots *x509.CertPool) *fetcher {
	f := &fetcher{hosts: slices.Clone(cfg.AttachmentHosts)}
	if u, err := url.Parse(cfg.Callback.URL); err == nil && u.Host != "" {
		f.hosts = append(f.hosts, u.Host) // with its port: what else listens there is not meant
	}
	f.client = &retryablehttp.Client{
		HTTPClient: &http.Client{
			CheckRedirect: func(r *http.Request, via []*http.Request) error {
				if len(via) > fetchHops || r.URL.Scheme != "https" && r.URL.Scheme != "http" {
					return errTooManyHops
				}
				return nil
			},
			// No proxy: the address that is dialled is the one that is judged.
			Transport: &http.Transport{
				DialContext:           f.dial,
				TLSClientConfig:       &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
				TLSHandshakeTimeout:   5 * time.Second,
				ResponseHeaderTimeout: 8 * time.Second,
				DisableKeepAlives:     true,
			},
		},
		RetryMax: 2, RetryWaitMin: 200 * time.Millisecond, RetryWaitMax: 2 * time.Second,
		CheckRetry: retryFetch, Backoff: retryablehttp.DefaultBackoff, ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	return f
}

var (
	errTooManyHops = errors.New("it redirects too often, or elsewhere than to http")
	errPrivate     = errors.New("its address is in a private network: name the host in attachment_hosts if it is yours")
	errFileTooBig  = fmt.Errorf("it is larger than %d MiB", fetchBytes>>20)
	errAllTooBig   = fmt.Errorf("the files of the message are larger than %d MiB together", fetchAllBytes>>20)
)

func retryFetch(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if errors.Is(err, errPrivate) || errors.Is(err, errTooManyHops) {
		return false, nil
	}
	return retryablehttp.DefaultRetryPolicy(ctx, resp, err)
}

// dial connects to what a name resolves to, if that may be asked: judged at the
// socket, so that a name can't resolve otherwise meanwhile.
func (f *fetcher) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := &net.Dialer{Timeout: 5 * time.Second}
	if !f.named(address) {
		d.Control = func(_, found string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(found)
			if err != nil || !media.Public(to.Addr()) {
				return errPrivate
			}
			return nil
		}
	}
	return d.DialContext(ctx, network, address)
}

// named reports whether the configuration names a host, or a host and its port.
func (f *fetcher) named(address string) bool {
	return slices.ContainsFunc(f.hosts, func(known string) bool {
		return strings.EqualFold(known, address) || strings.EqualFold(strings.Trim(known, "[]"), hostOf(address))
	})
}

// fetched is one file as it is kept within the original.
type fetched struct {
	// Index is the place of the file among the attachments of the message.
	Index       int    `json:"index"`
	Name        string `json:"name,omitempty"`
	ContentType string `json:"content_type,omitempty"`
	Data        []byte `json:"data,omitempty"`
	// Failed says in words why there are no bytes.
	Failed string `json:"failed,omitempty"`
}

// withFiles gives the original of a message: as it came, or, where files are
// given by their addresses, {"schema":1,"files":[…],"event":as it came}, so that
// whoever reads it needs no network. What can't be fetched is a warning.
func (a *Adapter) withFiles(ctx context.Context, m *Message, body []byte) (raw []byte, format string, warnings []string) {
	files := a.files.all(ctx, m.Attachments)
	if len(files) == 0 {
		return body, FormatMessage, nil
	}
	for _, f := range files {
		if f.Failed != "" {
			warnings = append(warnings, fileWarning(f))
		}
	}
	list, err := json.Marshal(files)
	if err != nil { // bytes and strings can always be written
		return body, FormatMessage, []string{"the files could not be kept"}
	}
	raw = fmt.Appendf(make([]byte, 0, len(list)+len(body)+64), `{"schema":%d,"files":%s,"event":`, Schema, list)
	raw = append(raw, bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))...)
	return append(raw, '}'), FormatFiles, warnings
}

func fileWarning(f fetched) string {
	return fmt.Sprintf("attachment %d could not be fetched: %s", f.Index+1, f.Failed)
}

// all fetches what has an address.
func (f *fetcher) all(ctx context.Context, files []File) []fetched {
	var out []fetched
	for i, file := range files {
		if file.URL != "" {
			out = append(out, fetched{Index: i, Name: file.Name, ContentType: file.ContentType})
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, fetchTime, errors.New("it took too long"))
	defer cancel()
	var g errgroup.Group
	g.SetLimit(fetchAtOnce)
	for i := range out {
		if i >= fetchFiles {
			out[i].Failed = fmt.Sprintf("more than %d files have an address", fetchFiles)
			continue
		}
		g.Go(func() error {
			if err := f.one(ctx, files[out[i].Index].URL, &out[i]); err != nil {
				out[i].Failed = fetchWords(ctx, err)
			}
			return nil
		})
	}
	_ = g.Wait()
	total := 0
	for i := range out {
		if total += len(out[i].Data); total > fetchAllBytes {
			total -= len(out[i].Data)
			out[i].Data, out[i].Failed = nil, errAllTooBig.Error()
		}
	}
	return out
}

func (f *fetcher) one(ctx context.Context, address string, into *fetched) error {
	req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return errors.New("its address is none")
	}
	req.Header.Set("User-Agent", userAgent)
	resp, err := f.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	switch {
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("its server answered %d", resp.StatusCode)
	case resp.ContentLength > fetchBytes:
		return errFileTooBig
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, fetchBytes+1))
	switch {
	case err != nil:
		return err
	case len(data) > fetchBytes:
		return errFileTooBig
	}
	if data == nil {
		data = []byte{}
	}
	into.Data = data
	if into.ContentType == "" {
		into.ContentType = resp.Header.Get("Content-Type")
	}
	if into.Name == "" {
		into.Name = nameFrom(resp)
	}
	return nil
}

// nameFrom gives the name by which a server offers a file.
func nameFrom(resp *http.Response) string {
	if _, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition")); err == nil && params["filename"] != "" {
		return params["filename"]
	}
	if base := path.Base(resp.Request.URL.Path); base != "/" && base != "." {
		return base
	}
	return ""
}

// fetchWords says why a file could not be fetched, without its address: that may
// hold a key.
func fetchWords(ctx context.Context, err error) string {
	switch {
	case errors.Is(err, errPrivate):
		return errPrivate.Error()
	case errors.Is(err, errTooManyHops):
		return errTooManyHops.Error()
	case ctx.Err() != nil:
		return "it took too long"
	}
	if words, ok := channels.LinkWords(err); ok {
		return words
	}
	if _, is := errors.AsType[*url.Error](err); is {
		return "its server could not be asked"
	}
	return err.Error()
}
