package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"stagecoach/channels/email/emailfake"
)

// The company of the demonstration and its mailboxes.
const (
	company        = "Lindenhof Outdoor"
	supportAddress = "support@lindenhof.example"
	billingAddress = "billing@lindenhof.example"
	leadAddress    = "lead@lindenhof.example"
	password       = "only-for-the-demo"
)

// post is the mail system between customers and the company: real IMAP and SMTP
// servers, and a letter box per customer.
type post struct {
	server *emailfake.Server

	mu    sync.Mutex
	boxes map[string]*box[incoming]
	tally posted
}

// posted counts what customers, and machines in their name, have sent.
type posted struct {
	// messages must become messages or be quarantined; evidence must become
	// evidence: answers of machines, mail that came back, second copies.
	messages, evidence int
}

// box holds what has come for one customer and was not read yet.
type box[T any] struct {
	mu   sync.Mutex
	all  []T
	news chan struct{}
}

func newBox[T any]() *box[T] { return &box[T]{news: make(chan struct{}, 1)} }

func newPost() (*post, error) {
	p := &post{boxes: map[string]*box[incoming]{}}
	var err error
	p.server, err = emailfake.Start(emailfake.Config{
		Users:    map[string]string{supportAddress: password, billingAddress: password, leadAddress: password},
		Accepted: p.arrived,
	})
	if err != nil {
		return nil, fmt.Errorf("starting the mail servers: %w", err)
	}
	return p, nil
}

// move in: a customer gets a letter box, and a mailbox at the provider unless
// it is full for now.
func (p *post) moveIn(address string, full bool) (*box[incoming], error) {
	if !full {
		if err := p.server.AddUser(address, password); err != nil {
			return nil, fmt.Errorf("giving %q a mailbox: %w", address, err)
		}
	}
	own := newBox[incoming]()
	p.mu.Lock()
	p.boxes[strings.ToLower(address)] = own
	p.mu.Unlock()
	return own, nil
}

// arrived is called by the SMTP server for each mail that it takes.
func (p *post) arrived(m emailfake.Mail) {
	in, err := open(m.Raw)
	if err != nil {
		return // it lies in the mailbox, where it will be missed at the end
	}
	in.sender, in.at = m.From, m.At
	for _, to := range m.To {
		p.mu.Lock()
		own := p.boxes[strings.ToLower(to)]
		p.mu.Unlock()
		if own != nil {
			own.put(in)
		}
	}
}

func (b *box[T]) put(one T) {
	b.mu.Lock()
	b.all = append(b.all, one)
	b.mu.Unlock()
	select {
	case b.news <- struct{}{}:
	default:
	}
}

// next waits for the next one.
func (b *box[T]) next(ctx context.Context) (one T, err error) {
	for {
		b.mu.Lock()
		if len(b.all) > 0 {
			one, b.all = b.all[0], b.all[1:]
			b.mu.Unlock()
			return one, nil
		}
		b.mu.Unlock()
		select {
		case <-ctx.Done():
			return one, ctx.Err()
		case <-b.news:
		}
	}
}

// send hands a mail to the company's server. Only the first of several copies
// is a message.
func (p *post) send(from string, to []string, raw []byte, evidence bool) error {
	p.mu.Lock()
	if evidence {
		p.tally.evidence += len(to)
	} else {
		p.tally.messages++
		p.tally.evidence += len(to) - 1
	}
	p.mu.Unlock()
	if err := p.server.Send(from, to, raw); err != nil {
		return fmt.Errorf("a customer could not send a mail: %w", err)
	}
	return nil
}

func (p *post) sent() posted {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tally
}

// mailbox gives what lies in a customer's mailbox, read over IMAP.
func (p *post) mailbox(address string) ([]incoming, error) {
	raws, err := p.server.Folder(address, "INBOX")
	if err != nil {
		return nil, fmt.Errorf("looking into the mailbox of %q: %w", address, err)
	}
	out := make([]incoming, 0, len(raws))
	for _, raw := range raws {
		in, err := open(raw)
		if err != nil {
			return nil, err
		}
		out = append(out, in)
	}
	return slices.Clip(out), nil
}
