package crm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"stagecoach/customers"
)

// The fields that are read of an answer.
const (
	FieldExternal   = "external_id"
	FieldValue      = "value"
	FieldSince      = "customer_since"
	FieldOrders     = "orders"
	FieldRevenue    = "revenue"
	FieldFirstOrder = "first_order"
	FieldLastOrder  = "last_order"
	FieldLanguage   = "language"
	FieldTags       = "tags"
	FieldAttributes = "attributes"
)

// Fields lists them.
func Fields() []string {
	return []string{
		FieldExternal, FieldValue, FieldSince, FieldOrders, FieldRevenue, FieldFirstOrder, FieldLastOrder, FieldLanguage, FieldTags, FieldAttributes,
	}
}

// The bounds of what is taken in.
const (
	mostTags  = 50
	mostField = 1 << 10
)

// Answer is what a CRM knows of a customer. What it doesn't say is nil or empty.
type Answer struct {
	// Found is false where it doesn't know them.
	Found      bool
	External   string
	Value      *float64
	Since      string
	Orders     *customers.Orders
	Language   string
	Tags       []string
	Attributes []customers.Attribute
}

// read makes an answer of what a CRM sent. What is wrong is said with its place.
func read(text []byte, pointers map[string]string) (Answer, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var doc any
	if err := d.Decode(&doc); err != nil {
		return Answer{}, fmt.Errorf("its answer is no JSON: %w", err)
	}
	if _, ok := doc.(map[string]any); !ok {
		return Answer{}, fmt.Errorf("its answer is no JSON object")
	}
	r := reader{doc: doc, pointers: pointers}
	a := Answer{
		Found: true, External: r.text(FieldExternal), Value: r.number(FieldValue), Since: r.day(FieldSince), Language: r.text(FieldLanguage),
		Tags: r.tags(), Attributes: r.attributes(),
	}
	count, revenue := r.number(FieldOrders), r.number(FieldRevenue)
	o := customers.Orders{First: r.day(FieldFirstOrder), Last: r.day(FieldLastOrder), Source: customers.FromCRM}
	if count != nil {
		if *count < 0 || *count != math.Trunc(*count) || *count > math.MaxInt32 {
			r.wrong(FieldOrders, "is no number of orders")
		} else {
			o.Count = int(*count)
		}
	}
	if revenue != nil {
		o.Revenue = *revenue
	}
	if count != nil || revenue != nil || o.First != "" || o.Last != "" {
		a.Orders = &o
	}
	return a, r.err
}

// reader takes fields out of an answer, and keeps what was wrong first.
type reader struct {
	doc      any
	pointers map[string]string
	err      error
}

func (r *reader) wrong(field, what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s at %q %s", field, r.pointer(field), what)
	}
}

func (r *reader) pointer(field string) string {
	if p := r.pointers[field]; p != "" {
		return p
	}
	return "/" + field
}

// at gives what stands at a field's place, nil where nothing does.
func (r *reader) at(field string) any {
	here := r.doc
	for _, part := range strings.Split(r.pointer(field), "/")[1:] {
		part = strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
		switch v := here.(type) {
		case map[string]any:
			here = v[part]
		case []any:
			n, err := strconv.Atoi(part)
			if err != nil || n < 0 || n >= len(v) {
				return nil
			}
			here = v[n]
		default:
			return nil
		}
	}
	return here
}

func (r *reader) text(field string) string {
	switch v := r.at(field).(type) {
	case nil:
	case string:
		if len(v) > mostField {
			r.wrong(field, "is longer than 1 KiB")
			return ""
		}
		return strings.TrimSpace(v)
	case json.Number:
		return v.String()
	default:
		r.wrong(field, "is no text")
	}
	return ""
}

func (r *reader) number(field string) *float64 {
	text := ""
	switch v := r.at(field).(type) {
	case nil:
		return nil
	case json.Number:
		text = v.String()
	case string:
		if text = strings.TrimSpace(v); text == "" {
			return nil
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		r.wrong(field, "is no number")
		return nil
	}
	return &n
}

func (r *reader) day(field string) string {
	text := r.text(field)
	if len(text) > len(time.DateOnly) && (text[len(time.DateOnly)] == 'T' || text[len(time.DateOnly)] == ' ') {
		text = text[:len(time.DateOnly)]
	}
	if _, err := time.Parse(time.DateOnly, text); text != "" && err != nil {
		r.wrong(field, "is no day such as 2026-05-03")
		return ""
	}
	return text
}

func (r *reader) tags() []string {
	var out []string
	add := func(tag string) {
		if tag = strings.TrimSpace(tag); tag != "" && len(tag) <= mostField && len(out) < mostTags && !slices.Contains(out, tag) {
			out = append(out, tag)
		}
	}
	switch v := r.at(FieldTags).(type) {
	case nil:
	case string:
		for tag := range strings.SplitSeq(v, ";") {
			add(tag)
		}
	case []any:
		for _, one := range v {
			tag, ok := one.(string)
			if !ok {
				r.wrong(FieldTags, "is no list of texts")
			}
			add(tag)
		}
	default:
		r.wrong(FieldTags, "is no list of texts")
	}
	return out
}

func (r *reader) attributes() []customers.Attribute {
	at := r.at(FieldAttributes)
	if at == nil {
		return nil
	}
	fields, ok := at.(map[string]any)
	if !ok {
		r.wrong(FieldAttributes, "is no JSON object")
		return nil
	}
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	var out []customers.Attribute
	for _, name := range names[:min(len(names), mostTags)] {
		var value string
		switch v := fields[name].(type) {
		case string:
			value = v
		case json.Number:
			value = v.String()
		case bool:
			value = strconv.FormatBool(v)
		default: // nothing, or more than one can be asked
			continue
		}
		if name != "" && len(name) <= 100 && len(value) <= mostField {
			out = append(out, customers.Attribute{Name: name, Value: value})
		}
	}
	return out
}
