package bluesky

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// Bounds of the pictures of a message.
const (
	maxFile  = 20 << 20
	maxFiles = 10
	fileTime = 30 * time.Second
	allTime  = 90 * time.Second
)

// errPrivate tells that a picture's address is none of the public network.
var errPrivate = errors.New("its address is not a public one")

// newFileClient makes the client for pictures. They lie at a network of the
// view's choice, so it goes to public addresses and to the configured server
// alone, carries no token, and uses no proxy, which would hide where it goes.
func newFileClient(cfg Config) *http.Client {
	roots, err := cfg.roots()
	if err != nil {
		roots = nil // Validate has said so
	}
	ours := hostPort(cfg.Server)
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		d := &net.Dialer{Timeout: 10 * time.Second}
		if address != ours {
			d.Control = publicOnly
		}
		return d.DialContext(ctx, network, address)
	}
	return &http.Client{
		Timeout: fileTime,
		Transport: &http.Transport{
			DialContext: dial, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: fileTime, MaxIdleConnsPerHost: 2,
			IdleConnTimeout: 30 * time.Second, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) > 3 || (req.URL.Scheme != "https" && req.URL.Scheme != "http") {
				return errors.New("redirected too often")
			}
			return nil
		},
	}
}

func hostPort(server string) string {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" {
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
	if err != nil {
		return errPrivate
	}
	ip := at.Addr().Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return errPrivate
	}
	for _, closed := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
		"240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
	} {
		if netip.MustParsePrefix(closed).Contains(ip) {
			return errPrivate
		}
	}
	return nil
}

// fetchFiles gets the pictures of a post. What can't be had is said, and loses
// nothing else.
func (a *Adapter) fetchFiles(ctx context.Context, env *envelope) {
	p, ok := env.shown()
	if !ok {
		return
	}
	media := p.Embed.media()
	if media == nil || len(media.Images) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, allTime)
	defer cancel()
	for i, img := range media.Images {
		if i == maxFiles {
			env.Notes = append(env.Notes, fmt.Sprintf("%d more pictures were not fetched", len(media.Images)-maxFiles))
			return
		}
		env.Files = append(env.Files, a.fetchFile(ctx, img, i))
	}
}

func (a *Adapter) fetchFile(ctx context.Context, img image, n int) file {
	u, err := url.Parse(img.Fullsize)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return file{URL: img.Fullsize, Error: "it has no address"}
	}
	data, kind, err := a.fetchFrom(ctx, u)
	if err != nil {
		return file{URL: img.Fullsize, Error: "it could not be fetched: " + plain(lastCause(err).Error())}
	}
	ending := map[string]string{"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/gif": ".gif"}[kind]
	return file{URL: img.Fullsize, Name: fmt.Sprintf("picture-%d%s", n+1, ending), Type: kind, Data: data}
}

func (a *Adapter) fetchFrom(ctx context.Context, u *url.URL) ([]byte, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, "", err
	}
	res, err := a.files.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, "", fmt.Errorf("its server says %d", res.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, maxFile+1))
	if err != nil {
		return nil, "", err
	}
	if len(data) > maxFile {
		return nil, "", fmt.Errorf("it is larger than %d MB", maxFile>>20)
	}
	kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "image/") {
		kind, _, _ = strings.Cut(http.DetectContentType(data), ";")
	}
	return data, kind, nil
}
