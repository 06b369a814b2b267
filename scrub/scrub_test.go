package scrub

import (
	"bytes"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"
)

// What was deleted is nowhere in the file, also where cells had moved before; what was
// not is all there.
func TestDeletedIsNowhere(t *testing.T) {
	t.Parallel()
	left := 0
	for seed := range uint64(40) {
		path := filepath.Join(t.TempDir(), "a.db")
		db, err := sql.Open("sqlite", "file:"+path+"?_pragma=secure_delete(1)&_pragma=journal_mode(wal)")
		if err != nil {
			t.Fatal(err)
		}
		db.SetMaxOpenConns(1)
		exec := func(query string, args ...any) {
			t.Helper()
			if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
				t.Fatal(err)
			}
		}
		exec("CREATE TABLE a(id INTEGER PRIMARY KEY, words TEXT); CREATE INDEX b ON a(words)")
		rng := rand.New(rand.NewPCG(seed, 1))
		var ids []int64
		for n := range 400 {
			id := rng.Int64N(1 << 40)
			exec("INSERT INTO a(id, words) VALUES(?, ?)", id, fmt.Sprintf("secret-%04d.", n)+strings.Repeat(" and so on", rng.IntN(40)))
			ids = append(ids, id)
		}
		for n, id := range ids {
			if n%2 == 0 {
				exec("DELETE FROM a WHERE id = ?", id)
			}
		}
		count := func() (traces int) {
			t.Helper()
			exec("PRAGMA wal_checkpoint(TRUNCATE)")
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for n := 0; n < len(ids); n += 2 {
				traces += bytes.Count(data, fmt.Appendf(nil, "secret-%04d.", n))
			}
			return traces
		}
		left += count()
		if err := Database(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		if n := count(); n != 0 {
			t.Errorf("seed %d: %d traces are left", seed, n)
		}
		var there int
		var sound string
		if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM a WHERE words LIKE 'secret-%'").Scan(&there); err != nil || there != len(ids)/2 {
			t.Errorf("seed %d: %d rows are there, %v", seed, there, err)
		}
		if err := db.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&sound); err != nil || sound != "ok" {
			t.Errorf("seed %d: %s, %v", seed, sound, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if left == 0 {
		t.Error("nothing was left before either: this says nothing")
	}
}
