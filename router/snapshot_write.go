package router

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// WriteSnapshot writes the JSON from which RestoreState makes the state again.
// It holds one entry at a time: the whole of a large state would for a while
// take several times its memory.
func (s *State) WriteSnapshot(w io.Writer) error {
	out := &objectWriter{w: bufio.NewWriterSize(w, 64<<10)}
	out.json = json.NewEncoder(out.w)
	state := reflect.ValueOf(s).Elem()
	out.open()
	for i := range state.NumField() {
		field := state.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !field.IsExported() || name == "" {
			continue
		}
		out.key(name)
		if v := state.Field(i); v.Kind() == reflect.Map {
			out.entries(v)
		} else {
			out.value(v)
		}
	}
	out.close()
	if out.err == nil {
		out.err = out.w.Flush()
	}
	if out.err != nil {
		return fmt.Errorf("encoding snapshot %d: %w", s.N, out.err)
	}
	return nil
}

// objectWriter writes JSON objects until its first error.
type objectWriter struct {
	w     *bufio.Writer
	json  *json.Encoder
	comma bool
	err   error
}

func (o *objectWriter) write(s string) {
	if o.err == nil {
		_, o.err = o.w.WriteString(s)
	}
}

func (o *objectWriter) open() { o.write("{"); o.comma = false }

func (o *objectWriter) close() { o.write("}"); o.comma = true }

func (o *objectWriter) key(name string) {
	if o.comma {
		o.write(",")
	}
	o.comma = true
	o.value(reflect.ValueOf(name))
	o.write(":")
}

func (o *objectWriter) value(v reflect.Value) {
	if o.err == nil {
		o.err = o.json.Encode(v.Interface())
	}
}

func (o *objectWriter) entries(v reflect.Value) {
	o.open()
	for one := v.MapRange(); one.Next() && o.err == nil; {
		o.key(one.Key().String())
		o.value(one.Value())
	}
	o.close()
}
