package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/customers/directory"
	"stagecoach/desk/portal"
)

// way is a private way to a customer.
type way struct {
	link *link
	to   contact.Address
	// origin and thread are those of the message that it answers, for channels where
	// one must be answered; nil for a mail.
	answers *contact.Message
}

// way finds where a code can be sent: to the address from which the customer wrote
// last where nobody else can read, else to a mailbox of theirs that was proven.
func (p customerPages) way(ctx context.Context, conversation string) (*way, error) {
	m, err := p.matter(ctx, conversation)
	if err != nil {
		return nil, err
	}
	all, err := p.read(ctx, conversation)
	if err != nil {
		return nil, err
	}
	if all, err = p.seen(ctx, m, all); err != nil {
		return nil, err
	}
	for _, one := range slices.Backward(all) {
		msg := one.message
		if msg == nil || msg.Public || msg.Feedback != nil || one.entry.Kind != "message_received" {
			continue
		}
		if link := p.d.links.get(msg.Channel, msg.Account); link.sends() {
			return &way{link: link, to: msg.Sender(), answers: msg}, nil
		}
	}
	return p.mailbox(ctx, m.Customer)
}

// sends reports whether something can be sent through an account.
func (k *link) sends() bool {
	return k != nil && k.adapter.Sender != nil && k.adapter.Composer != nil && !k.adapter.Channel.ByHand()
}

// mailbox finds a mailbox that is the customer's and nobody else's.
func (p customerPages) mailbox(ctx context.Context, customer string) (*way, error) {
	rec, err := p.d.directory.Get(ctx, customer)
	if errors.Is(err, directory.ErrNotFound) || errors.Is(err, directory.ErrErased) {
		return nil, portal.ErrNoWay
	}
	if err != nil {
		return nil, err
	}
	via := p.d.links.through("", nil)
	if via == nil {
		return nil, portal.ErrNoWay
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
			return &way{link: via, to: contact.Address{Address: one.Address}}, nil
		}
	}
	return nil, portal.ErrNoWay
}

// provenMailbox reports whether a mailbox is known to be the customer's: they wrote
// from it, or the company's own list says so.
func provenMailbox(i *customers.Identity) bool { return !i.Unproven }

// Reach implements portal.Source.
func (p customerPages) Reach(ctx context.Context, conversation string) (string, error) {
	w, err := p.way(ctx, conversation)
	if err != nil {
		return "", err
	}
	return masked(w.link.adapter.Channel, w.to), nil
}

// masked writes an address so that its owner knows it, and nobody learns it.
func masked(ch contact.Channel, a contact.Address) string {
	local, domain, ok := strings.Cut(a.Address, "@")
	if ch != contact.Email || !ok || local == "" || domain == "" {
		return channelTitle(ch)
	}
	host, top := domain, ""
	if at := strings.LastIndexByte(domain, '.'); at > 0 {
		host, top = domain[:at], domain[at:]
	}
	return firstRune(local) + "•••@" + firstRune(host) + "•••" + top
}

func channelTitle(ch contact.Channel) string {
	if ch == contact.SMS {
		return "SMS"
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
func (p customerPages) SendCode(ctx context.Context, conversation, subject, text string) error {
	w, err := p.way(ctx, conversation)
	if err != nil {
		return err
	}
	a := &w.link.adapter
	r := codeReply(w, a.Channel, a.Account, conversation, subject, text)
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

// codeReply is a code on its way. Where a message must be answered it answers it; on
// Slack it begins a direct conversation, as others may read the one that was asked in.
func codeReply(w *way, ch contact.Channel, account, conversation, subject, text string) *contact.Reply {
	r := &contact.Reply{
		ID: randomID(), Kind: contact.Acknowledgement, Channel: ch, Account: account, CreatedAt: time.Now().UTC().Truncate(time.Second),
		To: []contact.Address{w.to}, CC: []contact.Address{}, Subject: subject, Text: text, Attachments: []contact.Attachment{},
	}
	if w.answers != nil && ch != contact.Email && ch != contact.Slack {
		r.Origin, r.InReplyTo, r.Conversation = w.answers.Origin, w.answers.MessageID, conversation
	}
	return r
}
