package journal_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"stagecoach/channels"
	"stagecoach/journal"
	"stagecoach/journal/journaltest"
)

// serveAt starts an external server on a given port and store.
func serveAt(t *testing.T, port int, dir string) *server.Server {
	t.Helper()
	ns, err := server.NewServer(&server.Options{
		ServerName: "external", Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: dir,
		NoSigs: true, NoLog: true, JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: 1 << 30,
	})
	ok(t, err)
	ns.Start()
	t.Cleanup(func() { ns.Shutdown(); ns.WaitForShutdown() })
	if !ns.ReadyForConnections(60 * time.Second) {
		t.Fatal("external server isn't ready")
	}
	return ns
}

// The engine goes away and comes back: writers are told, followers and
// consumers go on by themselves, and nothing is lost.
func TestOutageOfTheExternalEngine(t *testing.T) {
	dir := t.TempDir()
	ns := serveAt(t, -1, dir)
	addr, isTCP := ns.Addr().(*net.TCPAddr)
	if !isTCP {
		t.Fatalf("server listens at %v", ns.Addr())
	}
	j := journaltest.OpenAt(t, journal.Config{Dir: t.TempDir(), URL: ns.ClientURL(), Timeout: 300 * time.Millisecond})
	followed := newCollector()
	running(t, func(ctx context.Context) error {
		return j.Log().Follow(ctx, 0, func(seq uint64, _ []byte) error {
			followed.add(fmt.Sprint(seq))
			return nil
		})
	})
	taken := newCollector()
	running(t, func(ctx context.Context) error {
		return j.ConsumeInbox(ctx, oneByOne(func(_ context.Context, _ string, in *channels.Inbound) error {
			taken.add(in.ProviderID)
			return nil
		}))
	})
	_, err := j.Log().Append(t.Context(), "c1", 0, []byte("x"))
	ok(t, err)
	_, _, err = j.PutInbound(t.Context(), mail("m1", "x"))
	ok(t, err)
	followed.await(t, "the first commit", func(s map[string]int) bool { return s["1"] == 1 })
	taken.await(t, "the first item", func(s map[string]int) bool { return s["m1"] > 0 })

	ns.Shutdown()
	ns.WaitForShutdown()
	_, err = j.Log().Append(t.Context(), "c2", 1, []byte("x"))
	wantErr(t, err, journal.ErrUnavailable)
	_, _, err = j.PutInbound(t.Context(), mail("m2", "x"))
	wantErr(t, err, journal.ErrUnavailable)
	wantErr(t, j.Healthy(t.Context()), journal.ErrUnavailable)

	serveAt(t, addr.Port, dir)
	soon(t, "the engine to be healthy again", func() bool { return j.Healthy(t.Context()) == nil })
	if seq, err := j.Log().Append(t.Context(), "c2", 1, []byte("x")); seq != 2 || err != nil {
		t.Errorf("the same append after the outage: %d, %v", seq, err)
	}
	_, _, err = j.PutInbound(t.Context(), mail("m2", "x"))
	ok(t, err)
	followed.await(t, "the second commit", func(s map[string]int) bool { return s["2"] == 1 })
	taken.await(t, "the second item", func(s map[string]int) bool { return s["m2"] > 0 })
	if last, err := j.Log().Last(t.Context()); last != 2 || err != nil {
		t.Errorf("the log ends at %d, %v; want 2", last, err)
	}
}

func TestExternalEngineThatTakesSmallMessagesOnly(t *testing.T) {
	ns, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true, MaxPayload: 64 << 10,
	})
	ok(t, err)
	ns.Start()
	t.Cleanup(func() { ns.Shutdown(); ns.WaitForShutdown() })
	if !ns.ReadyForConnections(60 * time.Second) {
		t.Fatal("external server isn't ready")
	}
	j, err := journal.Open(t.Context(), journal.Config{Dir: t.TempDir(), URL: ns.ClientURL()}, discard())
	if err == nil {
		_ = j.Close()
		t.Error("opened")
	}
}
