package policies_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/policies"
)

const askedCalendars = `version: 1
calendars:
  - name: office
    zone: Europe/Berlin
    hours:
      - {days: [monday, tuesday, wednesday, thursday, friday], spans: ["09:00-17:00"]}
`

// classIf gives the class of a message under a set of one condition: hit or general.
func classIf(t *testing.T, when string, in policies.ClassifyInput) string {
	t.Helper()
	set, err := policies.LoadFiles("set", map[string][]byte{
		"classes.yaml":   fmt.Appendf(nil, "version: 1\nclasses:\n  - name: hit\n    when: >-\n      %s\n", when),
		"customers.yaml": []byte("version: 1\ntiers:\n  - {name: gold, value: 5, when: 'contact.sender_domain == \"gold.example\"'}\n"),
		"sla.yaml":       []byte(askedCalendars),
		"routing.yaml":   []byte("version: 1\nshifts: {zone: Europe/Berlin}\n"),
	})
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	got := set.Classify(in)
	if n := len(set.Failures()); n > 0 {
		t.Errorf("%s fails: %+v", when, set.Failures())
	}
	return got.Class
}

// What a condition may ask beside the words of a message.
func TestConditionsAskAround(t *testing.T) {
	at := func(text string) time.Time {
		moment, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return moment
	}
	monday := at("2026-11-23T16:30:00Z") // 17:30 in Berlin
	in := policies.ClassifyInput{
		Channel: contact.Email, Sender: "Boss@gold.example", To: []string{"Sales@shop.example"}, CC: []string{"boss2@gold.example"},
		Headers: map[string]string{"x-priority": "1 (Highest)", "list-id": "<news.shop.example>"}, At: monday, Contacts: 2,
		Attachments: policies.AttachmentsOf([]contact.Attachment{
			{Name: "Invoice 4711.PDF", ContentType: "application/pdf; name=x", Size: 120_000}, {Name: "photo.jpg", ContentType: "IMAGE/JPEG", Data: make([]byte, 10)},
		}),
	}
	for when, want := range map[string]bool{
		`contact.header("X-Priority").startsWith("1")`:                                      true,
		`contact.header("X-PRIORITY").mentions(["highest"])`:                                true,
		`contact.header("List-Id").contains("news.shop")`:                                   true,
		`contact.header("X-Nothing") != ""`:                                                 false,
		`contact.attached(["*.pdf"])`:                                                       true,
		`contact.attached("image/*") && !contact.attached(["video/*", "*.exe"])`:            true,
		`contact.attachments.exists(a, a.type == "image/jpeg" && a.size == 10)`:             true,
		`contact.attachments.all(a, a.size > 1000)`:                                         false,
		`contact.attachments.filter(a, a.name.contains("4711")).size() == 1`:                true,
		`size(contact.attachments) == 2`:                                                    true,
		`"sales@shop.example" in contact.to`:                                                true,
		`contact.cc.exists(a, a.endsWith("@gold.example"))`:                                 true,
		`customer.contacts == 0`:                                                            false,
		`customer.contacts > 1 && customer.tier == "gold"`:                                  true,
		`now.hour == 17 && now.weekday == "monday"`:                                         true,
		`now.time >= "17:00" && now.time < "18:00" && now.date == "2026-11-23"`:             true,
		`!open("office") && open("always")`:                                                 true,
		`open("office")`:                                                                    false,
		`now.hour >= 9 && now.hour < 17`:                                                    false,
		`contact.header("X-Priority").matches("^[12]\\b") && contact.attached(["*4711*"])`:  true,
		`contact.text.mentions(["x"]) || contact.header("X-Priority").lowerAscii() != "no"`: true,
	} {
		if got := classIf(t, when, in); (got == "hit") != want {
			t.Errorf("%s: got %s", when, got)
		}
	}
	in.At = at("2026-11-23T15:30:00Z")
	if classIf(t, `open("office") && now.time == "16:30"`, in) != "hit" {
		t.Error("half an hour before the office closes it is not open")
	}
	in.At = at("2026-10-25T00:30:00Z") // the clocks go back that night
	if got := classIf(t, `now.time == "02:30" && now.weekday == "sunday"`, in); got != "hit" {
		t.Error("the night of the change has another time")
	}
}

// Nothing at all is known of a message: conditions don't fail.
func TestConditionsAskOfNothing(t *testing.T) {
	for _, when := range []string{
		`contact.header("List-Id") == "" && contact.header("X-Any").matches("^$")`,
		`size(contact.attachments) == 0 && !contact.attached(["*"])`,
		`!contact.attachments.exists(a, a.size > 0) && customer.tier == ""`,
		`size(contact.to) == 0 && customer.contacts == 0`,
	} {
		if got := classIf(t, when, policies.ClassifyInput{Channel: contact.WebChat}); got != "hit" {
			t.Errorf("%s: got %s", when, got)
		}
	}
}

// A mail with thousands of recipients and attachments is seen in bounds, and takes
// no longer.
func TestConditionsAskOfTooMuch(t *testing.T) {
	var in policies.ClassifyInput
	var files []contact.Attachment
	for i := range 10_000 {
		in.To = append(in.To, fmt.Sprintf("a%d@%s.example", i, strings.Repeat("x", 1000)))
		files = append(files, contact.Attachment{Name: strings.Repeat("n", 10_000), ContentType: strings.Repeat("t", 10_000)})
	}
	in.Attachments = policies.AttachmentsOf(files)
	if got := classIf(t, `size(contact.to) == 50 && size(contact.attachments) == 50 && contact.to.all(a, a.size() <= 320) && contact.attachments.all(a, a.name.size() <= 320)`, in); got != "hit" {
		t.Errorf("got %s", got)
	}
}

// The tier that customers.yaml finds can be asked in classes, proposals and for
// named agents; what explain shows is as it was written.
func TestTraceShowsWhatWasWritten(t *testing.T) {
	set, err := policies.LoadFiles("set", map[string][]byte{
		"classes.yaml": []byte(`version: 1
classes:
  - {name: a, when: 'contact.channel == "email" && contact.header("List-Id") != ""'}
  - {name: b, when: 'contact.channel == "email" && contact.attached(["*.pdf"])'}
  - {name: c, when: 'contact.channel == "email" && open("office")'}
`), "sla.yaml": []byte(askedCalendars),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"a": `contact.header("list-id") != ""`, "b": `contact.attached(["*.pdf"])`, "c": `open("office")`}
	for _, a := range set.Trace(policies.ClassifyInput{Channel: contact.Email}) {
		if a.List == "classes" && want[a.Entry] != "" && a.Why != want[a.Entry] {
			t.Errorf("%s: %q, want %q", a.Entry, a.Why, want[a.Entry])
		}
	}
}
