package webchat

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// line is one message of either side, as the browser sees it.
type line struct {
	// N counts what this visitor reads, without gaps.
	N int64 `json:"n"`
	// ID is the browser's own id of its message, or the reply's.
	ID     string    `json:"id"`
	From   string    `json:"from"`
	Name   string    `json:"name,omitempty"`
	Text   string    `json:"text"`
	At     int64     `json:"at"`
	Thread string    `json:"thread"`
	Files  []fileRef `json:"files,omitempty"`
}

// fileRef names a file of a message.
type fileRef struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
	Size int64  `json:"size"`
}

const (
	fromVisitor = "visitor"
	fromAgent   = "agent"
)

// stored says where a message is kept.
type stored struct {
	seq, n  int64
	thread  string
	at      int64
	visitor string
	// same is false when the id was taken by other words.
	same bool
}

// saying is a visitor's message on its way into the store.
type saying struct {
	id, text string
	files    []fileRef
	page     page
	language string
	at       time.Time
}

// say stores a visitor's message, once, in the open thread or in a new one.
func say(ctx context.Context, tx *sql.Tx, visitorID string, s saying) (stored, error) {
	if out, err := said(ctx, tx, visitorID, s); err == nil || !errors.Is(err, sql.ErrNoRows) {
		return out, err
	}
	v, err := findVisitor(ctx, tx, "WHERE v.id = ?", visitorID)
	if err != nil {
		return stored{}, err
	}
	if v.Thread == "" {
		v.Thread = randomID()
		if _, err := tx.ExecContext(ctx, "INSERT INTO threads(id, visitor, opened) VALUES(?, ?, ?)", v.Thread, v.ID, s.at.UnixMilli()); err != nil {
			return stored{}, fmt.Errorf("opening a thread: %w", err)
		}
	}
	if s.files, err = claim(ctx, tx, v.ID, s.files); err != nil {
		return stored{}, err
	}
	told, err := toldAddress(ctx, tx, v)
	if err != nil {
		return stored{}, err
	}
	event, err := encode(eventOf(v, s, told))
	if err != nil {
		return stored{}, fmt.Errorf("storing a message: %w", err)
	}
	out, err := insert(ctx, tx, &v, line{ID: s.id, Text: s.text, At: s.at.UnixMilli(), Thread: v.Thread, Files: s.files}, false, event)
	if err != nil {
		return stored{}, err
	}
	for _, f := range s.files {
		if _, err := tx.ExecContext(ctx, "UPDATE files SET used = ? WHERE id = ?", out.seq, f.ID); err != nil {
			return stored{}, fmt.Errorf("storing a message's files: %w", err)
		}
	}
	return out, nil
}

// toldAddress reports whether an earlier message of the thread has told the
// visitor's address already.
func toldAddress(ctx context.Context, tx *sql.Tx, v visitor) (told bool, err error) {
	if v.Email == "" {
		return false, nil
	}
	err = tx.QueryRowContext(ctx, "SELECT EXISTS(SELECT 1 FROM messages WHERE visitor = ? AND thread = ? AND ours = 0 AND CAST(event AS TEXT) ->> '$.email' = ?)", v.ID, v.Thread, v.Email).Scan(&told)
	if err != nil {
		return false, fmt.Errorf("looking for an address: %w", err)
	}
	return told, nil
}

// said finds a message that is stored already; sql.ErrNoRows if it isn't.
func said(ctx context.Context, q querier, visitorID string, s saying) (stored, error) {
	out := stored{visitor: visitorID}
	var text string
	err := q.QueryRowContext(ctx, "SELECT seq, n, thread, at, text FROM messages WHERE visitor = ? AND id = ? AND ours = 0", visitorID, s.id).
		Scan(&out.seq, &out.n, &out.thread, &out.at, &text)
	if err != nil {
		return stored{}, err
	}
	out.same = text == s.text
	return out, nil
}

var (
	errFile  = errors.New("a file is missing, or belongs to another message")
	errFiles = errors.New("the files of one message have 30 MiB together at most")
)

// messageBytes is the most of all files of one message together: it is delivered
// as one original.
const messageBytes = 30 << 20

// claim checks that the files are this visitor's and part of no message.
func claim(ctx context.Context, tx *sql.Tx, visitorID string, files []fileRef) ([]fileRef, error) {
	var out []fileRef
	var size int64
	for _, f := range files {
		err := tx.QueryRowContext(ctx, "SELECT name, type, size FROM files WHERE id = ? AND visitor = ? AND used = 0", f.ID, visitorID).
			Scan(&f.Name, &f.Type, &f.Size)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, errFile
		}
		if err != nil {
			return nil, fmt.Errorf("reading a file: %w", err)
		}
		if size += f.Size; size > messageBytes {
			return nil, errFiles
		}
		out = append(out, f)
	}
	return out, nil
}

// insert gives a line the visitor's next number, and stores it.
func insert(ctx context.Context, tx *sql.Tx, v *visitor, l line, ours bool, event []byte) (stored, error) {
	var files []byte
	var err error
	if len(l.Files) > 0 {
		if files, err = json.Marshal(l.Files); err != nil {
			return stored{}, fmt.Errorf("storing a message: %w", err)
		}
	}
	v.Last++
	read := v.Read
	if !ours {
		if err := markSeen(ctx, tx, *v, v.Last, millis(l.At)); err != nil {
			return stored{}, fmt.Errorf("storing a message: %w", err)
		}
		read = v.Last // who answers has read what came before
	}
	res, err := tx.ExecContext(ctx, "INSERT INTO messages(visitor, thread, n, ours, id, name, text, files, at, event) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		v.ID, l.Thread, v.Last, ours, l.ID, l.Name, l.Text, string(files), l.At, event)
	if err != nil {
		return stored{}, fmt.Errorf("storing a message: %w", err)
	}
	seq, err := res.LastInsertId()
	if err != nil {
		return stored{}, fmt.Errorf("storing a message: %w", err)
	}
	if _, err := tx.ExecContext(ctx, "UPDATE visitors SET last = ?, thread = ?, read = ? WHERE id = ?", v.Last, v.Thread, read, v.ID); err != nil {
		return stored{}, fmt.Errorf("storing a message: %w", err)
	}
	return stored{seq: seq, n: v.Last, thread: l.Thread, at: l.At, visitor: v.ID, same: true}, nil
}

// linesAfter gives what a visitor has yet to see, in order.
func linesAfter(ctx context.Context, q querier, visitorID string, after int64, most int) ([]line, error) {
	rows, err := q.QueryContext(ctx, "SELECT n, id, ours, name, text, at, thread, files FROM messages WHERE visitor = ? AND n > ? ORDER BY n LIMIT ?", visitorID, after, most)
	if err != nil {
		return nil, fmt.Errorf("reading messages: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []line
	for rows.Next() {
		var l line
		var ours bool
		var files string
		if err := rows.Scan(&l.N, &l.ID, &ours, &l.Name, &l.Text, &l.At, &l.Thread, &files); err != nil {
			return nil, fmt.Errorf("reading messages: %w", err)
		}
		l.From = fromVisitor
		if ours {
			l.From = fromAgent
		}
		if files != "" {
			if err := json.Unmarshal([]byte(files), &l.Files); err != nil {
				return nil, fmt.Errorf("reading messages: %w", err)
			}
		}
		out = append(out, l)
	}
	return out, rows.Err()
}

// endThread ends a visitor's open thread: what they write next opens another.
func endThread(ctx context.Context, tx *sql.Tx, v visitor, now time.Time) error {
	if _, err := tx.ExecContext(ctx, "UPDATE threads SET ended = ? WHERE id = ? AND ended = 0", now.UnixMilli(), v.Thread); err != nil {
		return fmt.Errorf("ending a thread: %w", err)
	}
	if _, err := tx.ExecContext(ctx, "UPDATE visitors SET thread = '' WHERE id = ? AND thread = ?", v.ID, v.Thread); err != nil {
		return fmt.Errorf("ending a thread: %w", err)
	}
	return nil
}
