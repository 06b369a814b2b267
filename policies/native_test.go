package policies

import (
	"maps"
	"testing"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"stagecoach/configs/strict"
)

// TestNativeIsAsTheInterpreter has conditions mean the same both ways.
func TestNativeIsAsTheInterpreter(t *testing.T) {
	lists := &phraseLists{names: []string{"invoices", "thanks"}}
	b := &builder{set: &Set{}}
	b.files.sla.Calendars = []calendarEntry{{Name: "office"}}
	c, err := newCompiler(strict.Parse("test", []byte("version: 1\n")), classWords(), lists, b.askedOptions())
	if err != nil {
		t.Fatal(err)
	}
	messages := []map[string]any{
		{
			"contact.to": []string{"sales@shop.example"}, "contact.attachments": []Attachment{{Name: "Bill 1.PDF", Type: "application/pdf", Size: 20_000}},
			headersVariable: map[string]string{"x-priority": "1 (Highest)"}, openVariable: []string{"office"},
			"customer.contacts": int64(3), "now.hour": int64(19), "now.time": "19:05", "now.weekday": "monday", "customer.tier": "gold",
			"customer.tags": []string{"vip", "press"}, "customer.value": int64(812), "customer.known": true, "customer.stale": true,
			attributesVariable: map[string]string{"segment": "A"},
		},
		{"contact.attachments": []Attachment{{Name: "a/b.png", Type: "image/png"}, {Name: "c"}}, "now.hour": int64(8), "now.time": "08:00"},
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
		{`contact.header("X-Priority").startsWith("1") && open("office")`, true},
		{`contact.header("x-priority") == ""`, true},
		{`contact.header("X-Priority").mentions(["highest"])`, true},
		{`contact.attached(["*.pdf"])`, true},
		{`contact.attached("image/*") || customer.contacts == 0`, true},
		{`now.hour >= 18 || now.hour < 9`, true},
		{`18 <= now.hour && now.hour != 20`, true},
		{`now.time >= "19:00" && now.weekday in ["monday", "friday"]`, true},
		{`"sales@shop.example" in contact.to`, true},
		{`"vip" in customer.tags && customer.value >= 800`, true},
		{`customer.known && !customer.stale || customer.attr("segment") in ["A", "B"]`, true},
		{`customer.known`, true},
		{`customer.attr("none") == ""`, true},
		{`customer.attr("segment").matches("^[AB]$")`, false},
		{`size(contact.attachments) > 1`, true},
		{`size(contact.to) == 0 && customer.tier == "gold"`, true},
		{`contact.attachments.exists(a, a.type.startsWith("application/") && a.size > 10000)`, false},
		{`contact.to.exists(a, a.endsWith("@shop.example"))`, false},
		{`contact.header("X-Priority").matches("^[12]")`, false},
		{`now.hour + 1 > 18`, false},
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
			for _, word := range classWords() {
				switch typeOf(word) {
				case cel.IntType:
					vars[word] = int64(0)
				case cel.BoolType:
					vars[word] = false
				default:
					vars[word] = ""
				}
			}
			vars["contact.to"], vars["contact.cc"], vars[openVariable], vars[phrasesVariable] = []string{}, []string{}, []string{}, []string{}
			vars["contact.attachments"], vars[headersVariable] = []Attachment{}, map[string]string{}
			vars["customer.tags"], vars[attributesVariable] = []string{}, map[string]string{}
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
