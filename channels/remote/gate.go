package remote

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// GateConfig says where processes connect to.
type GateConfig struct {
	// Listen is host:port; port 0 takes any.
	Listen string
	// Cert and Key are PEM files; without them nothing is encrypted.
	Cert, Key string
	// Office is the business unit.
	Office string
	// Silence is how long a process may say nothing before it counts as gone, 10
	// s if left out; a process speaks three times in it.
	Silence time.Duration
}

// Gate is the server that processes connect to. It holds nothing: no stream, and
// no subject but those of the accounts that it serves.
type Gate struct {
	cfg GateConfig
	log *slog.Logger
	// life names this run, so that processes notice a restart.
	life  string
	doors *doors

	server *server.Server
	conn   *nats.Conn

	mu       sync.Mutex
	accounts map[string]*Account
	changed  chan struct{}
	serving  chan struct{}
}

// The bounds of what a process may do at the gate.
const (
	maxPayload       = 1 << 20
	maxSubscriptions = 32
	maxConnections   = 1024
	defaultSilence   = 10 * time.Second
	// closing is how long replies that were handed over may take at the end.
	closing = 800 * time.Millisecond
)

// NewGate makes a gate; it serves nobody yet. It does no I/O.
func NewGate(cfg GateConfig, log *slog.Logger) (*Gate, error) {
	if !officeForm.MatchString(cfg.Office) {
		return nil, fmt.Errorf("configuring the gate for adapters: %q is no name for an office", cfg.Office)
	}
	if cfg.Silence <= 0 {
		cfg.Silence = defaultSilence
	}
	return &Gate{
		cfg: cfg, log: log.With("component", "gate"), life: randomID(), doors: newDoors(),
		accounts: map[string]*Account{}, changed: make(chan struct{}, 1), serving: make(chan struct{}),
	}, nil
}

// randomID gives 128 bits that nobody guesses.
func randomID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

// Open starts to listen. Run must follow, or Close.
func (g *Gate) Open(ctx context.Context) error {
	host, port, err := net.SplitHostPort(g.cfg.Listen)
	if err != nil {
		return fmt.Errorf("opening the gate for adapters at %q: %w", g.cfg.Listen, err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return fmt.Errorf("opening the gate for adapters at %q: %w", g.cfg.Listen, err)
	}
	opts := &server.Options{
		ServerName: "stagecoach-gate-" + g.cfg.Office, Host: host, Port: number, NoSigs: true, NoSystemAccount: true,
		MaxPayload: maxPayload, MaxSubs: maxSubscriptions, MaxPending: 16 << 20, MaxConn: maxConnections,
		AuthTimeout: 5, TLSTimeout: 5, PingInterval: 10 * time.Second, MaxPingsOut: 2, WriteDeadline: 10 * time.Second,
		CustomClientAuthentication: g.doors, AlwaysEnableNonce: false,
	}
	if number == 0 {
		opts.Port = server.RANDOM_PORT
	}
	if g.cfg.Cert != "" {
		if _, err := g.certificate(nil); err != nil {
			return fmt.Errorf("opening the gate for adapters: certificate and key: %w", err)
		}
		opts.TLS, opts.TLSConfig = true, &tls.Config{GetCertificate: g.certificate, MinVersion: tls.VersionTLS12}
	}
	if err := free(ctx, g.cfg.Listen); err != nil {
		return err
	}
	return g.start(opts)
}

// certificate reads the certificate for each connection, so that a renewed one
// needs no restart.
func (g *Gate) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(g.cfg.Cert, g.cfg.Key)
	return &pair, err
}

// free says in words why nobody can listen at an address; the server itself says
// so to its log only.
func free(ctx context.Context, address string) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("opening the gate for adapters at %s: %w (is another program using the port? set nats.listen)", address, err)
	}
	return l.Close()
}

func (g *Gate) start(opts *server.Options) error {
	ns, err := server.NewServer(opts)
	if err != nil {
		return fmt.Errorf("opening the gate for adapters: %w", err)
	}
	ns.SetLoggerV2(serverLog{g.log}, false, false, false)
	ns.Start()
	g.server = ns
	if !ns.ReadyForConnections(30 * time.Second) {
		return errors.Join(fmt.Errorf("opening the gate for adapters at %s: it is not ready after 30 s", g.cfg.Listen), g.Close())
	}
	g.conn, err = nats.Connect("", nats.InProcessServer(ns), nats.Name("stagecoach"), nats.UserInfo(ownUser, g.doors.own),
		nats.NoEcho(), nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond))
	if err != nil {
		return errors.Join(fmt.Errorf("connecting to the gate for adapters: %w", err), g.Close())
	}
	return nil
}

// URL is where processes connect to.
func (g *Gate) URL() string {
	if g.server == nil {
		return ""
	}
	return g.server.ClientURL()
}

// Serving is closed once Run answers the processes of the accounts that it began
// with.
func (g *Gate) Serving() <-chan struct{} { return g.serving }

// Close ends all connections.
func (g *Gate) Close() error {
	if g.conn != nil {
		g.conn.Close()
	}
	if g.server != nil {
		g.server.Shutdown()
		g.server.WaitForShutdown()
	}
	return nil
}

// Serve makes these the accounts that processes may log in for: others are put
// out, and those that were there before go on undisturbed.
func (g *Gate) Serve(accounts []*Account) {
	g.mu.Lock()
	g.accounts = map[string]*Account{}
	for _, a := range accounts {
		g.accounts[a.Name()] = a
	}
	g.mu.Unlock()
	select {
	case g.changed <- struct{}{}:
	default:
	}
}

func (g *Gate) wanted() map[string]*Account {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.accounts
}

// Run answers the processes until ctx ends; then what was handed over gets a
// moment to finish, and all connections are closed.
func (g *Gate) Run(ctx context.Context) error {
	defer func() { _ = g.Close() }()
	lasting, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	serving, begun := map[string]*service{}, sync.OnceFunc(func() { close(g.serving) })
	look := time.NewTicker(g.cfg.Silence / 4)
	defer look.Stop()
	for {
		if err := g.follow(lasting, serving); err != nil {
			return err
		}
		begun()
		select {
		case <-ctx.Done():
			g.finish(lasting, serving)
			return nil
		case <-look.C:
			for _, s := range serving {
				s.account.lookAfter(time.Now())
			}
		case <-g.changed:
		}
	}
}

// follow takes up what Serve has changed.
func (g *Gate) follow(ctx context.Context, serving map[string]*service) error {
	want := g.wanted()
	for name, s := range serving {
		if want[name] != s.account {
			s.end()
			delete(serving, name)
		}
	}
	g.putOut(g.doors.set(want, g.cfg.Office))
	for name, a := range want {
		if serving[name] != nil {
			continue
		}
		s, err := a.serve(ctx, g)
		if err != nil {
			return fmt.Errorf("serving the adapter of %s: %w", name, err)
		}
		serving[name] = s
	}
	return nil
}

// putOut ends the connections of these logins.
func (g *Gate) putOut(users map[string]bool) {
	if len(users) == 0 {
		return
	}
	all, err := g.server.Connz(&server.ConnzOptions{Username: true, Limit: 1 << 16})
	if err != nil {
		g.log.Warn("connections of changed accounts are not ended", "err", err)
		return
	}
	for _, c := range all.Conns {
		if users[c.AuthorizedUser] {
			_ = g.server.DisconnectClientByID(c.Cid) // it may have gone by itself
		}
	}
}

// finish waits a moment for what was handed over, and ends all services.
func (g *Gate) finish(ctx context.Context, serving map[string]*service) {
	limited, cancel := context.WithTimeout(ctx, closing)
	defer cancel()
	for _, s := range serving {
		s.account.untilIdle(limited)
	}
	for _, s := range serving {
		s.end()
	}
}

// serverLog hands the server's log to slog.
type serverLog struct{ log *slog.Logger }

var _ server.Logger = serverLog{}

func (l serverLog) Noticef(string, ...any) {}
func (l serverLog) Debugf(string, ...any)  {}
func (l serverLog) Tracef(string, ...any)  {}
func (l serverLog) Warnf(format string, v ...any) {
	l.log.Warn("gate", "text", fmt.Sprintf(format, v...))
}

func (l serverLog) Errorf(format string, v ...any) {
	l.log.Warn("gate", "text", fmt.Sprintf(format, v...))
}

func (l serverLog) Fatalf(format string, v ...any) {
	l.log.Error("gate", "text", fmt.Sprintf(format, v...))
}
