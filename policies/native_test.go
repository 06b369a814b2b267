package policies

import (
	"maps"
	"testing"

	"cel.dev/cel-go/common/types"

	"stagecoach/configs/strict"
)

// TestNativeIsAsTheInterpreter has conditions mean the same both ways.
func TestNativeIsAsTheInterpreter(t *testing.T) {
	lists := &phraseLists{names: []string{"invoices", "thanks"}}
	c, err := newCompiler(strict.Parse("test", []byte("version: 1\n")), messageWords(), lists)
	if err != nil {
		t.Fatal(err)
	}
	messages := []map[string]any{
		{"contact.channel": "email", "contact.text": "Where is my Invoice?", "contact.subject": "Order 4711", phrasesVariable: []string{"invoices"}},
		{"contact.channel": "slack", "contact.text": "danke", "contact.subject": "", phrasesVariable: []string{"thanks"}},
		{"contact.channel": "", "contact.text": "", "contact.subject": "RE: x", phrasesVariable: []string(nil)},
	}
	for _, c1 := range []struct {
		text   string
		native bool
	}{
		{`contact.channel == "email"`, true},
		{`"email" == contact.channel`, true},
		{`contact.channel != "email" && contact.text != ""`, true},
		{`contact.channel in ["email", "slack"] || contact.subject.startsWith("RE:")`, true},
		{`!(contact.subject.endsWith("4711"))`, true},
		{`contact.text.contains("Inv")`, true},
		{`contact.text.mentions(["INVOICE", "dank*"])`, true},
		{`contact.mentions("invoices")`, true},
		{`contact.mentions("thanks") && contact.channel == "slack"`, true},
		{`contact.text.matches("[Ii]nv") || contact.mentions("thanks")`, false},
		{`size(contact.text) > 6 && contact.mentions("invoices")`, false},
		{`contact.subject.lowerAscii() == "order 4711"`, false},
		{`true`, false},
	} {
		e := c.compile("", c1.text)
		if e.program == nil {
			t.Fatalf("%s: %v", c1.text, c.doc.Problems())
		}
		if (e.native != nil) != c1.native {
			t.Errorf("%s: native is %v, want %v", c1.text, e.native != nil, c1.native)
		}
		for _, base := range messages {
			vars := map[string]any{}
			for _, word := range messageWords() {
				vars[word] = ""
			}
			maps.Copy(vars, base)
			out, _, err := e.program.Eval(vars)
			if err != nil {
				t.Fatalf("%s: %v", c1.text, err)
			}
			if got := e.matches(vars); got != (out == types.True) {
				t.Errorf("%s of %v: got %v, the interpreter says %v", c1.text, base, got, out)
			}
		}
	}
}
