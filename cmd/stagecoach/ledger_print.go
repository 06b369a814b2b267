package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"stagecoach/desk/view"
	"stagecoach/ledger"
)

// printSummary writes the two sums as a person adds them up.
func printSummary(w io.Writer, a *ledger.Audit) {
	s := &a.Summary
	fmt.Fprintf(w, "Seen at the sources  %6d = %d messages + %d evidence + %d quarantined", s.Seen, s.Messages, s.Evidence, s.Quarantined)
	if waiting := int64(s.Seen) - int64(s.Messages+s.Evidence+s.Quarantined); waiting > 0 { //nolint:gosec // counts of items
		fmt.Fprintf(w, " + %d not taken in yet", waiting)
	}
	fmt.Fprintln(w)
	parts := []string{fmt.Sprintf("%d replied", s.Replied), fmt.Sprintf("%d open", s.Open)}
	disposed := make([]string, 0, len(s.Disposed))
	for d, n := range s.Disposed {
		disposed = append(disposed, fmt.Sprintf("%d %s", n, strings.ReplaceAll(string(d), "_", " ")))
	}
	slices.Sort(disposed)
	parts = append(parts, disposed...)
	parts = append(parts, fmt.Sprintf("%d merged", s.Merged))
	fmt.Fprintf(w, "Contacts opened      %6d = %s\n", s.Contacts, strings.Join(parts, " + "))
	if s.Replied > 0 {
		fmt.Fprintf(w, "Within the promise   %6d of %d replied (%.1f %%)\n", s.WithinPromise, s.Replied, 100*float64(s.WithinPromise)/float64(s.Replied))
	}
	printVerdict(w, a)
}

func printVerdict(w io.Writer, a *ledger.Audit) {
	switch {
	case !a.OK():
		fmt.Fprintln(w, paint(w, red, fmt.Sprintf("It does not add up: %d gaps, see 'stagecoach ledger audit'.", len(a.Gaps))))
	case a.Pending > 0:
		fmt.Fprintf(w, "%s (%d stored and not taken in yet)\n", paint(w, green, "It adds up."), a.Pending)
	default:
		fmt.Fprintln(w, paint(w, green, "It adds up."))
	}
}

// printAudit writes the proof with every gap.
func printAudit(w io.Writer, a *ledger.Audit) {
	fmt.Fprintf(w, "Office %s, %d commits", a.Office, a.N)
	if !a.At.IsZero() {
		fmt.Fprintf(w, ", the last at %s", localTime(a.At))
	}
	fmt.Fprintf(w, ", chain %s\n", cmp.Or(a.Chain, "(empty)"))
	if len(a.Sources) > 0 {
		t := table{head: []string{"SOURCE", "SEEN", "MESSAGES", "EVIDENCE", "QUARANTINED", "HISTORY", "MISSING", "READ UP TO"}}
		for i := range a.Sources {
			s := &a.Sources[i]
			missing := cell{text: fmt.Sprint(s.Missing)}
			if s.Missing > 0 {
				missing.style = yellow
			}
			cells := textCells(s.Source, fmt.Sprint(s.Seen), fmt.Sprint(s.Messages), fmt.Sprint(s.Evidence),
				fmt.Sprint(s.Quarantined), fmt.Sprint(s.History))
			t.add(append(cells, missing, cell{text: localTime(s.At)})...)
		}
		fmt.Fprintln(w)
		t.print(w)
		fmt.Fprintln(w)
	}
	printSummary(w, a)
	if a.Breached > 0 {
		fmt.Fprintf(w, "Late                 %6d contacts missed their due time.\n", a.Breached)
	}
	for _, g := range a.Gaps {
		fmt.Fprintf(w, "%s %s: %s", paint(w, red, string(g.What)), oneLine(g.Where), oneLine(g.Detail))
		if g.N > 0 {
			fmt.Fprintf(w, " (commit %d)", g.N)
		}
		fmt.Fprintln(w)
	}
}

func printChecked(w io.Writer, path string, came *checkedAudit) {
	if !came.OK {
		fmt.Fprintf(w, "%s %s\n", paint(w, red, path+" does not hold:"), came.Problem)
		return
	}
	fmt.Fprintf(w, "%s: the log still holds what was signed, up to commit %d of %s.\n",
		paint(w, green, path+" holds"), came.Audit.N, localTime(came.Audit.At))
}

// printRows writes contacts, one a line.
func printRows(w io.Writer, rows []view.LedgerRow) {
	if len(rows) == 0 {
		fmt.Fprintln(w, "No contact is like that.")
		return
	}
	t := table{head: []string{"CONTACT", "CAME", "FATE", "DUE", "QUEUE", "CHANNEL", "AGENT", "CUSTOMER", "SUBJECT"}}
	for i := range rows {
		r := &rows[i]
		fate, look := fateOf(r)
		due := cell{text: localTime(r.Due)}
		switch {
		case r.Breached:
			due.style = red
		case r.AtRisk:
			due.style = yellow
		}
		t.add(cell{text: r.Contact}, cell{text: localTime(r.Start)}, cell{fate, look}, due, cell{text: r.Queue},
			cell{text: string(r.Channel)}, cell{text: cmp.Or(r.AgentName, r.EndedBy)}, cell{text: r.CustomerName}, cell{text: r.Subject})
	}
	t.print(w)
}

// fateOf says in a word or two what became of a contact.
func fateOf(r *view.LedgerRow) (string, style) {
	switch {
	case r.End == "":
		return r.State, yellow
	case r.Disposition != "":
		return strings.ReplaceAll(r.Disposition, "_", " "), faint
	case r.End == "replied" && r.Kept:
		return "replied in time", green
	case r.End == "replied":
		return "replied late", red
	}
	return r.End, plain
}

func localTime(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

// printContact writes a contact and what was said in its conversation.
func printContact(w io.Writer, r *view.LedgerRow, talk *view.Conversation) {
	fate, look := fateOf(r)
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%-13s%s\n", name, value)
		}
	}
	fmt.Fprintln(w, paint(w, bold, cmp.Or(oneLine(r.Subject), "(no subject)")))
	line("contact", r.Contact)
	line("conversation", r.Conversation)
	line("customer", oneLine(r.CustomerName))
	line("channel", string(r.Channel)+"/"+r.Account)
	line("fate", paint(w, look, fate))
	line("queue", r.Queue)
	line("agent", oneLine(r.AgentName))
	line("came", localTime(r.Start))
	due := localTime(r.Due)
	if r.Breached {
		due = paint(w, red, due+" (missed)")
	}
	line("due", due)
	if !r.EndedAt.IsZero() {
		line("ended", localTime(r.EndedAt)+" by "+oneLine(cmp.Or(r.EndedBy, "nobody")))
	}
	line("trouble", oneLine(r.Trouble))
	for i := range talk.Items {
		printItem(w, &talk.Items[i])
	}
}

func printItem(w io.Writer, it *view.Item) {
	if it.Kind == view.ItemEvent {
		fmt.Fprintf(w, "%s\n", paint(w, faint, localTime(it.At)+"  "+oneLine(it.Detail)))
		return
	}
	head := fmt.Sprintf("%s  %s", localTime(it.At), it.Kind)
	if it.Author != "" || it.Address != "" {
		head += " of " + oneLine(cmp.Or(it.Author, it.Address))
	}
	if it.State != "" {
		head += ", " + strings.ReplaceAll(it.State, "_", " ")
	}
	fmt.Fprintf(w, "\n%s\n", paint(w, bold, head))
	text := cmp.Or(it.ReplyText, it.Text)
	if it.Missing != "" {
		text = "(" + it.Missing + ")"
	}
	if text = strings.TrimSpace(printable(text)); text != "" {
		fmt.Fprintf(w, "  %s\n", strings.ReplaceAll(text, "\n", "\n  "))
	}
	for _, a := range it.Attachments {
		fmt.Fprintf(w, "  [%s, %s, %s]\n", oneLine(a.Name), a.ContentType, byteSize(a.Size))
	}
	if it.Detail != "" {
		fmt.Fprintf(w, "  %s\n", oneLine(it.Detail))
	}
}

func byteSize(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d B", n)
}
