package email

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every parameter that is asked for anywhere is kept.
func TestParametersAskedForAreKept(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	asked := regexp.MustCompile(`params\["([^"]+)"\]`)
	n := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, found := range asked.FindAllStringSubmatch(string(text), -1) {
			n++
			if !keptParam(found[1]) {
				t.Errorf("%s asks for the parameter %q, which is left out", file, found[1])
			}
		}
	}
	if n < 15 {
		t.Errorf("%d places ask for parameters, want more: is this test blind?", n)
	}
}

// Parameters that nobody asks for cost next to nothing.
func TestManyParameters(t *testing.T) {
	var field strings.Builder
	field.WriteString("text/plain")
	for i := range 60 {
		fmt.Fprintf(&field, "; x-%d*0=\"some value\"", i)
	}
	field.WriteString("; charset=utf-8")
	text := field.String()
	if _, params := parseParams(text); params["charset"] != "utf-8" || len(params) != 1 {
		t.Fatalf("read as %q", params)
	}
	if n := testing.AllocsPerRun(20, func() { parseParams(text) }); n > 10 {
		t.Errorf("%v allocations for one field", n)
	}
}
