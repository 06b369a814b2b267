package webchat

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// inbound is a visitor's message that is to be delivered.
type inbound struct {
	seq, at int64
	// visitor is who it was when they wrote it: after a login it is another.
	visitor    string
	providerID string
	event      []byte
	// size is that of the files.
	size int64
}

// position writes where a message is: the store's epoch, and its number there.
func (s *store) position(seq int64) string { return s.epoch + ":" + strconv.FormatInt(seq, 10) }

// after reads a position, false where it isn't one of this store.
func (s *store) after(position string) (int64, bool) {
	epoch, number, _ := strings.Cut(position, ":")
	seq, err := strconv.ParseInt(number, 10, 64)
	return seq, err == nil && epoch == s.epoch && seq >= 0
}

// ends gives the last number given, and the one up to which all are delivered.
func (s *store) ends(ctx context.Context) (last, confirmed int64, err error) {
	var text string
	if err := s.read.QueryRowContext(ctx, "SELECT coalesce(max(seq), 0) FROM messages").Scan(&last); err != nil {
		return 0, 0, fmt.Errorf("reading the store: %w", err)
	}
	if err := s.read.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = 'delivered'").Scan(&text); err != nil {
		return 0, 0, fmt.Errorf("reading the store: %w", err)
	}
	confirmed, err = strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, 0, fmt.Errorf("reading the store: %w", err)
	}
	return last, confirmed, nil
}

// confirm keeps up to where all are delivered.
func (s *store) confirm(ctx context.Context, seq int64) error {
	value := strconv.FormatInt(seq, 10)
	var now string
	if err := s.read.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = 'delivered'").Scan(&now); err == nil && now == value {
		return nil
	}
	return s.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE meta SET value = ? WHERE key = 'delivered'", value)
		return err
	})
}

// inboundAfter gives visitors' messages behind a number, in order.
func (s *store) inboundAfter(ctx context.Context, seq int64, most int) ([]inbound, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT seq, at, event FROM messages WHERE seq > ? AND ours = 0 AND event IS NOT NULL ORDER BY seq LIMIT ?", seq, most)
	if err != nil {
		return nil, fmt.Errorf("reading messages: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []inbound
	for rows.Next() {
		var in inbound
		if err := rows.Scan(&in.seq, &in.at, &in.event); err != nil {
			return nil, fmt.Errorf("reading messages: %w", err)
		}
		var e struct {
			ID      string    `json:"id"`
			Visitor string    `json:"visitor"`
			Files   []fileRef `json:"files"`
		}
		if err := json.Unmarshal(in.event, &e); err != nil {
			return nil, fmt.Errorf("reading message %d: %w", in.seq, err)
		}
		in.providerID, in.visitor = e.ID, e.Visitor
		for _, f := range e.Files {
			in.size += f.Size
		}
		out = append(out, in)
	}
	return out, rows.Err()
}

// original puts a message and its files together.
func (s *store) original(ctx context.Context, in inbound) ([]byte, error) {
	var e struct {
		Schema int             `json:"schema"`
		Event  json.RawMessage `json:"event"`
		Files  []file          `json:"files,omitempty"`
	}
	var refs struct {
		Files []fileRef `json:"files"`
	}
	if err := json.Unmarshal(in.event, &refs); err != nil {
		return nil, fmt.Errorf("reading message %d: %w", in.seq, err)
	}
	e.Schema, e.Event = schemaVersion, in.event
	for _, ref := range refs.Files {
		f := file{fileRef: ref}
		err := s.read.QueryRowContext(ctx, "SELECT data FROM files WHERE id = ?", ref.ID).Scan(&f.Data)
		if errors.Is(err, sql.ErrNoRows) {
			continue // erased since: the parser says so
		}
		if err != nil {
			return nil, fmt.Errorf("reading a file of message %d: %w", in.seq, err)
		}
		e.Files = append(e.Files, f)
	}
	return encode(e)
}

// encode writes JSON in which text stays as it was written.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("writing JSON: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
