package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"stagecoach/channels/email"
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
}

// Run explains a mail. It has an answer for any input.
func (c *mailExplainCmd) Run(streams std) error {
	in := streams.in
	if c.File != "" && c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return fmt.Errorf("reading a mail: %w", err)
		}
		defer func() { _ = f.Close() }()
		in = f
	} else if isTerminal(in) {
		fmt.Fprintln(streams.err, "Reading a mail from the terminal; Ctrl-D ends it.")
	}
	raw, err := io.ReadAll(in)
	if err != nil {
		return fmt.Errorf("reading a mail: %w", err)
	}
	e := email.Explain(raw)
	if c.JSON {
		return printJSON(streams.out, e)
	}
	printMail(streams.out, &e)
	return nil
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
