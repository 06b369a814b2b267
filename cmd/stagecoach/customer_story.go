package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"stagecoach/contact"
	"stagecoach/desk"
	"stagecoach/desk/portal"
	"stagecoach/ledger"
)

// spoken is what was written in a conversation, with its words.
type spoken struct {
	entry   *ledger.Entry
	message *contact.Message
	reply   *contact.Reply
	// missing says why there are no words, "" where there are.
	missing string
}

// read reads what a conversation's customer and we have written, in order. Notes,
// what was forwarded to others and what didn't arrive is left out.
func (p customerPages) read(ctx context.Context, conversation string) ([]spoken, error) {
	entries, err := p.d.ledger.Timeline(ctx, conversation)
	if err != nil {
		return nil, err
	}
	failed := map[string]bool{}
	for i := range entries {
		switch e := &entries[i]; e.Kind {
		case "reply_failed", "acknowledgement_dropped":
			failed[e.Item] = true
		case "reply_delivered":
			delete(failed, e.Item)
		}
	}
	var out []spoken
	for i := range entries {
		one := spoken{entry: &entries[i]}
		switch e := &entries[i]; e.Kind {
		case "message_received":
			one.message, err = p.d.shown.Message(ctx, e.Ref)
		case "reply_queued":
			if failed[e.Item] || contact.ReplyKind(e.Code) == contact.Forward || contact.ReplyKind(e.Code) == contact.Remainder {
				continue
			}
			one.reply, err = p.d.shown.Reply(ctx, e.Ref)
		default:
			continue
		}
		switch {
		case errors.Is(err, desk.ErrErased):
			one.missing = "erased"
		case errors.Is(err, ledger.ErrGone):
			one.missing = "expired"
		case err != nil:
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// people are who wrote it, or whom it was written to.
func (t *spoken) people() []contact.Identity {
	var out []contact.Identity
	switch {
	case t.message != nil:
		out = append(out, contact.Identity{Channel: t.message.Channel, Address: t.message.Sender().Address})
	case t.reply != nil:
		for _, a := range slices.Concat(t.reply.To, t.reply.CC) {
			out = append(out, contact.Identity{Channel: t.reply.Channel, Address: a.Address})
		}
	}
	return out
}

// Story implements portal.Source.
func (p customerPages) Story(ctx context.Context, who portal.Who) (*portal.Story, error) {
	r, err := p.reader(ctx, who)
	if err != nil {
		return nil, err
	}
	all, err := p.spokenTo(ctx, r)
	if err != nil {
		return nil, err
	}
	out := &portal.Story{Lines: make([]portal.Line, 0, len(all)), Kept: p.kept()}
	for i := range all {
		out.Lines = append(out.Lines, pageLine(&all[i]))
	}
	rated, answered := p.ratedOf(ctx, r.ID, all, "")
	out.CanRate = answered != nil
	if rated != nil {
		out.Rated = rated.Rating
	}
	if out.Duties, err = p.duties(ctx, r); err != nil {
		return nil, err
	}
	out.Profile, err = p.profile(ctx, r)
	return out, err
}

func pageLine(t *spoken) portal.Line {
	l := portal.Line{Mine: t.entry.Kind == "message_received", At: t.entry.At, Channel: t.entry.Channel, Missing: t.missing}
	switch {
	case t.message != nil:
		l.At, l.Text, l.Files = t.message.ReceivedAt, cmp.Or(t.message.ReplyText, t.message.Text), pageFiles(t.entry.Ref, t.message.Attachments)
	case t.reply != nil:
		l.Name, l.Text, l.Files = t.reply.FromName, portal.OwnWords(t.reply.Text), pageFiles(t.entry.Ref, t.reply.Attachments)
		l.Receipt = t.reply.Kind == contact.Acknowledgement
	}
	return l
}

func pageFiles(of string, attachments []contact.Attachment) []portal.File {
	var out []portal.File
	for n, a := range attachments {
		out = append(out, portal.File{Name: cmp.Or(a.Name, fmt.Sprint("file-", n+1)), Size: max(a.Size, int64(len(a.Data))), Of: of, N: n})
	}
	return out
}

// kept says how long things are kept, by the policy.
func (p customerPages) kept() []portal.Kept {
	var out []portal.Kept
	for _, r := range p.d.policy.Load().Retentions() {
		if r.Kind != "quarantine" {
			out = append(out, portal.Kept{Kind: r.Kind, Days: int(r.Keep.Hours() / 24)})
		}
	}
	return append(out, portal.Kept{Kind: "profile"}, portal.Kept{Kind: "facts", Days: -1})
}

// ratedOf gives the answer that a rating is of: that with the short id, else the last
// that somebody gave; and what was said of it.
func (p customerPages) ratedOf(ctx context.Context, conversation string, all []spoken, short string) (*ledger.Said, *ledger.Entry) {
	var answer *ledger.Entry
	for i := range all {
		e := all[i].entry
		kind := contact.ReplyKind(e.Code)
		if e.Kind != "reply_queued" || e.Agent == "" || e.Contact == "" || kind != contact.Answer && kind != contact.Pledge {
			continue
		}
		if answer = e; short != "" && portal.Short(e.Item) == short {
			break
		}
	}
	if answer == nil {
		return nil, nil
	}
	said, err := p.d.ledger.Feedback(ctx, conversation)
	if err != nil {
		return nil, answer
	}
	for i := range said {
		if said[i].Contact == answer.Contact && said[i].Rating != "" {
			return &said[i], answer
		}
	}
	return nil, answer
}

// File implements portal.Source: one of those that Story shows, nothing else.
func (p customerPages) File(ctx context.Context, who portal.Who, f portal.File) (portal.File, io.ReadCloser, error) {
	r, err := p.reader(ctx, who)
	if err != nil {
		return f, nil, err
	}
	all, err := p.spokenTo(ctx, r)
	if err != nil {
		return f, nil, err
	}
	for _, one := range all {
		if one.entry.Ref != f.Of {
			continue
		}
		var files []contact.Attachment
		switch {
		case one.message != nil:
			files = one.message.Attachments
		case one.reply != nil:
			files = one.reply.Attachments
		}
		if f.N < 0 || f.N >= len(files) {
			break
		}
		f.Name = pageFiles(f.Of, files)[f.N].Name
		return p.open(ctx, f, files[f.N])
	}
	return f, nil, portal.ErrGone
}

func (p customerPages) open(ctx context.Context, f portal.File, a contact.Attachment) (portal.File, io.ReadCloser, error) {
	if a.Object == "" {
		return f, io.NopCloser(bytes.NewReader(a.Data)), nil
	}
	body, err := deskContent{p.d.journal, nil}.GetObject(ctx, a.Object)
	if errors.Is(err, desk.ErrErased) || errors.Is(err, desk.ErrMissing) {
		err = portal.ErrGone
	}
	return f, body, err
}
