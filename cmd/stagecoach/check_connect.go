package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"stagecoach/channels"
	"stagecoach/configs"
)

// triedAccount is what came of trying one account.
type triedAccount struct {
	Channel string `json:"channel"`
	Account string `json:"account"`
	OK      bool   `json:"ok"`
	// Trouble says in words what lacks, "" if nothing does.
	Trouble string `json:"trouble"`
	// Reason is the kind of trouble, for programs.
	Reason string   `json:"reason"`
	Lines  []string `json:"lines"`
	// WouldOpen counts the contacts that open_since would open, -1 when it is
	// not configured.
	WouldOpen int `json:"would_open"`
}

// tryLimit bounds the trial of one account.
const tryLimit = time.Minute

// tryAccounts logs in everywhere at the same time; the list is in the order of
// the configuration.
func tryAccounts(ctx context.Context, cfg *configs.Config, dir string, progressTo io.Writer) []triedAccount {
	list, err := buildAccounts(cfg, dir, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		return []triedAccount{{Channel: "email", Trouble: err.Error(), Reason: string(channels.Malformed), Lines: []string{}, WouldOpen: -1}}
	}
	bar := newProgress(progressTo)
	defer bar.end()
	out := make([]triedAccount, len(list), len(list)+1)
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for i, k := range list {
		wg.Go(func() {
			if k.remote != nil {
				out[i] = askDaemon(ctx, dir, k.adapter)
			} else {
				out[i] = tryAccount(ctx, k.adapter)
			}
			mu.Lock()
			defer mu.Unlock()
			done++
			bar.show("trying accounts", done, len(list))
		})
	}
	bar.show("trying accounts", 0, len(list))
	wg.Wait()
	if cfg.NATS.URL != "" {
		out = append(out, tryEngine(ctx, &cfg.NATS))
	}
	return out
}

func tryAccount(ctx context.Context, a channels.Adapter) triedAccount {
	t := triedAccount{Channel: string(a.Channel), Account: a.Account, OK: true, Lines: []string{}, WouldOpen: -1}
	if a.Checker == nil {
		t.Lines = append(t.Lines, "this channel can't be tried")
		return t
	}
	ctx, cancel := context.WithTimeoutCause(ctx, tryLimit, errors.New("no answer within a minute"))
	defer cancel()
	report, err := a.Checker.Check(ctx)
	t.Lines, t.WouldOpen = append(t.Lines, report.Lines...), report.WouldOpen
	if err != nil {
		t.OK, t.Trouble, t.Reason = false, err.Error(), string(channels.ReasonOf(err))
	}
	return t
}

// tryEngine connects to an external engine and asks whether it can store.
func tryEngine(ctx context.Context, n *configs.NATS) triedAccount {
	t := triedAccount{Channel: "nats", Account: "engine", Lines: []string{}, WouldOpen: -1}
	opts := []nats.Option{nats.Name("stagecoach check"), nats.NoReconnect(), nats.Timeout(10 * time.Second)}
	if n.Credentials != "" {
		opts = append(opts, nats.UserCredentials(n.Credentials))
	}
	if n.CAFile != "" {
		opts = append(opts, nats.RootCAs(n.CAFile))
	}
	fail := func(reason channels.Reason, err error) triedAccount {
		t.Trouble, t.Reason = "the engine that nats.url names: "+err.Error(), string(reason)
		return t
	}
	nc, err := nats.Connect(n.URL, opts...)
	if errors.Is(err, nats.ErrAuthorization) {
		return fail(channels.Auth, err)
	}
	if err != nil {
		return fail(channels.Unavailable, err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return fail(channels.Unknown, err)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	info, err := js.AccountInfo(ctx)
	if err != nil {
		return fail(channels.Unavailable, err)
	}
	t.OK = true
	t.Lines = append(t.Lines, fmt.Sprintf("connected to %s, JetStream is on, %d streams", nc.ConnectedServerName(), info.Streams))
	return t
}

func (t *triedAccount) print(w io.Writer) {
	look, word := green, "ok"
	if !t.OK {
		look, word = red, "failed"
	}
	fmt.Fprintf(w, "%s/%s: %s\n", t.Channel, t.Account, paint(w, look, word))
	for _, line := range t.Lines {
		fmt.Fprintf(w, "  %s\n", oneLine(line))
	}
	if !t.OK && len(t.Lines) == 0 {
		fmt.Fprintf(w, "  %s\n", oneLine(t.Trouble))
	}
	if t.WouldOpen >= 0 {
		fmt.Fprintf(w, "  open_since would open %d contacts at the first start\n", t.WouldOpen)
	}
}
