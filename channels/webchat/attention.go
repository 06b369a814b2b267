package webchat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"stagecoach/channels"
)

// Attention implements channels.Attendant.
func (a *Adapter) Attention(ctx context.Context, thread string, replies []string) (channels.Attention, error) {
	store, done, err := a.keeper.use(ctx)
	if err != nil {
		return channels.Attention{}, a.failure("look up", channels.Unavailable, "the conversations can't be read", err)
	}
	defer done()
	v, err := findVisitor(ctx, store.read, "JOIN threads t ON t.visitor = v.id WHERE t.id = ?", thread)
	if errors.Is(err, errNoVisitor) {
		return channels.Attention{}, nil
	}
	if err != nil {
		return channels.Attention{}, a.failure("look up", channels.Unavailable, "", err)
	}
	out := channels.Attention{Known: true}
	out.Here, out.Gone, out.Typing = a.hub.about(v.ID)
	if a.cfg.Mail != nil {
		out.Address, out.AddressProven = v.Email, v.Proven
	}
	if out.Fates, err = store.fates(ctx, replies); err != nil {
		return channels.Attention{}, a.failure("look up", channels.Unavailable, "", err)
	}
	return out, nil
}

// fates tells what became of replies: who read them, and which were mailed.
func (s *store) fates(ctx context.Context, replies []string) (map[string]channels.Fate, error) {
	out := map[string]channels.Fate{}
	if len(replies) == 0 {
		return out, nil
	}
	list, err := json.Marshal(replies)
	if err != nil {
		return nil, fmt.Errorf("reading what became of replies: %w", err)
	}
	rows, err := s.read.QueryContext(ctx, "SELECT l.id, l.seen, coalesce(m.state, ''), coalesce(m.address, ''), coalesce(m.at, 0)"+
		" FROM json_each(?) j JOIN messages l ON l.id = j.value AND l.ours = 1 LEFT JOIN mails m ON m.reply = l.id", string(list))
	if err != nil {
		return nil, fmt.Errorf("reading what became of replies: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id, state string
		var seen, at int64
		var f channels.Fate
		if err := rows.Scan(&id, &seen, &state, &f.MailedTo, &at); err != nil {
			return nil, fmt.Errorf("reading what became of replies: %w", err)
		}
		f.Read = sometime(seen)
		switch state {
		case mailSent:
			f.Mailed = sometime(at)
		case mailUnknown:
			f.Mailed, f.MailInDoubt = sometime(at), true
		case mailFailed:
			f.Mailed, f.MailFailed = sometime(at), true
		default:
			f.MailedTo = ""
		}
		out[id] = f
	}
	return out, rows.Err()
}

// sometime gives an instant, zero where there is none.
func sometime(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return millis(ms)
}
