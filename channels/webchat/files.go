package webchat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
)

// What one visitor may leave in a day, how long a file may be under way, and how
// long one waits for its message.
const (
	dailyBytes = 200 << 20
	fileTime   = 5 * time.Minute
	unusedTime = 24 * time.Hour
)

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
	select {
	case u.a.hub.uploads <- struct{}{}:
		defer func() { <-u.a.hub.uploads }()
	case <-time.After(5 * time.Second):
		refuseLater(w, 5*time.Second, http.StatusServiceUnavailable, codeAway, "Not now", "Too many files are under way. Come again in a moment.")
		return
	}
	data, ok := u.readFile(w, r)
	if !ok {
		return
	}
	ref := fileRef{ID: randomID(), Name: fileName(r.URL.Query().Get("name")), Type: sniff(data), Size: int64(len(data))}
	now := u.a.now()
	err := u.store.update(r.Context(), func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM files WHERE used = 0 AND at < ?", now.Add(-unusedTime).UnixMilli()); err != nil {
			return fmt.Errorf("dropping old files: %w", err)
		}
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

func (u *run) readFile(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(fileTime)) // where the server can
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, u.a.cfg.FileBytes))
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	over := (*http.MaxBytesError)(nil)
	switch {
	case errors.As(err, &over):
		w.Header().Set("Connection", "close")
		refuse(w, http.StatusRequestEntityTooLarge, codeForm, "Too large", fmt.Sprintf("A file has at most %d MiB.", u.a.cfg.FileBytes>>20))
	case err != nil:
		refuse(w, http.StatusBadRequest, codeForm, "The file broke off", "Send it again.")
	case len(data) == 0:
		refuse(w, http.StatusUnprocessableEntity, codeForm, "The file is empty", "Nothing is in it.")
	default:
		return data, true
	}
	return nil, false
}

// serveFile gives a file to the visitor whose conversation it belongs to, never as
// something that a browser would run.
func (u *run) serveFile(w http.ResponseWriter, r *http.Request, v visitor, id string) {
	var name, kind string
	var data []byte
	err := u.store.read.QueryRowContext(r.Context(), "SELECT name, type, data FROM files WHERE id = ? AND visitor = ?", id, v.ID).Scan(&name, &kind, &data)
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
	h.Set("Content-Length", itoa(int64(len(data))))
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(fileTime)) // where the server can
	_, _ = w.Write(data)                                                         // the browser may be gone
}

func disposition(name string) string {
	if d := mime.FormatMediaType("attachment", map[string]string{"filename": name}); d != "" {
		return d
	}
	return "attachment"
}
