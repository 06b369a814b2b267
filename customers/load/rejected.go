package load

import (
	"bufio"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// Rejected writes the records that were not loaded into a file of their own, which can
// be mended and loaded again. The file is made by the first of them.
type Rejected struct {
	path    string
	columns []string
	json    bool

	// before is where an older file of other content was put, "" if there was none.
	before string
	// straight is true where the path is no file that could be replaced.
	straight bool

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

// To has the file made somewhere else.
func (r *Rejected) To(path string) { r.path = path }

// Before gives where a file was put that was there before, "" if there was none: somebody
// may have mended it already.
func (r *Rejected) Before() string { return r.before }

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
	text := fault.Reason
	if fault.Column != "" {
		text = fault.Column + ": " + text
	}
	if r.json {
		_, err := fmt.Fprintln(r.buf, withReason(item.Text(), fault.Line, text))
		return err
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

// begin makes the file, for its owner's eyes only, beside one that may be there already.
func (r *Rejected) begin() (err error) {
	if info, err := os.Stat(r.path); err == nil {
		r.straight = !info.Mode().IsRegular()
	}
	if r.f, err = os.OpenFile(r.making(), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
		return fmt.Errorf("writing the rejected rows (--rejected FILE names another place): %w", err)
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

// making is where the file is until it is whole.
func (r *Rejected) making() string {
	if r.straight {
		return r.path
	}
	return r.path + ".new"
}

// Close writes what is left.
func (r *Rejected) Close() error {
	if r.f == nil {
		return nil
	}
	r.csv.Flush()
	err := errors.Join(r.csv.Error(), r.buf.Flush(), r.f.Close())
	if err == nil && !r.straight {
		err = r.replace()
	}
	if err != nil {
		return fmt.Errorf("writing the rejected rows: %w", err)
	}
	return nil
}

// replace puts the file in its place. What is there already and says something else is
// kept beside it.
func (r *Rejected) replace() error {
	equal, err := sameContent(r.path, r.making())
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return err
	case equal:
		return os.Remove(r.making())
	default:
		r.before = r.path + "~"
		if err := os.Rename(r.path, r.before); err != nil {
			return err
		}
	}
	return os.Rename(r.making(), r.path)
}

// sameContent reports whether two files say the same.
func sameContent(one, other string) (bool, error) {
	a, err := digest(one)
	if err != nil {
		return false, err
	}
	b, err := digest(other)
	return a == b, err
}

func digest(path string) (sum [sha256.Size]byte, err error) {
	f, err := os.Open(path) //nolint:gosec // a file of ours beside the list
	if err != nil {
		return sum, err
	}
	h := sha256.New()
	_, err = io.Copy(h, f)
	return [sha256.Size]byte(h.Sum(nil)), errors.Join(err, f.Close())
}

// reasonBefore matches the reason that withReason gave an object.
var reasonBefore = regexp.MustCompile(`^\{"rejected_line":\d+,"rejected_reason":"(?:[^"\\]|\\.)*",? ?`)

// withReason sets line and reason before the fields of an object, as far as it is one.
func withReason(object string, line int, text string) string {
	rest, is := strings.CutPrefix(object, "{")
	if !is {
		return object
	}
	if old := reasonBefore.FindString(object); old != "" {
		rest = object[len(old):]
	}
	quoted, err := json.Marshal(text)
	if err != nil { // a text can always be written
		return object
	}
	comma := ","
	if strings.HasPrefix(strings.TrimSpace(rest), "}") {
		comma = ""
	}
	return fmt.Sprintf(`{"%s":%d,"%s":%s%s%s`, rejectedLine, line, rejectedReason, quoted, comma, rest)
}
