package remote_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"stagecoach/channels"
	"stagecoach/channels/remote"
	"stagecoach/contact"
)

var update = flag.Bool("update", false, "write the schemas anew")

const docs = "../../docs/adapters"

// messages are what goes over the wire, by the names of their schemas.
func messages() map[string]any {
	return map[string]any{
		"hello": remote.Hello{}, "welcome": remote.Welcome{}, "inbox": remote.Item{}, "inbox.part": remote.Part{}, "done": remote.Done{},
		"inbox.bookmark": remote.Where{}, "bookmark": remote.There{}, "inbox.advance": remote.Advance{}, "outbox.order": remote.Order{},
		"outbox.answer": remote.Answer{}, "outbox.file": remote.Fetch{}, "file": remote.Fetched{}, "outbox.partly": remote.Partly{}, "message": remote.Message{},
	}
}

func schemaFile(name string) string { return filepath.Join(docs, "schema", name, "v1.json") }

// The schemas are those of the Go types: what is called how, what must be there,
// what it may be.
func TestSchemasAreThoseOfTheTypes(t *testing.T) {
	for name, of := range messages() {
		t.Run(name, func(t *testing.T) {
			root := describe(t, reflect.TypeOf(of), "")
			root["$schema"], root["title"] = "https://json-schema.org/draft/2020-12/schema", "Stagecoach adapters: "+name
			var want bytes.Buffer
			e := json.NewEncoder(&want)
			e.SetEscapeHTML(false)
			e.SetIndent("", "  ")
			if err := e.Encode(root); err != nil {
				t.Fatal(err)
			}
			file := schemaFile(name)
			if *update {
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, want.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got, err := os.ReadFile(file)
			if err != nil || !bytes.Equal(got, want.Bytes()) {
				t.Errorf("%s isn't what the types say (%v): run 'go test ./channels/remote -run Schemas -update', or give the types another version", file, err)
			}
		})
	}
	found, err := filepath.Glob(schemaFile("*"))
	if err != nil || len(found) != len(messages()) {
		t.Errorf("%d schemas for %d messages (%v)", len(found), len(messages()), err)
	}
}

// describe makes a schema of a type; tag is the field's.
func describe(t *testing.T, of reflect.Type, tag reflect.StructTag) map[string]any {
	t.Helper()
	out := map[string]any{}
	if words := tag.Get("doc"); words != "" {
		out["description"] = words
	}
	if choices := tag.Get("enum"); choices != "" {
		out["enum"] = strings.Split(choices, "|")
	}
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	switch {
	case of == reflect.TypeFor[json.RawMessage]():
	case of == reflect.TypeFor[time.Time]():
		out["type"], out["format"] = "string", "date-time"
	case of == reflect.TypeFor[[]byte]():
		out["type"], out["contentEncoding"] = "string", "base64"
	case of.Kind() == reflect.Struct:
		describeFields(t, of, out)
	case of.Kind() == reflect.Map:
		out["type"], out["additionalProperties"] = "object", describe(t, of.Elem(), "")
	case of.Kind() == reflect.Slice:
		out["type"], out["items"] = "array", describe(t, of.Elem(), "")
	case of.Kind() == reflect.Bool:
		out["type"] = "boolean"
	case of.Kind() == reflect.String:
		out["type"] = "string"
	case of.Kind() == reflect.Float64:
		out["type"] = "number"
	case of.Kind() >= reflect.Int && of.Kind() <= reflect.Uint64:
		out["type"] = "integer"
	default:
		t.Fatalf("no schema for %s", of)
	}
	return out
}

func describeFields(t *testing.T, of reflect.Type, out map[string]any) {
	t.Helper()
	fields, required := map[string]any{}, []string{}
	for f := range of.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
			continue
		case name == "":
			t.Fatalf("%s.%s has no name", of, f.Name)
		case f.Tag.Get("doc") == "" && of.PkgPath() == "stagecoach/channels/remote":
			t.Errorf("%s.%s isn't described", of, f.Name)
		}
		fields[name] = describe(t, f.Type, f.Tag)
		if name == "schema" {
			fields[name] = map[string]any{"const": remote.Schema, "description": f.Tag.Get("doc")}
		}
		if of == reflect.TypeFor[remote.Item]() && name == "message" {
			fields[name] = map[string]any{"$ref": "../message/v1.json"}
		}
		if !strings.Contains(options, "omit") {
			required = append(required, name)
		}
	}
	out["type"], out["properties"], out["required"] = "object", fields, required
}

// What the types write is what the schemas allow, full and empty.
func TestSamplesAreValid(t *testing.T) {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for name, of := range messages() {
		t.Run(name, func(t *testing.T) {
			path, err := filepath.Abs(schemaFile(name))
			if err != nil {
				t.Fatal(err)
			}
			schema, err := c.Compile(path)
			if err != nil {
				t.Fatal(err)
			}
			full := reflect.New(reflect.TypeOf(of)).Elem()
			fill(full, "")
			empty := reflect.New(reflect.TypeOf(of)).Elem()
			for range empty.NumField() {
				spare(empty)
			}
			for kind, v := range map[string]reflect.Value{"full": full, "empty": empty} {
				data, err := json.Marshal(v.Interface())
				if err != nil {
					t.Fatal(err)
				}
				parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
				if err != nil {
					t.Fatal(err)
				}
				if err := schema.Validate(parsed); err != nil {
					t.Errorf("%s: %s\n%v", kind, data, err)
				}
			}
			if err := schema.Validate([]any{}); err == nil {
				t.Error("anything is valid")
			}
		})
	}
}

// fill gives every field a value, of those that are allowed.
func fill(v reflect.Value, tag reflect.StructTag) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2026, 11, 2, 8, 30, 0, 0, time.UTC)))
	case v.Type() == reflect.TypeFor[json.RawMessage]():
		v.SetBytes([]byte(`{"from":{"address":"+4930123"},"text":"hello"}`))
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), tag)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), v.Type().Field(i).Tag)
			if v.Type().Field(i).Name == "Schema" {
				v.Field(i).SetInt(remote.Schema)
			}
		}
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), "")
	case v.Kind() == reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"a": "b"}))
	case v.Kind() == reflect.String:
		first, _, _ := strings.Cut(tag.Get("enum"), "|")
		if first == "" {
			first = "words"
		}
		v.SetString(first)
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.CanInt():
		v.SetInt(7)
	case v.CanUint():
		v.SetUint(7)
	case v.CanFloat():
		v.SetFloat(1.5)
	}
}

// spare leaves out what may be left out, and fills the rest.
func spare(v reflect.Value) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if name, options, _ := strings.Cut(f.Tag.Get("json"), ","); name == "-" || strings.Contains(options, "omit") {
			continue
		}
		fill(v.Field(i), f.Tag)
		if f.Name == "Schema" {
			v.Field(i).SetInt(remote.Schema)
		}
	}
}

// The choices of the schemas are all that there are.
func TestChoicesAreComplete(t *testing.T) {
	choices := func(of reflect.Type, field string) []string {
		f, _ := of.FieldByName(field)
		all := strings.Split(f.Tag.Get("enum"), "|")
		slices.Sort(all)
		return all
	}
	for _, c := range []struct {
		got  []string
		want []string
	}{
		{choices(reflect.TypeFor[remote.Item](), "Kind"), []string{string(channels.Fresh), string(channels.History), string(channels.OwnCopy), string(channels.Status), string(channels.Changed)}},
		{choices(reflect.TypeFor[remote.Failure](), "Reason"), []string{
			string(channels.Unknown), string(channels.Auth), string(channels.RateLimited), string(channels.Rejected), string(channels.Unavailable), string(channels.Malformed), string(channels.InDoubt),
		}},
		{choices(reflect.TypeFor[remote.Reply](), "Kind"), []string{
			string(contact.Answer), string(contact.Ask), string(contact.Pledge), string(contact.Outbound), string(contact.Forward), string(contact.Acknowledgement), string(contact.Remainder),
		}},
	} {
		if slices.Sort(c.want); !slices.Equal(c.got, c.want) {
			t.Errorf("the schema has %v, the code %v", c.got, c.want)
		}
	}
}

// The AsyncAPI description speaks of every subject and every schema, and of no
// others.
func TestDescriptionIsComplete(t *testing.T) {
	d := readDescription(t)
	if d.AsyncAPI != "3.0.0" || d.Info.Version == "" {
		t.Errorf("it is AsyncAPI %q of version %q", d.AsyncAPI, d.Info.Version)
	}
	var verbs []string
	for _, c := range d.Channels {
		verb, ok := strings.CutPrefix(c.Address, "adapter.{office}.{account}.")
		if !ok {
			t.Errorf("the address %q", c.Address)
		}
		verbs = append(verbs, verb)
		for name, m := range c.Messages {
			if _, known := d.Components.Messages[strings.TrimPrefix(m.Ref, "#/components/messages/")]; !known {
				t.Errorf("%s: the message %s is %q", c.Address, name, m.Ref)
			}
		}
	}
	slices.Sort(verbs)
	want := append(remote.Requests(), "outbox.answer.{order}", "outbox.order.{process}", "reply.{id}")
	if slices.Sort(want); !slices.Equal(verbs, want) {
		t.Errorf("the subjects described are %v, those of the code %v", verbs, want)
	}
	schemas := map[string]bool{}
	for name, m := range d.Components.Messages {
		file, ok := strings.CutPrefix(m.Payload.Ref, "./schema/")
		if _, err := os.Stat(filepath.Join(docs, "schema", file)); err != nil || !ok {
			t.Errorf("the message %s is of %q", name, m.Payload.Ref)
		}
		schemas[strings.TrimSuffix(file, "/v1.json")] = true
	}
	schemas["message"] = true // part of inbox
	if got, want := slices.Sorted(maps.Keys(schemas)), slices.Sorted(maps.Keys(messages())); !slices.Equal(got, want) {
		t.Errorf("the messages described are %v, those of the code %v", got, want)
	}
	for name, o := range d.Operations {
		if _, known := d.Channels[strings.TrimPrefix(o.Channel.Ref, "#/channels/")]; !known || o.Action != "send" && o.Action != "receive" {
			t.Errorf("the operation %s: %+v", name, o)
		}
	}
}
