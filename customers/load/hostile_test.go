package load_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"stagecoach/customers"
)

// A file of somebody who means no good is told apart line by line: one record is refused
// with its reason, and the others are read, in no more time than they take.
func TestHostileRecords(t *testing.T) {
	good := `{"external_id":"B","emails":"b@x.org"}` + "\n"
	var fields, nested []string
	for i := range 100_000 {
		fields = append(fields, fmt.Sprintf(`"attr.c%d":"1"`, i))
		nested = append(nested, fmt.Sprintf(`"c%d":"1"`, i))
	}
	for name, c := range map[string]struct{ list, reason string }{
		"many fields":         {`{"external_id":"A",` + strings.Join(fields, ",") + "}\n" + good, "more than 1000 fields"},
		"many of one's own":   {`{"external_id":"A","attr":{` + strings.Join(nested, ",") + "}}\n" + good, "more than 1000 fields"},
		"too deep":            {`{"external_id":"A","emails":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "}\n" + good, "exceeded max depth"},
		"deep, never closed":  {`{"external_id":"A","emails":` + strings.Repeat(`{"a":`, 100_000) + "\n" + good, "never closed"},
		"a field twice":       {`{"external_id":"A","external_id":"C"}` + "\n" + good, "there twice"},
		"ten million letters": {`{"external_id":"A","name":"` + strings.Repeat("x", 10_000_000) + `"}` + "\n" + good, "at most 500"},
		"a line of 17 MiB":    {`{"external_id":"` + strings.Repeat("x", 17<<20) + `"}` + "\n" + good, "longer than 16 MiB"},
	} {
		rows, faults, _ := read(t, []byte(c.list), options())
		if !slices.ContainsFunc(rows, func(r *customers.Row) bool { return r != nil && r.External == "B" }) {
			t.Errorf("%s: the other row isn't read", name)
		}
		if len(faults) != 1 || faults[0].Line != 1 || !strings.Contains(faults[0].Reason, c.reason) {
			t.Errorf("%s: %+v", name, faults)
		}
	}
}
