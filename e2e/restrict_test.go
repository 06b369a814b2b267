package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stagecoach/fault"
)

// keeper is an office whose customers call, are held, and ask to be erased.
type keeper struct {
	*office
	words []string
}

// called has somebody new call, be held, until a day or "" for until it is lifted, and
// gives their number.
func (k *keeper) called(day string) (number, word string) {
	k.t.Helper()
	n := len(k.words)
	// They differ in the middle: what is left of one in base64 must not look like another.
	number, word = fmt.Sprintf("+4930%02d555120", n), fmt.Sprintf("zanzibar%dcall", n)
	k.words = append(k.words, word)
	k.boss.must(k.t, "POST", "/api/enter", map[string]any{"channel": "phone", "address": number, "name": "Caller", "text": "about " + word}, nil)
	args := []string{"customers", "hold", number, "--reason", "secret" + word, "--data", k.dir}
	if day != "" {
		args = append(args, "--until", day)
	}
	k.must(args...)
	return number, word
}

func (k *keeper) must(args ...string) string {
	k.t.Helper()
	code, out, errs := k.run(args...)
	if code != 0 {
		k.t.Fatalf("%v ended with %d: %s%s", args, code, out, errs)
	}
	return out
}

// isKept reports whether a word can be read where only a supervisor may, in a directory.
func (k *keeper) isKept(dir, number, word string) bool {
	k.t.Helper()
	code, out, _ := k.run("customers", "kept", number, "--reason", "a look", "--by", "berta@acme.test", "--data", dir)
	return code == 0 && strings.Contains(out, "about "+word) && strings.Contains(out, "secret"+word)
}

// up starts the daemon and waits for it.
func (k *keeper) up(clock, point string) {
	k.t.Helper()
	k.clock = clock
	k.start(point)
	k.untilUp()
}

// TestRestricted kills the daemon at every moment at which somebody who asks to be erased
// is restricted, as a hold is lifted, and on the day on which it ends: what is held is
// kept and in nobody's reach until then, and gone by itself after it, also from a backup
// of before, once that is restored.
func TestRestricted(t *testing.T) {
	k := &keeper{office: &office{daemon: newDaemon(t)}}
	if err := os.WriteFile(k.config, []byte(fmt.Sprintf("version: 1\nhttp: {listen: %q}\n", strings.TrimPrefix(k.url, "http://"))), 0o600); err != nil {
		t.Fatal(err)
	}
	k.up("", "")
	k.open()
	day := time.Now().UTC().AddDate(0, 0, 10).Format(time.DateOnly)
	points := []fault.Point{
		fault.EraseAfterRegister, fault.EraseAfterCommit, fault.RestrictAfterHead, fault.RestrictAfterFirst,
		fault.EraseAfterChats, fault.EraseAfterFirst, fault.EraseAfterContent, fault.EraseBeforeEnd,
	}
	numbers := make([]string, len(points))
	for i := range points {
		numbers[i], _ = k.called(day)
	}
	before := filepath.Join(filepath.Dir(k.dir), "before")
	k.must("backup", before, "--data", k.dir)
	k.stop()
	for i, point := range points {
		k.up("", string(point))
		if code, _, errs := k.run("customers", "erase", numbers[i], "--yes", "--json", "--data", k.dir); code == 0 {
			t.Errorf("%s: the erasure ended as if nothing had happened: %s", point, errs)
		}
		if !k.diedByFault(patience) {
			t.Fatalf("%s was not reached", point)
		}
		k.up("", "")
		out := ""
		eventually(t, patience, func() string { return fmt.Sprintf("%s: the customer to be restricted: %s", point, out) }, func() bool {
			out = k.must("customers", "erase", numbers[i], "--yes", "--json", "--data", k.dir)
			return strings.Contains(out, `"restricted":true`) || strings.Contains(out, `"restricted": true`)
		})
		if !k.isKept(k.dir, numbers[i], k.words[i]) {
			t.Errorf("%s: what is held is not kept", point)
		}
		k.stop()
	}
	k.lift(t)
	after := filepath.Join(filepath.Dir(k.dir), "after")
	k.up("", "")
	k.must("backup", after, "--data", k.dir)
	k.stop()
	k.days(t, day, numbers)
	k.backups(t, numbers, before, after)
}

// lift ends a hold that has no end, and kills the daemon as it does.
func (k *keeper) lift(t *testing.T) {
	t.Helper()
	k.up("", "")
	number, word := k.called("")
	out := k.must("customers", "erase", number, "--yes", "--data", k.dir)
	if !strings.Contains(out, "until it is lifted") || !k.isKept(k.dir, number, word) {
		t.Errorf("the erasure says %s", out)
	}
	k.stop()
	k.up("", string(fault.LiftAfterRegister))
	if code, out, _ := k.run("customers", "hold", number, "--lift", "--by", "berta@acme.test", "--data", k.dir); code == 0 {
		t.Errorf("the hold was lifted as if nothing had happened: %s", out)
	}
	if !k.diedByFault(patience) {
		t.Fatal("nothing was lifted")
	}
	k.up("", "")
	var left []string
	eventually(t, patience, func() string { return fmt.Sprintf("what was held to go, there is %v", left) }, func() bool {
		left = traces(t, k.dir, word, number)
		return len(left) == 0
	})
	k.stop()
}

// days has the last day of the holds come and pass, with kills as what was kept goes.
func (k *keeper) days(t *testing.T, day string, numbers []string) {
	t.Helper()
	last, err := time.ParseInLocation(time.DateOnly, day, time.Local)
	if err != nil {
		t.Fatal(err)
	}
	k.up(last.Add(20*time.Hour).Format(time.RFC3339), "")
	for i, number := range numbers {
		if !k.isKept(k.dir, number, k.words[i]) {
			t.Errorf("%s is not kept any more on the last day", number)
		}
	}
	k.stop()
	k.clock = last.Add(48 * time.Hour).Format(time.RFC3339)
	for _, point := range []fault.Point{fault.DueAfterFirst, fault.DueBeforeHead, fault.DueBeforeEnd} {
		k.start(string(point))
		if !k.diedByFault(patience) {
			t.Fatalf("%s was not reached", point)
		}
	}
	k.start("")
	var left []string
	eventually(t, patience, func() string { return fmt.Sprintf("what was held to be gone, there is %v", left) }, func() bool {
		left = traces(t, k.dir, k.words...)
		return len(left) == 0
	})
	k.audit()
	k.stop()
	if left := traces(t, k.dir, append(numbers, k.words...)...); len(left) > 0 {
		t.Errorf("once stopped there is %v", left)
	}
}

// backups restores one of before anybody was restricted, and one of after: in both
// whoever was restricted is, as long as the day has not come, and whose hold was lifted
// is gone.
func (k *keeper) backups(t *testing.T, numbers []string, dirs ...string) {
	t.Helper()
	for _, from := range dirs {
		dir := from + "-restored"
		k.must("restore", from, "--erased", filepath.Join(k.dir, "erasures.register"), "--data", dir)
		for i, number := range numbers {
			out := k.must("customers", "kept", number, "--reason", "a look", "--by", "berta@acme.test", "--data", dir)
			if !strings.Contains(out, "about "+k.words[i]) {
				t.Errorf("%s: %s is not kept: %s", from, number, out)
			}
		}
		if left := traces(t, dir, k.words[len(numbers)]); len(left) > 0 {
			t.Errorf("%s: whose hold was lifted is back: %v", from, left)
		}
		k.must("verify", dir)
	}
}
