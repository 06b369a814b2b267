package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"runtime/debug"
	"strings"

	"stagecoach/channels/email"
	"stagecoach/configs"
)

// mailCmd is `stagecoach mail`.
type mailCmd struct {
	Explain mailExplainCmd `cmd:"" help:"Tell how a mail is understood, by the code that the e-mail channel uses."`
	Login   mailLoginCmd   `cmd:"" help:"Log in to a mailbox by OAuth, and keep the login for the daemon."`
}

// mailExplainCmd is `stagecoach mail explain`.
type mailExplainCmd struct {
	File string `arg:"" optional:"" help:"File with the mail (.eml); standard input if left out." type:"path"`
	JSON bool   `name:"json" help:"Print JSON."`

	Config string `help:"Configuration file, for whose signatures are known." placeholder:"FILE" type:"path"`
}

// Help shows how it is used.
func (c *mailExplainCmd) Help() string {
	return `Any file has an answer, and the exit code is 0: what is no mail is shown as it is, with a warning. It is 1 only
where there is nothing to read: the file is missing, may not be read, or is a folder. Nothing is sent or stored.

Examples:

  stagecoach mail explain letter.eml
  stagecoach mail explain --json letter.eml | jq .warnings
  zcat letter.eml.gz | stagecoach mail explain -
  for f in Maildir/cur/*; do stagecoach mail explain --json "$f"; done | jq -r .subject

The JSON has these keys, always all of them: from_email, from_name, to, cc, reply_to, subject, text, html_text, reply_text,
attachments (name, content_type, size, md5), message_id, in_reply_to, references, auto_reply, bounce, mailing_list, warnings.
What is absent is "" or []. There may be more keys.`
}

// Run explains a mail. It has an answer for any input.
func (c *mailExplainCmd) Run(streams std) error {
	cfg, err := configs.Load(c.Config)
	if err != nil {
		return err
	}
	in := streams.in
	if c.File != "" && c.File != "-" {
		f, err := openMail(c.File)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		in = f
	} else if isTerminal(in) {
		fmt.Fprintln(streams.err, "Reading a mail from the terminal; Ctrl-D ends it.")
	}
	debug.SetMemoryLimit(explainMemory)
	raw, err := readMail(in)
	if err != nil {
		return fmt.Errorf("reading a mail: %w", err)
	}
	vouched, unread := email.LoadVouched(signaturesOf(cfg))
	for _, one := range unread {
		fmt.Fprintln(streams.err, one)
	}
	raw, remark := oneMail(raw)
	e := email.ExplainBy(raw, vouched)
	if remark != "" {
		e.Warnings = append([]string{remark}, e.Warnings...)
	}
	if c.JSON {
		return printJSON(streams.out, e)
	}
	printMail(streams.out, &e)
	return nil
}

// explainMemory is what the garbage of explaining a mail may come to, in bytes.
const explainMemory = 160 << 20

// readMail reads as much as tells that a mail is too large, at most. What comes
// through a pipe goes through a file, so that its length is known before memory
// is taken for it.
func readMail(in io.Reader) ([]byte, error) {
	limited := io.LimitReader(in, email.MaxMail+1)
	if f, ok := in.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			return readSized(limited, info.Size())
		}
	}
	spool, err := os.CreateTemp("", "mail-*")
	if err != nil {
		return nil, err
	}
	defer func() { _ = spool.Close() }()
	if err := os.Remove(spool.Name()); err != nil {
		return nil, err
	}
	size, err := io.Copy(spool, limited)
	if err != nil {
		return nil, err
	}
	return readSized(io.NewSectionReader(spool, 0, size), size)
}

// readSized reads all of what is probably of a size.
func readSized(in io.Reader, size int64) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(int(min(size, email.MaxMail)) + bytes.MinRead)
	_, err := out.ReadFrom(in)
	return out.Bytes(), err
}

// openMail opens a file with a mail, and says in words why that can't be done.
func openMail(name string) (*os.File, error) {
	f, err := os.Open(name) //nolint:gosec // the file that was asked for
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no file %s", name)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%s may not be read by this user", name)
	case err != nil:
		return nil, fmt.Errorf("reading a mail: %w", err)
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		_ = f.Close()
		return nil, fmt.Errorf("%s is a folder: name one mail in it, or go through them with\n  for f in %s/*; do stagecoach mail explain \"$f\"; done", name, strings.TrimRight(name, "/"))
	}
	return f, nil
}

// mboxLine begins each mail of an mbox (RFC 4155); a field comes behind it.
var mboxLine = regexp.MustCompile(`(?m)^\r?\n(From \S+ [^\r\n]{0,100}\d\d:\d\d[^\r\n]{1,20}(?:19|20)\d\d[^\r\n]{0,12}\r?\n)[A-Za-z][A-Za-z0-9-]{1,60}:`)

// oneMail takes the first mail of what may be a whole mailbox, and remarks on
// what is something else than a mail.
func oneMail(raw []byte) (first []byte, remark string) {
	switch {
	case bytes.HasPrefix(raw, []byte{0x1f, 0x8b}):
		return raw, "this is a file packed by gzip, no mail: unpack it first, with zcat"
	case bytes.HasPrefix(raw, []byte("PK\x03\x04")):
		return raw, "this is a zip file, no mail: unpack it first"
	case bytes.HasPrefix(raw, []byte{0xd0, 0xcf, 0x11, 0xe0}):
		return raw, "this is a file of Outlook (.msg), no mail as it was sent: save it as .eml"
	case len(bytes.TrimSpace(raw)) == 0:
		return raw, "there is nothing in it"
	case !bytes.HasPrefix(raw, []byte("From ")):
		return raw, ""
	}
	more := mboxLine.FindAllSubmatchIndex(raw, -1)
	if len(more) == 0 {
		return raw, ""
	}
	return raw[:more[0][2]], fmt.Sprintf("this is a mailbox (mbox) of %d mails: the first is explained", len(more)+1)
}

func printMail(w io.Writer, e *email.Explanation) {
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%-12s %s\n", paint(w, bold, fmt.Sprintf("%-12s", name)), oneLine(value))
		}
	}
	from := e.FromEmail
	if e.FromName != "" {
		from = e.FromName + " <" + e.FromEmail + ">"
	}
	line("From", from)
	line("To", strings.Join(e.To, ", "))
	line("Cc", strings.Join(e.CC, ", "))
	line("Reply-To", strings.Join(e.ReplyTo, ", "))
	line("Subject", e.Subject)
	line("Message-ID", e.MessageID)
	line("In-Reply-To", e.InReplyTo)
	line("References", strings.Join(e.References, " "))
	line("Taken for", takenFor(e))
	if f := e.Forwarded; f != nil {
		line("Forwarded", strings.Trim(f.From.String()+", "+f.Date+", "+f.Subject, ", "))
	}
	for _, a := range e.Attachments {
		line("Attachment", fmt.Sprintf("%s, %s, %s, md5 %s", a.Name, a.ContentType, byteSize(a.Size), a.MD5))
	}
	for _, warning := range e.Warnings {
		fmt.Fprintf(w, "%s %s\n", paint(w, yellow, fmt.Sprintf("%-12s", "Warning")), oneLine(warning))
	}
	part := func(title, text string) {
		if text = strings.TrimSpace(printable(text)); text != "" {
			fmt.Fprintf(w, "\n%s\n%s\n", paint(w, bold, title), text)
		}
	}
	if e.ReplyText != "" && strings.TrimSpace(e.ReplyText) != strings.TrimSpace(e.Text) {
		part("What the person wrote, without quotes and signature:", e.ReplyText)
	}
	part("Text:", e.Text)
	part("HTML, sanitised:", e.HTMLText)
}

func takenFor(e *email.Explanation) string {
	var kinds []string
	if e.AutoReply {
		kinds = append(kinds, "an automatic reply")
	}
	if e.Bounce {
		kinds = append(kinds, "a delivery report")
	}
	if e.MailingList {
		kinds = append(kinds, "a mailing list's")
	}
	if len(kinds) == 0 {
		return "a person's message"
	}
	return strings.Join(kinds, ", ")
}
