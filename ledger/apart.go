package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"stagecoach/router"
)

// Apart gives what stands together and would be of several persons once these parts of
// one are people of their own: the conversations that waited for an answer with another's,
// and of those what was answered on channels of the others' alone.
func (l *Ledger) Apart(ctx context.Context, parts []router.Person) (joined []router.Conversation, together []router.AnsweredTogether, err error) {
	a := apart{part: map[string]int{}}
	var all []string
	for i, p := range parts {
		for _, id := range p.Members {
			a.part[id] = i
			all = append(all, id)
		}
	}
	err = l.view(ctx, func(tx querier) error {
		a.recall = recall{ctx: ctx, tx: tx}
		leads, err := a.leads(all)
		if err != nil {
			return err
		}
		for _, lead := range leads {
			if err := a.group(lead); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("reading what was answered together: %w", err)
	}
	return a.joined, a.together, nil
}

type apart struct {
	recall
	// part is of which part each customer is.
	part     map[string]int
	joined   []router.Conversation
	together []router.AnsweredTogether
}

// leads gives the conversations of these customers with which others were answered.
func (a *apart) leads(customers []string) ([]string, error) {
	list, err := json.Marshal(customers)
	if err != nil {
		return nil, err
	}
	var ids []string
	const query = "SELECT DISTINCT lead FROM conversation WHERE lead <> '' AND customer IN (SELECT value FROM json_each(?)) ORDER BY lead"
	err = each(a.ctx, a.tx, query, []any{string(list)}, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// group looks at one conversation and those that were answered with it.
func (a *apart) group(lead string) error {
	var all []router.Conversation
	err := each(a.ctx, a.tx, "SELECT facts FROM conversation WHERE id = ?1 OR lead = ?1 ORDER BY num", []any{lead}, func(rows *sql.Rows) error {
		var text string
		if err := rows.Scan(&text); err != nil {
			return err
		}
		all = append(all, router.Conversation{})
		return json.Unmarshal([]byte(text), &all[len(all)-1])
	})
	if err != nil {
		return err
	}
	at := slices.IndexFunc(all, func(v router.Conversation) bool { return v.ID == lead })
	if at < 0 {
		return nil
	}
	crosses := false
	for _, v := range all {
		if v.With == lead && a.part[v.Customer] != a.part[all[at].Customer] {
			crosses = true
			a.joined = append(a.joined, v)
		}
	}
	if !crosses {
		return nil
	}
	return a.unanswered(lead, all)
}

// unanswered finds what the last reply of a group has answered for some of its people
// on a channel of the others' alone.
func (a *apart) unanswered(lead string, all []router.Conversation) error {
	var last string
	const newest = "SELECT c.id FROM contact c JOIN conversation v ON v.num = c.conv WHERE v.id = ? ORDER BY c.num DESC LIMIT 1"
	if ok, err := found(a.tx.QueryRowContext(a.ctx, newest, lead).Scan(&last)); err != nil || !ok {
		return err
	}
	var c *router.Contact
	if err := a.facts("contact", last, &c); err != nil || c == nil || c.End != router.EndReplied {
		return err
	}
	var r *router.Reply
	if err := a.facts("reply", c.Reply, &r); err != nil || r == nil {
		return err
	}
	reached, err := a.reached(r, all)
	if err != nil {
		return err
	}
	for _, v := range all {
		if reached[a.part[v.Customer]] || v.Contact != "" {
			continue
		}
		messages, err := a.messages(v.ID, last)
		if err != nil {
			return err
		}
		if len(messages) > 0 {
			a.together = append(a.together, router.AnsweredTogether{Conversation: v, Contact: *c, Messages: messages})
		}
	}
	return nil
}

// reached gives the parts to whom a reply went: whose channel it went by, and of several
// on that channel whoever wrote what it answers.
func (a *apart) reached(r *router.Reply, all []router.Conversation) (map[int]bool, error) {
	out := map[int]bool{}
	for _, v := range all {
		if v.Channel == r.Channel {
			out[a.part[v.Customer]] = true
		}
	}
	if len(out) < 2 {
		return out, nil
	}
	var last string
	const query = "SELECT v.id FROM message m JOIN conversation v ON v.num = m.conv WHERE m.id = ?"
	if _, err := found(a.tx.QueryRowContext(a.ctx, query, r.Covers).Scan(&last)); err != nil {
		return nil, err
	}
	for _, v := range all {
		if v.ID == last && v.Channel == r.Channel {
			return map[int]bool{a.part[v.Customer]: true}, nil
		}
	}
	return map[int]bool{}, nil // nobody knows: each is owed an answer
}

// messages gives those of a conversation that stood in a contact.
func (a *apart) messages(conversation, contactID string) ([]router.MsgRef, error) {
	var out []router.MsgRef
	const query = "SELECT m.id, m.ref, m.received_at FROM message m JOIN conversation v ON v.num = m.conv WHERE v.id = ? AND m.contact = ? ORDER BY m.num"
	err := each(a.ctx, a.tx, query, []any{conversation, contactID}, func(rows *sql.Rows) error {
		var m router.MsgRef
		var at int64
		err := rows.Scan(&m.ID, &m.Ref, &at)
		m.ReceivedAt = fromMicros(at)
		out = append(out, m)
		return err
	})
	return out, err
}
