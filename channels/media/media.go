// Package media fetches the files of messages from where others say that they lie:
// bounded in number, size, time and memory, without a token, and from the public
// network alone.
package media

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"stagecoach/channels"
)

// Bounds of the files of one message, in bytes and pieces.
const (
	MaxFile     = 20 << 20
	MaxFiles    = 10
	MaxTogether = 40 << 20
)

const (
	// atOnce is of how many messages the files are held at once.
	atOnce   = 2
	fileTime = 30 * time.Second
	allTime  = 90 * time.Second
	maxHops  = 3
)

var (
	errPrivate = errors.New("its address is not a public one")
	errHops    = errors.New("it redirects too often, or elsewhere than to http")
	errNowhere = errors.New("it has no address")
)

// Fetcher fetches files. Its methods may be called from several goroutines.
type Fetcher struct {
	client *http.Client
	turns  chan struct{}
}

// New makes a fetcher. Roots are the certificates to trust, nil for the system's;
// the server at own, such as "https://social.example", may be asked though it is
// in a private network. No proxy is used, which would hide where a request goes.
func New(roots *x509.CertPool, own string) *Fetcher {
	ours := hostPort(own)
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		d := &net.Dialer{Timeout: 10 * time.Second}
		if address != ours {
			d.Control = publicOnly
		}
		return d.DialContext(ctx, network, address)
	}
	return &Fetcher{
		turns: make(chan struct{}, atOnce),
		client: &http.Client{
			Timeout: fileTime,
			Transport: &http.Transport{
				DialContext: dial, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
				TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: fileTime, MaxIdleConnsPerHost: 2,
				IdleConnTimeout: 30 * time.Second, ForceAttemptHTTP2: true,
			},
			CheckRedirect: func(req *http.Request, via []*http.Request) error {
				if len(via) > maxHops || !overHTTP(req.URL) {
					return errHops
				}
				return nil
			},
		},
	}
}

func overHTTP(u *url.URL) bool { return u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") }

func hostPort(server string) string {
	u, err := url.Parse(server)
	if err != nil || !overHTTP(u) {
		return ""
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// publicOnly refuses addresses that aren't of the public network. It is asked
// once the name is resolved, for each address that is tried.
func publicOnly(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !Public(at.Addr()) {
		return errPrivate
	}
	return nil
}

// reserved are ranges that net/netip doesn't know as private, and that lead to
// somebody's own network (RFC 6890, RFC 6598, RFC 6052, RFC 3056).
func reserved() []netip.Prefix {
	var out []netip.Prefix
	for _, text := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "::/96", "fec0::/10",
	} {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

// Public reports whether an address is one that anybody can reach.
func Public(ip netip.Addr) bool {
	ip = ip.Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return false
	}
	return !slices.ContainsFunc(reserved(), func(p netip.Prefix) bool { return p.Contains(ip) })
}

// Turn waits until the files of a message may be held in memory; done gives the
// turn back once they are stored.
func (f *Fetcher) Turn(ctx context.Context) (done func(), err error) {
	select {
	case f.turns <- struct{}{}:
		return func() { <-f.turns }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// File is a file that was fetched, or why it couldn't be.
type File struct {
	// Address is where it was got from.
	Address string
	// Type is its media type.
	Type string
	Data []byte
	// Why says in words why there are no bytes, "" where there are.
	Why string
}

// All fetches files, each from the first of its addresses that gives it. What
// can't be had is said, and loses nothing else. It gives MaxFiles at most.
func (f *Fetcher) All(ctx context.Context, files [][]string) []File {
	ctx, cancel := context.WithTimeout(ctx, allTime)
	defer cancel()
	var out []File
	together := 0
	for _, addresses := range files[:min(len(files), MaxFiles)] {
		got := f.one(ctx, addresses, MaxTogether-together)
		together += len(got.Data)
		out = append(out, got)
	}
	return out
}

// LeftOut says in words that files beyond MaxFiles weren't fetched, "" if there
// are none.
func LeftOut(files int) string {
	if files <= MaxFiles {
		return ""
	}
	return fmt.Sprintf("%d more attachments were not fetched", files-MaxFiles)
}

func (f *Fetcher) one(ctx context.Context, addresses []string, room int) File {
	why := errNowhere.Error()
	for _, address := range addresses {
		u, err := url.Parse(address)
		if err != nil || !overHTTP(u) {
			continue
		}
		data, kind, err := f.from(ctx, u, room)
		if err == nil {
			return File{Address: address, Type: kind, Data: data}
		}
		why = "it could not be fetched: " + reason(err)
	}
	return File{Why: why}
}

// reason gives words that name neither the address nor what stands in it.
func reason(err error) string {
	for _, known := range []error{errPrivate, errHops} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	if words, ok := channels.LinkWords(err); ok {
		return words
	}
	if said, ok := errors.AsType[*saidError](err); ok {
		return said.Error()
	}
	return "its server could not be asked"
}

// saidError has words for people.
type saidError struct{ words string }

func (e *saidError) Error() string { return e.words }

func says(format string, args ...any) error { return &saidError{fmt.Sprintf(format, args...)} }

func (f *Fetcher) from(ctx context.Context, u *url.URL, room int) ([]byte, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, "", err
	}
	res, err := f.client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = res.Body.Close() }()
	limit := min(MaxFile, room)
	tooLarge := says("it is larger than %d MB", MaxFile>>20)
	if room < MaxFile {
		tooLarge = says("the attachments together are larger than %d MB", MaxTogether>>20)
	}
	if res.StatusCode != http.StatusOK {
		return nil, "", says("its server says %d", res.StatusCode)
	}
	if res.ContentLength > int64(limit) {
		return nil, "", tooLarge
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, int64(limit)+1))
	if err != nil {
		return nil, "", err
	}
	if len(data) > limit {
		return nil, "", tooLarge
	}
	return data, typeOf(res.Header.Get("Content-Type"), data), nil
}

// typeOf is what the server says it is, or what it looks like where it says
// nothing of use.
func typeOf(said string, data []byte) string {
	kind, _, err := mime.ParseMediaType(said)
	if err != nil || kind == "application/octet-stream" || kind == "binary/octet-stream" {
		kind, _, _ = strings.Cut(http.DetectContentType(data), ";")
	}
	return kind
}
