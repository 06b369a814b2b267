package rig

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Store is a running IMAP server of another maker than Dovecot's.
type Store struct {
	// Maker names it.
	Maker string
	// IMAP is its plain port; IMAPS, if it has one, that speaks TLS at once.
	// StartTLS is true where the plain one can be protected.
	IMAP, IMAPS int
	StartTLS    bool
	// CA is the file with the certificate that its clients must trust.
	CA string
	// Prefix is what the server puts before the names of folders, Delim what
	// parts them.
	Prefix, Delim string

	// LateFlags is true where others see a flag once the session has ended.
	LateFlags bool

	t        testing.TB
	users    []string
	programs []*program
	// lmtp is the port at which it takes mail, or maildir gives a mailbox's
	// folder, as the servers of the tree see it.
	lmtp    int
	maildir func(address string) string
	// mbox is true where that is one file.
	mbox bool
}

// Start starts it again after Kill.
func (s *Store) Start() {
	s.t.Helper()
	for _, p := range s.programs {
		p.start()
	}
	s.await()
}

// await waits until it lets every user in, which also makes their mailboxes.
func (s *Store) await() {
	s.t.Helper()
	last := s.programs[len(s.programs)-1]
	untilOpen(s.t, s.IMAP, last.log)
	for _, user := range s.users {
		var err error
		ok := pollUntil(func() bool {
			var client *imapclient.Client
			if client, err = s.dial(user); err != nil {
				return false
			}
			_, err = client.Select("INBOX", nil).Wait()
			_ = client.Close()
			return err == nil
		})
		if !ok {
			s.t.Fatalf("%s doesn't open the inbox: %v\n%s", s.Maker, err, logOf(last))
		}
	}
}

// Kill ends the server with all its processes and cuts all its links.
func (s *Store) Kill() {
	for i := range s.programs {
		s.programs[len(s.programs)-1-i].kill()
	}
}

func (s *Store) dial(user string) (*imapclient.Client, error) {
	client, err := imapclient.DialInsecure(fmt.Sprintf("127.0.0.1:%d", s.IMAP), nil)
	if err != nil {
		return nil, err
	}
	if err := client.Login(user, Password).Wait(); err != nil {
		_ = client.Close()
		return nil, err
	}
	return client, nil
}

// As runs commands as a mailbox's own user does with another program.
func (s *Store) As(user string, do func(*imapclient.Client) error) {
	s.t.Helper()
	client, err := s.dial(user)
	if err != nil {
		s.t.Fatalf("logging in at %s: %v", s.Maker, err)
	}
	defer client.Close() //nolint:errcheck // done with
	if err := do(client); err != nil {
		s.t.Fatalf("at %s: %v", s.Maker, err)
	}
}

// Put lays a mail into a mailbox's inbox.
func (s *Store) Put(user string, raw []byte) {
	s.t.Helper()
	s.PutInto(user, "INBOX", raw)
}

// PutInto lays a mail into a folder.
func (s *Store) PutInto(user, folder string, raw []byte) {
	s.t.Helper()
	s.As(user, func(c *imapclient.Client) error {
		raw := bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
		cmd := c.Append(folder, int64(len(raw)), nil)
		if _, err := cmd.Write(raw); err != nil {
			return err
		}
		if err := cmd.Close(); err != nil {
			return err
		}
		_, err := cmd.Wait()
		return err
	})
}

// Mails gives what lies in a folder of a mailbox, none if there is no such
// folder.
func (s *Store) Mails(user, folder string) [][]byte {
	s.t.Helper()
	out := [][]byte{}
	s.As(user, func(c *imapclient.Client) error {
		selected, err := c.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
		if err != nil || selected.NumMessages == 0 {
			return nil //nolint:nilerr // it isn't there yet
		}
		all := imap.SeqSet{{Start: 1, Stop: 0}}
		found, err := c.Fetch(all, &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{Peek: true}}}).Collect()
		for _, m := range found {
			if len(m.BodySection) > 0 {
				out = append(out, m.BodySection[0].Bytes)
			}
		}
		return err
	})
	return out
}

// Flagged counts the mails in the inbox that bear a flag.
func (s *Store) Flagged(user string, flag imap.Flag) (n int) {
	s.t.Helper()
	s.As(user, func(c *imapclient.Client) error {
		selected, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait()
		if err != nil || selected.NumMessages == 0 {
			return err
		}
		all := imap.SeqSet{{Start: 1, Stop: 0}}
		found, err := c.Fetch(all, &imap.FetchOptions{Flags: true}).Collect()
		for _, m := range found {
			if slices.Contains(m.Flags, flag) {
				n++
			}
		}
		return err
	})
	return n
}
