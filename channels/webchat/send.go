package webchat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
)

var errNobody = errors.New("this visitor is not in the chat's store: their conversation was erased, or the store was replaced")

// Send implements channels.Sender: the reply is kept for the visitor, and pushed
// to them if they are there. The same id is kept once, so nothing is in doubt.
func (a *Adapter) Send(ctx context.Context, r *contact.Reply) (channels.Receipt, error) {
	l, err := readLetter(r.Raw)
	if err != nil {
		return channels.Receipt{}, a.failure("send", channels.Malformed, "", err)
	}
	if err := ctx.Err(); err != nil {
		return channels.Receipt{}, a.failure("send", channels.Unavailable, "", err)
	}
	store, done, err := a.keeper.use(ctx)
	if err != nil {
		return channels.Receipt{}, a.failure("send", channels.Unavailable, "the conversations can't be written", err)
	}
	defer done()
	var kept stored
	err = store.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		kept, err = a.answer(ctx, tx, l, a.now())
		return err
	})
	switch {
	case errors.Is(err, errNobody):
		return channels.Receipt{}, a.failure("send", channels.Rejected, "", err)
	case err != nil:
		return channels.Receipt{}, a.failure("send", channels.Unavailable, "the reply can't be stored", err)
	}
	a.hub.wake(kept.visitor)
	return channels.Receipt{ProviderID: l.Reply, At: millis(kept.at)}, nil
}

// answer stores a reply, once.
func (a *Adapter) answer(ctx context.Context, tx *sql.Tx, l letter, now time.Time) (stored, error) {
	if out, err := answered(ctx, tx, l.Reply); err == nil || !errors.Is(err, sql.ErrNoRows) {
		return out, err
	}
	v, thread, err := recipient(ctx, tx, l)
	if err != nil {
		return stored{}, err
	}
	if thread == "" {
		thread = randomID()
		if _, err := tx.ExecContext(ctx, "INSERT INTO threads(id, visitor, opened) VALUES(?, ?, ?)", thread, v.ID, now.UnixMilli()); err != nil {
			return stored{}, fmt.Errorf("opening a thread: %w", err)
		}
	}
	if v.Thread == "" { // who is answered after the end goes on where the answer is
		v.Thread = thread
		if _, err := tx.ExecContext(ctx, "UPDATE threads SET ended = 0 WHERE id = ?", thread); err != nil {
			return stored{}, fmt.Errorf("opening a thread: %w", err)
		}
	}
	said := line{ID: l.Reply, Name: l.Name, Text: l.Text, At: now.UnixMilli(), Thread: thread}
	for i, f := range l.Files {
		ref := fileRef{ID: fmt.Sprintf("%s-%d", randomID(), i), Name: f.Name, Type: sniff(f.Data), Size: int64(len(f.Data))}
		if _, err := tx.ExecContext(ctx, "INSERT INTO files(id, visitor, used, name, type, size, at, data) VALUES(?, ?, -1, ?, ?, ?, ?, ?)",
			ref.ID, v.ID, ref.Name, ref.Type, ref.Size, said.At, nonNil(f.Data)); err != nil {
			return stored{}, fmt.Errorf("storing a file: %w", err)
		}
		said.Files = append(said.Files, ref)
	}
	out, err := insert(ctx, tx, &v, said, true, nil)
	if err != nil || a.cfg.Mail == nil {
		return out, err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO mails(reply, visitor, n, due, state) VALUES(?, ?, ?, ?, ?)",
		l.Reply, v.ID, out.n, now.Add(a.cfg.MailAfter).UnixMilli(), mailDue)
	if err != nil {
		return stored{}, fmt.Errorf("storing a reply: %w", err)
	}
	return out, nil
}

func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// answered finds a reply that is stored; sql.ErrNoRows if it isn't.
func answered(ctx context.Context, q querier, reply string) (stored, error) {
	out := stored{same: true}
	err := q.QueryRowContext(ctx, "SELECT seq, n, thread, at, visitor FROM messages WHERE id = ? AND ours = 1", reply).
		Scan(&out.seq, &out.n, &out.thread, &out.at, &out.visitor)
	return out, err
}

// recipient gives whom a reply is for, and the thread that it belongs to, "" for
// a new one.
func recipient(ctx context.Context, q querier, l letter) (visitor, string, error) {
	if l.Thread == "" {
		v, err := byAddress(ctx, q, l.Address)
		if errors.Is(err, errNoVisitor) {
			return visitor{}, "", errNobody
		}
		return v, v.Thread, err
	}
	// The thread knows better than the origin whose it is: it may have moved to
	// the visitor's login.
	v, err := findVisitor(ctx, q, "JOIN threads t ON t.visitor = v.id WHERE t.id = ?", l.Thread)
	if errors.Is(err, errNoVisitor) {
		return visitor{}, "", errNobody
	}
	return v, l.Thread, err
}

// Delivered implements channels.Resolver: what is in the store is delivered.
func (a *Adapter) Delivered(ctx context.Context, r *contact.Reply) (delivered, known bool, err error) {
	store, done, err := a.keeper.use(ctx)
	if err != nil {
		return false, false, a.failure("look up", channels.Unavailable, "the conversations can't be read", err)
	}
	defer done()
	_, err = answered(ctx, store.read, r.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return false, true, nil
	}
	if err != nil {
		return false, false, a.failure("look up", channels.Unavailable, "", err)
	}
	return true, true, nil
}

// Typing implements channels.Typist.
func (a *Adapter) Typing(ctx context.Context, thread, name string) error {
	store, done, err := a.keeper.use(ctx)
	if err != nil {
		return a.failure("typing", channels.Unavailable, "", err)
	}
	defer done()
	v, err := findVisitor(ctx, store.read, "JOIN threads t ON t.visitor = v.id WHERE t.id = ?", thread)
	if errors.Is(err, errNoVisitor) {
		return a.failure("typing", channels.Rejected, "", errNobody)
	}
	if err != nil {
		return a.failure("typing", channels.Unavailable, "", err)
	}
	data, err := encode(map[string]string{"name": clip(name, maxField)})
	if err != nil {
		return a.failure("typing", channels.Malformed, "", err)
	}
	a.hub.pass(v.ID, sseEvent("typing", 0, data))
	return nil
}
