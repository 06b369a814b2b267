package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/customers/export"
	"stagecoach/ledger"
	"stagecoach/router"
)

// export writes all that is kept of a person as a ZIP archive.
func (r *rights) export(ctx context.Context, text string, to io.Writer) error {
	ids, err := r.resolve(ctx, text)
	if err != nil {
		return err
	}
	return r.exportOf(ctx, ids, to)
}

// exportOf writes all that is kept of customers, who are one person.
func (r *rights) exportOf(ctx context.Context, ids []string, to io.Writer) error {
	p, err := r.gather(ctx, ids)
	if err != nil {
		return err
	}
	return export.Write(to, p)
}

// gathering collects what an export holds.
type gathering struct {
	*rights
	ctx     context.Context //nolint:containedctx // lives for one export
	p       *export.Person
	ids     []string
	own     map[string]bool
	strange int
	// gone is true of whoever is being erased: nothing is given of them any more.
	gone bool
	// others counts our answers that are between us and somebody else.
	others int
}

// gather collects what is kept of customers. Other people's messages in their
// conversations are left out, and the names of colleagues but as the customer saw them.
func (r *rights) gather(ctx context.Context, ids []string) (*export.Person, error) {
	if err := r.catchUp(ctx); err != nil {
		return nil, err
	}
	t, err := r.ledger.Theirs(ctx, ids)
	if err != nil {
		return nil, err
	}
	gone, err := r.gone(ctx, ids)
	if err != nil {
		return nil, err
	}
	who := &identities{all: map[contact.Identity]bool{}}
	if !gone {
		if who, err = r.known(ctx, t); err != nil {
			return nil, err
		}
	}
	p := &export.Person{
		Made: time.Now().UTC().Truncate(time.Second), Customers: ids, Name: who.name, Since: t.Since,
		Addresses: who.sorted(), Feedback: []export.Feedback{}, Conversations: []export.Conversation{}, Kept: []export.Keeping{}, LeftOut: []string{},
	}
	if !gone {
		if p.Records, err = r.recordsOf(ctx, ids); err != nil {
			return nil, err
		}
	}
	for i := range p.Records {
		withoutColleagues(&p.Records[i])
	}
	for _, k := range r.policy().Retentions() {
		p.Kept = append(p.Kept, export.Keeping{Kind: k.Kind, Days: int(k.Keep / (24 * time.Hour))})
	}
	g := &gathering{rights: r, ctx: ctx, p: p, ids: ids, own: map[string]bool{}, gone: gone}
	for _, ref := range t.OwnRefs {
		g.own[ref] = true
	}
	if err := errors.Join(g.conversations(t), g.said(ids)); err != nil {
		return nil, err
	}
	if g.strange > 0 {
		p.LeftOut = append(p.LeftOut, fmt.Sprintf("%d messages of other people in these conversations", g.strange))
	}
	if g.others > 0 {
		p.LeftOut = append(p.LeftOut, fmt.Sprintf("%d answers of ours to other people in these conversations", g.others))
	}
	return p, nil
}

// sorted gives the addresses in a fixed order.
func (i *identities) sorted() []contact.Identity {
	out := make([]contact.Identity, 0, len(i.all))
	for one := range i.all {
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b contact.Identity) int {
		return bytes.Compare([]byte(string(a.Channel)+a.Address), []byte(string(b.Channel)+b.Address))
	})
	return out
}

// withoutColleagues takes out of a record who of us wrote something down.
func withoutColleagues(rec *customers.Record) {
	rec.By = roleOf(rec.By)
	for i := range rec.Preferences {
		rec.Preferences[i].By = roleOf(rec.Preferences[i].By)
	}
	if rec.Objection != nil {
		rec.Objection.By = roleOf(rec.Objection.By)
	}
	if rec.Hold != nil {
		rec.Hold.By = roleOf(rec.Hold.By)
	}
}

func roleOf(by string) string {
	switch by {
	case "", "import", "crm", "customer", "router", "control":
		return by
	}
	return "a colleague"
}

// conversations collects those that are theirs, and what they wrote in others.
func (g *gathering) conversations(t *ledger.Theirs) error {
	contacts := map[string][]ledger.Row{}
	seen := slices.Clone(t.Conversations)
	for _, id := range t.Contacts {
		row, err := g.ledger.Contact(g.ctx, id)
		if err != nil {
			return err
		}
		contacts[row.Conversation] = append(contacts[row.Conversation], row)
		if !slices.Contains(seen, row.Conversation) {
			seen = append(seen, row.Conversation)
		}
	}
	for _, id := range seen {
		row, err := g.ledger.Conversation(g.ctx, id)
		if err != nil {
			return err
		}
		v := export.Conversation{ID: id, Channel: row.Channel, OpenedAt: row.OpenedAt, State: string(row.State), Contacts: []export.Contact{}, Items: []export.Item{}}
		theirs := map[string]bool{}
		for i := range contacts[id] {
			theirs[contacts[id][i].ID] = true
			v.Contacts = append(v.Contacts, contactOf(&contacts[id][i]))
		}
		entries, err := g.ledger.Alone(g.ctx, id) // what is joined with it has its own turn
		if err != nil {
			return err
		}
		for i := range entries {
			e := &entries[i]
			if e.Kind != "message_received" && !slices.Contains(t.Conversations, id) && !theirs[e.Contact] {
				continue
			}
			if err := g.entry(&v, e); err != nil {
				return err
			}
		}
		g.p.Conversations = append(g.p.Conversations, v)
	}
	return nil
}

func contactOf(row *ledger.Row) export.Contact {
	c := export.Contact{
		ID: row.ID, Channel: row.Channel, Start: row.Start, Due: row.Due, Class: row.Class, Kind: row.Kind,
		Queue: row.Queue, Tier: row.Tier, Outcome: string(row.End), EndedAt: row.EndedAt, Kept: row.Kept,
	}
	switch {
	case row.Open():
		c.Outcome = "open"
	case row.End == router.EndDisposed:
		c.Outcome = string(row.Disposition)
	}
	return c
}

// entry adds what one line of a timeline holds.
func (g *gathering) entry(v *export.Conversation, e *ledger.Entry) error {
	var it *export.Item
	var err error
	switch e.Kind {
	case "message_received":
		if !g.own[e.Ref] {
			g.strange++
			return nil
		}
		it, err = g.message(e)
	case "reply_queued":
		it, err = g.reply(e)
	case "noted":
		it, err = g.note(e)
	}
	if err != nil {
		if !errors.Is(err, ledger.ErrGone) {
			return err
		}
		it = &export.Item{Kind: "message", ID: e.Item, At: e.At, Channel: v.Channel, Gone: "These words have been removed: their time was over, or somebody erased them."}
	}
	if it != nil {
		v.Items = append(v.Items, *it)
	}
	return nil
}

func (g *gathering) message(e *ledger.Entry) (*export.Item, error) {
	if g.gone {
		return nil, ledger.ErrGone
	}
	m, err := g.words.Message(g.ctx, e.Ref)
	if err != nil {
		return nil, err
	}
	in, err := g.words.Original(g.ctx, e.Ref)
	if errors.Is(err, ledger.ErrGone) { // what it says is kept longer
		in = &channels.Inbound{ReceivedAt: m.ReceivedAt}
	} else if err != nil {
		return nil, err
	}
	it := &export.Item{
		Kind: "message", ID: e.Item, At: in.ReceivedAt, Channel: m.Channel, From: m.Sender(), Subject: m.Subject, Text: m.Text,
		Mail: wholeMail(in), Files: g.files(m.Attachments),
	}
	for _, to := range m.To {
		if g.ours(m.Channel, to.Address) {
			it.To = append(it.To, to.Address)
		}
	}
	return it, nil
}

// ours reports whether an address is one of our own accounts'.
func (g *gathering) ours(ch contact.Channel, address string) bool {
	for _, a := range g.adapters() {
		if a.Channel == ch && a.Address == address {
			return true
		}
	}
	return false
}

// wholeMail gives the mail that an item is, nil where it is none.
func wholeMail(in *channels.Inbound) []byte {
	if in.Format == "rfc822" {
		return in.Raw
	}
	return nil
}

func (g *gathering) reply(e *ledger.Entry) (*export.Item, error) {
	if g.gone {
		return nil, ledger.ErrGone
	}
	r, err := g.words.Reply(g.ctx, e.Ref)
	if err != nil {
		return nil, err
	}
	it := &export.Item{
		Kind: "reply", ID: r.ID, At: r.CreatedAt, Channel: r.Channel, From: contact.Address{Name: r.FromName}, Subject: r.Subject,
		Text: r.Text, Files: g.files(r.Attachments), Mail: r.Raw,
	}
	if facts, err := g.ledger.ReplyFacts(g.ctx, r.ID); err == nil {
		it.State = string(facts.State)
	}
	switch r.Kind { //nolint:exhaustive // the others are replies
	case contact.Acknowledgement:
		it.Kind = "acknowledgement"
	case contact.Forward: // whom it went to is somebody else's
		it.Kind, it.Mail = "forward", nil
		return it, nil
	}
	if away, err := g.toOthers(r); err != nil || away {
		return nil, err
	}
	for _, to := range r.To {
		it.To = append(it.To, to.Address)
	}
	if r.Channel != contact.Email {
		it.Mail = nil
	} else if it.Mail == nil && r.RawObject != "" {
		if it.Mail, err = g.object(g.ctx, r.RawObject); err != nil {
			return nil, err
		}
	}
	return it, nil
}

// toOthers reports whether a reply is between us and another customer alone: what it says,
// and quotes, is theirs.
func (g *gathering) toOthers(r *contact.Reply) (bool, error) {
	var keys []string
	for _, a := range slices.Concat(r.To, r.CC) {
		keys = append(keys, g.keys.Identity(string(r.Channel), a.Address))
	}
	_, known, err := g.ledger.Known(g.ctx, keys)
	if err != nil {
		return false, err
	}
	others := false
	for _, key := range keys {
		switch who := known[key].Customer; {
		case slices.Contains(g.ids, who):
			return false, nil
		case who != "":
			others = true
		}
	}
	if others {
		g.others++
	}
	return others, nil
}

// note adds what colleagues wrote about them: it is theirs too, without who wrote it.
func (g *gathering) note(e *ledger.Entry) (*export.Item, error) {
	if g.gone {
		return nil, ledger.ErrGone
	}
	n, err := g.words.Note(g.ctx, e.Ref)
	if err != nil {
		return nil, err
	}
	return &export.Item{Kind: "note", ID: n.ID, At: n.At, From: contact.Address{Name: "a colleague"}, Text: n.Text, Files: g.files(n.Attachments)}, nil
}

// said adds what they said of how they were answered, in their words.
func (g *gathering) said(ids []string) error {
	list, err := g.ledger.SaidBy(g.ctx, ids)
	if err != nil {
		return err
	}
	for i := range list {
		f := export.Feedback{At: list[i].At, Kind: string(list[i].Kind), Rating: string(list[i].Rating)}
		if ref := list[i].Ref; ref != "" {
			m, err := g.words.Message(g.ctx, ref)
			switch {
			case g.gone, errors.Is(err, ledger.ErrGone):
				f.Text = "(these words have been removed)"
			case err != nil:
				return err
			default:
				f.Text = cmp.Or(m.ReplyText, m.Text)
			}
		}
		g.p.Feedback = append(g.p.Feedback, f)
	}
	return nil
}

// files gives the files of an item, to be read one after the other.
func (g *gathering) files(list []contact.Attachment) []export.File {
	var out []export.File
	for _, a := range list {
		f := export.File{Name: a.Name, Type: a.ContentType, Size: a.Size}
		f.Open = func() (io.ReadCloser, error) {
			if a.Object == "" {
				return io.NopCloser(bytes.NewReader(a.Data)), nil
			}
			return g.journal.GetObject(g.ctx, a.Object)
		}
		out = append(out, f)
	}
	return out
}
