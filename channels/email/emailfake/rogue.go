package emailfake

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// RogueConfig says what a Rogue can and how one logs in there.
type RogueConfig struct {
	// Caps are what it says that it can, and nothing else works: IMAP4rev1 alone
	// if empty.
	Caps []string
	// TLS speaks TLS from the first byte, with the certificate of CertificatePEM.
	// With STARTTLS among Caps a plain link can be upgraded.
	TLS bool
	// CertificateFor is the name in the certificate, 127.0.0.1 if empty; Expired
	// makes it one of the past.
	CertificateFor string
	Expired        bool
	// Delim separates the levels of a folder's name, "/" if zero.
	Delim byte
	// Login says whether somebody may come in; everybody may if nil. For LOGIN
	// and PLAIN the secret is the password, else the token. The text of the error
	// goes behind NO.
	Login func(mechanism, user, secret string) error
}

// Lies are what a Rogue does wrong until told otherwise. The zero value is a
// server that does nothing wrong.
type Lies struct {
	// Greeting replaces the greeting; HoldGreeting keeps it back until closed.
	Greeting     string
	HoldGreeting <-chan struct{}
	// Answer, if it gives a text, is what a command is answered with instead of
	// being done: "NO [UNAVAILABLE] later", or "" to do it. "BYE …" ends the link.
	Answer func(command string) string
	// Refuse is an Answer that also sees what comes behind the command.
	Refuse func(command, args string) string
	// DeafIdle announces nothing to who idles.
	DeafIdle bool
	// CutAtMove moves mails and cuts the link instead of saying so.
	CutAtMove bool
	// Merges stores no mail a second time in a folder, by its Message-ID, and says
	// that it did.
	Merges bool
	// Fetch spoils the answer for one mail, by its UID.
	Fetch map[uint32]FetchLie
	// Unasked sends answers that nobody asked for before each command's own.
	Unasked bool
	// Shuffled gives UIDs and mails in falling order, each mail twice.
	Shuffled bool
	// Fewer says before each answer that there are fewer mails than there were.
	Fewer bool
	// FirstOnly shows of what comes into a folder that was empty when it was opened
	// only the first mail, and takes the others away when the folder is left, if it
	// was open for writing. GNU Mailutils does so.
	FirstOnly bool
	// NextBack says a next UID that is behind by so many.
	NextBack uint32
}

// FetchLie is how the answer for one mail is spoilt.
type FetchLie string

// The ways to spoil an answer.
const (
	CutInside  FetchLie = "cut"   // the link ends in the middle of the literal
	FourGiB    FetchLie = "4gib"  // a literal of 4 GiB is announced
	TooShort   FetchLie = "short" // the literal has more bytes than announced
	BadDate    FetchLie = "date"  // the date can't be read
	NilBody    FetchLie = "nil"   // there is NIL for the text
	NotHere    FetchLie = "not"   // the mail is left out
	RefuseIt   FetchLie = "no"    // the whole command is refused
	HangInside FetchLie = "hang"  // nothing more comes
)

// Rogue is an IMAP server of a few commands that can lie about everything. It
// shares no code with the client that it is to annoy.
type Rogue struct {
	cfg      RogueConfig
	listener net.Listener
	cert     *certificate
	running  sync.WaitGroup

	mu      sync.Mutex
	lies    Lies
	folders map[string]*rogueFolder
	conns   map[net.Conn]struct{}
	changed chan struct{} // closed and replaced at each change
	said    []string
	down    bool
}

type rogueFolder struct {
	validity uint32
	next     uint32
	attrs    string
	mails    []*rogueMail
}

type rogueMail struct {
	uid   uint32
	raw   []byte
	at    time.Time
	flags []string
}

// StartRogue opens one on a free loopback port, with an INBOX.
func StartRogue(cfg RogueConfig) (*Rogue, error) {
	cert, err := newCertificate(cfg.CertificateFor)
	if cfg.Expired {
		cert, err = newCertificateUntil(cfg.CertificateFor, time.Now().Add(-time.Hour))
	}
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	if len(cfg.Caps) == 0 {
		cfg.Caps = []string{"IMAP4rev1"}
	}
	if cfg.Delim == 0 {
		cfg.Delim = '/'
	}
	r := &Rogue{
		cfg: cfg, listener: l, cert: cert, folders: map[string]*rogueFolder{},
		conns: map[net.Conn]struct{}{}, changed: make(chan struct{}),
	}
	r.AddFolder("INBOX", "")
	r.running.Go(r.accept)
	return r, nil
}

// Port is where it listens.
func (r *Rogue) Port() int {
	addr, _ := r.listener.Addr().(*net.TCPAddr)
	return addr.Port
}

// CertificatePEM is what a client must trust.
func (r *Rogue) CertificatePEM() []byte { return r.cert.pem }

// CertificateDER is its certificate as it is shown.
func (r *Rogue) CertificateDER() []byte { return r.cert.config.Certificates[0].Certificate[0] }

// Close ends it and waits until it has.
func (r *Rogue) Close() error {
	err := r.listener.Close()
	r.mu.Lock()
	r.down = true
	r.mu.Unlock()
	r.Cut()
	r.running.Wait()
	return err
}

// Cut breaks every link.
func (r *Rogue) Cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for conn := range r.conns {
		_ = conn.Close()
	}
}

// Down breaks every link and takes no new ones until Up.
func (r *Rogue) Down() {
	r.mu.Lock()
	r.down = true
	r.mu.Unlock()
	r.Cut()
}

// Up takes links again after Down.
func (r *Rogue) Up() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = false
}

// Bye ends every plain link with a word, as a provider does after some hours.
func (r *Rogue) Bye(words string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for conn := range r.conns {
		_, _ = fmt.Fprintf(conn, "* BYE %s\r\n", words)
		_ = conn.Close()
	}
}

// Lie makes it do so from now on.
func (r *Rogue) Lie(l Lies) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lies = l
	r.tell()
}

func (r *Rogue) lying() Lies {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lies
}

// Said lists the commands that it was given, without what might be secret.
func (r *Rogue) Said() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.said)
}

// AddFolder adds a folder by its name as it goes over the wire (modified UTF-7),
// with attributes such as `\Sent`.
func (r *Rogue) AddFolder(name, attrs string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.folders[name] == nil {
		r.folders[name] = &rogueFolder{validity: 1, next: 1, attrs: attrs}
	}
}

// Put lays a mail into a folder and gives its UID.
func (r *Rogue) Put(folder string, raw []byte, at time.Time) uint32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.put(folder, raw, at, nil)
}

func (r *Rogue) put(folder string, raw []byte, at time.Time, flags []string) uint32 {
	f := r.folders[folder]
	if at.IsZero() {
		at = time.Now()
	}
	m := &rogueMail{uid: f.next, raw: raw, at: at, flags: flags}
	f.mails = append(f.mails, m)
	f.next++
	r.tell()
	return m.uid
}

// Expunge takes mails away, as another program of the mailbox's owner does.
func (r *Rogue) Expunge(folder string, uids ...uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.folders[folder]
	f.mails = slices.DeleteFunc(f.mails, func(m *rogueMail) bool { return slices.Contains(uids, m.uid) })
	r.tell()
}

// SetBack makes a folder what it was before its last n mails came, with the same
// UIDVALIDITY: as a careless restore does.
func (r *Rogue) SetBack(folder string, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.folders[folder]
	f.mails = f.mails[:len(f.mails)-n]
	f.next -= uint32(n)
	r.tell()
}

// SetBackTo makes a folder what it was when next was the number of the next mail:
// those that have been given since are gone, and are given again.
func (r *Rogue) SetBackTo(folder string, next uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.folders[folder]
	f.mails = slices.DeleteFunc(f.mails, func(m *rogueMail) bool { return m.uid >= next })
	f.next = next
	r.tell()
}

// Renumber gives a folder another UIDVALIDITY, and its mails the numbers from
// first on.
func (r *Rogue) Renumber(folder string, first uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.folders[folder]
	f.validity++
	for i, m := range f.mails {
		m.uid = first + uint32(i)
	}
	f.next = first + uint32(len(f.mails))
}

// Flag sets a flag on a mail, as another program does.
func (r *Rogue) Flag(folder string, uid uint32, flag string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.folders[folder].mails {
		if m.uid == uid && !slices.Contains(m.flags, flag) {
			m.flags = append(m.flags, flag)
		}
	}
}

// RogueMail is one mail as it lies in a folder.
type RogueMail struct {
	UID   uint32
	Raw   []byte
	Flags []string
}

// Mails gives what lies in a folder.
func (r *Rogue) Mails(folder string) []RogueMail {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := []RogueMail{}
	if f := r.folders[folder]; f != nil {
		for _, m := range f.mails {
			out = append(out, RogueMail{UID: m.uid, Raw: m.raw, Flags: slices.Clone(m.flags)})
		}
	}
	return out
}

// tell wakes who idles.
func (r *Rogue) tell() {
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *Rogue) accept() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.mu.Lock()
		if r.down {
			_ = conn.Close()
		}
		r.conns[conn] = struct{}{}
		r.mu.Unlock()
		r.running.Go(func() {
			defer func() {
				r.mu.Lock()
				delete(r.conns, conn)
				r.mu.Unlock()
				_ = conn.Close()
			}()
			link := conn
			if r.cfg.TLS {
				link = tls.Server(conn, r.cert.config)
			}
			s := &rogueSession{r: r, raw: conn, conn: link, in: bufio.NewReader(link)}
			s.serve()
		})
	}
}

func (r *Rogue) can(capability string) bool {
	return slices.ContainsFunc(r.cfg.Caps, func(one string) bool { return strings.EqualFold(one, capability) })
}

// names lists the folders in order.
func (r *Rogue) names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for name := range r.folders {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func (r *Rogue) attrs(name string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.folders[name].attrs
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func (r *Rogue) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, fmt.Sprintf(format, args...))
}
