package mastodon

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
	"path"
	"strings"
	"syscall"
	"time"
)

// Bounds of the attachments of a message, and of what one reply carries.
const (
	maxFile     = 20 << 20
	maxFiles    = 10
	maxTogether = 40 << 20
	// fetching is of how many messages the files are held at once.
	fetching  = 2
	fileTime  = 30 * time.Second
	allTime   = 90 * time.Second
	maxUpload = 40 << 20
)

// errPrivate tells that an attachment's address is none of the public network.
var errPrivate = errors.New("its address is not a public one")

// newFileClient makes the client for attachments. They lie anywhere, by the word
// of whoever wrote the post, so it goes to public addresses and to the configured
// server alone, carries no token, and uses no proxy, which would hide where it goes.
func newFileClient(cfg Config, base *url.URL) *http.Client {
	roots, err := cfg.roots()
	if err != nil {
		roots = nil // Validate has said so
	}
	port := base.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[base.Scheme]
	}
	ours := net.JoinHostPort(base.Hostname(), port)
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

// fetchFiles gets the attachments of a message. What can't be had is said, and
// loses nothing else.
func (a *Adapter) fetchFiles(ctx context.Context, all []media) (files []file, notes []string) {
	ctx, cancel := context.WithTimeout(ctx, allTime)
	defer cancel()
	together := 0
	for i, m := range all {
		if i == maxFiles {
			notes = append(notes, fmt.Sprintf("%d more attachments were not fetched", len(all)-maxFiles))
			break
		}
		f := a.fetchFile(ctx, m, i)
		if together += len(f.Data); together > maxTogether {
			together -= len(f.Data)
			f = file{ID: m.ID, Error: fmt.Sprintf("the attachments together are larger than %d MB", maxTogether>>20)}
		}
		files = append(files, f)
	}
	return files, notes
}

func (a *Adapter) fetchFile(ctx context.Context, m media, n int) file {
	out := file{ID: m.ID, Error: "it has no address"}
	for _, from := range []string{m.URL, m.RemoteURL} {
		u, err := url.Parse(from)
		if from == "" || err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
			continue
		}
		data, kind, err := a.fetchFrom(ctx, u)
		if err == nil {
			return file{ID: m.ID, Name: fileName(u, kind, m.Type, n), Type: kind, Data: data}
		}
		out.Error = "it could not be fetched: " + a.plain(lastCause(err).Error())
	}
	return out
}

// plain takes what nobody should see out of words.
func (a *Adapter) plain(text string) string {
	return words(a.failure(opFetch, "", "", text, nil))
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
	if err != nil || kind == "application/octet-stream" {
		kind, _, _ = strings.Cut(http.DetectContentType(data), ";")
	}
	return data, kind, nil
}

// fileName is the last part of the address, without anything that a name has no
// use for, or what kind it is.
func fileName(u *url.URL, contentType, kind string, n int) string {
	name := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || strings.ContainsRune(`/\:*?"<>|`, r) {
			return -1
		}
		return r
	}, path.Base(u.Path))
	if name != "" && name != "." && !strings.HasPrefix(name, ".") && strings.Contains(name, ".") && len(name) <= 120 {
		return name
	}
	if kind == "" || kind == "unknown" {
		kind = "file"
	}
	ending := ""
	if found, err := mime.ExtensionsByType(contentType); err == nil && len(found) > 0 {
		ending = found[0]
	}
	return fmt.Sprintf("%s-%d%s", kind, n+1, ending)
}
