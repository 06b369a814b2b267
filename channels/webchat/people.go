package webchat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// visitor is one person before the chat: a logged-in customer on all their
// devices, or one browser.
type visitor struct {
	ID string
	// User is the shop's id of a logged-in customer, "" for anybody else.
	User, Name, Email, Language string
	// Proven tells that the shop has signed Email.
	Proven bool
	// Thread is the open one, "" if none.
	Thread     string
	Last, Read int64
}

// address is how the visitor is called in a contact.
func (v visitor) address() string {
	if v.User != "" {
		return "user:" + v.User
	}
	return "visitor:" + v.ID
}

// outside gives a visitor's address as contacts have it: the number of a signed user
// with the name of whoever numbers them, if there is one.
func (a *Adapter) outside(address string) string {
	if user, ok := cut(address, "user:"); ok && a.cfg.Users != "" {
		return "user:" + a.cfg.Users + "/" + user
	}
	return address
}

// inside gives the address as the store has it: also one of before the account named
// whose its users are.
func (a *Adapter) inside(address string) string { return insideOf(address, a.cfg.Users) }

func insideOf(address, users string) string {
	if user, ok := cut(address, "user:"); ok && users != "" {
		return "user:" + strings.TrimPrefix(user, users+"/")
	}
	return address
}

// usersKey is under what the store keeps that its users were called by a name: who is
// erased once the account is configured no more, or otherwise, is found by it.
const usersKey = "users "

// keepUsers notes in the store whose its users are.
func (a *Adapter) keepUsers(ctx context.Context, s *store) error {
	if a.cfg.Users == "" {
		return nil
	}
	return s.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO meta VALUES(?, '')", usersKey+a.cfg.Users)
		return err
	})
}

// insideEver gives the address as the store has it, by every name that its users had.
func (a *Adapter) insideEver(ctx context.Context, tx *sql.Tx, address string) (string, error) {
	rows, err := tx.QueryContext(ctx, "SELECT substr(key, ?) FROM meta WHERE key LIKE ? ORDER BY key", len(usersKey)+1, usersKey+"%")
	if err != nil {
		return "", fmt.Errorf("reading whose the users are: %w", err)
	}
	defer func() { _ = rows.Close() }()
	out := a.inside(address)
	for rows.Next() {
		var users string
		if err := rows.Scan(&users); err != nil {
			return "", fmt.Errorf("reading whose the users are: %w", err)
		}
		if out == address {
			out = insideOf(address, users)
		}
	}
	return out, rows.Err()
}

var errNoVisitor = errors.New("no such visitor")

const visitorColumns = "v.id, coalesce(v.user, ''), v.name, v.email, v.proven, v.language, v.thread, v.last, v.read"

// columnsOf gives where visitorColumns go.
func columnsOf(v *visitor) []any {
	return []any{&v.ID, &v.User, &v.Name, &v.Email, &v.Proven, &v.Language, &v.Thread, &v.Last, &v.Read}
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func findVisitor(ctx context.Context, q querier, where string, args ...any) (visitor, error) {
	var v visitor
	err := q.QueryRowContext(ctx, "SELECT "+visitorColumns+" FROM visitors v "+where, args...).
		Scan(columnsOf(&v)...)
	if errors.Is(err, sql.ErrNoRows) {
		return visitor{}, errNoVisitor
	}
	if err != nil {
		return visitor{}, fmt.Errorf("reading a visitor: %w", err)
	}
	return v, nil
}

// byToken gives whose token it is.
func byToken(ctx context.Context, q querier, token string, now time.Time) (visitor, error) {
	return findVisitor(ctx, q, "JOIN tokens t ON t.visitor = v.id WHERE t.hash = ? AND (t.expires = 0 OR t.expires > ?)", tokenHash(token), now.UnixMilli())
}

// byAddress gives whom a contact's address means.
func byAddress(ctx context.Context, q querier, address string) (visitor, error) {
	if user, ok := cut(address, "user:"); ok {
		return findVisitor(ctx, q, "WHERE v.user = ?", user)
	}
	if id, ok := cut(address, "visitor:"); ok {
		return findVisitor(ctx, q, "WHERE v.id = ?", id)
	}
	return visitor{}, errNoVisitor
}

func cut(s, prefix string) (string, bool) {
	if len(s) <= len(prefix) || s[:len(prefix)] != prefix {
		return "", false
	}
	return s[len(prefix):], true
}

// A browser that wasn't seen for anonymousTime is a stranger again; a signed one
// is vouched for anew by every page.
const (
	anonymousTime = 400 * 24 * time.Hour
	signedTime    = 24 * time.Hour
)

// newcomer makes a visitor without a name and a token.
func newcomer(ctx context.Context, tx *sql.Tx, language string, now time.Time) (v visitor, token string, err error) {
	v = visitor{ID: randomID(), Language: language}
	if _, err := tx.ExecContext(ctx, "INSERT INTO visitors(id, language, created) VALUES(?, ?, ?)", v.ID, language, now.UnixMilli()); err != nil {
		return visitor{}, "", fmt.Errorf("adding a visitor: %w", err)
	}
	token, err = giveToken(ctx, tx, v.ID, now.Add(anonymousTime))
	return v, token, err
}

func giveToken(ctx context.Context, tx *sql.Tx, visitor string, expires time.Time) (string, error) {
	token := newToken()
	if _, err := tx.ExecContext(ctx, "INSERT INTO tokens VALUES(?, ?, ?)", tokenHash(token), visitor, expires.UnixMilli()); err != nil {
		return "", fmt.Errorf("adding a token: %w", err)
	}
	return token, nil
}

// known makes or finds the visitor of a verified identity, and gives a token. What
// the browser wrote before it logged in comes along; before is who that was, "" if
// nobody.
func known(ctx context.Context, tx *sql.Tx, i Identity, token, language string, now time.Time) (v visitor, fresh, before string, err error) {
	v, err = findVisitor(ctx, tx, "WHERE v.user = ?", i.UserID)
	if errors.Is(err, errNoVisitor) {
		v = visitor{ID: randomID(), User: i.UserID}
		_, err = tx.ExecContext(ctx, "INSERT INTO visitors(id, user, created) VALUES(?, ?, ?)", v.ID, i.UserID, now.UnixMilli())
	}
	if err != nil {
		return visitor{}, "", "", fmt.Errorf("adding a visitor: %w", err)
	}
	v.Name, v.Language = i.Name, language
	if i.Email != "" {
		v.Email, v.Proven = i.Email, true
	}
	if before, err = bringAlong(ctx, tx, token, &v, now); err != nil {
		return visitor{}, "", "", err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE visitors SET name = ?, email = ?, proven = ?, language = ?, thread = ?, last = ?, read = ? WHERE id = ?",
		v.Name, v.Email, v.Proven, language, v.Thread, v.Last, v.Read, v.ID); err != nil {
		return visitor{}, "", "", fmt.Errorf("changing a visitor: %w", err)
	}
	fresh, err = giveToken(ctx, tx, v.ID, now.Add(signedTime))
	return v, fresh, before, err
}

// bringAlong gives v what the anonymous owner of a token wrote and read, and the
// address that they left where v has none, and ends that one.
func bringAlong(ctx context.Context, tx *sql.Tx, token string, v *visitor, now time.Time) (before string, err error) {
	if token == "" {
		return "", nil
	}
	old, err := byToken(ctx, tx, token, now)
	if errors.Is(err, errNoVisitor) || err == nil && (old.User != "" || old.ID == v.ID) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	for _, step := range []struct {
		query string
		args  []any
	}{
		// An id that both have used names one message: the older keeps it.
		{"UPDATE messages SET id = id || '+' || seq WHERE visitor = ?1 AND ours = 0 AND id IN (SELECT id FROM messages WHERE visitor = ?2 AND ours = 0)", []any{old.ID, v.ID}},
		{"UPDATE messages SET visitor = ?, n = n + ? WHERE visitor = ?", []any{v.ID, v.Last, old.ID}},
		{"UPDATE threads SET visitor = ?1, former = ?2 WHERE visitor = ?2", []any{v.ID, old.ID}},
		{"UPDATE files SET visitor = ? WHERE visitor = ?", []any{v.ID, old.ID}},
		{"UPDATE mails SET state = ? WHERE visitor = ? AND state = ? AND n <= ?", []any{mailSeen, old.ID, mailDue, old.Read}},
		{"UPDATE mails SET visitor = ?, n = n + ? WHERE visitor = ?", []any{v.ID, v.Last, old.ID}},
		{"DELETE FROM tokens WHERE visitor = ?", []any{old.ID}},
		{"DELETE FROM visitors WHERE id = ?", []any{old.ID}},
	} {
		if _, err := tx.ExecContext(ctx, step.query, step.args...); err != nil {
			return "", fmt.Errorf("bringing along what was written before the login: %w", err)
		}
	}
	if v.Read == v.Last { // nothing of their own is unread: they go on where they were
		v.Read = v.Last + old.Read
	}
	v.Last += old.Last
	if v.Thread == "" {
		v.Thread = old.Thread
	}
	if v.Email == "" {
		v.Email = old.Email
	}
	return old.ID, nil
}

// setRead notes up to where the visitor has seen, and gives the last reply among
// that with its thread, "" where nothing is new.
func setRead(ctx context.Context, tx *sql.Tx, v visitor, n int64, now time.Time) (reply, thread string, err error) {
	n = min(n, v.Last)
	if n <= v.Read {
		return "", "", nil
	}
	if _, err := tx.ExecContext(ctx, "UPDATE visitors SET read = ? WHERE id = ? AND read < ?", n, v.ID, n); err != nil {
		return "", "", fmt.Errorf("noting what was read: %w", err)
	}
	err = tx.QueryRowContext(ctx, "SELECT id, thread FROM messages WHERE visitor = ? AND ours = 1 AND n > ? AND n <= ? AND seen = 0 ORDER BY n DESC LIMIT 1", v.ID, v.Read, n).Scan(&reply, &thread)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", nil
	}
	if err == nil {
		err = markSeen(ctx, tx, v, n, now)
	}
	if err != nil {
		return "", "", fmt.Errorf("noting what was read: %w", err)
	}
	return reply, thread, nil
}

// markSeen notes when the replies up to n came before the visitor's eyes.
func markSeen(ctx context.Context, tx *sql.Tx, v visitor, n int64, now time.Time) error {
	_, err := tx.ExecContext(ctx, "UPDATE messages SET seen = ? WHERE visitor = ? AND ours = 1 AND n > ? AND n <= ? AND seen = 0", now.UnixMilli(), v.ID, v.Read, n)
	return err
}
