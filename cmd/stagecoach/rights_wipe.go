package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"stagecoach/channels/webchat"
	"stagecoach/contact"
	"stagecoach/fault"
	"stagecoach/journal"
	"stagecoach/ledger"
	"stagecoach/router"
)

// wiping removes all that is kept of customers outside the log. Every step may be
// done twice, and each comes before what it needs to be found again by is removed:
// first what adapters keep (found by addresses), then the search, the words
// themselves, and the record at last.
type wiping struct {
	*rights
	ctx   context.Context //nolint:containedctx // lives for one erasure
	count func(kind string, n uint64)
	step  func(done, total int)
	who   *identities
	kept  []string
	// erasure is the one that is done, held where a hold stands: all is put away.
	erasure string
	held    bool
	// away is what a law or a hold has us keep, put away.
	away []router.Kept
}

func (w *wiping) wipe(customers []string) error {
	t, err := w.ledger.Theirs(w.ctx, customers)
	if err != nil {
		return err
	}
	if w.who, err = w.known(w.ctx, t); err != nil {
		return err
	}
	strays, err := w.strays()
	if err != nil {
		return err
	}
	quotes, err := w.quotes(t)
	if err != nil {
		return err
	}
	refs := append(t.Refs(), quotes...)
	w.veil.add(w.erasure, slices.Concat(refs, strays))
	w.forget(slices.Concat(refs, strays))
	if err := w.ledger.EraseWords(w.ctx, refs); err != nil { // nobody finds it from here on
		return err
	}
	if err := w.putAway(t, slices.Concat(strays, quotes)); err != nil {
		return err
	}
	if err := w.chats(); err != nil {
		return err
	}
	if err := w.codes(t); err != nil {
		return err
	}
	fault.Here(fault.EraseAfterChats)
	if err := w.ledger.EraseWords(w.ctx, refs); err != nil {
		return err
	}
	fault.Here(fault.EraseAfterSearch)
	if err := errors.Join(w.content(t, strays, quotes), w.eraseDrafted()); err != nil {
		return err
	}
	// What intake, or somebody's page, has read meanwhile for the search.
	if err := w.ledger.EraseWords(w.ctx, refs); err != nil {
		return err
	}
	fault.Here(fault.EraseAfterContent)
	records, err := w.directory(w.ctx)
	if err != nil {
		return err
	}
	for _, id := range customers {
		if err := records.Erase(w.ctx, id); err != nil {
			return err
		}
		w.count("records", 1)
	}
	return nil
}

// content erases what lies at the references, with the drafts of the contacts and
// the items that no conversation names.
func (w *wiping) content(t *ledger.Theirs, strays, quotes []string) error {
	kinds := []struct {
		name string
		refs []string
	}{
		{"quotes", quotes}, // first: they are found by the messages
		{"messages", t.Messages},
		{"replies", t.Replies},
		{"notes", t.Notes},
		{"remarks", t.Remarks},
		{"evidence", t.Evidence},
		{"feedback", t.Feedback},
		{"quarantine", strays},
		{"drafts", draftsOf(t.Contacts)},
	}
	total, done := 0, 0
	for _, k := range kinds {
		total += len(k.refs)
	}
	for _, k := range kinds {
		for _, ref := range k.refs {
			w.step(done, total)
			gone, err := w.one(ref)
			if err != nil {
				return err
			}
			if gone {
				w.count(k.name, 1)
			}
			done++
			if done == 1 {
				fault.Here(fault.EraseAfterFirst)
			}
		}
	}
	w.step(done, total)
	return nil
}

// eraseDrafted erases the files of unsent replies whose drafts went before: what must be
// kept has been put away by now. A hold keeps drafts as well.
func (w *wiping) eraseDrafted() error {
	if w.held {
		return nil
	}
	var files []string
	w.note(w.erasure, func(e *erasing) { files = e.drafted })
	for _, id := range files {
		if err := w.journal.EraseObject(w.ctx, id); err != nil {
			return fmt.Errorf("erasing the file of a draft: %w", err)
		}
	}
	return nil
}

// draftsOf names what may be kept of unsent replies.
func draftsOf(contacts []string) []string {
	out := make([]string, 0, 2*len(contacts))
	for _, id := range contacts {
		out = append(out, string(journal.KindDraft)+"."+id, string(journal.KindDraft)+"."+id+"-apology")
	}
	return out
}

// one erases what lies at one reference, with the files that it names, and reports
// whether there was anything.
func (w *wiping) one(ref string) (bool, error) {
	w.words.forget(ref)
	there := true
	if !strings.HasPrefix(ref, "inbox.") {
		data, err := w.journal.Get(w.ctx, ref)
		switch {
		case errors.Is(err, journal.ErrErased), errors.Is(err, journal.ErrNotFound):
			there = false
		case err != nil:
			return false, err
		}
		for _, m := range objectName.FindAllSubmatch(data, -1) {
			if err := w.journal.EraseObject(w.ctx, string(m[1])); err != nil {
				return false, err
			}
			w.count("files", 1)
		}
	} else {
		_, err := w.journal.Inbound(w.ctx, ref)
		there = !errors.Is(err, journal.ErrErased) && !errors.Is(err, journal.ErrNotFound)
		kept := string(journal.KindMessage) + "." + ref // what it says, where the original was removed before
		if _, err := w.journal.Get(w.ctx, kept); err == nil {
			there = true
		}
		if err := w.journal.Erase(w.ctx, kept); err != nil {
			return false, err
		}
	}
	// Also where nothing is left of it: a crash may have come between the stone and
	// the bytes.
	return there, w.journal.Erase(w.ctx, ref)
}

// forget drops what is kept parsed of a message.
func (w *words) forget(ref string) { w.cache.Remove(ref) }

// chats erases what the web chats keep of the person.
func (w *wiping) chats() error {
	for _, address := range w.who.visitors() {
		err := w.everyChat(func(_ string, chat any) error {
			if c, ok := chat.(chatEraser); ok {
				return c.Erase(w.ctx, address)
			}
			return nil
		})
		if err != nil {
			return err
		}
		w.count("chats", 1)
	}
	return nil
}

// visitors gives the addresses of a person in web chats. A number alone is what a message
// says that is read without its account's configuration: where it is known whose number
// it is, it would be another shop's customer's as well.
func (i *identities) visitors() []string {
	var all []string
	for one := range i.all {
		if one.Channel == contact.WebChat {
			all = append(all, one.Address)
		}
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Clone(all), func(address string) bool {
		number, signed := strings.CutPrefix(address, "user:")
		return signed && slices.ContainsFunc(all, func(other string) bool {
			return strings.HasPrefix(other, "user:") && strings.HasSuffix(other, "/"+number)
		})
	})
}

// chatEraser is an adapter that keeps conversations of its own.
type chatEraser interface {
	Erase(ctx context.Context, address string) error
}

// everyChat calls do with every web chat that there are data of, those that are
// configured no more included.
func (r *rights) everyChat(do func(account string, chat any) error) error {
	running := map[string]bool{}
	for _, a := range r.adapters() {
		if a.Channel == contact.WebChat {
			running[a.Account] = true
			if err := do(a.Account, a.Sender); err != nil {
				return err
			}
		}
	}
	files, err := filepath.Glob(filepath.Join(r.dir, chatFile("*")))
	if err != nil {
		return fmt.Errorf("looking for web chats: %w", err)
	}
	for _, file := range files {
		account := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "webchat-"), ".db")
		if running[account] {
			continue
		}
		chat, err := webchat.New(webchat.Config{Account: account, Dir: r.dir}, r.logger)
		if err != nil {
			return err
		}
		if err := do(account, chat); err != nil {
			return err
		}
	}
	return nil
}

// chatFile names the file of a web chat.
func chatFile(account string) string { return "webchat-" + account + ".db" }

// strays finds items in no conversation that are of the person: what is in
// quarantine, and evidence about nothing, from an address of theirs or naming one.
func (w *wiping) strays() ([]string, error) {
	if len(w.who.all) == 0 {
		return nil, nil
	}
	refs, err := w.ledger.Strays(w.ctx)
	if err != nil {
		return nil, err
	}
	var theirs []string
	for _, ref := range refs {
		in, err := w.journal.Inbound(w.ctx, ref)
		if errors.Is(err, journal.ErrErased) || errors.Is(err, journal.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if w.who.named(in.Sender, in.Raw) {
			theirs = append(theirs, ref)
		}
	}
	return theirs, nil
}

// named reports whether an item is from one of the addresses, or names one.
func (i *identities) named(sender string, raw []byte) bool {
	small := bytes.ToLower(raw)
	for one := range i.all {
		address := strings.ToLower(one.Address)
		if strings.EqualFold(sender, address) || len(address) >= shortestNamed && bytes.Contains(small, []byte(address)) {
			return true
		}
	}
	return false
}

// shortestNamed is how long an address must be that is looked for inside an item: a
// handle of few letters stands in other words.
const shortestNamed = 6

// followFrom erases what comes about erased customers after they were: a bounce, our
// own copy, a second copy of what they wrote. What comes while nobody follows is
// found once at the start.
func (r *rights) followFrom(ctx context.Context, engine *router.Engine) error {
	for ctx.Err() == nil {
		for c := range engine.Watch(ctx) { // it ends for one who was too slow
			r.followed(ctx, c)
		}
	}
	return nil
}

func (r *rights) followed(ctx context.Context, c *router.Commit) {
	for i := range c.Entries {
		for _, e := range c.Entries[i].Events {
			seen, is := e.(router.EvidenceReceived)
			if !is {
				continue
			}
			if err := r.lateEvidence(ctx, c.N, &seen); err != nil && ctx.Err() == nil {
				r.logger.ErrorContext(ctx, "what came about an erased customer was not removed: it is tried again at the next start", "err", err)
			}
		}
	}
}

func (r *rights) lateEvidence(ctx context.Context, n uint64, e *router.EvidenceReceived) error {
	if e.Conversation == "" {
		return nil
	}
	none := false
	if err := r.router.View(ctx, func(s *router.State) { none = len(s.Erasures) == 0 }); err != nil || none {
		return err
	}
	if err := r.ledger.WaitFor(ctx, n); err != nil {
		return err
	}
	v, err := r.ledger.ConversationFacts(ctx, e.Conversation)
	if err != nil {
		return err
	}
	gone := false
	if err := r.router.View(ctx, func(s *router.State) { gone = s.Erased(v.Customer) }); err != nil || !gone {
		return err
	}
	return r.journal.Erase(ctx, e.Ref)
}

// catchEvidence erases what came late about customers who were erased before.
func (r *rights) catchEvidence(ctx context.Context) error {
	var customers []string
	err := r.router.View(ctx, func(s *router.State) {
		for _, e := range s.Erasures {
			if e.Ended {
				customers = append(customers, e.Customers...)
			}
		}
	})
	if err != nil || len(customers) == 0 {
		return err
	}
	slices.Sort(customers)
	refs, err := r.ledger.EvidenceOf(ctx, customers)
	if err != nil {
		return err
	}
	for _, ref := range refs {
		if err := r.journal.Erase(ctx, ref); err != nil {
			return err
		}
	}
	return nil
}
