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

// scalar sets a single value from its text.
func (d *Doc) scalar(n ast.Node, v reflect.Value, key string, tag reflect.StructTag) {
	text, ok := scalarText(n)
	if !ok {
		d.add(position(n), key, "must be "+wanted(v)+", not "+describe(n), "")
		return
	}
	if message, hint := set(n, v, text); message != "" {
		d.add(position(n), key, message, hint)
		return
	}
	d.checkEnum(key, text, tag.Get("enum"))
	d.checkRange(key, v, tag.Get("range"))
}

func scalarText(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	default:
		return "", false
	}
}

// set stores the text in v, or says what is wrong with it.
func set(n ast.Node, v reflect.Value, text string) (message, hint string) {
	if u, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr()); ok {
		if err := u.UnmarshalText([]byte(text)); err != nil {
			return err.Error(), ""
		}
		return "", ""
	}
	if v.Type() == reflect.TypeFor[time.Duration]() {
		parsed, err := ParseDuration(text)
		if err != nil {
			return err.Error(), ""
		}
		v.SetInt(int64(parsed))
		return "", ""
	}
	switch v.Kind() {
	case reflect.String:
		if _, isBool := n.(*ast.BoolNode); isBool {
			return "must be a text, not " + describe(n), "put it in quotes"
		}
		v.SetString(text)
	case reflect.Bool:
		b, ok := n.(*ast.BoolNode)
		if !ok {
			return fmt.Sprintf("must be true or false, not %q", text), ""
		}
		v.SetBool(b.Value)
	case reflect.Int, reflect.Int64:
		i, err := strconv.ParseInt(text, 10, 64)
		if _, number := n.(*ast.IntegerNode); !number || err != nil {
			return fmt.Sprintf("must be a whole number, not %q", text), ""
		}
		v.SetInt(i)
	case reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || f-f != 0 {
			return fmt.Sprintf("must be a number, not %q", text), ""
		}
		v.SetFloat(f)
	default:
		return "can't be set from a file", ""
	}
	return "", ""
}

func wanted(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Float64:
		return "a number"
	default:
		if v.Type() == reflect.TypeFor[time.Duration]() {
			return "a duration such as 45s, 4h or 30d"
		}
		return "a text"
	}
}

func (d *Doc) checkEnum(key, text, enum string) {
	if enum == "" || text == "" {
		return
	}
	if words := strings.Split(enum, "|"); !slices.Contains(words, text) {
		d.Report(key, DidYouMean(text, words), "%q is not known here", text)
	}
}

// checkRange checks a number or a duration against "least..most"; either may be
// left out.
func (d *Doc) checkRange(key string, v reflect.Value, bounds string) {
	if bounds == "" {
		return
	}
	least, most, _ := strings.Cut(bounds, "..")
	if least != "" && measure(v) < bound(v, least) {
		d.Report(key, "", "must be at least %s", least)
	}
	if most != "" && measure(v) > bound(v, most) {
		d.Report(key, "", "must be at most %s", most)
	}
}

func measure(v reflect.Value) float64 {
	if v.CanInt() {
		return float64(v.Int())
	}
	return v.Float()
}

// bound reads a bound written by a developer in a tag.
func bound(v reflect.Value, s string) float64 {
	if v.Type() == reflect.TypeFor[time.Duration]() {
		if parsed, err := ParseDuration(s); err == nil {
			return float64(parsed)
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic("strict: bound " + s + " of a range tag is not a number")
	}
	return f
}
