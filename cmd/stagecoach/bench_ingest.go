package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"stagecoach/configs"
	"stagecoach/contact"
	"stagecoach/ledger"
	"stagecoach/router"
	"stagecoach/router/match"
)

// benchAgents are on shift during the burst; together they have room for all
// of it.
const benchAgents = 100

// ingest measures the way from a customer to an agent, by e-mail and by all other
// channels at once.
func (b *bench) ingest(ctx context.Context) error {
	if b.cmd.Channels != "others" {
		if err := b.mails(ctx); err != nil {
			return err
		}
	}
	if b.cmd.Channels != "email" {
		return b.others(ctx)
	}
	return nil
}

// mails measures the way from a mailbox to an agent: mails one by one until
// they are on a screen, then a burst until each is offered or queued.
func (b *bench) mails(ctx context.Context) (err error) {
	// Not in --dir: the mail server's users must get at it.
	serverDir, err := os.MkdirTemp("", "stagecoach-mailserver-")
	if err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(serverDir)) }()
	server, note, err := startMailServer(ctx, serverDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.close()) }()
	if note != "" {
		b.note("%s", note)
	}
	dir, err := b.folder("ingest")
	if err != nil {
		return err
	}
	d, stop, err := b.daemonAt(ctx, dir, server.login())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	if err := b.latency(ctx, d, server); err != nil {
		return err
	}
	got, err := b.burst(ctx, d, server)
	if err != nil {
		return err
	}
	return b.tellIngest(ctx, got, server)
}

// daemonAt runs a whole daemon in this process on both mailboxes.
func (b *bench) daemonAt(ctx context.Context, dir string, login mailLogin) (*Daemon, func() error, error) {
	cfg := configs.Default()
	cfg.HTTP.Listen = "127.0.0.1:0"
	for i := range 2 {
		address := benchMailbox(i)
		cfg.Channels.Email = append(cfg.Channels.Email, configs.Email{
			Name: localPart(address), Address: address,
			IMAP: configs.IMAP{
				Host: "127.0.0.1", Port: login.port, TLS: login.tls, CAFile: login.caFile,
				Username: address, Password: configs.NewSecret(login.password), Folder: "INBOX",
			},
		})
	}
	ctx, cancel := context.WithCancel(ctx)
	d, err := NewDaemon(ctx, cfg, Options{Dir: dir}, b.log)
	if err != nil {
		cancel()
		return nil, nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	stop := func() error {
		cancel()
		return errors.Join(<-ended, d.Close())
	}
	limit := time.After(30 * time.Second)
	for {
		ok, parts := d.Ready(ctx)
		if ok {
			return d, stop, nil
		}
		select {
		case <-limit:
			return nil, nil, errors.Join(fmt.Errorf("the daemon did not become ready: %v", parts), stop())
		case err := <-ended:
			ended <- err
			return nil, nil, errors.Join(fmt.Errorf("the daemon ended before it was ready: %v", parts), stop())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// staff makes agents who are available and stay so until ctx ends.
func staff(ctx context.Context, d *Daemon, count, contacts int) error {
	units := d.policy.Load().Units(contact.Email)
	ids := make([]string, count)
	for i := range ids {
		ids[i] = fmt.Sprintf("bench-agent-%03d", i)
		for _, cmd := range []router.Command{
			router.SetAgent{Agent: router.AgentProfile{
				ID: ids[i], Role: contact.RoleAgent, Capacity: units * contacts, Skills: []match.Skill{}, Languages: []string{},
			}},
			router.SetPresence{Agent: ids[i], Presence: contact.Available, Cause: "self"},
		} {
			d.engine.Heartbeat(ids[i])
			if _, err := d.engine.Do(ctx, router.Envelope{Actor: ids[i], Command: cmd}); err != nil {
				return fmt.Errorf("making an agent: %w", err)
			}
		}
	}
	go func() {
		beat := time.NewTicker(10 * time.Second)
		defer beat.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-beat.C:
				for _, id := range ids {
					d.engine.Heartbeat(id)
				}
			}
		}
	}()
	return nil
}

// flood is what a burst came to.
type flood struct {
	count  int           // mails
	size   int           // bytes of the first of them
	took   time.Duration // from the first mail in the mailbox to the last contact durable
	first  time.Duration // to the first contact
	cpu    time.Duration // until the ledger and the search have all of it, too
	during int           // offers made before the last contact
	offers int
	// live bytes on the heap that the burst left behind: contacts, offers, bookmarks.
	grown int64
	// commits of the burst, and what appending one took.
	commits uint64
	append  time.Duration
}

// burst lays all mails into the mailbox at once and follows the log until each
// is a contact that is offered or queued.
func (b *bench) burst(ctx context.Context, d *Daemon, server mailServer) (*flood, error) {
	n := b.cmd.Mails
	if err := staff(ctx, d, benchAgents, (n+benchAgents-1)/benchAgents); err != nil {
		return nil, err
	}
	heap := liveHeap()
	mails := madeMails(n)
	f := &flood{count: n, size: len(mails[0])}
	watching, cancel := context.WithCancel(ctx)
	defer cancel()
	commits := d.engine.Watch(watching)
	m := d.engine.Metrics()
	count, spent := m.Commits.Load(), m.CommitNanos.Load()
	cpu, begin := ownCPU(), time.Now()
	if err := server.put(mails); err != nil {
		return nil, err
	}
	if err := b.follow(ctx, f, commits, begin); err != nil {
		return nil, err
	}
	f.commits = m.Commits.Load() - count
	f.append = time.Duration(m.CommitNanos.Load()-spent) / time.Duration(max(1, f.commits)) //nolint:gosec // small counts
	if err := settle(ctx, d); err != nil {
		return nil, err
	}
	f.cpu = ownCPU() - cpu
	clear(mails)
	f.grown = liveHeap() - heap
	return f, b.verify(ctx, d)
}

func madeMails(count int) [][]byte {
	mails, now := make([][]byte, count), time.Now()
	for i := range mails {
		mails[i] = madeMail(i, fmt.Sprintf("Anliegen %d", i), now)
	}
	return mails
}

// manyMails are enough for buffers of a fixed size not to count.
const manyMails = 20_000

// floodLimit is how long a burst may take before something is wrong.
const floodLimit = 10 * time.Minute

// follow counts contacts and offers as their commits become durable.
func (b *bench) follow(ctx context.Context, f *flood, commits <-chan *router.Commit, begin time.Time) error {
	limit := time.After(floodLimit)
	// Offers of the last contacts may come in the commit after theirs.
	var rest <-chan time.Time
	for opened := 0; ; {
		select {
		case c, ok := <-commits:
			if !ok {
				return errors.New("the watcher of the log fell behind")
			}
			got, offers := tally(c)
			f.offers += offers
			if got > 0 && opened == 0 {
				f.first = time.Since(begin)
			}
			opened += got
			b.bar.show("ingest: a burst", opened, f.count)
			if rest == nil {
				f.during = f.offers
			}
			if opened == f.count && rest == nil {
				f.took = time.Since(begin)
				rest = time.After(500 * time.Millisecond)
			}
		case <-rest:
			return nil
		case <-limit:
			return fmt.Errorf("after %s only %d of %d mails are contacts", floodLimit, opened, f.count)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func tally(c *router.Commit) (opened, offers int) {
	for i := range c.Entries {
		for _, e := range c.Entries[i].Events {
			switch e.(type) {
			case router.ContactOpened:
				opened++
			case router.OfferMade:
				offers++
			default:
			}
		}
	}
	return opened, offers
}

// settle waits until the ledger and the search have what the log has.
func settle(ctx context.Context, d *Daemon) error {
	var last uint64
	if err := d.engine.View(ctx, func(s *router.State) { last = s.N }); err != nil {
		return err
	}
	if err := d.ledger.WaitFor(ctx, last); err != nil {
		return err
	}
	for {
		lacking, err := d.ledger.Lacking(ctx)
		if err != nil || !lacking {
			return err
		}
		pause(ctx, 5*time.Millisecond)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// verify refuses figures of a run in which something was lost or doubled.
func (b *bench) verify(ctx context.Context, d *Daemon) error {
	a, err := d.ledger.Audit(ctx, d.journal.InboxPending)
	if err != nil {
		return err
	}
	want := uint64(b.cmd.Mails + b.cmd.Single) //nolint:gosec // not negative
	if got := a.Summary.Contacts; got != want {
		return fmt.Errorf("%d mails became %d contacts", want, got)
	}
	if !a.OK() {
		return fmt.Errorf("the ledger does not add up: %s", firstGap(a))
	}
	return nil
}

func firstGap(a *ledger.Audit) string { return a.Gaps[0].Where + ": " + a.Gaps[0].Detail }

// tellIngest measures the raw limits and records all figures of the burst.
func (b *bench) tellIngest(ctx context.Context, f *flood, server mailServer) error {
	b.bar.show("ingest: raw limits", 0, 0)
	n := float64(f.count)
	cpu := ownCPU()
	fetched, err := fetchAll(ctx, server.login())
	if err != nil {
		return fmt.Errorf("fetching the mailbox: %w", err)
	}
	fetchCPU := ownCPU() - cpu
	disk, err := syncedWrites(b.dir, noise(f.size), f.count, 5*time.Second)
	if err != nil {
		return err
	}
	rate := n / f.took.Seconds()
	b.add(figure{Name: "ingest", Value: rate, Unit: "mails/s", Limit: float64(fetched.mails) / fetched.took.Seconds()}, atLeast(600))
	b.add(figure{Name: "ingest_disk", Value: rate, Unit: "mails/s", Limit: float64(len(disk)) / total(disk).Seconds()}, goal{})
	b.add(figure{Name: "ingest_cpu", Value: millis(f.cpu) / n, Unit: "ms/mail", Limit: millis(fetchCPU) / float64(fetched.mails)}, atMost(3))
	memory := goal{}
	if f.count >= manyMails {
		memory = atMost(4096)
	}
	b.add(figure{Name: "ingest_memory", Value: float64(f.grown) / n, Unit: "B/mail"}, memory)
	b.add(figure{Name: "ingest_offered_during", Value: float64(f.during) / max(1, float64(f.offers)), Unit: "share", Limit: 1}, atLeast(0.5))
	b.note("ingest: %d mails of 1 to 3 KB by as many senders from two mailboxes of %s; the first was a contact after %s, %d were offered to %d agents, the rest wait. "+
		"%d commits, %s each. The time begins when the mails are in the mailbox; CPU is this process's until ledger and search have them; memory is the live heap that stays, all contacts open. Raw limits: fetching the same mailbox and throwing it away; one synced write a mail.",
		f.count, server.name(), f.first.Round(time.Millisecond), f.offers, benchAgents, f.commits, f.append.Round(10*time.Microsecond))
	return nil
}
