package strict

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// MaxBytes bounds a file that a person wrote: what is larger is not read.
const MaxBytes = 1 << 20

// maxDepth bounds how deep a file nests.
const maxDepth = 32

// Doc is one file that has been read.
type Doc struct {
	// File is the name that problems are reported under.
	File string

	lines     []string
	root      ast.Node
	positions map[string]*token.Position
	problems  Errors
}

// Parse reads a file's text. The Doc is never nil; what is wrong with the text
// as YAML is in Problems.
func Parse(file string, data []byte) *Doc {
	d := &Doc{
		File:      file,
		lines:     strings.Split(string(data), "\n"),
		positions: map[string]*token.Position{},
	}
	if len(data) > MaxBytes {
		d.add(nil, "", fmt.Sprintf("the file is larger than %d bytes", MaxBytes), "")
		return d
	}
	data = []byte(strings.TrimPrefix(string(data), "\ufeff"))
	if !d.shallow(data) {
		return d
	}
	parsed, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		d.syntax(err)
		return d
	}
	for _, document := range parsed.Docs {
		if document.Body == nil || document.Body.Type() == ast.CommentType {
			continue
		}
		if d.root != nil {
			d.add(position(document.Body), "", "a second document in one file", "remove the --- line")
			break
		}
		d.root = document.Body
	}
	return d
}

// shallow refuses text that nests too deep before it is parsed: the parser
// recurses.
func (d *Doc) shallow(data []byte) bool {
	depth := 0
	for _, b := range data {
		switch b {
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(0, depth-1)
		case '\n':
			continue
		}
		if depth > 4*maxDepth {
			d.add(nil, "", "the file nests too deep", "")
			return false
		}
	}
	for i, line := range d.lines {
		if strings.Count(line[:len(line)-len(strings.TrimLeft(line, " -?:"))], "- ") > maxDepth {
			d.add(&token.Position{Line: i + 1, Column: 1}, "", "the file nests too deep", "")
			return false
		}
	}
	return true
}

func (d *Doc) syntax(err error) {
	var typed yaml.Error
	if errors.As(err, &typed) && typed.GetToken() != nil {
		at := typed.GetToken().Position
		d.add(at, "", typed.GetMessage(), d.syntaxHint(at.Line, typed.GetMessage()))
		return
	}
	message, _, _ := strings.Cut(err.Error(), "\n")
	d.add(nil, "", message, "")
}

// Problems gives what has been found so far, in order of place.
func (d *Doc) Problems() Errors { return d.problems.Sorted() }

// Empty reports whether the file says nothing.
func (d *Doc) Empty() bool { return d.root == nil }

// Has reports whether the key was given.
func (d *Doc) Has(key string) bool {
	_, ok := d.positions[key]
	return ok
}

// Report adds a problem at the value of this key, or at the nearest key above
// it that was given.
func (d *Doc) Report(key, hint, format string, args ...any) {
	d.problems = append(d.problems, d.Problem(key, hint, format, args...))
}

// Problem makes an Error at the value of this key without adding it.
func (d *Doc) Problem(key, hint, format string, args ...any) Error {
	e := Error{File: d.File, Key: key, Message: fmt.Sprintf(format, args...), Hint: hint}
	for at := key; ; at = parent(at) {
		if p, ok := d.positions[at]; ok {
			e.Line, e.Column = p.Line, p.Column
			return e
		}
		if at == "" {
			return e
		}
	}
}

// ReportWithin adds a problem inside the text of this key: at a line and a
// column, both from 1, of a value such as an expression.
func (d *Doc) ReportWithin(key string, line, column int, hint, format string, args ...any) {
	d.problems = append(d.problems, d.ProblemWithin(key, line, column, hint, format, args...))
}

// ProblemWithin makes an Error as ReportWithin does, without adding it.
func (d *Doc) ProblemWithin(key string, line, column int, hint, format string, args ...any) Error {
	e := d.Problem(key, hint, format, args...)
	if e.Line > 0 && e.Line <= len(d.lines) {
		e.Line, e.Column = d.within(e.Line, e.Column, line, column)
	}
	return e
}

// within finds a place inside a scalar that begins at line and column.
func (d *Doc) within(line, column, innerLine, innerColumn int) (int, int) {
	text := d.lines[line-1]
	if column-1 >= len(text) {
		return line, column
	}
	switch text[column-1] {
	case '|', '>':
		for i := line; i < len(d.lines); i++ {
			if body := strings.TrimLeft(d.lines[i], " "); body != "" {
				indent := len(d.lines[i]) - len(body)
				if text[column-1] == '>' && innerLine == 1 {
					return d.withinFolded(i, indent, innerColumn)
				}
				return min(i+innerLine, len(d.lines)), indent + innerColumn
			}
		}
		return line, column
	case '"', '\'':
		return line, column + innerColumn
	default:
		if innerLine > 1 {
			return min(line+innerLine-1, len(d.lines)), innerColumn
		}
		return line, column + innerColumn - 1
	}
}

// withinFolded finds a place inside lines that YAML reads as one, with a blank
// between them.
func (d *Doc) withinFolded(first, indent, column int) (line, at int) {
	for i := first; i+1 < len(d.lines); i++ {
		next := strings.TrimLeft(d.lines[i+1], " ")
		size := utf8.RuneCountInString(strings.TrimSpace(d.lines[i])) + 1
		if column <= size || next == "" || len(d.lines[i+1])-len(next) != indent {
			return i + 1, indent + column
		}
		column -= size
	}
	return len(d.lines), indent + column
}

func (d *Doc) add(at *token.Position, key, message, hint string) {
	e := Error{File: d.File, Key: key, Message: message, Hint: hint}
	if at != nil {
		e.Line, e.Column = at.Line, at.Column
	}
	d.problems = append(d.problems, e)
}

func parent(key string) string {
	if i := strings.LastIndexAny(key, ".["); i > 0 {
		return key[:i]
	}
	return ""
}

func position(n ast.Node) *token.Position {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return position(n.Values[0])
		}
	case *ast.MappingValueNode:
		return position(n.Key)
	}
	if t := n.GetToken(); t != nil {
		return t.Position
	}
	return nil
}
