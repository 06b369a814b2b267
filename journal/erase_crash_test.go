package journal_test

import (
	"context"
	"fmt"
	"testing"

	"stagecoach/journal"
	"stagecoach/journal/journaltest"
)

const toErase = 120

// erasingChild erases every other customer that is left, and says which.
func erasingChild(ctx context.Context, dir string) error {
	j, err := journal.Open(ctx, journal.Config{Dir: dir}, discard())
	if err != nil {
		return err
	}
	for i := 0; i < toErase; i += 2 {
		ref := fmt.Sprint("customer.c", i)
		if _, err := j.Get(ctx, ref); err != nil {
			continue
		}
		if err := j.Erase(ctx, ref); err != nil {
			return err
		}
		fmt.Println(ref)
	}
	return nil
}

// Overwriting rewrites what neighbours lie in. A kill in the middle must neither
// harm them nor bring back what was reported as gone.
func TestKilledWhileErasing(t *testing.T) {
	cfg := journal.Config{Dir: t.TempDir()}
	j := journaltest.OpenAt(t, cfg)
	for i := range toErase {
		for v := range 2 {
			_, err := j.Put(t.Context(), journal.KindCustomer, fmt.Sprint("c", i), fmt.Appendf(nil, "words-of-customer-%d-%d;", i, v))
			ok(t, err)
		}
	}
	ok(t, j.Close())
	gone := map[string]bool{}
	for round, lines := range []int{3, 9, 1, 14} {
		cmd, out := spawn(t, cfg.Dir, eraseEnv+"=1")
		for n := 0; out.Scan(); n++ {
			gone[out.Text()] = true
			if n == lines {
				ok(t, cmd.Process.Kill())
			}
		}
		if err := cmd.Wait(); !killed(err) {
			t.Fatalf("round %d: the child ended with %v", round, err)
		}
	}
	j = journaltest.OpenAt(t, cfg)
	for i := range toErase {
		ref := fmt.Sprint("customer.c", i)
		got, err := j.Get(t.Context(), ref)
		switch {
		case gone[ref]:
			wantErr(t, err, journal.ErrErased)
			for v := range 2 {
				if f := holds(t, cfg.Dir, fmt.Appendf(nil, "words-of-customer-%d-%d;", i, v)); f != "" {
					t.Errorf("%s was reported as gone, and is in %s", ref, f)
				}
			}
		case i%2 == 1 && (err != nil || string(got) != fmt.Sprintf("words-of-customer-%d-1;", i)):
			t.Errorf("neighbour %s holds %q, %v", ref, got, err)
		}
	}
	// Erasing again finishes what the kills cut short.
	for i := 0; i < toErase; i += 2 {
		ok(t, j.Erase(t.Context(), fmt.Sprint("customer.c", i)))
		for v := range 2 {
			if f := holds(t, cfg.Dir, fmt.Appendf(nil, "words-of-customer-%d-%d;", i, v)); f != "" {
				t.Errorf("customer %d is still in %s", i, f)
			}
		}
	}
}
