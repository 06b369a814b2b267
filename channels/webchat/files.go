package webchat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"
)

// unusedTime is how long a file waits for its message.
const unusedTime = 24 * time.Hour

// sniff tells a file's type by its bytes: what the browser says proves nothing.
func sniff(data []byte) string {
	kind, _, _ := strings.Cut(http.DetectContentType(data), ";")
	if strings.HasPrefix(kind, "text/") {
		return "text/plain" // never a page
	}
	return kind
}

var errTooMuch = errors.New("too much in one day")

// takeFile keeps a file for a message that is to come. The body is the file.
func (u *run) takeFile(w http.ResponseWriter, r *http.Request, v visitor) {
	if wait, ok := u.a.limits.files.allow(v.ID, u.a.now()); !ok {
		refuseLater(w, wait, http.StatusTooManyRequests, codeFast, "Too fast", "So many files are not taken at a time.")
		return
	}
	if u.a.full() {
		u.refuseFull(w)
		return
	}
	address := u.a.addressOf(r)
	done, ok := u.a.uploads.begin(r.Context(), address)
	if !ok {
		refuseLater(w, 5*time.Second, http.StatusServiceUnavailable, codeAway, "Not now", "Too many files are under way. Come again in a moment.")
		return
	}
	defer done()
	data, ok := u.readFile(w, r)
	if !ok {
		return
	}
	if wait, ok := u.a.limits.bytes.take(address, 1+len(data)>>10, u.a.now()); !ok {
		refuseLater(w, wait, http.StatusTooManyRequests, codeFast, "Too much", "So many files are not taken from one address in one day.")
		return
	}
	ref := fileRef{ID: randomID(), Name: fileName(r.URL.Query().Get("name")), Type: sniff(data), Size: int64(len(data))}
	now := u.a.now()
	err := u.store.update(r.Context(), func(ctx context.Context, tx *sql.Tx) error {
		var today int64
		err := tx.QueryRowContext(ctx, "SELECT coalesce(sum(size), 0) FROM files WHERE visitor = ? AND used >= 0 AND at > ?", v.ID, now.Add(-24*time.Hour).UnixMilli()).Scan(&today)
		if err != nil {
			return fmt.Errorf("counting files: %w", err)
		}
		if today+ref.Size > dailyBytes {
			return errTooMuch
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO files(id, visitor, name, type, size, at, data) VALUES(?, ?, ?, ?, ?, ?, ?)",
			ref.ID, v.ID, ref.Name, ref.Type, ref.Size, now.UnixMilli(), data)
		return err
	})
	switch {
	case errors.Is(err, errTooMuch):
		refuseLater(w, time.Hour, http.StatusTooManyRequests, codeFast, "Too much", "So many files are not taken in one day.")
	case err != nil:
		u.broken(w, r, err)
	default:
		writeJSON(w, ref)
	}
}

// serveFile gives a file to the visitor whose conversation it belongs to, never as
// something that a browser would run. It is read in pieces, so that slow readers
// hold little.
func (u *run) serveFile(w http.ResponseWriter, r *http.Request, v visitor, id string) {
	var name, kind string
	var size int64
	err := u.store.read.QueryRowContext(r.Context(), "SELECT name, type, length(data) FROM files WHERE id = ? AND visitor = ?", id, v.ID).Scan(&name, &kind, &size)
	if errors.Is(err, sql.ErrNoRows) {
		refuse(w, http.StatusNotFound, codeMissing, "No such file", "It is not part of this conversation.")
		return
	}
	if err != nil {
		u.broken(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", disposition(name))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Content-Length", itoa(size))
	for at := int64(0); at < size; {
		piece, err := u.store.piece(r.Context(), id, at)
		if err != nil || len(piece) == 0 { // the length is said: the browser sees that it broke off
			panic(http.ErrAbortHandler)
		}
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(pieceTime)) // where the server can
		if _, err := w.Write(piece); err != nil {
			return // the browser is gone
		}
		at += int64(len(piece))
	}
}

// pieceSize is how much of a file one slow reader holds.
const pieceSize = 1 << 20

// pieceTime is how long a browser may take for one piece.
const pieceTime = 2 * time.Minute

func (s *store) piece(ctx context.Context, id string, at int64) ([]byte, error) {
	var piece []byte
	err := s.read.QueryRowContext(ctx, "SELECT substr(data, ?, ?) FROM files WHERE id = ?", at+1, pieceSize, id).Scan(&piece)
	if err != nil {
		return nil, fmt.Errorf("reading a file: %w", err)
	}
	return piece, nil
}

func disposition(name string) string {
	if d := mime.FormatMediaType("attachment", map[string]string{"filename": name}); d != "" {
		return d
	}
	return "attachment"
}
