// Package email is the e-mail channel: it fetches one mailbox by IMAP, hands
// replies to SMTP, and tells how a mail is to be understood.
//
// Mail is only read, unless Config.After says what is to be done with it once it
// is stored. How far a folder has been read is the bookmark "uidvalidity:uid:before", kept by the daemon and
// advanced only over mail that Deliver has stored; before is the highest UID
// that was there when the folder was first connected (or given a new
// UIDVALIDITY), so that nothing older becomes a contact by accident. Sources
// are named "email/<account>/<folder>"; a "#" in the name marks a load of older
// mail that happens once.
//
// Goroutines of a Receive: one that watches the folder with up to 16 that
// deliver, one for each further folder, one that watches the folder of sent mail,
// one that puts our copies there, and one for each folder that loads older mail.
// All end with it. Each has a connection of its own, since IDLE takes a whole
// one.
package email

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"stagecoach/channels"
	"stagecoach/contact"
)

// Adapter is one mailbox. Its methods may be called from several goroutines.
type Adapter struct {
	cfg    Config
	log    *slog.Logger
	copies *copyQueue
	// copying is true while the goroutine that keeps copies runs.
	copying atomic.Bool
	// savesItself is true once the provider has put a copy of a reply into the
	// folder of sent mail itself; lastAppended is the last that we have tried to put there.
	savesItself  atomic.Bool
	lastAppended atomic.Pointer[sentMark]
	// token is the last one that was used.
	token atomic.Pointer[string]
	// renewed holds, by a server's address, the token that was fetched because
	// that server had refused the one before it.
	renewed sync.Map
	once    *onceBook
	stuck   *stuckBook
	ahead   *aheadBook
	looks   *lookBook

	pool   *smtpPool
	pace   *pace
	signer *signer
	// largest is the size of a mail that the SMTP server takes, 0 if unknown;
	// noReports is true once it refused to be asked for delivery reports.
	largest   atomic.Int64
	noReports atomic.Bool
}

var (
	_ channels.Receiver = (*Adapter)(nil)
	_ channels.Sender   = (*Adapter)(nil)
	_ channels.Parser   = (*Adapter)(nil)
	_ channels.Composer = (*Adapter)(nil)
	_ channels.Lister   = (*Adapter)(nil)
	_ channels.Resolver = (*Adapter)(nil)
	_ channels.Copier   = (*Adapter)(nil)
	_ channels.Checker  = (*Adapter)(nil)
	_ channels.Limited  = (*Adapter)(nil)
	_ channels.Pacer    = (*Adapter)(nil)
	_ channels.Preparer = (*Adapter)(nil)
	_ io.Closer         = (*Adapter)(nil)
)

// New makes the adapter of one mailbox. It does no I/O but reading CA files.
func New(cfg Config, log *slog.Logger) (*Adapter, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuring mailbox %q: %w", cfg.Account, err)
	}
	cfg = cfg.withDefaults()
	signing, err := newSigner(cfg.DKIM, cfg.Address)
	if err != nil {
		return nil, fmt.Errorf("configuring mailbox %q: %w", cfg.Account, err)
	}
	return &Adapter{
		cfg:    cfg,
		log:    log.With("component", "email", "account", cfg.Account),
		copies: newCopyQueue(),
		once:   newOnceBook(),
		stuck:  newStuckBook(cfg.Patience),
		ahead:  newAheadBook(),
		looks:  newLookBook(),
		pool:   &smtpPool{},
		pace:   &pace{perMinute: cfg.SMTP.MaxPerMinute},
		signer: signing,
	}, nil
}

// Archive reads the mail of mailboxes that are not configured, or no more.
func Archive() channels.Parser {
	return &Adapter{cfg: Config{Account: "archive"}.withDefaults()}
}

// Reader reads the mail of a mailbox that another process fetches: cfg needs no
// server.
func Reader(cfg Config) channels.Parser { return &Adapter{cfg: cfg.withDefaults()} }

// Channel gives the adapter as the daemon holds it: without a receiver where
// there is no IMAP server, without a sender where there is no SMTP server.
func (a *Adapter) Channel() channels.Adapter {
	out := channels.Adapter{
		Channel: contact.Email, Account: a.cfg.Account, Address: a.cfg.Address, Aliases: a.cfg.Aliases,
		Parser: a, Composer: a, Checker: a, Limits: a.Limits(),
	}
	if a.cfg.IMAP.Host != "" {
		out.Receiver, out.Lister, out.Resolver = a, a, a
	}
	if a.cfg.SMTP.Host != "" {
		out.Sender = a
	}
	return out
}

// own reports whether address is this mailbox, token and case apart.
func (a *Adapter) own(address string) bool {
	plain, _ := cutToken(strings.ToLower(address))
	is := func(mine string) bool { return strings.EqualFold(mine, plain) }
	return is(a.cfg.Address) || slices.ContainsFunc(a.cfg.Aliases, is)
}
