package email_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stagecoach/channels/email"
)

// TestMails reads each mail of testdata/mail and compares what `mail explain`
// prints of it with the expectation beside it. README.md there tells how to add
// one.
func TestMails(t *testing.T) {
	files, err := filepath.Glob("testdata/mail/*.eml")
	if err != nil || len(files) < 150 {
		t.Fatalf("%d mails found, %v", len(files), err)
	}
	vouched, unread := email.LoadVouched(email.Signatures{PGPKeys: []string{"testdata/signatures/kim.asc"}, CAFile: "testdata/signatures/ca.pem"})
	if len(unread) > 0 {
		t.Fatal(unread)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".eml"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			expected, err := os.ReadFile(strings.TrimSuffix(file, ".eml") + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var want, got any
			if err := json.Unmarshal(expected, &want); err != nil {
				t.Fatal(err)
			}
			out, err := json.Marshal(email.ExplainBy(raw, vouched))
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(out, &got); err != nil {
				t.Fatal(err)
			}
			for _, difference := range differences("", want, got) {
				t.Error(difference)
			}
		})
	}
}

// differences tells where got lacks what is wanted of it. Of objects only the
// keys that are wanted count; a wanted warning need only be part of one.
func differences(at string, want, got any) []string {
	switch want := want.(type) {
	case map[string]any:
		given, ok := got.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s is %T, want an object", at, got)}
		}
		var out []string
		for key, value := range want {
			if key == "text_has" || key == "html_has" || key == "html_lacks" || key == "text_lacks" {
				whole, _ := given[map[string]string{"text": "text", "html": "html_text"}[key[:4]]].(string)
				out = append(out, parts(key, value, whole)...)
				continue
			}
			if _, known := given[key]; !known {
				out = append(out, fmt.Sprintf("%s.%s doesn't exist", at, key))
				continue
			}
			out = append(out, differences(at+"."+key, value, given[key])...)
		}
		return out
	case []any:
		given, _ := got.([]any)
		if at == ".warnings" && len(want) > 0 {
			all := fmt.Sprint(given...)
			for _, one := range want {
				if !strings.Contains(all, fmt.Sprint(one)) {
					return []string{fmt.Sprintf("warnings = %q, want %q in one", given, one)}
				}
			}
			return nil
		}
		if len(given) != len(want) {
			return []string{fmt.Sprintf("%s = %q, want %q", at, given, want)}
		}
		var out []string
		for i := range want {
			out = append(out, differences(fmt.Sprintf("%s[%d]", at, i), want[i], given[i])...)
		}
		return out
	default:
		if want != got {
			return []string{fmt.Sprintf("%s\n got %q\nwant %q", at, got, want)}
		}
		return nil
	}
}

func parts(key string, list any, whole string) []string {
	var out []string
	wanted, _ := list.([]any)
	for _, one := range wanted {
		if has := strings.Contains(whole, fmt.Sprint(one)); has == strings.HasSuffix(key, "_lacks") {
			out = append(out, fmt.Sprintf("%s %q: %.2000q", key, one, whole))
		}
	}
	return out
}
