package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// dialMailbox logs in with the bare library and selects the inbox.
func dialMailbox(login mailLogin, opts *imapclient.Options) (*imapclient.Client, error) {
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(login.port))
	var c *imapclient.Client
	var err error
	if login.tls == "none" {
		c, err = imapclient.DialInsecure(address, opts)
	} else {
		pem, readErr := os.ReadFile(login.caFile)
		if readErr != nil {
			return nil, fmt.Errorf("reading a certificate: %w", readErr)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		opts.TLSConfig = &tls.Config{RootCAs: roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}
		c, err = imapclient.DialTLS(address, opts)
	}
	if err != nil {
		return nil, fmt.Errorf("connecting to the mailbox: %w", err)
	}
	if err := c.Login(benchAddress, login.password).Wait(); err != nil {
		return nil, errors.Join(fmt.Errorf("logging in: %w", err), c.Close())
	}
	if _, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		return nil, errors.Join(fmt.Errorf("selecting the inbox: %w", err), c.Close())
	}
	return c, nil
}

// fetchedMails is what fetching a mailbox took.
type fetchedMails struct {
	mails int
	took  time.Duration
}

// fetchAll reads every mail of the mailbox, whole, and throws it away.
func fetchAll(ctx context.Context, login mailLogin) (f fetchedMails, err error) {
	c, err := dialMailbox(login, &imapclient.Options{})
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	begin := time.Now()
	fetch := c.Fetch(imap.UIDSet{imap.UIDRange{Start: 1}}, &imap.FetchOptions{
		UID: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}},
	})
	for m := fetch.Next(); m != nil; m = fetch.Next() {
		f.mails++
		for item := m.Next(); item != nil; item = m.Next() {
			if body, ok := item.(imapclient.FetchItemDataBodySection); ok {
				if _, err := io.Copy(io.Discard, body.Literal); err != nil {
					return f, err
				}
			}
		}
	}
	if err := fetch.Close(); err != nil {
		return f, err
	}
	f.took = time.Since(begin)
	return f, nil
}

// idleLine hears of new mails by a bare IDLE.
type idleLine struct {
	client *imapclient.Client
	idle   *imapclient.IdleCommand
	heard  chan time.Time
}

func startIdle(login mailLogin) (*idleLine, error) {
	l := &idleLine{heard: make(chan time.Time, 1)}
	var err error
	l.client, err = dialMailbox(login, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(data *imapclient.UnilateralDataMailbox) {
			if data.NumMessages == nil {
				return
			}
			select {
			case l.heard <- time.Now():
			default:
			}
		},
	}})
	if err != nil {
		return nil, err
	}
	if l.idle, err = l.client.Idle(); err != nil {
		return nil, errors.Join(fmt.Errorf("idling: %w", err), l.client.Close())
	}
	return l, nil
}

// forget drops what was heard before.
func (l *idleLine) forget() {
	select {
	case <-l.heard:
	default:
	}
}

// wait gives when the mailbox was said to have grown.
func (l *idleLine) wait(ctx context.Context) (time.Time, error) {
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	select {
	case at := <-l.heard:
		return at, nil
	case <-limit.C:
		return time.Time{}, errors.New("the server did not announce a mail within a minute")
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	}
}

func (l *idleLine) close() error {
	_ = l.idle.Close() // the link goes anyway
	return l.client.Close()
}
