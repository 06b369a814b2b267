// Package scrub overwrites what SQLite leaves behind on the pages of a database.
//
// With secure_delete SQLite zeroes a cell as it is deleted. But as a b-tree is balanced,
// cells move to other pages, and the bytes of the old ones stay where no cell is any
// more: between the cell pointers and the cell content of a page (the file format's
// "unallocated region", https://www.sqlite.org/fileformat2.html#b_tree_pages). What is
// deleted later is zeroed on its new page only.
package scrub

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
)

// Database zeroes the unallocated regions of all b-tree pages, in one transaction of the
// connection that writes. A checkpoint must follow, for the file itself. It reads the
// whole database, and writes the pages on which there is something.
func Database(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("scrubbing a database: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	dirty, err := remains(ctx, tx)
	if err != nil {
		return fmt.Errorf("scrubbing a database: %w", err)
	}
	for _, p := range dirty {
		if _, err := tx.ExecContext(ctx, "UPDATE sqlite_dbpage SET data = ? WHERE pgno = ?", p.data, p.number); err != nil {
			return fmt.Errorf("scrubbing page %d of a database: %w", p.number, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("scrubbing a database: %w", err)
	}
	return nil
}

type page struct {
	number int64
	data   []byte
}

// remains gives the pages on which something was left, cleaned.
func remains(ctx context.Context, tx *sql.Tx) ([]page, error) {
	rows, err := tx.QueryContext(ctx, "SELECT pgno, data FROM sqlite_dbpage")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []page
	for rows.Next() {
		var p page
		if err := rows.Scan(&p.number, &p.data); err != nil {
			return nil, err
		}
		if clean(p.data, p.number == 1) {
			out = append(out, p)
		}
	}
	return out, rows.Err()
}

// The types of b-tree pages, by their first byte. Overflow pages and those of the
// freelist begin with the number of another page, of which the first byte is 0 as long as
// the file has fewer than 2^24 pages.
const (
	interiorIndex = 2
	interiorTable = 5
	leafIndex     = 10
	leafTable     = 13
)

// The first page begins with the file's header.
const fileHeader = 100

// clean zeroes the unallocated region of a page, and reports whether anything was there.
func clean(data []byte, first bool) bool {
	at := 0
	if first {
		at = fileHeader
	}
	if len(data) < at+12 {
		return false
	}
	begin := at + 8
	switch data[at] {
	case interiorIndex, interiorTable:
		begin = at + 12
	case leafIndex, leafTable:
	default:
		return false
	}
	begin += 2 * int(binary.BigEndian.Uint16(data[at+3:]))
	end := int(binary.BigEndian.Uint16(data[at+5:]))
	if end == 0 {
		end = 1 << 16
	}
	if begin > end || end > len(data) {
		return false
	}
	found := false
	for i, b := range data[begin:end] {
		if b != 0 {
			found = true
			data[begin+i] = 0
		}
	}
	return found
}
