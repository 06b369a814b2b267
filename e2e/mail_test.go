package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/mail"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-smtp"

	"stagecoach/channels/email/rig"
)

// letter is a mail as a customer writes it.
type letter struct {
	from, to, subject, text, id string
	// header holds further fields, "Name: value".
	header []string
}

func (l letter) raw() []byte {
	lines := append([]string{
		"From: " + l.from, "To: " + l.to, "Subject: " + l.subject, "Message-ID: <" + l.id + ">",
		"Date: " + time.Now().Format(time.RFC1123Z), "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
	}, l.header...)
	return []byte(strings.Join(append(lines, "", l.text, ""), "\r\n"))
}

// send hands a letter to Postfix's public port, as the customer's provider does;
// to says where, the letter's own address if left out.
func send(p *rig.Postfix, l letter, to ...string) error {
	if len(to) == 0 {
		to = []string{l.to}
	}
	client, err := smtp.Dial(fmt.Sprintf("127.0.0.1:%d", p.SMTP))
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.SendMail(l.from, to, bytes.NewReader(l.raw())); err != nil {
		return err
	}
	return client.Quit()
}

// got is a mail as somebody received it.
type got struct {
	mail.Header
	text string
}

func (g got) ids(field string) []string {
	out := []string{}
	for one := range strings.FieldsSeq(g.Get(field)) {
		out = append(out, strings.Trim(one, "<>"))
	}
	return out
}

func (g got) id() string { return strings.Join(g.ids("Message-ID"), " ") }

func read(t *testing.T, raw []byte) got {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("a mail can't be read: %v\n%s", err, raw)
	}
	body, err := io.ReadAll(m.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got{m.Header, string(body)}
}

// inbox gives what somebody has received.
func (o *office) inbox(address string) []got {
	o.t.Helper()
	out := []got{}
	for _, raw := range o.dovecot.Mails(address, "INBOX") {
		out = append(out, read(o.t, raw))
	}
	return out
}

// untilReceived waits until somebody has n mails, and gives them.
func (o *office) untilReceived(address string, n int) []got {
	o.t.Helper()
	eventually(o.t, patience, words("%d mails for %s", n, address), func() bool { return len(o.dovecot.Mails(address, "INBOX")) >= n })
	return o.inbox(address)
}

// login opens a mailbox by IMAP, as its owner's own program does.
func (o *office) login(address string) (*imapclient.Client, error) {
	pem, err := os.ReadFile(o.dovecot.CA)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	client, err := imapclient.DialTLS(fmt.Sprintf("127.0.0.1:%d", o.dovecot.IMAPS),
		&imapclient.Options{TLSConfig: &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}})
	if err != nil {
		return nil, err
	}
	if err := client.Login(address, rig.Password).Wait(); err != nil {
		return nil, fmt.Errorf("login: %w", joinClose(err, client))
	}
	return client, nil
}

func joinClose(err error, c io.Closer) error {
	_ = c.Close()
	return err
}

// hasMail looks into a mailbox by IMAP whether a mail with this id is there.
func (o *office) hasMail(ctx context.Context, address, id string) (bool, error) {
	client, err := o.login(address)
	if err != nil {
		return false, err
	}
	defer client.Close()
	defer context.AfterFunc(ctx, func() { _ = client.Close() })()
	if _, err := client.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		return false, err
	}
	found, err := client.UIDSearch(&imap.SearchCriteria{
		Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: id}},
	}, nil).Wait()
	if err != nil {
		return false, err
	}
	return len(found.AllUIDs()) > 0, nil
}

// fileSent puts a mail into somebody's folder of sent mail, as their own mail
// program does.
func (o *office) fileSent(address string, raw []byte) {
	o.t.Helper()
	client, err := o.login(address)
	if err != nil {
		o.t.Fatal(err)
	}
	defer client.Close()
	cmd := client.Append(sentFolder, int64(len(raw)), &imap.AppendOptions{Flags: []imap.Flag{imap.FlagSeen}})
	_, werr := cmd.Write(raw)
	cerr := cmd.Close()
	if _, err := cmd.Wait(); err != nil || werr != nil || cerr != nil {
		o.t.Fatal(err, werr, cerr)
	}
}

// sentFolder is what the mailboxes' folder of sent mail is called.
const sentFolder = "Gesendet"
