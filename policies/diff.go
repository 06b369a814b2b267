package policies

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"stagecoach/configs/strict"
)

// Change is one thing that two policy sets say differently.
type Change struct {
	File string `json:"file"`
	// What is the entry, such as "class billing", "" for the file itself; Key is
	// the key in it.
	What string `json:"what"`
	Key  string `json:"key"`
	// Kind is changed, added, removed or moved.
	Kind string `json:"kind"`
	From string `json:"from"`
	To   string `json:"to"`
}

// The kinds of a Change.
const (
	changeChanged = "changed"
	changeAdded   = "added"
	changeRemoved = "removed"
	changeMoved   = "moved"
)

// String says a change in words: "class billing: queue general → billing".
func (c *Change) String() string {
	what := strings.TrimSpace(c.What)
	switch {
	case c.Kind == changeAdded:
		return what + ": added (" + c.To + ")"
	case c.Kind == changeRemoved:
		return what + ": removed (" + c.From + ")"
	case c.Kind == changeMoved:
		return what + ": moved, " + c.From + " → " + c.To
	case what == "":
		return c.Key + " " + c.From + " → " + c.To
	}
	return what + ": " + c.Key + " " + c.From + " → " + c.To
}

// Diff gives what two sets, as Files gave them, say differently: values, entries
// that were added, removed or moved, not lines. What a file leaves out is as it is
// built in. The list is not nil. The error is a strict.Errors of what can't be
// read.
func Diff(a, b *Set) ([]Change, error) {
	was, err := construct("", a.Files())
	if err != nil {
		return nil, err
	}
	is, err := construct("", b.Files())
	if err != nil {
		return nil, err
	}
	d := differ{out: []Change{}}
	for _, one := range []struct {
		file    string
		was, is any
	}{
		{"classes.yaml", was.files.classes, is.files.classes},
		{"customers.yaml", was.files.customers, is.files.customers},
		{"escalation.yaml", was.files.escalation, is.files.escalation},
		{"privacy.yaml", was.files.privacy, is.files.privacy},
		{"routing.yaml", was.files.routing, is.files.routing},
		{"sla.yaml", was.files.sla, is.files.sla},
	} {
		d.file = one.file
		d.fields("", "", reflect.ValueOf(one.was), reflect.ValueOf(one.is))
	}
	return d.out, nil
}

// differ gathers the changes of a file.
type differ struct {
	file string
	out  []Change
}

func (d *differ) add(what, key, kind, from, to string) {
	d.out = append(d.out, Change{File: d.file, What: what, Key: key, Kind: kind, From: from, To: to})
}

// fields compares two structs key by key.
func (d *differ) fields(what, prefix string, was, is reflect.Value) {
	for i := range was.NumField() {
		name, _, _ := strings.Cut(was.Type().Field(i).Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		x, y := was.Field(i), is.Field(i)
		key := prefix + name
		switch {
		case x.Kind() == reflect.Struct && !isScalar(x.Type()):
			d.fields(what, key+".", x, y)
		case x.Kind() == reflect.Slice && named(x.Type().Elem()):
			d.entries(what, name, x, y)
		default:
			if from, to := render(x), render(y); from != to {
				d.add(what, key, changeChanged, from, to)
			}
		}
	}
}

// entries compares two lists whose entries have names.
func (d *differ) entries(above, list string, was, is reflect.Value) {
	noun := strings.TrimSpace(above + " " + nounOf(list))
	before, after := namesIn(was), namesIn(is)
	for i, name := range before {
		if !slices.Contains(after, name) {
			d.add(noun+" "+name, "", changeRemoved, render(was.Index(i)), "")
		}
	}
	var stay []string // in the new order
	for i, name := range after {
		at := slices.Index(before, name)
		if at < 0 {
			d.add(noun+" "+name, "", changeAdded, "", render(is.Index(i)))
			continue
		}
		stay = append(stay, name)
		d.fields(noun+" "+name, "", was.Index(at), is.Index(i))
	}
	for _, name := range moved(before, stay) {
		d.add(noun+" "+name, "", changeMoved, place(before, name), place(after, name))
	}
}

func place(list []string, name string) string {
	i := slices.Index(list, name)
	if i == 0 {
		return "first"
	}
	return "after " + list[i-1]
}

// moved gives the fewest of the names that must have been moved to come from one
// order to another: those outside of the longest run that kept its order.
func moved(before, after []string) []string {
	at := make(map[string]int, len(before))
	for i, name := range before {
		at[name] = i
	}
	length, previous, best := make([]int, len(after)), make([]int, len(after)), -1
	for i, name := range after {
		length[i], previous[i] = 1, -1
		for j := range i {
			if at[after[j]] < at[name] && length[j]+1 > length[i] {
				length[i], previous[i] = length[j]+1, j
			}
		}
		if best < 0 || length[i] > length[best] {
			best = i
		}
	}
	kept := map[string]bool{}
	for ; best >= 0; best = previous[best] {
		kept[after[best]] = true
	}
	return slices.DeleteFunc(slices.Clone(after), func(name string) bool { return kept[name] })
}

// nounOf names an entry of a list.
func nounOf(list string) string {
	switch list {
	case "classes":
		return "class"
	case "agents":
		return "agents of"
	case "ladder":
		return "step"
	case "retention":
		return "retention of"
	case "statutory":
		return "keeping by law of"
	default:
		return strings.ReplaceAll(strings.TrimSuffix(list, "s"), "_", " ")
	}
}

// named reports whether entries of a type are known by their names.
func named(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	f, ok := t.FieldByName("Name")
	return ok && f.Type.Kind() == reflect.String && t != reflect.TypeFor[skillEntry]() && t != reflect.TypeFor[wishEntry]()
}

// namesIn gives the names of a list, the second of one name with its number.
func namesIn(list reflect.Value) []string {
	out := make([]string, list.Len())
	for i := range out {
		out[i] = list.Index(i).FieldByName("Name").String()
		if slices.Contains(out[:i], out[i]) {
			out[i] += " " + strconv.Itoa(i+1)
		}
	}
	return out
}

// isScalar reports whether a struct is written as one word.
func isScalar(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[interface{ UnmarshalText(text []byte) error }]())
}

// render writes a value as people write it.
func render(v reflect.Value) string {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return "as by default"
		}
		v = v.Elem()
	}
	switch one := v.Interface().(type) {
	case time.Duration:
		return strict.FormatDuration(one)
	case span:
		return clockText(one.From) + "-" + clockText(one.To)
	case date:
		return fmt.Sprintf("%04d-%02d-%02d", one.Year, one.Month, one.Day)
	case string:
		if one == "" {
			return "nothing"
		}
		return strings.Join(strings.Fields(one), " ")
	}
	switch {
	case v.Kind() == reflect.Slice:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = render(v.Index(i))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case v.Kind() == reflect.Struct && !isScalar(v.Type()):
		return "{" + strings.Join(said(v), ", ") + "}"
	}
	return fmt.Sprint(v.Interface())
}

// said writes the keys of an entry that it says.
func said(v reflect.Value) []string {
	var out []string
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		if f := v.Field(i); name != "" && !f.IsZero() && (f.Kind() != reflect.Slice || f.Len() > 0) {
			out = append(out, name+": "+render(f))
		}
	}
	return out
}

func clockText(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
}
