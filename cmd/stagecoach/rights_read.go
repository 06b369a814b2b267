package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/journal"
	"stagecoach/router"
)

// readKept gives what is put away of somebody who asked to be erased. Who reads it and
// why is in the log before they have it.
func (r *rights) readKept(ctx context.Context, by, text, reason string) (*view.KeptWords, error) {
	if reason = strings.TrimSpace(reason); reason == "" {
		return nil, refusedFor("say why it must be read: it is put on record")
	}
	if by == router.ActorControl {
		return nil, refusedFor("what is kept is read by a person: say who reads it (--by EMAIL)")
	}
	data, err := r.look(ctx, text)
	if err != nil {
		return nil, err
	}
	if data.Restricted == nil {
		return nil, &router.Refusal{Code: router.RefusedNotFound, Message: "nothing is kept apart of this person: they were not restricted"}
	}
	if err := r.recordReading(ctx, by, data.Restricted.Erasure, reason); err != nil {
		return nil, err
	}
	t, err := r.ledger.Theirs(ctx, data.Customers)
	if err != nil {
		return nil, err
	}
	list, err := r.away(ctx, data.Restricted.Erasure, t)
	if err != nil {
		return nil, err
	}
	h, err := r.head(ctx, data.Restricted.Erasure)
	if err != nil {
		return nil, err
	}
	out := &view.KeptWords{Restricted: *data.Restricted, Records: []json.RawMessage{}, Pieces: []view.KeptPiece{}}
	for i := range h.Records {
		raw, err := json.Marshal(&h.Records[i])
		if err != nil {
			return nil, fmt.Errorf("reading what is kept: %w", err)
		}
		out.Records = append(out.Records, raw)
	}
	for i := range list {
		piece, err := r.piece(&list[i])
		if err != nil {
			return nil, err
		}
		out.Pieces = append(out.Pieces, *piece)
	}
	slices.SortStableFunc(out.Pieces, func(a, b view.KeptPiece) int { return a.At.Compare(b.At) })
	return out, nil
}

// recordReading puts on record who reads what is kept, and why.
func (r *rights) recordReading(ctx context.Context, by, erasure, reason string) error {
	if err := r.mayErase(ctx, by); err != nil {
		return err
	}
	ref, err := r.reasonOf(ctx, reason)
	if err != nil {
		return err
	}
	_, err = r.router.Do(ctx, router.Envelope{Actor: by, Command: router.ReadKept{Erasure: erasure, Remark: ref}})
	return err
}

// piece puts what was put away into words, as far as it can be read.
func (r *rights) piece(p *putAway) (*view.KeptPiece, error) {
	raw, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("reading what is kept: %w", err)
	}
	kind, _, _ := strings.Cut(p.Ref, ".")
	out := &view.KeptPiece{Ref: p.Ref, Kind: kind, Rule: p.Rule, Until: p.Until, Original: raw}
	m := &contact.Message{}
	switch {
	case p.Original != nil:
		out.Kind, out.At, out.From = "message", p.Original.ReceivedAt, p.Original.Sender
		if read, err := r.words.parse(p.Original); err == nil { // else it is there as it came
			m = read
		}
	case p.Says != nil:
		out.Kind = "message"
		_ = json.Unmarshal(p.Says, m) // what can't be read is there as it came
		out.At = m.ReceivedAt
	case kind == string(journal.KindReason):
		_ = json.Unmarshal(p.Reply, &out.Text)
	default:
		var said struct {
			contact.Reply
			At time.Time `json:"at"`
		}
		_ = json.Unmarshal(p.Reply, &said)
		out.At, out.From, out.Subject, out.Text = said.CreatedAt, said.FromName, said.Subject, said.Text
		if out.At.IsZero() {
			out.At = said.At
		}
	}
	if out.Kind == "message" {
		out.From, out.Subject, out.Text = cmp.Or(m.Sender().Address, out.From), m.Subject, cmp.Or(m.Text, m.ReplyText)
	}
	return out, nil
}
