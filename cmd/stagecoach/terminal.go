package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"
)

// isTerminal reports whether a person reads there.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// terminalWidth gives the columns of a terminal, 0 for what is none: nothing is
// cut then.
func terminalWidth(w any) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// style is how a text is shown on a terminal (ECMA-48 SGR).
type style string

const (
	plain  style = ""
	bold   style = "1"
	faint  style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
)

// paint shows a text in a style, on a terminal that wants colours only
// (https://no-color.org).
func paint(w io.Writer, s style, text string) string {
	if s == plain || text == "" || !isTerminal(w) || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// cell is one field of a table.
type cell struct {
	text  string
	style style
}

func textCells(texts ...string) []cell {
	out := make([]cell, len(texts))
	for i, t := range texts {
		out[i] = cell{text: t}
	}
	return out
}

// table lines up columns. What comes from outside can't move the cursor: only
// what is printed takes room.
type table struct {
	head []string
	rows [][]cell
	// figures is true where all columns but the first are set to the right.
	figures bool
}

func (t *table) add(cells ...cell) { t.rows = append(t.rows, cells) }

// longest bounds a column, in cells of the terminal.
const longest = 48

func (t *table) print(w io.Writer) {
	widths := make([]int, len(t.head))
	measure := func(i int, s string) { widths[i] = max(widths[i], runewidth.StringWidth(s)) }
	for i, h := range t.head {
		measure(i, h)
	}
	for _, row := range t.rows {
		for i := range row {
			row[i].text = runewidth.Truncate(oneLine(row[i].text), longest, "…")
			measure(i, row[i].text)
		}
	}
	t.line(w, widths, headCells(t.head))
	for _, row := range t.rows {
		t.line(w, widths, row)
	}
}

func headCells(head []string) []cell {
	out := make([]cell, len(head))
	for i, h := range head {
		out[i] = cell{h, bold}
	}
	return out
}

func (t *table) line(w io.Writer, widths []int, cells []cell) {
	var b strings.Builder
	for i, c := range cells {
		room := strings.Repeat(" ", widths[i]-runewidth.StringWidth(c.text))
		if i > 0 {
			b.WriteString("  ")
		}
		if t.figures && i > 0 {
			b.WriteString(room + paint(w, c.style, c.text))
		} else {
			b.WriteString(paint(w, c.style, c.text) + room)
		}
	}
	fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
}

// oneLine makes a text of others safe for a line of a terminal: what steers it
// becomes a space.
func oneLine(s string) string {
	return strings.Join(strings.Fields(printable(s)), " ")
}

// printable keeps lines and drops what steers a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < ' ' || r >= 0x7f && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return ' '
		}
		return r
	}, s)
}

// progress is a bar on a terminal; elsewhere it is silent.
type progress struct {
	w     io.Writer
	on    bool
	mu    sync.Mutex
	shown time.Time
	last  string
}

func newProgress(w io.Writer) *progress { return &progress{w: w, on: isTerminal(w)} }

// show draws how far a work is; total 0 means that nobody knows.
func (p *progress) show(what string, done, total int) {
	if !p.on {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.shown) < 100*time.Millisecond && done < total && p.last == what {
		return
	}
	p.shown, p.last = time.Now(), what
	const width = 30
	bar := ""
	if total > 0 {
		full := min(width, width*done/total)
		bar = " [" + strings.Repeat("█", full) + strings.Repeat("·", width-full) + "] " + fmt.Sprintf("%d/%d", done, total)
	}
	line := what + bar
	if wide := cmp.Or(terminalWidth(p.w), 80); runewidth.StringWidth(line) >= wide {
		line = runewidth.Truncate(line, wide-1, "…")
	}
	fmt.Fprint(p.w, "\r\x1b[K"+line)
}

// end takes the bar away.
func (p *progress) end() {
	if p.on {
		p.mu.Lock()
		defer p.mu.Unlock()
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
