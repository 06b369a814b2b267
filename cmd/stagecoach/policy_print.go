package main

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"stagecoach/desk/view"
)

// printPolicy says which policy set decides, and what there is to know of it.
func printPolicy(w io.Writer, p *view.Policy) {
	a := &p.Active
	fmt.Fprintf(w, "Policy %s decides since %s (%s).\n", a.Version, localTime(a.At), changeWords(a))
	if a.Remark != "" {
		fmt.Fprintln(w, "Because:", a.Remark)
	}
	if p.Trouble != "" {
		fmt.Fprintf(w, "%s\n  %s\n", paint(w, red, "The policy directory "+p.Directory+" can't be taken up, the rules from before go on:"),
			strings.ReplaceAll(p.Trouble, "\n", "\n  "))
	} else if p.Directory != "" {
		fmt.Fprintf(w, "What changes in %s is taken up once it is valid.\n", p.Directory)
	}
	if p.Approval == "two" {
		fmt.Fprintln(w, "Another set decides only once a second supervisor has approved it.")
	}
	if p.PromisesLeft+p.ClassesLeft > 0 {
		fmt.Fprintf(w, "Still to be promised anew: %d, to be classed anew: %d.\n", p.PromisesLeft, p.ClassesLeft)
	}
	for _, f := range p.Failures {
		fmt.Fprintf(w, "%s %s in %s broke %d times and did not match.\n", paint(w, yellow, "warning:"), f.Rule, f.File, f.Count)
	}
	for _, words := range p.Warnings {
		fmt.Fprintf(w, "%s %s\n", paint(w, yellow, "warning:"), words)
	}
	printClassifier(w, p.Classifier)
	for _, d := range p.Drafts {
		fmt.Fprintf(w, "Draft %s of %s by %s waits for a second supervisor: stagecoach policy activate --approve %s\n",
			d.Version, localTime(d.At), cmp.Or(d.ByName, d.By), d.ID)
	}
	printShadow(w, p.Shadow)
}

func printClassifier(w io.Writer, c *view.PolicyClassifier) {
	switch {
	case c == nil:
		return
	case !c.Consulted:
		fmt.Fprintf(w, "The classifier at %s is not asked: this set says never.\n", c.Host)
		return
	}
	fmt.Fprintf(w, "The classifier at %s had a word on %d of %s.\n", c.Host, c.Answered, plural(int(c.Asked), "message"))
	for _, t := range c.Troubles {
		fmt.Fprintf(w, "%s it %s: %s, decided by the policy's own entries.\n", paint(w, yellow, "warning:"), t.Words, plural(int(t.Count), "message"))
	}
	if c.Paused {
		fmt.Fprintf(w, "%s it is left alone for a while: %s\n", paint(w, yellow, "warning:"), oneLine(c.Last))
	}
}

func printShadow(w io.Writer, s *view.PolicyShadow) {
	if s == nil {
		return
	}
	fmt.Fprintf(w, "Policy %s is tried beside it since %s: of %s it would treat %d otherwise (class %d, queue %d, demand %d, due earlier %d, later %d).\n",
		s.Version, localTime(s.Since), plural(s.Contacts, "contact"), s.Other, s.Classes, s.Queues, s.Demands, s.Earlier, s.Later)
	fmt.Fprintf(w, "  somebody else would be asked first for %d of the %d of which the rule was asked\n", s.Winners, s.Compared)
	for i, d := range s.Last {
		if i == 5 {
			fmt.Fprintf(w, "  and %d more: see --json\n", len(s.Last)-i)
			break
		}
		fmt.Fprintf(w, "  %s  %s\n", d.Contact, strings.Join(d.What, "; "))
	}
}

// changeWords says how a set came to decide.
func changeWords(c *view.PolicyChange) string {
	by := cmp.Or(c.ByName, c.By, "an earlier build")
	words := map[string]string{
		"start": "at the first start", "directory": "taken from the policy directory",
		"activated": "activated by " + by, "approved": "drafted by " + cmp.Or(c.AuthorName, c.Author) + ", approved by " + by,
		"rollback": "rolled back by " + by, "upgrade": "the same files, another build",
	}[c.Reason]
	return cmp.Or(words, "by "+by)
}

func printHistory(w io.Writer, all []view.PolicyChange) {
	t := table{head: []string{"VERSION", "SINCE", "CONTACTS", "HOW", "WHY"}}
	for i := range all {
		c := &all[i]
		t.add(cell{text: c.Version}, cell{text: localTime(c.At)}, cell{text: strconv.FormatUint(c.Contacts, 10)}, cell{text: changeWords(c)}, cell{text: c.Remark})
	}
	t.print(w)
}

func printPreview(w io.Writer, p *view.PolicyPreview) {
	fmt.Fprintf(w, "Policy %s\n", p.Version)
	for _, words := range p.Words {
		fmt.Fprintln(w, words)
	}
	for _, d := range p.Examples {
		fmt.Fprintf(w, "  %s  %s\n", d.Contact, strings.Join(d.What, "; "))
	}
	for _, words := range p.Warnings {
		fmt.Fprintf(w, "%s %s\n", paint(w, yellow, "warning:"), words)
	}
	if p.Told > 0 {
		fmt.Fprintf(w, "To lengthen what these customers were told: --lengthen %d\n", p.Told)
	}
}
