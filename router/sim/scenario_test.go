package sim

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func shared(t *testing.T) map[string]*Scenario {
	t.Helper()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 4 {
		t.Fatalf("scenarios: %v, %v", files, err)
	}
	out := map[string]*Scenario{}
	for _, file := range files {
		s, err := Load(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Warnings) > 0 {
			t.Errorf("%s: %v", file, s.Warnings)
		}
		out[file] = s
	}
	return out
}

// TestDrawnDaysAreLikeThoseOfTheFiles: the files were drawn by somebody else
// from the same description.
func TestDrawnDaysAreLikeThoseOfTheFiles(t *testing.T) {
	for file, s := range shared(t) {
		exact, err := s.LoadContacts(strings.TrimSuffix(file, ".json") + ".contacts.csv")
		if err != nil {
			t.Fatal(err)
		}
		want, got := summed(s, exact), describe{}
		const days = 20
		for seed := range uint64(days) {
			got.add(summed(s, s.Draw(seed)), 1.0/days)
		}
		t.Logf("%s: file %+v", s.Name, want)
		t.Logf("%s: mean %+v", s.Name, got)
		for what, pair := range map[string][2]float64{
			"contacts": {got.n, want.n}, "work": {got.work, want.work}, "chat": {got.chat, want.chat},
			"top tier": {got.top, want.top}, "target": {got.target, want.target}, "known": {got.sticky, want.sticky}, "second half": {got.late, want.late},
		} {
			if r := pair[0] / pair[1]; r < 0.85 || r > 1.15 {
				t.Errorf("%s: %s: %.1f, in the file %.1f", s.Name, what, pair[0], pair[1])
			}
		}
	}
}

type describe struct{ n, work, chat, top, target, sticky, late float64 }

func (d *describe) add(o describe, part float64) {
	d.n += o.n * part
	d.work += o.work * part
	d.chat += o.chat * part
	d.top += o.top * part
	d.target += o.target * part
	d.sticky += o.sticky * part
	d.late += o.late * part
}

func summed(s *Scenario, day []Arrival) describe {
	d := describe{n: float64(len(day))}
	for _, a := range day {
		d.work += s.Classes[a.Class].MeanS[a.Channel] * a.Size
		d.target += a.Due - a.At
		if a.Channel == "chat" {
			d.chat++
		}
		if a.Tier == 0 {
			d.top++
		}
		if a.Sticky >= 0 {
			d.sticky++
		}
		if a.At > s.Seconds()/2 {
			d.late++
		}
	}
	return d
}

func TestSameSeedSameDay(t *testing.T) {
	for _, s := range shared(t) {
		a, b, c := s.Draw(7), s.Draw(7), s.Draw(8)
		if len(a) != len(b) || a[len(a)-1] != b[len(b)-1] || a[0] == c[0] {
			t.Errorf("%s: %+v %+v %+v", s.Name, a[0], b[0], c[0])
		}
	}
}

func TestMistakesAreNamed(t *testing.T) {
	good, err := os.ReadFile("testdata/06-blended-chat-email.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{`"load": 0.9`, `"laod": 0.9`, `did you mean`},
		{`"cap": 3`, `"cap": 0`, `at least 1`},
		{`"reply_at": "start"`, `"reply_at": "begin"`, `"begin" is not known`},
		{`"lang": "en"`, `"lang": "xx"`, ``},
		{`"min_prof": 2`, `"min_prof": 9`, `at most 5`},
		{`"name": "plus"`, `"name": "vip"`, `"vip" is there twice`},
		{`"hours": 10`, `"hours": "ten"`, `must be a number`},
		{`"decline": 0.03`, `"decline": 0.99`, `more than 1 together`},
		{`"bursts": []`, `"bursts": [{"start_h": 1, "dur_h": 1, "mult": 2, "class": "biling-en"}]`, `is none of the classes`},
		{`"bursts": []`, `"outage": {"start_h": 1, "dur_h": 1, "channels": ["mail"]}`, `none of the channels`},
		{`{`, ``, ``},
	} {
		bad := strings.Replace(string(good), c.old, c.new, 1)
		if bad == string(good) {
			t.Fatalf("the file has no %s", c.old)
		}
		s, err := Parse("x.json", []byte(bad))
		switch {
		case strings.HasPrefix(c.old, `"lang"`):
			if err != nil || len(s.Warnings) == 0 || !strings.Contains(s.Warnings.Error(), "billing at level 2 or higher, and the language xx") {
				t.Errorf("%s: %v", c.new, err)
			}
		case err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "x.json:"):
			t.Errorf("%s: %v", c.new, err)
		}
	}
	if _, err := Parse("x.json", nil); err == nil {
		t.Error("an empty file is a scenario")
	}
	tabbed := strings.ReplaceAll(string(good), "\n ", "\n\t")
	if _, err := Parse("x.json", []byte(tabbed)); err != nil {
		t.Errorf("indented by tabs: %v", err)
	}
}

func TestMistakesInContactsAreNamed(t *testing.T) {
	s, err := Load("testdata/06-blended-chat-email.json")
	if err != nil {
		t.Fatal(err)
	}
	head := strings.Join(columns(), ",") + "\n"
	for row, want := range map[string]string{
		"0,1,1,billing-en,vip,chat,41,1,-1":                      "",
		"0,1,1,biling-en,vip,chat,41,1,-1":                       `x.csv:2:7: class: "biling-en" is none of the scenario's (did you mean billing-en?)`,
		"0,1,1,billing-en,vip,mail,41,1,-1":                      "channel",
		"0,5,1,billing-en,vip,chat,41,1,-1":                      "is before it arrived",
		"0,1,1,billing-en,vip,chat,0,1,-1":                       "due_s",
		"0,1,1,billing-en,vip,chat,41,0,-1":                      "size_factor: must be more than 0",
		"0,1,1,billing-en,vip,chat,41,1,99":                      "there are the agents 0 to 20",
		"0,x,1,billing-en,vip,chat,41,1,-1":                      "must be a number",
		"0,NaN,1,billing-en,vip,chat,41,1,-1":                    "must be a number",
		"0,1,1,billing-en,vip,chat,41,1":                         "wrong number of fields",
		"0,1,1,\"billing-en,vip,chat,41,1,-1":                    "x.csv:2",
		strings.Repeat("0,1,1,billing-en,vip,chat,41,1,-1\n", 2): "there twice",
	} {
		_, err := s.ReadContacts("x.csv", strings.NewReader(head+row+"\n"))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", row, err)
		}
	}
	if _, err := s.ReadContacts("x.csv", strings.NewReader("a,b\n")); err == nil {
		t.Error("other columns are contacts")
	}
}
