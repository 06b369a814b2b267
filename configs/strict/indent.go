package strict

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// lacksSpace is a key with its value right behind the colon, which YAML takes
// for one word.
var lacksSpace = regexp.MustCompile(`^[A-Za-z_][\w-]*:[^\s/]`)

// syntaxHint says what is probably wrong with text that isn't YAML, "" if that
// isn't plain. The line is the one that the parser stopped at, from 1.
func (d *Doc) syntaxHint(line int, message string) string {
	if strings.Contains(message, "end character of") {
		return "close the quotation marks"
	}
	if strings.Contains(message, "invalid header option") {
		return "put what holds a | in quotes: here it begins a text of several lines"
	}
	for _, n := range []int{line, line + 1} {
		if n < 1 || n > len(d.lines) {
			continue
		}
		text := d.lines[n-1]
		body := strings.TrimLeft(text, " \t")
		switch {
		case strings.Contains(text[:len(text)-len(body)], "\t"):
			return fmt.Sprintf("line %d is indented by a tab: use spaces", n)
		case lacksSpace.MatchString(strings.TrimPrefix(body, "- ")):
			return fmt.Sprintf("line %d: put a space after the colon", n)
		}
	}
	return misplaced(d.lines)
}

// level is a depth of indentation that is open.
type level struct {
	indent int
	// list is true for the entries of a list, line where it began.
	list bool
	line int
}

// misplaced finds the first line that stands at no depth of those above it, and
// says where it should. It knows as much of YAML as people write here.
func misplaced(lines []string) string {
	open := []level{{line: 1}}
	opens, text := true, -1 // the line above takes keys below it; the indentation of a text in many lines
	for i, line := range lines {
		body := strings.TrimLeft(line, " ")
		indent := len(line) - len(body)
		if strings.TrimSpace(body) == "" || body[0] == '#' || strings.HasPrefix(line, "---") || text >= 0 && indent > text {
			continue
		}
		text = -1
		if hint := place(&open, indent, i+1, entry(body), opens); hint != "" {
			return hint
		}
		for entry(body) {
			rest := strings.TrimLeft(body[1:], " ")
			indent += len(body) - len(rest)
			body = rest
			if body == "" {
				break
			}
			open = append(open, level{indent: indent, list: entry(body), line: i + 1})
		}
		value := strings.TrimSpace(strings.SplitN(body+" #", " #", 2)[0])
		opens = value == "" || strings.HasSuffix(value, ":")
		if strings.HasSuffix(value, "|") || strings.HasSuffix(value, ">") || strings.HasSuffix(value, "|-") || strings.HasSuffix(value, ">-") {
			text = indent
		}
		if strings.ContainsAny(value, "[{") { // may go on over lines, at any depth
			return ""
		}
	}
	return ""
}

func entry(body string) bool { return body == "-" || strings.HasPrefix(body, "- ") }

// place puts a line among the open depths.
func place(open *[]level, indent, line int, isEntry, opens bool) string {
	stack := *open
	top := stack[len(stack)-1]
	if indent > top.indent {
		if !opens {
			return fmt.Sprintf("line %d is indented by %d, deeper than what it stands below: by %d it would stand beside it", line, indent, top.indent)
		}
		*open = append(stack, level{indent: indent, list: isEntry, line: line})
		return ""
	}
	var depths []string
	for len(stack) > 1 && stack[len(stack)-1].indent > indent {
		depths = append(depths, fmt.Sprint(stack[len(stack)-1].indent))
		stack = stack[:len(stack)-1]
	}
	top = stack[len(stack)-1]
	if top.indent != indent {
		return fmt.Sprintf("line %d is indented by %d, those above it by %s", line, indent, strings.Join(append(depths, fmt.Sprint(top.indent)), " or "))
	}
	if top.list && !isEntry {
		if len(stack) > 1 && stack[len(stack)-2].indent == indent { // entries may stand as deep as their key
			*open = stack[:len(stack)-1]
			return ""
		}
		return fmt.Sprintf("line %d stands beside the list's entries: begin it with \"- \", or indent it by %d to belong to the entry above", line, indent+2)
	}
	if isEntry && !top.list {
		stack = append(stack, level{indent: indent, list: true, line: line})
	}
	*open = stack
	return ""
}

// belowHint says below which key beside it an unknown key would be known: a
// frequent slip is to indent it too little.
func belowHint(v reflect.Value, name string, seen map[string]int) string {
	var below []string
	last := 0
	for i := range v.NumField() {
		field := v.Type().Field(i)
		parent, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		t := field.Type
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || parent == "" {
			continue
		}
		if _, names := fieldsOf(t); !slices.Contains(names, name) {
			continue
		}
		if line := seen[parent]; line > last { // the key that was written last before it
			last, below = line, nil
		}
		if last == 0 || seen[parent] == last {
			below = append(below, parent)
		}
	}
	if len(below) == 0 || len(below) > 3 {
		return ""
	}
	if last > 0 {
		return "it belongs below " + below[0] + ": indent it deeper"
	}
	return "it belongs below " + strings.Join(below, " or ")
}

// keysHint says what to do about something that should hold keys.
func keysHint(n ast.Node) string {
	if s, ok := n.(*ast.StringNode); ok && lacksSpace.MatchString(s.Value) {
		return "put a space after the colon"
	}
	return "write its keys below it, indented"
}

// listHint says what to do about something that should be a list.
func listHint(n ast.Node) string {
	first := n
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 {
		first = m.Values[0]
	}
	if m, ok := first.(*ast.MappingValueNode); ok && strings.HasPrefix(keyText(m.Key), "-") {
		return "put a space after the \"-\""
	}
	return "begin each entry with \"- \""
}
