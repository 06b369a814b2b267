package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"stagecoach/channels"
	"stagecoach/fault"
	"stagecoach/journal"
	"stagecoach/ledger"
	"stagecoach/policies"
)

// putAway is a piece of words of an erased customer that a law or a hold has us keep. It
// lies beside its reference: whoever reads that finds it erased, and nothing leads
// here but the erasure.
type putAway struct {
	Ref string `json:"ref"`
	// Rule is the law that keeps it and Until its last day, both "" where the hold
	// alone does.
	Rule  string `json:"rule,omitempty"`
	Until string `json:"until,omitempty"`
	// Original is the message as it came, Says what it says where the original was
	// removed before, Reply what we wrote, Files the bytes that they name.
	Original *channels.Inbound `json:"original,omitempty"`
	Says     json.RawMessage   `json:"says,omitempty"`
	Reply    json.RawMessage   `json:"reply,omitempty"`
	Files    map[string][]byte `json:"files,omitempty"`
}

// awayRef is where the words at a reference are put away.
func awayRef(ref string) string { return string(journal.KindMessage) + "." + awayID(ref) }

func awayID(ref string) string { return "kept." + ref }

// bound is by which rule something is kept, and until which day.
type bound struct {
	rule, until string
	hold        bool
}

// bounds finds what a law has us keep: the messages and replies of contacts for which
// a rule of the policy holds, and until when. What is open ends now.
func (r *rights) bounds(ctx context.Context, t *ledger.Theirs, now time.Time) (map[string]bound, error) {
	out := map[string]bound{}
	set := r.policy()
	if set == nil || len(set.Statutories()) == 0 {
		return out, nil
	}
	of, conversations := map[string]bound{}, []string{}
	for _, id := range t.Contacts {
		row, err := r.ledger.Contact(ctx, id)
		if err != nil {
			return nil, err
		}
		if b := boundOf(set, &row, now); b.rule != "" {
			of[id] = b
			if !slices.Contains(conversations, row.Conversation) {
				conversations = append(conversations, row.Conversation)
			}
		}
	}
	theirs := map[string]bool{}
	for _, ref := range slices.Concat(t.Messages, t.Replies) {
		theirs[ref] = true
	}
	for _, id := range conversations {
		entries, err := r.ledger.Timeline(ctx, id)
		if err != nil {
			return nil, err
		}
		for i := range entries {
			e := &entries[i]
			if b := of[e.Contact]; b.until > out[e.Ref].until && theirs[e.Ref] {
				out[e.Ref] = b
			}
		}
	}
	return out, nil
}

// boundOf gives the rule that keeps a contact's words longest, none if no rule does or
// its last day has passed.
func boundOf(set *policies.Set, row *ledger.Row, now time.Time) bound {
	var b bound
	for _, one := range lawsOf(set, row, now) {
		if one.until > b.until && one.until >= dayOf(now) {
			b = one
		}
	}
	return b
}

// lawsOf gives the last day by each rule that a contact's words fall under, passed or
// not. What is open ends now.
func lawsOf(set *policies.Set, row *ledger.Row, now time.Time) []bound {
	f := policies.Facts{
		Channel: row.Channel, Account: row.Account, Class: row.Class, Kind: row.Kind,
		Queue: row.Queue, Language: row.Language, Tier: row.Tier,
	}
	if row.Known != nil {
		f.Value = row.Known.Points()
	}
	ended := row.EndedAt
	if ended.IsZero() {
		ended = now
	}
	var out []bound
	for _, rule := range set.Statutory(f) {
		out = append(out, bound{rule: rule.Name, until: rule.Until(ended)})
	}
	return out
}

// putAway puts away what a law or a hold has us keep, before the rest is erased. What was
// put away before a crash stays as it is.
func (w *wiping) putAway(t *ledger.Theirs, strays []string) error {
	bounds, err := w.bounds(w.ctx, t, w.now())
	if err != nil {
		return err
	}
	refs := slices.Concat(t.Messages, t.Replies)
	if w.held {
		refs = slices.Concat(t.Refs(), strays, draftsOf(t.Contacts))
		if err := w.putHead(t.Customers, refs); err != nil {
			return err
		}
		fault.Here(fault.RestrictAfterHead)
	}
	for i, ref := range refs {
		b, is := bounds[ref]
		if !is && !w.held {
			continue
		}
		if err := w.putOne(ref, b); err != nil {
			return fmt.Errorf("putting away what must be kept: %w", err)
		}
		if i == 0 {
			fault.Here(fault.RestrictAfterFirst)
		}
	}
	return nil
}

func (w *wiping) putOne(ref string, b bound) error {
	if _, err := w.journal.Get(w.ctx, awayRef(ref)); err == nil {
		return nil
	}
	p, err := w.take(ref)
	if errors.Is(err, ledger.ErrGone) {
		return nil
	}
	if err != nil {
		return err
	}
	p.Ref, p.Rule, p.Until = ref, b.rule, b.until
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	_, err = w.journal.Put(w.ctx, journal.KindMessage, awayID(ref), data)
	return err
}

// take reads what lies at a reference with all that it names.
func (w *wiping) take(ref string) (*putAway, error) {
	p := &putAway{}
	in, err := w.words.Original(w.ctx, ref)
	if err == nil {
		p.Original = in
		return p, nil
	}
	if !errors.Is(err, ledger.ErrGone) {
		return nil, err
	}
	if says, err := w.journal.Get(w.ctx, string(journal.KindMessage)+"."+ref); err == nil {
		p.Says = says
		return p, nil
	}
	data, err := w.journal.Get(w.ctx, ref)
	if err != nil {
		return nil, wordsError(err)
	}
	p.Reply, p.Files = data, map[string][]byte{}
	for _, m := range objectName.FindAllSubmatch(data, -1) {
		body, err := w.object(w.ctx, string(m[1]))
		if err != nil {
			return nil, err
		}
		p.Files[string(m[1])] = body
	}
	return p, nil
}

// object reads a file; one that is gone has no bytes.
func (r *rights) object(ctx context.Context, id string) ([]byte, error) {
	in, err := r.journal.GetObject(ctx, id)
	if errors.Is(err, journal.ErrErased) || errors.Is(err, journal.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	return io.ReadAll(in)
}
