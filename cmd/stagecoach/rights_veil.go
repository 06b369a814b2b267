package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/desk"
	"stagecoach/journal"
	"stagecoach/ledger"
	"stagecoach/router"
)

// veil is over the words of those whose erasure is decided and not done: from the
// decision on nobody reads them by any way, while the erasure itself still finds them.
type veil struct {
	mu sync.RWMutex
	// over are the references of each erasure.
	over map[string]map[string]bool
	// drawn is closed once what a stop has left undone is veiled; until then whoever
	// reads waits.
	drawn chan struct{}
	once  sync.Once
}

func newVeil() *veil { return &veil{over: map[string]map[string]bool{}, drawn: make(chan struct{})} }

// add draws the veil of an erasure over references.
func (v *veil) add(erasure string, refs []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.over[erasure] == nil {
		v.over[erasure] = map[string]bool{}
	}
	for _, ref := range refs {
		v.over[erasure][ref] = true
	}
}

// lift takes the veil of an erasure away, and gives what it was over.
func (v *veil) lift(erasure string) []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	refs := slices.Collect(maps.Keys(v.over[erasure]))
	delete(v.over, erasure)
	return refs
}

func (v *veil) ready() { v.once.Do(func() { close(v.drawn) }) }

// through gives an error for what nobody reads any more.
func (v *veil) through(ctx context.Context, ref string) error {
	kind, _, _ := strings.Cut(ref, ".")
	if v == nil || !slices.Contains([]string{"inbox", string(journal.KindReply), string(journal.KindNote), string(journal.KindDraft), string(journal.KindReason)}, kind) {
		return nil // it is nobody's words
	}
	select {
	case <-v.drawn:
	case <-ctx.Done():
		return ctx.Err()
	}
	v.mu.RLock()
	defer v.mu.RUnlock()
	for _, refs := range v.over {
		if refs[ref] {
			return fmt.Errorf("reading %q: %w: %w", ref, ledger.ErrGone, desk.ErrErased)
		}
	}
	return nil
}

// cover draws the veil over all that is of an erasure's customers, withholds their
// records, and notes the files of what was never sent.
func (r *rights) cover(ctx context.Context, erasure string, customers []string) error {
	t, err := r.ledger.Theirs(ctx, customers)
	if err != nil {
		return err
	}
	records, err := r.directory(ctx)
	if err != nil {
		return err
	}
	records.Withhold(customers)
	refs := slices.Concat(t.Refs(), draftsOf(t.Contacts))
	r.veil.add(erasure, refs)
	r.forget(refs)
	return r.drafted(ctx, erasure, t)
}

// uncover ends what cover has done, once there is nothing left to be read.
func (r *rights) uncover(ctx context.Context, erasure string, customers []string) {
	r.forget(r.veil.lift(erasure)) // again: somebody may have been reading as it was drawn
	if records, err := r.directory(ctx); err == nil {
		records.Release(customers)
	}
}

// coverPending veils what a stop has left undone, before anybody reads.
func (r *rights) coverPending(ctx context.Context) error {
	pending := map[string][]string{}
	err := r.router.View(ctx, func(s *router.State) {
		for _, id := range s.PendingErasures() {
			pending[id] = slices.Clone(s.Erasures[id].Customers)
		}
	})
	if err == nil && len(pending) > 0 {
		err = r.catchUp(ctx)
	}
	for _, id := range slices.Sorted(maps.Keys(pending)) {
		if err == nil {
			err = r.cover(ctx, id, pending[id])
		}
	}
	if err != nil {
		return fmt.Errorf("covering what is being erased: %w", err)
	}
	r.veil.ready()
	return nil
}

// coverFirst is coverPending until it is done.
func (r *rights) coverFirst(ctx context.Context) {
	for ctx.Err() == nil {
		err := r.coverPending(ctx)
		r.sees(err)
		if err == nil || ctx.Err() != nil {
			return
		}
		r.logger.ErrorContext(ctx, "nobody reads any words until this is mended", "err", err)
		wait := time.NewTimer(rightsPause)
		select {
		case <-ctx.Done():
		case <-wait.C:
		}
		wait.Stop()
	}
}

// sees notes whether it is known what must be veiled, for those who wait.
func (r *rights) sees(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.blind = err != nil
}

// veiledWords are words for people's eyes.
type veiledWords struct {
	*words

	veil *veil
}

var (
	_ desk.Messages = veiledWords{}
	_ ledger.Words  = veiledWords{}
)

// Message implements desk.Messages.
func (w veiledWords) Message(ctx context.Context, ref string) (*contact.Message, error) {
	if err := w.veil.through(ctx, ref); err != nil {
		return nil, err
	}
	return w.words.Message(ctx, ref)
}

// Original implements desk.Messages.
func (w veiledWords) Original(ctx context.Context, ref string) (*channels.Inbound, error) {
	if err := w.veil.through(ctx, ref); err != nil {
		return nil, err
	}
	return w.words.Original(ctx, ref)
}

// Reply implements ledger.Words.
func (w veiledWords) Reply(ctx context.Context, ref string) (*contact.Reply, error) {
	if err := w.veil.through(ctx, ref); err != nil {
		return nil, err
	}
	return w.words.Reply(ctx, ref)
}

// Note implements ledger.Words.
func (w veiledWords) Note(ctx context.Context, ref string) (*contact.Note, error) {
	if err := w.veil.through(ctx, ref); err != nil {
		return nil, err
	}
	return w.words.Note(ctx, ref)
}

// veiledRecords is the ledger with a search for people's eyes.
type veiledRecords struct {
	*ledger.Ledger

	veil *veil
}

// Search implements desk.Records.
func (l veiledRecords) Search(ctx context.Context, q string, o ledger.SearchOptions) ([]ledger.Hit, error) {
	hits, err := l.Ledger.Search(ctx, q, o)
	return slices.DeleteFunc(hits, func(h ledger.Hit) bool { return l.veil.through(ctx, h.Ref) != nil }), err
}
