package policies

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Schemas gives a JSON schema (draft 7) for each file of a policy set, and for
// tests/agents.yaml, by the name of its file: "classes.json". Editors complete and
// check by them.
func Schemas() (map[string][]byte, error) {
	out := map[string][]byte{}
	for file, v := range map[string]any{
		"classes.yaml": classesFile{}, "customers.yaml": customersFile{}, "sla.yaml": slaFile{}, "routing.yaml": routingFile{},
		"escalation.yaml": escalationFile{}, "privacy.yaml": privacyFile{}, "agents.yaml": teamFile{},
	} {
		text, err := SchemaOf(file+" of a Stagecoach policy set", v)
		if err != nil {
			return nil, err
		}
		out[strings.TrimSuffix(file, ".yaml")+".json"] = text
	}
	return out, nil
}

// SchemaOf gives the JSON schema of a struct that strict reads.
func SchemaOf(title string, v any) ([]byte, error) {
	s := object(reflect.TypeOf(v))
	s.Schema, s.Title = "http://json-schema.org/draft-07/schema#", title
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(s); err != nil {
		return nil, fmt.Errorf("writing a schema: %w", err)
	}
	return b.Bytes(), nil
}

// jsonSchema is as much of JSON schema as the files need.
type jsonSchema struct {
	Schema      string                 `json:"$schema,omitempty"`
	Title       string                 `json:"title,omitempty"`
	Description string                 `json:"description,omitempty"`
	Type        any                    `json:"type,omitempty"`
	Enum        []string               `json:"enum,omitempty"`
	Pattern     string                 `json:"pattern,omitempty"`
	Minimum     *float64               `json:"minimum,omitempty"`
	Maximum     *float64               `json:"maximum,omitempty"`
	Items       *jsonSchema            `json:"items,omitempty"`
	Properties  map[string]*jsonSchema `json:"properties,omitempty"`
	Required    []string               `json:"required,omitempty"`
	Additional  *bool                  `json:"additionalProperties,omitempty"`
}

// durationPattern is how strict.ParseDuration is written, as far as a pattern can
// say it.
const durationPattern = `^(0|([0-9]+(\.[0-9]+)?(d|h|m|min|s|ms))+)$`

func object(t reflect.Type) *jsonSchema {
	closed := false
	s := &jsonSchema{Type: "object", Description: wordsOf(t, "").words, Properties: map[string]*jsonSchema{}, Additional: &closed}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		one := schemaOf(f.Type, f.Tag)
		if w := wordsOf(t, name); w.words != "" {
			one.Description = strings.TrimSuffix(w.words+" "+capital(one.Description), " ") + " For example: " + w.example
		}
		s.Properties[name] = one
		if f.Tag.Get("required") == "true" {
			s.Required = append(s.Required, name)
		}
	}
	return s
}

func schemaOf(t reflect.Type, tag reflect.StructTag) *jsonSchema {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	s := &jsonSchema{Description: describe(t, tag)}
	switch {
	case t == reflect.TypeFor[time.Duration]():
		s.Type, s.Pattern = []string{"string", "integer"}, durationPattern
	case t.Kind() == reflect.Struct && !isScalar(t):
		return object(t)
	case t.Kind() == reflect.Slice:
		s.Type, s.Items = "array", schemaOf(t.Elem(), tag)
		s.Description, s.Items.Description = s.Items.Description, ""
	case t.Kind() == reflect.Bool:
		s.Type = "boolean"
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int64:
		s.Type = "integer"
		s.bound(tag)
	case t.Kind() == reflect.Float64:
		s.Type = "number"
		s.bound(tag)
	default:
		s.Type = "string"
		if enum := tag.Get("enum"); enum != "" {
			s.Enum = strings.Split(enum, "|")
		}
	}
	return s
}

// capital gives a phrase as a sentence.
func capital(phrase string) string {
	if phrase == "" {
		return ""
	}
	return strings.ToUpper(phrase[:1]) + phrase[1:] + "."
}

// bound takes in the least and the most of a number.
func (s *jsonSchema) bound(tag reflect.StructTag) {
	least, most, _ := strings.Cut(tag.Get("range"), "..")
	if v, err := strconv.ParseFloat(least, 64); err == nil {
		s.Minimum = &v
	}
	if v, err := strconv.ParseFloat(most, 64); err == nil {
		s.Maximum = &v
	}
}

// describe says what a value may be, as far as its tags do.
func describe(t reflect.Type, tag reflect.StructTag) string {
	least, most, limited := strings.Cut(tag.Get("range"), "..")
	switch {
	case t == reflect.TypeFor[time.Duration]() && limited:
		return "a duration from " + least + " to " + most + ", such as 45s, 30m, 4h or 2d"
	case t == reflect.TypeFor[span]():
		return "hours such as 09:00-17:30"
	case t == reflect.TypeFor[date]():
		return "a date such as 2026-12-24"
	case tag.Get("hint") != "":
		return tag.Get("hint")
	}
	return ""
}

// Reference lists every key of every file in the words of Markdown: what it may
// be, and what is built in.
func Reference() (string, error) {
	b, err := construct("", map[string][]byte{})
	if err != nil {
		return "", err
	}
	var out strings.Builder
	out.WriteString("# Every key\n\nMade from the program itself. README.md says what they do; `[]` stands for each entry of a list.\n")
	for _, one := range []struct {
		file string
		v    any
	}{
		{"classes.yaml", b.files.classes},
		{"customers.yaml", b.files.customers},
		{"sla.yaml", b.files.sla},
		{"routing.yaml", b.files.routing},
		{"escalation.yaml", b.files.escalation},
		{"privacy.yaml", b.files.privacy},
		{"tests/agents.yaml", teamFile{}},
	} {
		out.WriteString("\n## " + one.file + "\n" + wordsOf(reflect.TypeOf(one.v), "").words + "\n\n| key | says | may be | built in |\n|---|---|---|---|\n")
		listKeys(&out, "", reflect.ValueOf(one.v), false)
	}
	return out.String(), nil
}

// listKeys writes a line for each key of a struct.
func listKeys(out *strings.Builder, prefix string, v reflect.Value, entry bool) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		t, key := f.Type, prefix+name
		if nested(t) {
			fmt.Fprintf(out, "| `%s` | %s | | |\n", key, inTable(wordsOf(v.Type(), name)))
		}
		switch {
		case t.Kind() == reflect.Struct && !isScalar(t):
			listKeys(out, key+".", v.Field(i), entry)
			continue
		case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct && !isScalar(t.Elem()):
			listKeys(out, key+"[].", reflect.New(t.Elem()).Elem(), true)
			continue
		}
		built := ""
		if x := v.Field(i); !entry && !x.IsZero() {
			built = "`" + render(x) + "`"
		}
		if f.Tag.Get("required") == "true" {
			key += "` (must be there)"
		} else {
			key += "`"
		}
		fmt.Fprintf(out, "| `%s | %s | %s | %s |\n", key, inTable(wordsOf(v.Type(), name)), mayBe(t, f.Tag), strings.ReplaceAll(built, "|", `\|`))
	}
}

// nested reports whether a key holds keys of its own.
func nested(t reflect.Type) bool {
	if t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct && !isScalar(t)
}

// inTable gives words and example for a cell of a table.
func inTable(w keyWords) string {
	text := w.words
	if w.example != "" {
		text += " For example: `" + w.example + "`"
	}
	return strings.ReplaceAll(text, "|", `\|`)
}

// mayBe says what a value may be.
func mayBe(t reflect.Type, tag reflect.StructTag) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	limits := strings.ReplaceAll(tag.Get("range"), "..", " to ")
	switch {
	case t.Kind() == reflect.Slice:
		return "a list: " + mayBe(t.Elem(), tag)
	case tag.Get("enum") != "":
		return "`" + strings.ReplaceAll(tag.Get("enum"), "|", "`, `") + "`"
	case t == reflect.TypeFor[time.Duration]():
		return strings.TrimSpace("a duration " + limits)
	case t.Kind() == reflect.Struct && !isScalar(t):
		return "entries with `name` and `level`"
	case t.Kind() == reflect.Struct:
		return strings.TrimPrefix(describe(t, tag)+", a text", ", ")
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Int:
		return strings.TrimSpace("a whole number " + limits)
	case t.Kind() == reflect.Float64:
		return strings.TrimSpace("a number " + limits)
	default:
		return strings.TrimPrefix(tag.Get("hint")+", a text", ", ")
	}
}
