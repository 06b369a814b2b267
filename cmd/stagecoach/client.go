package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"stagecoach/desk"
	"stagecoach/journal"
)

// tokenEnv holds the token for --server.
const tokenEnv = "STAGECOACH_TOKEN"

// dataFlags say where a subcommand finds the data.
type dataFlags struct {
	Data      string `help:"Data directory; ./data if left out." placeholder:"DIR" env:"STAGECOACH_DATA" type:"path"`
	Config    string `help:"Configuration file, for what it says of the data." placeholder:"FILE" type:"path"`
	Server    string `help:"Talk to a daemon elsewhere instead, with the token in $STAGECOACH_TOKEN or --token-file (POST /api/login gives one)." placeholder:"URL" env:"STAGECOACH_SERVER"`
	TokenFile string `help:"File that holds the token for --server." placeholder:"FILE" type:"path"`
}

// need says what a subcommand wants to do with the data.
type need int

const (
	toRead need = iota
	toWrite
	// toSettle writes too, and what was left undone is done by whoever opens it.
	toSettle
)

// client is a subcommand's line to the data: a running daemon's socket, a
// server elsewhere, or the directory itself when nobody runs.
type client struct {
	http  *http.Client
	base  string
	token string
	// dir is the data directory, "" for a server elsewhere.
	dir   string
	close func() error
	// rows takes rows of a list in where the data are opened by this process, else nil.
	rows rowTaker
}

// callLimit bounds one request: an audit of a long log takes its time.
const callLimit = 10 * time.Minute

// open finds the data and gives a line to it; close must be called.
func (f *dataFlags) open(ctx context.Context, io std, what need) (*client, error) {
	if f.Server != "" {
		return f.connect(io)
	}
	cfg, err := loadConfig(f.Config, io.err)
	if err != nil {
		return nil, err
	}
	dir := dataDir(f.Data, cfg)
	if err := isData(dir); err != nil {
		return nil, err
	}
	c, err := openSocket(ctx, dir)
	if err == nil {
		return c, nil
	}
	if !errors.Is(err, errNobody) {
		return nil, err
	}
	c, err = openStopped(ctx, cfg, dir, what)
	if errors.Is(err, journal.ErrLocked) {
		return awaitSocket(ctx, dir, err)
	}
	return c, err
}

// isData refuses what holds no data: only serve makes a directory.
func isData(dir string) error {
	_, err := os.Stat(filepath.Join(dir, "keys"))
	if err == nil {
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("opening the data directory: %w", err)
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no data directory %s: name it with --data or $STAGECOACH_DATA, or make it by running 'stagecoach serve'", dir)
	}
	return fmt.Errorf("%s holds no data of Stagecoach: name the right directory with --data, or make it one by running 'stagecoach serve'", dir)
}

// errNobody means that no daemon answers on the socket.
var errNobody = errors.New("no daemon runs here")

func socketPath(dir string) string { return filepath.Join(dir, "control.sock") }

func openSocket(ctx context.Context, dir string) (*client, error) {
	path := socketPath(dir)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		short, done, err := shortPath(path)
		if err != nil {
			return nil, err
		}
		defer done()
		var d net.Dialer
		return d.DialContext(ctx, "unix", short)
	}
	conn, err := dial(ctx, "", "")
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("the daemon of %s belongs to another user: run this as that user, or use --server", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNobody, err)
	}
	_ = conn.Close() // it was only to see who answers
	transport := &http.Transport{DialContext: dial}
	return &client{
		http: &http.Client{Transport: transport, Timeout: callLimit}, base: "http://control", dir: dir,
		close: func() error { transport.CloseIdleConnections(); return nil },
	}, nil
}

// startLimit is how long a daemon may take from its lock to its socket.
const startLimit = 10 * time.Second

// awaitSocket waits for a daemon that has the lock and doesn't answer yet.
func awaitSocket(ctx context.Context, dir string, locked error) (*client, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		if c, err := openSocket(ctx, dir); err == nil || !errors.Is(err, errNobody) {
			return c, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w, and doesn't answer on control.sock: another subcommand or a starting daemon has it; try again when it has ended", locked)
		case <-look.C:
		}
	}
}

// connect gives a line to a server elsewhere.
func (f *dataFlags) connect(io std) (*client, error) {
	u, err := url.Parse(f.Server)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("--server %q is not the address of a daemon: write it like https://desk.example.org", f.Server)
	}
	token := os.Getenv(tokenEnv)
	if f.TokenFile != "" {
		data, err := os.ReadFile(f.TokenFile)
		if err != nil {
			return nil, fmt.Errorf("reading the token: %w", err)
		}
		token = string(data)
	}
	if token = strings.TrimSpace(token); token == "" {
		return nil, fmt.Errorf("--server needs a token: log in by POST %s/api/login and put the token into $%s or a file named by --token-file",
			strings.TrimSuffix(f.Server, "/"), tokenEnv)
	}
	if u.Scheme == "http" && u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback() {
		fmt.Fprintln(io.err, "warning: the token crosses the network in the clear: use https")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // the standard library says so
	return &client{
		http: &http.Client{Transport: transport, Timeout: callLimit}, base: strings.TrimSuffix(f.Server, "/"), token: token,
		close: func() error { transport.CloseIdleConnections(); return nil },
	}, nil
}

// get asks for a value; raw is its JSON as it came.
func (c *client) get(ctx context.Context, path string, out any) (raw json.RawMessage, err error) {
	return c.call(ctx, http.MethodGet, path, nil, out)
}

// call sends a request and reads its answer into out, which may be nil. Bytes
// are sent as they are, everything else as JSON. What the daemon refuses is an
// error in its words.
func (c *client) call(ctx context.Context, method, path string, in, out any) (json.RawMessage, error) {
	var body io.Reader
	if asIs, ok := in.([]byte); ok {
		body = bytes.NewReader(asIs)
	} else if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("writing a request: %w", err)
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, fmt.Errorf("making a request: %w", err)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the daemon's answer: %w", err)
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return nil, c.refused(resp, data)
	}
	if out != nil {
		if err := json.Unmarshal(data, out); err != nil {
			return nil, fmt.Errorf("%s answers with something else than Stagecoach does: %w", c.where(), err)
		}
	}
	return data, nil
}

func (c *client) where() string { return cmp.Or(c.dir, c.base) }

func (c *client) unreachable(err error) error {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	if c.dir != "" {
		return fmt.Errorf("the daemon of %s stopped answering: %w", c.dir, err)
	}
	return fmt.Errorf("no daemon answers at %s: %w (is it running, and is the address right?)", c.base, err)
}

// refused says what the daemon said.
func (c *client) refused(resp *http.Response, data []byte) error {
	var p desk.Problem
	if err := json.Unmarshal(data, &p); err != nil || p.Detail == "" {
		return fmt.Errorf("%s answered %s: is this the address of a desk?", c.where(), resp.Status)
	}
	switch {
	case resp.StatusCode == http.StatusUnauthorized && c.token != "":
		return fmt.Errorf("the token is not, or no longer, valid: log in again by POST %s/api/login", c.base)
	case resp.StatusCode == http.StatusForbidden && c.token != "":
		return fmt.Errorf("the account of this token may not do that: %s", p.Detail)
	}
	p.Status = resp.StatusCode
	return &p
}

// with runs f with a line to the data.
func (f *dataFlags) with(ctx context.Context, io std, what need, do func(c *client) error) error {
	c, err := f.open(ctx, io, what)
	if err != nil {
		return err
	}
	return errors.Join(do(c), c.close())
}
