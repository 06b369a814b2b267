package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/desk/portal"
)

// way is a private way to a customer.
type way struct {
	customer string
	link     *link
	to       contact.Address
	// answers is the message that a code answers, for channels where one must be
	// answered; nil for a mail.
	answers *contact.Message
}

func (p customerPages) portalWay(w *way) portal.Way {
	ch := w.link.adapter.Channel
	return portal.Way{ID: p.wayID(ch, w.to.Address), Shown: masked(ch, w.to), Customer: w.customer}
}

// wayID names a way on the page: a part of the keyed hash of its address.
func (p customerPages) wayID(ch contact.Channel, address string) string {
	key := p.d.keys.Identity(string(ch), address)
	return key[:min(len(key), wayIDSize)]
}

const wayIDSize = 16

// ways finds where codes can be sent: to the addresses from which the customers of the
// conversation wrote where nobody else can read, the newest first, and to a mailbox of
// theirs that is nobody else's. Whoever has proved themselves may also prove the others
// who are taken for them.
func (p customerPages) ways(ctx context.Context, who portal.Who) ([]way, error) {
	m, err := p.matter(ctx, who.Conversation)
	if err != nil {
		return nil, err
	}
	person, _, err := p.d.ledger.Person(ctx, m.Customer)
	if err != nil {
		return nil, err
	}
	out, err := p.writtenBy(ctx, m.ID, person.Members)
	if err != nil {
		return nil, err
	}
	boxes := []string{m.Customer}
	if sees := seenFrom(person, who.Proved); len(sees) > 0 {
		r := reader{matter: m, person: person, sees: sees}
		boxes = append(boxes, r.hidden()...)
		boxes = append(boxes, sees...)
	}
	for _, id := range boxes {
		if out, err = p.waysOf(ctx, id, out); err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, portal.ErrNoWay
	}
	return out, nil
}

// waysOf adds a way to a customer to whom there is none yet: a mailbox, else where they
// wrote in another conversation.
func (p customerPages) waysOf(ctx context.Context, id string, out []way) ([]way, error) {
	has := func() bool { return slices.ContainsFunc(out, func(w way) bool { return w.customer == id }) }
	if has() {
		return out, nil
	}
	box, err := p.mailbox(ctx, id)
	if err != nil || box != nil {
		return appendWay(out, box), err
	}
	rows, err := p.d.ledger.Conversations(ctx, id, mostSearched)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		more, err := p.writtenBy(ctx, rows[i].ID, []string{id})
		if err != nil {
			return nil, err
		}
		if len(more) > 0 {
			return append(out, more[0]), nil
		}
	}
	return out, nil
}

// mostSearched is in how many conversations of a customer a way is looked for.
const mostSearched = 5

func appendWay(out []way, w *way) []way {
	if w == nil {
		return out
	}
	return append(out, *w)
}

// writtenBy finds from where customers wrote in a conversation, and where we wrote to
// them, each of them once, the newest first: only where what we send reaches them alone.
func (p customerPages) writtenBy(ctx context.Context, conversation string, members []string) ([]way, error) {
	all, err := p.read(ctx, conversation)
	if err != nil {
		return nil, err
	}
	owner, err := p.owner(ctx, peopleIn(all))
	if err != nil {
		return nil, err
	}
	var out []way
	for _, one := range slices.Backward(all) {
		w, ok := p.wayOf(&one)
		if !ok {
			continue
		}
		w.customer = owner(contact.Identity{Channel: w.link.adapter.Channel, Address: w.to.Address})
		if slices.Contains(members, w.customer) && !slices.ContainsFunc(out, func(o way) bool { return o.customer == w.customer }) {
			out = append(out, w)
		}
	}
	return out, nil
}

// wayOf gives the way to whoever wrote something, or whom we wrote it to.
func (p customerPages) wayOf(one *spoken) (way, bool) {
	if msg := one.message; msg != nil && msg.Feedback == nil {
		link := p.d.links.get(msg.Channel, msg.Account)
		return way{link: link, to: msg.Sender(), answers: msg}, link.sends() && private(link, msg)
	}
	if r := one.reply; r != nil && len(r.To) == 1 && (r.Channel == contact.Email || r.Channel == contact.SMS || direct(r.Channel)) {
		link := p.d.links.get(r.Channel, r.Account)
		return way{link: link, to: r.To[0]}, link.sends()
	}
	return way{}, false
}

// sends reports whether something can be sent through an account.
func (k *link) sends() bool {
	return k != nil && k.adapter.Sender != nil && k.adapter.Composer != nil && !k.adapter.Channel.ByHand()
}

// private reports whether what we send to the author of a message reaches them alone.
func private(k *link, msg *contact.Message) bool {
	return direct(msg.Channel) || !msg.Public && !k.adapter.Limits.Public
}

// direct reports whether a channel has direct messages: what answers no post of theirs
// goes to the person.
func direct(ch contact.Channel) bool {
	return ch == contact.Mastodon || ch == contact.Bluesky || ch == contact.Slack
}

// mailbox finds a mailbox that is the customer's and nobody else's, nil for none.
func (p customerPages) mailbox(ctx context.Context, customer string) (*way, error) {
	rec, err := p.record(ctx, customer)
	if err != nil || rec == nil {
		return nil, err
	}
	via := p.d.links.through("", nil)
	if via == nil {
		return nil, nil //nolint:nilnil // none is an answer
	}
	for i := range rec.Identities {
		one := &rec.Identities[i]
		if one.Channel != contact.Email || !provenMailbox(one) {
			continue
		}
		key := p.d.directory.KeyOf(*one)
		found, err := p.d.directory.Lookup(ctx, []string{key})
		if err != nil {
			return nil, err
		}
		if !found[key].Shared {
			return &way{customer: customer, link: via, to: contact.Address{Address: one.Address}}, nil
		}
	}
	return nil, nil //nolint:nilnil // none is an answer
}

// provenMailbox reports whether a mailbox is known to be the customer's: they wrote from
// it, or the company's own list says so. That somebody told an agent is too little to
// open a page: whoever calls may say anything.
func provenMailbox(i *customers.Identity) bool {
	return i.Proven || !i.Unproven && i.Source != customers.FromAgent
}

// Ways implements portal.Source.
func (p customerPages) Ways(ctx context.Context, who portal.Who) ([]portal.Way, error) {
	list, err := p.ways(ctx, who)
	if err != nil {
		return nil, err
	}
	return p.portalWays(list), nil
}

// portalWays shows ways beside each other: of two that would look alike the last letter is
// shown, too, as much as a telephone number shows, or else which of them it is.
func (p customerPages) portalWays(list []way) []portal.Way {
	out := make([]portal.Way, len(list))
	for i := range list {
		out[i] = p.portalWay(&list[i])
	}
	alike := func(i int) (n int, some bool) {
		for j := range out {
			if i != j && out[i].Shown == out[j].Shown {
				some = true
				if j < i {
					n++
				}
			}
		}
		return n, some
	}
	var longer []int
	for i := range out {
		if _, some := alike(i); some && list[i].link.adapter.Channel == contact.Email {
			longer = append(longer, i)
		}
	}
	for _, i := range longer {
		out[i].Shown = maskedLess(out[i].Shown, list[i].to.Address)
	}
	for i := range slices.Backward(out) {
		if n, some := alike(i); some {
			out[i].Shown = fmt.Sprintf("%s (%d)", out[i].Shown, n+1)
		}
	}
	return out
}

// maskedLess shows the last letter before the @ of an address, too, where it isn't the
// first.
func maskedLess(mask, address string) string {
	local, _, _ := strings.Cut(strings.TrimPrefix(address, "@"), "@")
	_, size := utf8.DecodeLastRuneInString(local)
	if size == 0 || size == len(local) {
		return mask
	}
	return strings.Replace(mask, "@", local[len(local)-size:]+"@", 1)
}

// masked writes an address so that its owner knows it, and nobody learns it.
func masked(ch contact.Channel, a contact.Address) string {
	const hidden = "•••"
	address := strings.TrimPrefix(a.Address, "@")
	local, domain, ok := strings.Cut(address, "@")
	switch {
	case ch == contact.Phone || ch == contact.SMS:
		return channelTitle(ch) + " " + hidden + address[max(0, len(address)-2):]
	case ch == contact.Bluesky && !strings.HasPrefix(address, "did:"), ch == contact.Mastodon && (!ok || local == "" || domain == ""):
		return channelTitle(ch) + " @" + firstRune(address) + hidden
	case ch == contact.Mastodon:
		return channelTitle(ch) + " @" + firstRune(local) + hidden + "@" + firstRune(domain) + hidden
	case ch != contact.Email || !ok || local == "" || domain == "":
		return channelTitle(ch)
	}
	host, top := domain, ""
	if at := strings.LastIndexByte(domain, '.'); at > 0 {
		host, top = domain[:at], domain[at:]
	}
	return firstRune(local) + hidden + "@" + firstRune(host) + hidden + top
}

func channelTitle(ch contact.Channel) string {
	if ch == contact.SMS {
		return "SMS"
	}
	if ch == contact.WebChat { // a word in both of the page's languages
		return "Chat"
	}
	name := string(ch)
	return strings.ToUpper(name[:1]) + name[1:]
}

func firstRune(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

// codeTime is how long the sending of a code may take while its customer waits.
const codeTime = 20 * time.Second

// SendCode implements portal.Source. A code is no reply: it is sent at once or not at
// all, is kept nowhere, and ends no contact.
func (p customerPages) SendCode(ctx context.Context, who portal.Who, to portal.Way, subject, text string) error {
	list, err := p.ways(ctx, who)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(list, func(w way) bool { return w.customer == to.Customer && p.portalWay(&w).ID == to.ID })
	if at < 0 {
		return portal.ErrMoved
	}
	w := &list[at]
	a := &w.link.adapter
	r := codeReply(w, a.Channel, a.Account, who.Conversation, subject, text)
	if r.Raw, err = a.Composer.Compose(r); err != nil {
		return fmt.Errorf("composing a code: %w", err)
	}
	limited, cancel := context.WithTimeout(ctx, codeTime)
	defer cancel()
	if _, err := a.Sender.Send(limited, r); err != nil {
		return fmt.Errorf("sending a code: %w", err)
	}
	return nil
}

// codeReply is a code on its way. Where a message must be answered it answers it; where
// there are direct messages it begins one, as others may read the post or the thread that
// was asked in.
func codeReply(w *way, ch contact.Channel, account, conversation, subject, text string) *contact.Reply {
	r := &contact.Reply{
		ID: randomID(), Kind: contact.Acknowledgement, Channel: ch, Account: account, CreatedAt: time.Now().UTC().Truncate(time.Second),
		To: []contact.Address{w.to}, CC: []contact.Address{}, Subject: subject, Text: text, Attachments: []contact.Attachment{},
	}
	if w.answers != nil && ch != contact.Email && !direct(ch) {
		r.Origin, r.InReplyTo, r.Conversation = w.answers.Origin, w.answers.MessageID, conversation
	}
	return r
}
