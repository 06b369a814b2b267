package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"stagecoach/channels"
	"stagecoach/desk/view"
	"stagecoach/journal"
	"stagecoach/ledger"
	"stagecoach/policies"
	"stagecoach/router"
)

// putAway is a message or a reply of an erased customer that a law has us keep. It
// lies beside its reference: whoever reads that finds it erased, and nothing leads
// here but the erasure.
type putAway struct {
	Ref   string `json:"ref"`
	Rule  string `json:"rule"`
	Until string `json:"until"`
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
type bound struct{ rule, until string }

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
	var b bound
	for _, rule := range set.Statutory(f) {
		if until := rule.Until(ended); until > b.until && until >= now.UTC().Format(time.DateOnly) {
			b = bound{rule: rule.Name, until: until}
		}
	}
	return b
}

// putAway puts away what a law has us keep, before the rest is erased. What was put
// away before a crash stays as it is.
func (w *wiping) putAway(t *ledger.Theirs) error {
	bounds, err := w.bounds(w.ctx, t, time.Now())
	if err != nil {
		return err
	}
	for _, ref := range slices.Concat(t.Messages, t.Replies) {
		b, is := bounds[ref]
		if !is {
			continue
		}
		if _, err := w.journal.Get(w.ctx, awayRef(ref)); err == nil {
			continue
		}
		p, err := w.take(ref)
		if errors.Is(err, ledger.ErrGone) {
			continue
		}
		if err != nil {
			return fmt.Errorf("putting away what must be kept: %w", err)
		}
		p.Ref, p.Rule, p.Until = ref, b.rule, b.until
		data, err := json.Marshal(p)
		if err != nil {
			return fmt.Errorf("putting away what must be kept: %w", err)
		}
		if _, err := w.journal.Put(w.ctx, journal.KindMessage, awayID(ref), data); err != nil {
			return err
		}
	}
	return nil
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

// away gives what of customers is put away, in the order of the references.
func (r *rights) away(ctx context.Context, t *ledger.Theirs) ([]putAway, error) {
	var out []putAway
	for _, ref := range slices.Concat(t.Messages, t.Replies) {
		data, err := r.journal.Get(ctx, awayRef(ref))
		if errors.Is(err, journal.ErrErased) || errors.Is(err, journal.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var p putAway
		if err := json.Unmarshal(data, &p); err != nil {
			return nil, fmt.Errorf("reading what is kept of %s: %w", ref, err)
		}
		out = append(out, p)
	}
	return out, nil
}

// keptOf counts what is kept, by rule and day.
func keptOf(list []bound) []router.Kept {
	n := map[bound]uint64{}
	for _, b := range list {
		n[b]++
	}
	var out []router.Kept
	for b, k := range n {
		out = append(out, router.Kept{Rule: b.rule, Until: b.until, N: k})
	}
	slices.SortFunc(out, func(a, b router.Kept) int {
		return cmp.Or(cmp.Compare(a.Until, b.Until), cmp.Compare(a.Rule, b.Rule))
	})
	return out
}

func awayBounds(list []putAway) []bound {
	out := make([]bound, len(list))
	for i := range list {
		out[i] = bound{rule: list[i].Rule, until: list[i].Until}
	}
	return out
}

// told puts what is kept into the words of the policy.
func (r *rights) told(list []router.Kept) []view.Kept {
	out := []view.Kept{}
	for _, k := range list {
		v := view.Kept{Name: k.Rule, Until: k.Until, N: k.N}
		for _, rule := range r.policy().Statutories() {
			if rule.Name == k.Rule {
				v.Reason = rule.Reason
			}
		}
		out = append(out, v)
	}
	return out
}

// overdue erases what was kept by law and whose last day has passed, and records it.
func (r *rights) overdue(ctx context.Context, now time.Time) error {
	today := now.UTC().Format(time.DateOnly)
	due := map[string][]string{}
	err := r.router.View(ctx, func(s *router.State) {
		for id, e := range s.Erasures {
			if slices.ContainsFunc(e.Kept, func(k router.Kept) bool { return k.Until < today }) {
				due[id] = e.Customers
			}
		}
	})
	if err != nil {
		return err
	}
	for id, customers := range due {
		if err := r.overdueOf(ctx, id, customers, today); err != nil {
			return fmt.Errorf("erasing what need be kept no longer: erasure %s: %w", id, err)
		}
	}
	return nil
}

func (r *rights) overdueOf(ctx context.Context, id string, customers []string, today string) error {
	t, err := r.ledger.Theirs(ctx, customers)
	if err != nil {
		return err
	}
	list, err := r.away(ctx, t)
	if err != nil {
		return err
	}
	var left []putAway
	var gone uint64
	for i := range list {
		if list[i].Until >= today {
			left = append(left, list[i])
			continue
		}
		if err := r.journal.Erase(ctx, awayRef(list[i].Ref)); err != nil {
			return err
		}
		gone++
	}
	end := router.EndErasure{Erasure: id, Removed: counts(map[string]uint64{"kept by law": gone}), Kept: keptOf(awayBounds(left))}
	_, err = r.router.Do(ctx, router.Envelope{Actor: router.ActorRouter, Command: end})
	return err
}

// keptByLaw tells what is put away of customers, and what would be if they were erased.
func (r *rights) keptByLaw(ctx context.Context, t *ledger.Theirs) ([]view.Kept, error) {
	bounds, err := r.bounds(ctx, t, time.Now())
	if err != nil {
		return nil, err
	}
	away, err := r.away(ctx, t)
	if err != nil {
		return nil, err
	}
	list := awayBounds(away)
	for i := range away {
		delete(bounds, away[i].Ref)
	}
	gone := false
	err = r.router.View(ctx, func(s *router.State) {
		gone = slices.ContainsFunc(t.Customers, s.Erased)
	})
	if err != nil || gone {
		return r.told(keptOf(list)), err
	}
	for _, b := range bounds {
		list = append(list, b)
	}
	return r.told(keptOf(list)), nil
}
