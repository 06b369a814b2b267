package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"stagecoach/customers"
)

// Options say what a file alone doesn't tell.
type Options struct {
	// Country is that of telephone numbers without one, "" to refuse those.
	Country string
	// Now is what dates are compared with.
	Now time.Time
	// Stdin is read where the file is called Stdin.
	Stdin io.Reader
}

// Item is one record of a file: a row, or a fault.
type Item struct {
	Line  int
	Row   *customers.Row
	Fault *Fault
	// fields and raw are what stands in the file.
	fields []string
	raw    string
}

// File is a list that is being read.
type File struct {
	Charset Charset
	// Format is "CSV" or "JSON".
	Format string
	// Columns are those of a CSV, in its order.
	Columns []string
	// Faults are the header's: nothing can be read then.
	Faults []Fault
	// Size is how many bytes the file has.
	Size int64

	f      *os.File
	remove bool
	read   counter
	check  *checker
	json   *jsonReader
	csv    *csvReader
}

// Stdin stands for standard input where a file is named.
const Stdin = "-"

// Open begins to read a list. What is no regular file, such as a pipe, is copied first.
func Open(path string, opts Options) (*File, error) {
	l := &File{check: newChecker(opts.Country, opts.Now)}
	if err := l.open(path, opts.Stdin); err != nil {
		return nil, errors.Join(fmt.Errorf("reading %s: %w", path, err), l.Close())
	}
	return l, nil
}

func (l *File) open(path string, stdin io.Reader) (err error) {
	if path == Stdin && stdin != nil {
		err = l.spool(io.NopCloser(stdin))
	} else {
		err = l.file(path)
	}
	if err != nil {
		return reason(err)
	}
	info, err := l.f.Stat()
	if err != nil {
		return err
	}
	l.Size = info.Size()
	c, mark, err := charset(l.f)
	if err != nil {
		return reason(err)
	}
	l.Charset = c
	r, err := text(l.f, c, mark, &l.read)
	if err != nil {
		return err
	}
	return l.begin(r)
}

// reason leaves out the path, which is told before it.
func reason(err error) error {
	if p, is := errors.AsType[*os.PathError](err); is {
		return p.Err
	}
	return err
}

// file opens a file by its path.
func (l *File) file(path string) error {
	f, err := os.Open(path) //nolint:gosec // the file that was asked for
	if err != nil {
		return err
	}
	l.f = f
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return errors.New("it is a folder")
	case info.Mode().IsRegular():
		return nil
	}
	return l.spool(f)
}

// spool copies what can be read only once.
func (l *File) spool(from io.ReadCloser) error {
	to, err := os.CreateTemp("", "stagecoach-import-*")
	if err != nil {
		return err
	}
	l.f, l.remove = to, true
	_, err = io.Copy(to, from)
	if err == nil {
		_, err = to.Seek(0, io.SeekStart)
	}
	return errors.Join(err, from.Close())
}

// begin finds out the format and reads the header.
func (l *File) begin(r *bufio.Reader) error {
	head, _ := r.Peek(4096) // its error comes again
	trimmed := bytes.TrimSpace(head)
	if len(trimmed) == 0 {
		return errors.New("there is nothing in it")
	}
	if trimmed[0] == '{' || trimmed[0] == '[' {
		l.Format = "JSON"
		l.json = newJSONReader(newLines(r), trimmed[0] == '[')
		return nil
	}
	if err := noText(head); err != nil {
		return err
	}
	l.Format = "CSV"
	lines := newLines(r)
	first, err := lines.next()
	for err == nil && len(bytes.TrimSpace(first.text)) == 0 {
		first, err = lines.next()
	}
	if err != nil {
		return err
	}
	comma := commaOf(first.text)
	if by, is := bytes.CutPrefix(first.text, []byte("sep=")); is && len(by) == 1 { // Excel's own way to say it
		comma = by[0]
	} else {
		lines.unread([]line{first})
	}
	l.check.dotGroups = comma == ';'
	l.csv = &csvReader{lines: lines, comma: comma}
	rec, err := l.csv.next()
	if errors.Is(err, io.EOF) {
		return errors.New("there is no header in it")
	}
	if err != nil {
		return err
	}
	l.Columns, l.Faults = header(rec)
	return nil
}

// noText says what a file is that holds no text. A zero byte in a row is that row's fault.
func noText(head []byte) error {
	first, _, _ := bytes.Cut(bytes.TrimSpace(head), []byte("\n"))
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return errors.New("it is a spreadsheet or a zip archive: open it and save the list as CSV")
	case bytes.HasPrefix(head, []byte("\x1f\u2039")): // 0x1f 0x8b, which is no UTF-8
		return errors.New("it is packed by gzip: unpack it first")
	case bytes.IndexByte(first, 0) >= 0:
		return errors.New("it is neither CSV nor JSON: save the list as CSV first")
	}
	return nil
}

// Close gives the file free.
func (l *File) Close() error {
	if l.f == nil {
		return nil
	}
	err := l.f.Close()
	if l.remove {
		err = errors.Join(err, os.Remove(l.f.Name()))
	}
	return err
}

// Done gives how many bytes were read.
func (l *File) Done() int64 { return l.read.n }

// Next gives the next record, io.EOF after the last.
func (l *File) Next() (Item, error) {
	if l.json != nil {
		return l.nextObject()
	}
	rec, err := l.csv.next()
	if err != nil {
		return Item{}, err
	}
	item := Item{Line: rec.line, fields: rec.fields, raw: rec.raw}
	if rec.reason == "" && len(rec.fields) > len(l.Columns) && !empty(rec.fields[len(l.Columns):]) {
		rec.reason = fmt.Sprintf("the row has %d fields, the header %d: is a separator in a text that isn't in quotes?", len(rec.fields), len(l.Columns))
	}
	if rec.reason == "" && len(rec.fields) < len(l.Columns) {
		rec.reason = fmt.Sprintf("the row has %d fields, the header %d", len(rec.fields), len(l.Columns))
	}
	if rec.reason == "" && isHeader(l.Columns, rec.fields) {
		rec.reason = "it is the header once more: take the line out"
	}
	if rec.reason != "" {
		item.Fault = &Fault{Line: rec.line, Reason: rec.reason}
		return item, nil
	}
	cells := make([]cell, len(l.Columns))
	for n, column := range l.Columns {
		cells[n] = cell{column, rec.fields[n]}
		if !utf8.ValidString(rec.fields[n]) {
			item.Fault = &Fault{Line: rec.line, Column: column, Reason: "it holds bytes that are no text in " + string(l.Charset)}
			return item, nil
		}
	}
	item.Row, item.Fault = l.check.row(rec.line, cells)
	return item, nil
}

// Cells gives what a row said, for whoever writes it again.
func (i *Item) Cells() []string {
	if i.fields == nil {
		return []string{strings.ToValidUTF8(i.raw, "\uFFFD")}
	}
	out := make([]string, len(i.fields))
	for n, f := range i.fields {
		out[n] = strings.ToValidUTF8(f, "\uFFFD")
	}
	return out
}

// Text gives an object as it stands in the file, on one line.
func (i *Item) Text() string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(i.raw, "\uFFFD"), func(r rune) bool { return r == '\n' || r == '\r' }), " ")
}
