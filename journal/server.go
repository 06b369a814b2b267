package journal

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// storeDir is the folder of the embedded engine below the data directory.
const storeDir = "nats"

// minPayload is the size of message that an engine must take: NATS' default.
const minPayload = 1 << 20

// startServer starts the embedded engine: no port, no signal handler, every
// write synced unless tests ask otherwise. It returns when the streams are
// recovered.
func startServer(ctx context.Context, cfg Config, log *slog.Logger) (*server.Server, error) {
	opts := &server.Options{
		ServerName:             "stagecoach-" + cfg.Office,
		JetStream:              true,
		StoreDir:               filepath.Join(cfg.Dir, storeDir),
		DontListen:             true,
		NoSigs:                 true,
		SyncAlways:             !cfg.Unsynced,
		JetStreamMaxMemory:     cfg.MaxMemory,
		JetStreamMaxStore:      cfg.MaxStore,
		DisableJetStreamBanner: true,
	}
	ns, err := server.NewServer(opts)
	if err != nil {
		return nil, fmt.Errorf("configuring embedded engine: %w", err)
	}
	ns.SetLoggerV2(engineLog{log.With("component", "engine")}, false, false, false)
	ns.Start()
	wait := 2 * time.Minute
	if deadline, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(deadline))
	}
	if !ns.ReadyForConnections(wait) {
		ns.Shutdown()
		ns.WaitForShutdown()
		return nil, fmt.Errorf("starting embedded engine: not ready after %s", wait)
	}
	if !ns.JetStreamEnabled() {
		ns.Shutdown()
		ns.WaitForShutdown()
		return nil, fmt.Errorf("starting embedded engine: its store in %q could not be opened", opts.StoreDir)
	}
	return ns, nil
}

// dial connects to the engine: in process, or by URL.
func dial(cfg Config, ns *server.Server, log *slog.Logger) (*nats.Conn, error) {
	log = log.With("component", "engine")
	opts := []nats.Option{
		nats.Name("stagecoach " + cfg.Office),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(250 * time.Millisecond),
		nats.ReconnectJitter(250*time.Millisecond, 250*time.Millisecond),
		nats.Timeout(cfg.Timeout),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			log.Warn("engine connection", "err", err)
		}),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				log.Warn("engine connection lost", "err", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { log.Info("engine connection restored") }),
	}
	if ns != nil {
		nc, err := nats.Connect("", append(opts, nats.InProcessServer(ns))...)
		if err != nil {
			return nil, fmt.Errorf("connecting to embedded engine: %w", err)
		}
		return nc, nil
	}
	if cfg.Credentials != "" {
		opts = append(opts, nats.UserCredentials(cfg.Credentials))
	}
	if cfg.CA != "" {
		opts = append(opts, nats.RootCAs(cfg.CA))
	}
	nc, err := nats.Connect(cfg.URL, opts...)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", hideSecrets(cfg.URL), err)
	}
	if nc.MaxPayload() < minPayload {
		defer nc.Close()
		return nil, fmt.Errorf("engine at %s takes messages of %d bytes only: set its max_payload to 1MB or more",
			hideSecrets(cfg.URL), nc.MaxPayload())
	}
	return nc, nil
}

// hideSecrets drops user and password from a list of server addresses.
func hideSecrets(urls string) string {
	parts := strings.Split(urls, ",")
	for i, p := range parts {
		scheme, rest, ok := strings.Cut(p, "://")
		if !ok {
			scheme, rest = "nats", p
		}
		if at := strings.LastIndexByte(rest, '@'); at >= 0 {
			rest = rest[at+1:]
		}
		parts[i] = scheme + "://" + rest
	}
	return strings.Join(parts, ",")
}

// engineLog hands the server's log to slog. What the server calls a notice is
// of no interest to an operator of Stagecoach.
type engineLog struct{ log *slog.Logger }

var _ server.Logger = engineLog{}

func (l engineLog) say(level slog.Level, format string, v []any) {
	ctx := context.Background() //nolint:forbidigo // the server's logger knows no context
	if l.log.Enabled(ctx, level) {
		l.log.Log(ctx, level, "engine", "text", fmt.Sprintf(format, v...))
	}
}

func (l engineLog) Noticef(f string, v ...any) { l.say(slog.LevelDebug, f, v) }
func (l engineLog) Debugf(f string, v ...any)  { l.say(slog.LevelDebug, f, v) }
func (l engineLog) Tracef(f string, v ...any)  { l.say(slog.LevelDebug, f, v) }
func (l engineLog) Warnf(f string, v ...any)   { l.say(slog.LevelWarn, f, v) }
func (l engineLog) Errorf(f string, v ...any)  { l.say(slog.LevelError, f, v) }
func (l engineLog) Fatalf(f string, v ...any)  { l.say(slog.LevelError, f, v) }
