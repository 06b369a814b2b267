package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"stagecoach/contact"
	"stagecoach/journal"
	"stagecoach/ledger"
)

// searches is how many searches are timed.
const searches = 400

// search measures finding words in the ledger, newest first, and how fast both
// of its files are filled from the log.
func (b *bench) search(ctx context.Context) (err error) {
	dir, err := b.filled(ctx, "search", b.cmd.Contacts)
	if err != nil {
		return err
	}
	j, err := journal.Open(ctx, journal.Config{Dir: dir, Unsynced: true}, b.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	l, err := ledger.Open(ledger.Config{Dir: dir, Office: j.Office()}, b.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	fold, fill, err := b.fill(ctx, j, l)
	if err != nil {
		return err
	}
	b.add(figure{Name: "search_fold", Value: float64(b.cmd.Contacts) / fold.Seconds(), Unit: "contacts/s"}, goal{})
	b.add(figure{Name: "search_fill", Value: float64(b.cmd.Contacts) / fill.Seconds(), Unit: "messages/s"}, goal{})
	return b.find(ctx, l)
}

// fill has the ledger read the log, then the words.
func (b *bench) fill(ctx context.Context, j *journal.Journal, l *ledger.Ledger) (fold, fill time.Duration, err error) {
	b.bar.show("search: folding the log", 0, 0)
	if fold, err = timed(func() error { return l.Catchup(ctx, j.Log()) }); err != nil {
		return 0, 0, err
	}
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	begin := time.Now()
	go func() { ended <- l.Run(ctx, j.Log(), madeUp{}) }()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	last, total := l.At(), b.cmd.Contacts
	for l.Filled() < last {
		select {
		case err := <-ended:
			stop()
			return 0, 0, errors.Join(errors.New("the search was not filled"), err)
		case <-look.C:
			b.bar.show("search: filling", total*int(l.Filled())/max(1, int(last)), total) //nolint:gosec // counts of commits
		}
	}
	fill = time.Since(begin)
	stop()
	return fold, fill, <-ended
}

// find times searches for words, rare and frequent.
func (b *bench) find(ctx context.Context, l *ledger.Ledger) error {
	r := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // chooses words
	rows, err := l.Contacts(ctx, ledger.Filter{Limit: searches})
	if err != nil {
		return err
	}
	var found, raw []time.Duration
	hits := 0
	words := vocabulary()
	for i := range searches {
		b.bar.show("search", i, searches)
		query := words[r.IntN(len(words))]
		if i%2 == 1 {
			query += " " + words[r.IntN(len(words))]
		}
		took, err := timed(func() error {
			list, err := l.Search(ctx, query, ledger.SearchOptions{Limit: 30})
			hits += len(list)
			return err
		})
		if err != nil {
			return err
		}
		found = append(found, took)
		took, err = timed(func() error {
			_, err := l.Contact(ctx, rows[i%len(rows)].ID)
			return err
		})
		if err != nil {
			return err
		}
		raw = append(raw, took)
	}
	if hits == 0 {
		return errors.New("nothing was found: the search has no words")
	}
	b.add(figure{Name: "search_p95", Value: millis(p95(found)), Unit: "ms", Limit: millis(p95(raw))}, atMost(20))
	b.note("search: %d searches of one and two words in %d messages, 30 newest hits with snippets; raw limit: one row of the ledger by its key.", searches, b.cmd.Contacts)
	return nil
}

// madeUp gives words for references without a store: the same for the same one.
type madeUp struct{}

var _ ledger.Words = madeUp{}

// Message implements ledger.Words.
func (madeUp) Message(_ context.Context, ref string) (*contact.Message, error) {
	r := rand.New(rand.NewPCG(seedOf(ref), 7)) //nolint:gosec // chooses words
	text := prose(r, 1500)
	return &contact.Message{
		Channel: contact.Email, From: contact.Address{Name: "Kunde " + ref, Address: ref + "@example.net"},
		Subject: prose(r, 40), Text: text, ReplyText: text,
	}, nil
}

// Reply implements ledger.Words.
func (madeUp) Reply(context.Context, string) (*contact.Reply, error) { return nil, ledger.ErrGone }

// Note implements ledger.Words.
func (madeUp) Note(context.Context, string) (*contact.Note, error) { return nil, ledger.ErrGone }

func seedOf(s string) (h uint64) {
	for i := range len(s) {
		h = h*1099511628211 ^ uint64(s[i])
	}
	return h
}

// vocabulary gives the words of made-up mails: each sentence's, and rare ones.
func vocabulary() []string {
	seen := map[string]bool{}
	for _, s := range sentences() {
		for w := range strings.FieldsSeq(s) {
			if w = strings.Trim(strings.ToLower(w), ".,?!"); len(w) > 3 {
				seen[w] = true
			}
		}
	}
	out := make([]string, 0, len(seen)+500)
	for w := range seen {
		out = append(out, w)
	}
	for i := range 500 {
		out = append(out, rareWord(i))
	}
	slices.Sort(out)
	return out
}

func rareWord(i int) string { return fmt.Sprintf("vorgang%04d", i*17%9973) }
