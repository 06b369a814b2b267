package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"stagecoach/contact"
)

// draftEvery is the shortest time between two stored versions of one draft.
const draftEvery = 5 * time.Second

// drafts keeps unsent replies. A version that comes too soon after the last is
// held here and stored when its time has come; pages see it at once.
type drafts struct {
	content Content
	log     *slog.Logger
	now     func() time.Time

	mu sync.Mutex
	// at is when each known draft was last changed.
	at      map[string]time.Time
	saved   map[string]time.Time
	pending map[string]contact.Draft
	// sent is what was sent from a contact a moment ago.
	sent map[string]sentWords
	// storing serialises writes, so that an older version never lands on a
	// newer one or comes back after it was erased.
	storing sync.Mutex
}

// sentWords are the words of a reply just sent. A page that saves them late, and
// a contact that goes on in place of the one they ended, must not have them as a
// draft: somebody would send them twice.
type sentWords struct {
	text string
	at   time.Time
}

// sentFor is how long a page may be late with what it has sent already.
const sentFor = time.Minute

func newDrafts(content Content, log *slog.Logger) *drafts {
	return &drafts{
		content: content, log: log, now: time.Now,
		at: map[string]time.Time{}, saved: map[string]time.Time{}, pending: map[string]contact.Draft{},
		sent: map[string]sentWords{},
	}
}

func (d *drafts) load(ctx context.Context) error {
	err := d.content.Each(ctx, KindDraft, func(id string, value []byte) error {
		var v contact.Draft
		if err := json.Unmarshal(value, &v); err != nil {
			return fmt.Errorf("reading draft %q: %w", id, err)
		}
		d.mu.Lock()
		d.at[id] = v.At
		d.mu.Unlock()
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading the drafts: %w", err)
	}
	return nil
}

// changed gives when a contact's draft was last changed, zero if it has none.
func (d *drafts) changed(id string) time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at[id]
}

func (d *drafts) has(id string) bool { return !d.changed(id).IsZero() }

// sending says which words are being sent from a contact, before they are.
func (d *drafts) sending(id, text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sent[id] = sentWords{text: words(text), at: d.now()}
}

// unsent takes that back.
func (d *drafts) unsent(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.sent, id)
}

// wasSent reports whether a draft is what was sent from its contact.
func (d *drafts) wasSent(id string, v *contact.Draft) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, ok := d.sent[id]
	return ok && s.text == words(v.Text)
}

// words is a text without what forms and pages change of it.
func words(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
}

// save takes a version of a contact's draft.
func (d *drafts) save(ctx context.Context, id string, v contact.Draft) error {
	if d.wasSent(id, &v) {
		return nil
	}
	d.mu.Lock()
	d.at[id] = v.At
	d.pending[id] = v
	soon := d.now().Sub(d.saved[id]) < draftEvery
	d.mu.Unlock()
	if soon {
		return nil
	}
	return d.store(ctx, id)
}

// store writes the held version of a draft, if there is one.
func (d *drafts) store(ctx context.Context, id string) error {
	d.storing.Lock()
	defer d.storing.Unlock()
	d.mu.Lock()
	v, ok := d.pending[id]
	d.saved[id] = d.now()
	d.mu.Unlock()
	if !ok {
		return nil
	}
	value, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("writing a draft: %w", err)
	}
	if _, err := d.content.Put(ctx, KindDraft, id, value); err != nil {
		return fmt.Errorf("storing a draft: %w", err)
	}
	d.mu.Lock()
	if d.pending[id].At.Equal(v.At) {
		delete(d.pending, id)
	}
	d.mu.Unlock()
	return nil
}

// get gives a contact's draft, nil if it has none.
func (d *drafts) get(ctx context.Context, id string) (*contact.Draft, error) {
	d.mu.Lock()
	v, held := d.pending[id]
	_, known := d.at[id]
	d.mu.Unlock()
	if held {
		return &v, nil
	}
	if !known {
		return nil, nil //nolint:nilnil // having none is no error
	}
	value, err := d.content.Get(ctx, string(KindDraft)+"."+id)
	switch {
	case errors.Is(err, ErrMissing), errors.Is(err, ErrErased):
		return nil, nil //nolint:nilnil // having none is no error
	case err != nil:
		return nil, fmt.Errorf("reading a draft: %w", err)
	}
	if err := json.Unmarshal(value, &v); err != nil {
		return nil, fmt.Errorf("reading a draft: %w", err)
	}
	return &v, nil
}

// end removes all that is kept of a contact's reply, as it has ended.
func (d *drafts) end(ctx context.Context, id string) error {
	return errors.Join(d.erase(ctx, id), d.erase(ctx, thrownAway(id)))
}

// erase removes a draft and every version of it.
func (d *drafts) erase(ctx context.Context, id string) error {
	d.storing.Lock()
	defer d.storing.Unlock()
	d.mu.Lock()
	_, known := d.at[id]
	delete(d.at, id)
	delete(d.pending, id)
	delete(d.saved, id)
	d.mu.Unlock()
	if !known {
		return nil
	}
	err := d.content.Erase(ctx, string(KindDraft)+"."+id)
	if err != nil && !errors.Is(err, ErrMissing) && !errors.Is(err, ErrErased) {
		return fmt.Errorf("erasing a draft: %w", err)
	}
	return nil
}

// pass gives a contact's draft to the one that goes on in its place, unless that
// has one already or it is what was just sent; with no such contact it is erased.
func (d *drafts) pass(ctx context.Context, id, heir string) error {
	if heir != "" && !d.has(heir) {
		v, err := d.get(ctx, id)
		if err != nil {
			return err
		}
		if v != nil && !d.wasSent(id, v) {
			v.Contact = heir
			if err := d.save(ctx, heir, *v); err != nil {
				return err
			}
		}
	}
	return d.end(ctx, id)
}

// run stores held versions when their time has come, and all of them at the end.
func (d *drafts) run(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			d.flush(last, 0)
			return nil
		case <-tick.C:
			d.flush(ctx, draftEvery)
		}
	}
}

func (d *drafts) flush(ctx context.Context, age time.Duration) {
	var due []string
	d.mu.Lock()
	for id, s := range d.sent {
		if d.now().Sub(s.at) > sentFor {
			delete(d.sent, id)
		}
	}
	for id := range d.pending {
		if d.now().Sub(d.saved[id]) >= age {
			due = append(due, id)
		}
	}
	d.mu.Unlock()
	for _, id := range due {
		if err := d.store(ctx, id); err != nil {
			d.log.WarnContext(ctx, "draft not stored, trying again", "contact_id", id, "err", err)
		}
	}
}
