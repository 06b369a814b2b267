package policies

import (
	_ "embed"
	"reflect"
	"strings"
	"sync"

	"stagecoach/configs/strict"
)

//go:embed keys.txt
var keysText string

// keyWords says what a file, an entry or a key is for.
type keyWords struct{ words, example string }

// keyTable has what keys.txt says, by the name of the struct and the key.
//
//nolint:gochecknoglobals // a table, made of the text when it is first asked
var keyTable = sync.OnceValue(func() map[string]keyWords {
	out := map[string]keyWords{}
	for line := range strings.Lines(keysText) {
		line = strings.TrimSpace(line)
		name, rest, ok := strings.Cut(line, " = ")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		words, example, _ := strings.Cut(rest, " | ")
		out[name] = keyWords{words, example}
	}
	return out
})

// wordsOf says what a key of a struct is for; with key "" what the whole is for.
func wordsOf(t reflect.Type, key string) keyWords {
	name := t.Name()
	if key != "" {
		name += "." + key
	}
	return keyTable()[name]
}

// DocumentedKeys lists all that keys.txt describes, and MissingKeys what it doesn't
// of the structs that make up a file, each key with words and an example.
func DocumentedKeys() []string {
	var out []string
	for line := range strings.Lines(keysText) {
		if name, _, ok := strings.Cut(strings.TrimSpace(line), " = "); ok && !strings.HasPrefix(line, "#") {
			out = append(out, name)
		}
	}
	return out
}

// MissingKeys gives the keys of the files of a set, and of what else is read as v,
// that keys.txt says nothing of, and notes those that it does in seen.
func MissingKeys(seen map[string]bool, v ...any) []string {
	var missing []string
	for _, one := range append(fileStructs(), v...) {
		missing = append(missing, missingKeys(reflect.TypeOf(one), seen)...)
	}
	return missing
}

func missingKeys(t reflect.Type, seen map[string]bool) (missing []string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || isScalar(t) {
		return nil
	}
	if wordsOf(t, "").words != "" {
		seen[t.Name()] = true
	}
	for f := range t.Fields() {
		key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if key == "" || key == "-" {
			continue
		}
		name := t.Name() + "." + key
		if w := wordsOf(t, key); w.words == "" || w.example == "" {
			missing = append(missing, name)
		} else if wrong := unreadable(f, key, w.example); wrong != nil {
			missing = append(missing, wrong.Error())
		}
		if !seen[name] {
			seen[name] = true
			missing = append(missing, missingKeys(f.Type, seen)...)
		}
	}
	return missing
}

// unreadable says why the example of a key could not be written into a file, nil if
// it could.
func unreadable(f reflect.StructField, key, example string) error {
	holder := reflect.New(reflect.StructOf([]reflect.StructField{{Name: f.Name, Type: f.Type, Tag: f.Tag}}))
	d := strict.Parse("the example of "+key, []byte(key+": "+example+"\n"))
	d.Decode(holder.Interface())
	return d.Problems().Err()
}

// fileStructs gives the structs of the files of a set, empty.
func fileStructs() []any {
	return []any{classesFile{}, customersFile{}, slaFile{}, routingFile{}, escalationFile{}, privacyFile{}, teamFile{}}
}
