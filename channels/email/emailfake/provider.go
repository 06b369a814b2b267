package emailfake

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Manner is how a provider is known to behave where it differs from others.
type Manner struct {
	Name string
	// Caps are what its IMAP server can, Delim is what parts the levels of a
	// folder's name.
	Caps  []string
	Delim byte
	// Sent is its folder of sent mail by name and attributes, "" if there is none;
	// Folders are those beside it and the inbox.
	Sent, SentAttrs string
	Folders         map[string]string
	// Mechanisms are what SMTP offers to log in by. With Tokens only those of OAuth
	// are taken.
	Mechanisms []string
	Tokens     bool
	// Saves says what it makes of a mail that was handed to SMTP.
	Saves Saving
	// Merges, DeafIdle and CutAtMove are as in Lies. DeafSearch is the answer to a
	// search by a header's field, "" to do it.
	Merges, DeafIdle, CutAtMove bool
	DeafSearch                  string
	// WrongSecret is the word of its IMAP server on a wrong secret, WrongSMTP the
	// answer of SMTP; Challenge goes before that where a token is wrong.
	WrongSecret, WrongSMTP, Challenge string
	// Throttled is the answer to any command of one who wants too much, Busy that
	// of SMTP; SessionEnd is the goodbye after some hours.
	Throttled, Busy, SessionEnd string
	// SenderRefused is the answer to a mail under an address that isn't the
	// login's.
	SenderRefused string
}

// Saving is what a provider itself makes of what was sent.
type Saving string

// The ways. Renamed gives it another Message-ID, for everybody, and Remembered
// tells the old one in a field of its own.
const (
	SavesNothing    Saving = ""
	SavesAsIs       Saving = "as is"
	SavesRenamed    Saving = "renamed"
	SavesRemembered Saving = "remembered"
)

// Provider is an IMAP and an SMTP server that behave in one manner, with one
// mailbox of ours. Mail to other addresses is kept for a look.
type Provider struct {
	Manner
	// IMAP is where our mailbox is.
	IMAP *Rogue

	smtp *counter

	mu    sync.Mutex
	taken []Mail
	// late holds what is to be saved when SaveNow says so.
	late    bool
	unsaved [][]byte
	named   int
	step    func(step, address string) string
	refuse  func(command, args string) string
}

// StartProvider opens one on free loopback ports. check says who may come in: an
// OAuth's Check where the manner takes tokens only.
func StartProvider(m Manner, check func(mechanism, user, secret string) error) (*Provider, error) {
	p := &Provider{Manner: m}
	login := func(mechanism, user, secret string) error {
		if err := check(mechanism, user, secret); err != nil {
			return fmt.Errorf("%s", m.WrongSecret)
		}
		return nil
	}
	var err error
	if p.IMAP, err = StartRogue(RogueConfig{Caps: m.Caps, Delim: m.Delim, Login: login}); err != nil {
		return nil, err
	}
	for name, attrs := range m.Folders {
		p.IMAP.AddFolder(name, attrs)
	}
	if m.Sent != "" {
		p.IMAP.AddFolder(m.Sent, m.SentAttrs)
	}
	p.IMAP.Lie(Lies{Refuse: p.refused, DeafIdle: m.DeafIdle, CutAtMove: m.CutAtMove, Merges: m.Merges})
	p.smtp = &counter{
		extensions: []string{"SIZE 36700160", "8BITMIME", "AUTH " + strings.Join(m.Mechanisms, " ")},
		answer:     p.answer, login: login, refusal: m.WrongSMTP, told: m.Challenge, take: p.take,
	}
	if err := p.smtp.start(); err != nil {
		_ = p.IMAP.Close()
		return nil, err
	}
	return p, nil
}

// Close ends both servers and waits until they have.
func (p *Provider) Close() error {
	p.smtp.close()
	return p.IMAP.Close()
}

// SMTPPort is where mail is handed over.
func (p *Provider) SMTPPort() int { return (&door{Listener: p.smtp.listener}).port() }

// Cut breaks every link.
func (p *Provider) Cut() {
	p.IMAP.Cut()
	p.smtp.cut()
}

// Down breaks every link and takes no new ones until Up.
func (p *Provider) Down() {
	p.IMAP.Down()
	p.smtp.setDown(true)
}

// Up takes links again after Down.
func (p *Provider) Up() {
	p.IMAP.Up()
	p.smtp.setDown(false)
}

// AtStep gives SMTP's answers to its steps from now on, nil for the usual ones.
func (p *Provider) AtStep(step func(step, address string) string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.step = step
}

// Throttle has IMAP refuse everything but logins, or no more.
func (p *Provider) Throttle(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = nil
	if !on {
		return
	}
	p.refuse = func(command, _ string) string {
		if slices.Contains([]string{"CAPABILITY", "ID", "LOGIN", "AUTHENTICATE", "NOOP", "LOGOUT"}, command) {
			return ""
		}
		return p.Throttled
	}
}

func (p *Provider) refused(command, args string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse != nil {
		if answer := p.refuse(command, args); answer != "" {
			return answer
		}
	}
	if command == "UID SEARCH" && strings.Contains(args, "HEADER ") {
		return p.DeafSearch
	}
	return ""
}

func (p *Provider) answer(step, address string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.step == nil {
		return ""
	}
	return p.step(step, address)
}

// Taken lists the mails that SMTP took, as they went out, in order.
func (p *Provider) Taken() []Mail {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.taken)
}

// Answers lists what SMTP's challenges were answered with.
func (p *Provider) Answers() []string {
	p.smtp.mu.Lock()
	defer p.smtp.mu.Unlock()
	return slices.Clone(p.smtp.answers)
}

// Arrive lays a customer's mail into our inbox.
func (p *Provider) Arrive(raw []byte) uint32 { return p.IMAP.Put("INBOX", raw, time.Time{}) }

// take sends a mail on as this provider does.
func (p *Provider) take(m Mail) {
	p.mu.Lock()
	p.named++
	if p.Saves == SavesRenamed || p.Saves == SavesRemembered {
		m.Raw = renamed(m.Raw, p.named, p.Saves == SavesRemembered)
	}
	p.taken = append(p.taken, m)
	saves := p.Saves != SavesNothing && p.Sent != ""
	if saves && p.late {
		p.unsaved = append(p.unsaved, m.Raw)
	}
	saves = saves && !p.late
	p.mu.Unlock()
	if saves {
		p.IMAP.Put(p.Sent, m.Raw, time.Time{})
	}
}

// SaveLate has it save what is sent only when SaveNow says so, or at once again.
func (p *Provider) SaveLate(late bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.late = late
}

// SaveNow saves what was sent since SaveLate.
func (p *Provider) SaveNow() {
	p.mu.Lock()
	unsaved := p.unsaved
	p.unsaved = nil
	p.mu.Unlock()
	for _, raw := range unsaved {
		p.IMAP.Put(p.Sent, raw, time.Time{})
	}
}

// renamed gives a mail another Message-ID.
func renamed(raw []byte, n int, remembered bool) []byte {
	was := "Message-ID: " + idOf(raw)
	is := fmt.Sprintf("Message-ID:\r\n <AM0PR04MB%04d@AM0PR04MB.prod.test>", n)
	if remembered {
		is += "\r\nX-Microsoft-Original-" + was
	}
	return []byte(strings.Replace(string(raw), was, is, 1))
}
