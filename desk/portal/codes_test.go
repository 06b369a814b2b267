package portal

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// codesAt opens the codes of a folder; what a killed process leaves is on disk by then.
func codesAt(t *testing.T, dir string, now *time.Time) *Codes {
	t.Helper()
	c, err := OpenCodes(t.Context(), dir, bytes.Repeat([]byte{7}, 32), func() time.Time { return *now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func given(t *testing.T, c *Codes, conversation string, way Way) string {
	t.Helper()
	digits, err := c.give(t.Context(), conversation, forPage, &way)
	if err != nil {
		t.Fatal(err)
	}
	return digits
}

func wrongFor(digits string) string {
	if digits == "111111" {
		return "222222"
	}
	return "111111"
}

var anna = Way{ID: "annas-mailbox", Customer: "customer-anna"}

// A restart, or a kill, gives nobody more tries: neither of one code nor of a day's.
func TestCodesOutliveTheProcess(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	right := given(t, codesAt(t, dir, &now), "talk", anna)
	for n := range codeTries {
		c := codesAt(t, dir, &now) // each try by a process of its own
		_, err := c.take(t.Context(), "talk", forPage, wrongFor(right))
		if want := map[bool]error{true: errNoCode, false: errWrongCode}[n == codeTries-1]; !errors.Is(err, want) {
			t.Errorf("try %d: %v", n, err)
		}
	}
	if _, err := codesAt(t, dir, &now).take(t.Context(), "talk", forPage, right); !errors.Is(err, errNoCode) {
		t.Errorf("the right one after %d wrong ones: %v", codeTries, err)
	}
	right = given(t, codesAt(t, dir, &now), "talk", anna)
	if who, err := codesAt(t, dir, &now).take(t.Context(), "talk", forPage, right); err != nil || who != anna.Customer {
		t.Errorf("the code of before a restart: %q, %v", who, err)
	}
	if _, err := codesAt(t, dir, &now).take(t.Context(), "talk", forPage, right); !errors.Is(err, errNoCode) {
		t.Errorf("used twice: %v", err)
	}
}

func TestCodesAreBounded(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	wrong := 0
	for n := 0; ; n++ { // whoever has the link tries all day
		c := codesAt(t, dir, &now)
		digits, err := c.give(t.Context(), "talk", forPage, &anna)
		if errors.Is(err, errManyCodes) && n < sentDaily {
			now = now.Add(time.Hour + time.Second)
			continue
		}
		if err != nil && !errors.Is(err, errManyCodes) {
			t.Fatal(err)
		}
		ended := false
		for range codeTries {
			_, err := c.take(t.Context(), "talk", forPage, wrongFor(digits))
			if ended = errors.Is(err, errManyTries); ended {
				break
			}
			wrong++
		}
		if ended {
			break
		}
		if n > 50 {
			t.Fatal("codes can be tried without end")
		}
	}
	if wrong != wrongDaily {
		t.Errorf("%d wrong tries in a day, want %d", wrong, wrongDaily)
	}
	if _, err := codesAt(t, dir, &now).give(t.Context(), "talk", forPage, &anna); err != nil && !errors.Is(err, errManyCodes) {
		t.Error(err)
	}
	// What goes to one address is counted over all pages.
	many := 0
	for _, talk := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		if _, err := codesAt(t, dir, &now).give(t.Context(), talk, forPage, &Way{ID: "bens-mailbox"}); errors.Is(err, errManyCodes) {
			many++
		}
	}
	if many != 2 {
		t.Errorf("%d of 7 codes to one address refused, want 2", many)
	}
	now = now.Add(aDay + time.Hour)
	c := codesAt(t, dir, &now)
	if who, err := c.take(t.Context(), "talk", forPage, given(t, c, "talk", anna)); err != nil || who != anna.Customer {
		t.Errorf("the day after: %q, %v", who, err)
	}
}

func TestCodesAreForgotten(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	c := codesAt(t, dir, &now)
	right := given(t, c, "talk", anna)
	later := given(t, c, "other talk", anna)
	raw, err := os.ReadFile(filepath.Join(dir, CodesFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, plain := range []string{right, "talk", anna.ID} {
		if bytes.Contains(raw, []byte(plain)) {
			t.Errorf("%q lies in the file", plain)
		}
	}
	if err := c.Forget(t.Context(), []string{anna.Customer}, []string{"talk", "other talk"}); err != nil {
		t.Fatal(err)
	}
	for talk, digits := range map[string]string{"talk": right, "other talk": later} {
		if _, err := c.take(t.Context(), talk, forPage, digits); !errors.Is(err, errNoCode) {
			t.Errorf("%s: %v", talk, err)
		}
	}
	if raw, err = os.ReadFile(filepath.Join(dir, CodesFile)); err != nil || bytes.Contains(raw, []byte(anna.Customer)) {
		t.Errorf("the erased customer's id is left, or %v", err)
	}
	now = now.Add(codeLife)
	c = codesAt(t, t.TempDir(), &now)
	old := given(t, c, "talk", anna)
	now = now.Add(codeLife)
	if _, err := c.take(t.Context(), "talk", forPage, old); !errors.Is(err, errNoCode) {
		t.Errorf("after its time: %v", err)
	}
}

// A file that is no good is made again: what it held is over in a day at most.
func TestCodesOfADamagedFile(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), time.Now()
	if err := os.WriteFile(filepath.Join(dir, CodesFile), []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	c := codesAt(t, dir, &now)
	if _, err := c.take(t.Context(), "talk", forPage, given(t, c, "talk", anna)); err != nil {
		t.Error(err)
	}
}

// A file that can't be opened just now, as by an erasure that a stop of the daemon cuts
// off, is left as it is: what it counts still bounds who tries.
func TestCodesOutliveATroubledOpening(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), time.Now()
	right := given(t, codesAt(t, dir, &now), "talk", anna)
	ended, end := context.WithCancel(t.Context())
	end()
	if c, err := OpenCodes(ended, dir, bytes.Repeat([]byte{7}, 32), func() time.Time { return now }); err == nil {
		_ = c.Close()
		t.Fatal("opened with a context that has ended")
	}
	if who, err := codesAt(t, dir, &now).take(t.Context(), "talk", forPage, right); err != nil || who != anna.Customer {
		t.Errorf("the code of before: %q, %v", who, err)
	}
}
