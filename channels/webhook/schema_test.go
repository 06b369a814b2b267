package webhook_test

import (
	"encoding/json"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"stagecoach/channels/webhook"
)

// schema is as much of JSON Schema as the files use.
type schema struct {
	Ref         string            `json:"$ref"`
	Defs        map[string]schema `json:"$defs"`
	Type        any               `json:"type"`
	Const       any               `json:"const"`
	Required    []string          `json:"required"`
	Properties  map[string]schema `json:"properties"`
	Items       *schema           `json:"items"`
	Format      string            `json:"format"`
	Encoding    string            `json:"contentEncoding"`
	Description string            `json:"description"`
}

func readSchema(t *testing.T, name string) schema {
	t.Helper()
	data, err := fs.ReadFile(webhook.Schemas(), name)
	if err != nil {
		t.Fatal(err)
	}
	var s schema
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return s
}

// The schemas say of every field what the Go types say.
func TestSchemasAreThoseOfTheTypes(t *testing.T) {
	for name, of := range map[string]reflect.Type{
		"message.json": reflect.TypeFor[webhook.Message](), "reply.json": reflect.TypeFor[webhook.Reply](), "ping.json": reflect.TypeFor[webhook.Ping](),
	} {
		t.Run(name, func(t *testing.T) {
			root := readSchema(t, name)
			if root.Properties["schema"].Const != float64(webhook.Schema) {
				t.Errorf("it is of version %v", root.Properties["schema"].Const)
			}
			compareType(t, root, root, of, name)
		})
	}
}

func compareType(t *testing.T, root, s schema, of reflect.Type, where string) {
	t.Helper()
	if name, found := strings.CutPrefix(s.Ref, "#/$defs/"); found {
		s = root.Defs[name]
	}
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	want := ""
	switch {
	case of == reflect.TypeFor[time.Time](), of == reflect.TypeFor[webhook.Moment]():
		if first, _, _ := strings.Cut(strings.Trim(toJSON(t, s.Type), "[]"), ","); first != `"string"` {
			t.Errorf("%s: a time is %v", where, s.Type)
		}
		return
	case of == reflect.TypeFor[[]byte]():
		want = "string"
		if s.Encoding != "base64" {
			t.Errorf("%s: bytes are not said to be base64", where)
		}
	case of.Kind() == reflect.Struct:
		want = "object"
		compareFields(t, root, s, of, where)
	case of.Kind() == reflect.Slice:
		want = "array"
		if s.Items == nil {
			t.Fatalf("%s: nothing is said of the items", where)
		}
		compareType(t, root, *s.Items, of.Elem(), where+"[]")
	case of.Kind() == reflect.Map:
		want = "object"
	case of.Kind() == reflect.Int:
		want = "integer"
	case of.Kind() == reflect.Bool:
		want = "boolean"
	case of.Kind() == reflect.String:
		want = "string"
	}
	if s.Type != want {
		t.Errorf("%s: the schema says %v, the type %s", where, s.Type, want)
	}
}

func compareFields(t *testing.T, root, s schema, of reflect.Type, where string) {
	t.Helper()
	seen := map[string]bool{}
	for field := range of.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		seen[name] = true
		property, ok := s.Properties[name]
		if !ok {
			t.Errorf("%s.%s is not in the schema", where, name)
			continue
		}
		if optional, required := strings.Contains(options, "omitempty"), slices.Contains(s.Required, name); optional == required {
			t.Errorf("%s.%s: omitempty %v, required %v", where, name, optional, required)
		}
		compareType(t, root, property, field.Type, where+"."+name)
	}
	for name := range s.Properties {
		if !seen[name] {
			t.Errorf("%s.%s is in the schema only", where, name)
		}
	}
	for _, name := range s.Required {
		if !seen[name] {
			t.Errorf("%s.%s is required and unknown", where, name)
		}
	}
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
