package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// URL gives where the desk is served.
func (d *Daemon) URL() string {
	scheme := "http"
	if d.cfg.HTTP.TLS.On() {
		scheme = "https"
	}
	return scheme + "://" + d.listener.Addr().String()
}

func (d *Daemon) listen(ctx context.Context) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", d.cfg.HTTP.Listen)
	if err != nil {
		return fmt.Errorf("serving the desk at %s: %w (is another program using the port? set http.listen)", d.cfg.HTTP.Listen, err)
	}
	d.listener = l
	if d.gate != nil {
		return d.gate.Open(ctx)
	}
	return nil
}

func (d *Daemon) serveHTTP(ctx context.Context) error {
	srv := &http.Server{Handler: d.links.inlets(d.customersPages(d.server.Handler())), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	serve := func() error { return srv.Serve(d.listener) }
	if t := d.cfg.HTTP.TLS; t.On() {
		serve = func() error { return srv.ServeTLS(d.listener, t.Cert, t.Key) }
	}
	return serveUntil(ctx, srv, serve)
}

// serveUntil serves until ctx ends; open requests get a second to finish.
func serveUntil(ctx context.Context, srv *http.Server, serve func() error) error {
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if err := srv.Shutdown(grace); err != nil {
			_ = srv.Close()
		}
		close(stopped)
	})
	err := serve()
	if errors.Is(err, http.ErrServerClosed) {
		<-stopped
		return nil
	}
	stop()
	return fmt.Errorf("serving: %w", err)
}

// serveControl answers the command line on DIR/control.sock.
func (d *Daemon) serveControl(ctx context.Context) error {
	path := filepath.Join(d.opts.Dir, "control.sock")
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing an old control socket: %w", err)
	}
	var lc net.ListenConfig
	l, err := listenPrivately(ctx, &lc, path)
	if err != nil {
		return fmt.Errorf("opening the control socket: %w", err)
	}
	srv := &http.Server{Handler: d.controlHandler(), ReadHeaderTimeout: 10 * time.Second}
	return serveUntil(ctx, srv, func() error { return srv.Serve(l) })
}

// listenPrivately makes a socket that only this user may open, from its first
// moment: it is bound under another name and renamed once its mode is set.
func listenPrivately(ctx context.Context, lc *net.ListenConfig, path string) (net.Listener, error) {
	tmp := path + ".new"
	_ = os.Remove(tmp)
	short, done, err := shortPath(tmp)
	if err != nil {
		return nil, err
	}
	defer done()
	l, err := lc.Listen(ctx, "unix", short)
	if err != nil {
		return nil, err
	}
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
	}
	if err := os.Chmod(tmp, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	if err := os.Rename(tmp, path); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}
