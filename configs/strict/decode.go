package strict

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// Decode fills the struct that v points to. What the file doesn't say keeps the
// value that it had, so defaults are put in first; a list that is given replaces
// the list. Problems are collected, not returned.
func (d *Doc) Decode(v any) {
	if d.root == nil {
		return
	}
	d.value(d.root, reflect.ValueOf(v).Elem(), "", "", 0)
}

func (d *Doc) value(n ast.Node, v reflect.Value, key string, tag reflect.StructTag, depth int) {
	if depth > maxDepth {
		d.add(position(n), key, "nested too deep", "")
		return
	}
	if at := position(n); at != nil {
		d.positions[key] = at
	}
	switch n := n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		d.add(position(n), key, "anchors, aliases, merges and tags are not supported", "write the value out")
		return
	case *ast.NullNode:
		return // a key without a value keeps its default
	}
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		v = v.Elem()
	}
	if _, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr()); ok || v.Type() == reflect.TypeFor[time.Duration]() {
		d.scalar(n, v, key, tag)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.mapping(n, v, key, depth)
	case reflect.Slice:
		d.sequence(n, v, key, tag, depth)
	case reflect.Map:
		d.table(n, v, key, tag, depth)
	default:
		d.scalar(n, v, key, tag)
	}
}

func (d *Doc) mapping(n ast.Node, v reflect.Value, key string, depth int) {
	values, ok := entries(n)
	if !ok {
		d.add(position(n), key, "must hold keys, not "+describe(n), keysHint(n))
		return
	}
	fields, names := fieldsOf(v.Type())
	seen := make(map[string]int, len(values))
	for _, value := range values {
		name, line := keyText(value.Key), position(value).Line
		path := join(key, name)
		if first, twice := seen[name]; twice {
			d.add(position(value), path, fmt.Sprintf("given twice, first on line %d", first), "remove one")
			continue
		}
		seen[name] = line
		i, known := fields[name]
		if !known {
			d.unknown(value, v, path, name, names, seen)
			continue
		}
		d.value(value.Value, v.Field(i), path, v.Type().Field(i).Tag, depth+1)
		if _, null := value.Value.(*ast.NullNode); null {
			d.positions[path] = position(value)
		}
	}
	for _, name := range names {
		field := v.Type().Field(fields[name])
		if _, given := seen[name]; !given && field.Tag.Get("required") == "true" {
			d.Report(join(key, name), field.Tag.Get("hint"), "is missing")
		}
	}
}

// table fills a map from text: the names are the writer's own.
func (d *Doc) table(n ast.Node, v reflect.Value, key string, tag reflect.StructTag, depth int) {
	values, ok := entries(n)
	if !ok {
		d.add(position(n), key, "must hold keys, not "+describe(n), keysHint(n))
		return
	}
	out := reflect.MakeMapWithSize(v.Type(), len(values))
	for _, value := range values {
		name := reflect.ValueOf(keyText(value.Key)).Convert(v.Type().Key())
		path := join(key, name.String())
		if out.MapIndex(name).IsValid() {
			d.add(position(value), path, "given twice", "remove one")
			continue
		}
		one := reflect.New(v.Type().Elem()).Elem()
		d.value(value.Value, one, path, tag, depth+1)
		out.SetMapIndex(name, one)
	}
	v.Set(out)
}

func entries(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	default:
		return nil, false
	}
}

// Hinter is implemented by a struct that knows better hints for keys that it
// doesn't have.
type Hinter interface {
	// HintFor gives a hint for an unknown key, "" if it has none.
	HintFor(key string) string
}

func (d *Doc) unknown(value *ast.MappingValueNode, v reflect.Value, path, name string, names []string, seen map[string]int) {
	hint := ""
	if h, ok := reflect.TypeAssert[Hinter](v.Addr()); ok {
		hint = h.HintFor(name)
	}
	if hint == "" {
		hint = belowHint(v, name, seen)
	}
	if hint == "" {
		hint = DidYouMean(name, names)
	}
	if _, merge := value.Key.(*ast.MergeKeyNode); merge {
		hint = "write the value out"
	}
	if _, nothing := value.Value.(*ast.NullNode); nothing && strings.ContainsAny(name, "=()<>&|\"'") {
		hint = "put what belongs together in quotes: between braces a comma ends it"
	}
	d.add(position(value), path, "unknown key", hint)
}

func (d *Doc) sequence(n ast.Node, v reflect.Value, key string, tag reflect.StructTag, depth int) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		d.add(position(n), key, "must be a list, not "+describe(n), listHint(n))
		return
	}
	out := reflect.MakeSlice(v.Type(), len(list.Values), len(list.Values))
	for i, entry := range list.Values {
		path := key + "[" + strconv.Itoa(i) + "]"
		if _, null := entry.(*ast.NullNode); null || entry == nil {
			d.add(position(list), path, "an empty entry", "remove it")
			continue
		}
		d.value(entry, out.Index(i), path, tag, depth+1)
	}
	v.Set(out)
}

// fieldsOf gives the fields of a struct by their name in YAML, and the names in
// order.
func fieldsOf(t reflect.Type) (map[string]int, []string) {
	fields := make(map[string]int, t.NumField())
	var names []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		fields[name] = i
		names = append(names, name)
	}
	slices.Sort(names)
	return fields, names
}

func keyText(k ast.MapKeyNode) string {
	if s, ok := k.(*ast.StringNode); ok {
		return s.Value
	}
	if t := k.GetToken(); t != nil {
		return t.Value
	}
	return k.String()
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

// describe names the kind of a node for a person.
func describe(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "keys"
	case *ast.SequenceNode:
		return "a list"
	case *ast.BoolNode:
		return "true or false"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	default:
		return "a text"
	}
}
