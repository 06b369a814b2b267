package ledger

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Erased words are nowhere in the file of the search, in whatever order what has them
// came, so that rows had to make room for others.
func TestErasedWordsAreNowhere(t *testing.T) {
	t.Parallel()
	for seed := range uint64(25) {
		rng := rand.New(rand.NewPCG(seed, 1))
		dir := t.TempDir()
		l := openAt(t, dir)
		n := 0
		add := func(k int) {
			t.Helper()
			tx, err := l.words.write.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			for range k {
				n++
				d := &document{
					entry: uint64(n), ref: fmt.Sprint("inbox.", n), kind: "message", item: fmt.Sprint(n), conversation: "v", have: true,
					at: time.UnixMilli(1_700_000_000_000 + rng.Int64N(100_000)),
				}
				d.text.subject, d.text.author = "Where is my order", fmt.Sprintf("cust%d@far.test", n)
				d.text.body = fmt.Sprintf("And now? zanzibar%04d", n) + strings.Repeat(" and so on", rng.IntN(30))
				if err := indexOne(t.Context(), tx, d); err != nil {
					t.Fatal(err)
				}
			}
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
		}
		for range 10 + rng.IntN(60) {
			add(1 + rng.IntN(4))
		}
		var refs, gone []string
		for i := 1; i <= n; i++ {
			if rng.IntN(3) == 0 {
				refs, gone = append(refs, fmt.Sprint("inbox.", i)), append(gone, fmt.Sprintf("zanzibar%04d", i))
			}
		}
		if err := l.EraseWords(t.Context(), refs); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(dir, "*", "search.db*"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no file of the search: %v", err)
		}
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, words := range gone {
				if i := bytes.Index(data, []byte(words)); i >= 0 {
					t.Errorf("seed %d: %s is left in %s, page %d: %q", seed, words, filepath.Base(f), i/4096+1, data[max(0, i-30):min(len(data), i+30)])
				}
			}
		}
	}
}
