package load

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"strconv"
)

// Rejected writes the records that were not loaded into a file of their own, which can
// be mended and loaded again. The file is made by the first of them.
type Rejected struct {
	path    string
	columns []string
	json    bool

	f   *os.File
	buf *bufio.Writer
	csv *csv.Writer
}

// NewRejected gives a writer for the records of a list.
func NewRejected(of *File, path string) *Rejected {
	r := &Rejected{json: of.json != nil, path: path + ".rejected.csv"}
	if r.json {
		r.path = path + ".rejected.json"
	}
	for _, c := range of.Columns {
		if c != rejectedLine && c != rejectedReason {
			r.columns = append(r.columns, c)
		}
	}
	return r
}

// Path gives the file, "" where there is none.
func (r *Rejected) Path() string {
	if r.f == nil {
		return ""
	}
	return r.path
}

// Add writes a record with its fault. The columns are those of the list it is from.
func (r *Rejected) Add(of *File, item *Item, fault *Fault) error {
	if r.f == nil {
		if err := r.begin(); err != nil {
			return err
		}
	}
	if r.json {
		_, err := fmt.Fprintln(r.buf, item.Text())
		return err
	}
	text := fault.Reason
	if fault.Column != "" {
		text = fault.Column + ": " + text
	}
	cells := []string{strconv.Itoa(fault.Line), Guard(text)}
	for n, c := range item.Cells() {
		if n < len(of.Columns) && (of.Columns[n] == rejectedLine || of.Columns[n] == rejectedReason) {
			continue
		}
		cells = append(cells, Guard(c))
	}
	return r.csv.Write(cells)
}

// begin makes the file, for its owner's eyes only.
func (r *Rejected) begin() (err error) {
	if r.f, err = os.OpenFile(r.path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
		return fmt.Errorf("writing the rejected rows: %w", err)
	}
	r.buf = bufio.NewWriter(r.f)
	r.csv = csv.NewWriter(r.buf)
	if r.json {
		return nil
	}
	head := append([]string{rejectedLine, rejectedReason}, r.columns...)
	for n := range head {
		head[n] = Guard(head[n])
	}
	return r.csv.Write(head)
}

// Close writes what is left.
func (r *Rejected) Close() error {
	if r.f == nil {
		return nil
	}
	r.csv.Flush()
	if err := errors.Join(r.csv.Error(), r.buf.Flush(), r.f.Close()); err != nil {
		return fmt.Errorf("writing the rejected rows: %w", err)
	}
	return nil
}
