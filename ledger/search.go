package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"stagecoach/scrub"
)

// SearchOptions says which finds are wanted.
type SearchOptions struct {
	// Limit is 20 when it is 0, and 200 at most.
	Limit int
	// Before is the Num of the last find of the page before; 0 for the first.
	Before uint64
	// Rank orders by how well the words fit, instead of newest first. It has
	// one page only.
	Rank bool
}

// Hit is one message, reply or note that has the words.
type Hit struct {
	Num          uint64 `json:"num"`
	Conversation string `json:"conversation"`
	// Contact is the contact that it belongs to, "" for none.
	Contact string `json:"contact"`
	// Kind is message, reply or note.
	Kind string `json:"kind"`
	// Item is the id of the message, reply or note, Ref where its words lie.
	Item string    `json:"item"`
	Ref  string    `json:"ref"`
	At   time.Time `json:"at"`
	// Author is the name and address of who wrote it, as they wrote it.
	Author  string `json:"author"`
	Subject string `json:"subject"`
	// Snippet has the found words between « and ».
	Snippet string `json:"snippet"`
}

// Search finds messages, replies and notes by their words, newest first. What
// is typed is never syntax: words are looked for as they are, in any order,
// without regard to case and diacritics; the last one may be a beginning; words
// between quotes stand side by side. Erased words are not found.
func (l *Ledger) Search(ctx context.Context, q string, o SearchOptions) ([]Hit, error) {
	a := ask(q)
	if a.match == "" {
		return []Hit{}, nil
	}
	o.Limit = limit(o.Limit, 20, 200)
	var hits []Hit
	err := l.viewWords(ctx, func(tx querier) error {
		var err error
		if a.rough != "" && !o.Rank {
			var done bool
			if hits, done, err = searchRough(ctx, tx, &a, o); err != nil || done {
				return err
			}
		}
		hits, err = searchWhole(ctx, tx, a.match, o)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("searching: %w", err)
	}
	if err := l.place(ctx, hits); err != nil {
		return nil, fmt.Errorf("searching: %w", err)
	}
	return hits, nil
}

const (
	hitColumns  = "SELECT d.num, d.kind, d.item, d.ref, d.conversation, d.contact, w.author, w.subject"
	hitTables   = " FROM words w JOIN doc d ON d.num = w.rowid WHERE words MATCH ? "
	hitSnippet  = ", snippet(words, 1, '«', '»', '…', 24)"
	newestFirst = "AND w.rowid < ? ORDER BY w.rowid DESC LIMIT ?"
	bestFirst   = "AND w.rowid < ? ORDER BY w.rank, w.rowid DESC LIMIT ?"
)

// before gives the bound of a page.
func (o *SearchOptions) before() int64 {
	if o.Before == 0 || o.Rank {
		return math.MaxInt64
	}
	return int64(min(o.Before, math.MaxInt64))
}

func searchWhole(ctx context.Context, tx querier, match string, o SearchOptions) ([]Hit, error) {
	hits := []Hit{}
	order := newestFirst
	if o.Rank {
		order = bestFirst
	}
	err := each(ctx, tx, hitColumns+hitSnippet+hitTables+order, []any{match, o.before(), o.Limit}, func(rows *sql.Rows) error {
		h, err := scanHit(rows, nil)
		hits = append(hits, h)
		return err
	})
	return hits, err
}

func scanHit(rows *sql.Rows, more ...any) (Hit, error) {
	var h Hit
	dest := []any{&h.Num, &h.Kind, &h.Item, &h.Ref, &h.Conversation, &h.Contact, &h.Author, &h.Subject}
	if len(more) == 1 && more[0] == nil {
		more = []any{&h.Snippet}
	}
	err := rows.Scan(append(dest, more...)...)
	h.At = time.UnixMilli(int64(h.Num >> 16)).UTC()
	h.Snippet = strings.Join(strings.Fields(h.Snippet), " ")
	return h, err
}

// roughTries bounds how many rough finds are looked at. When too few of them
// are right, the word is rare enough to be looked for as a whole.
const roughTries = 400

var errEnough = errors.New("enough")

// searchRough finds the newest texts by the indexed beginning of the last word,
// and keeps those that have all of it. done is false when it could not tell.
func searchRough(ctx context.Context, tx querier, a *asked, o SearchOptions) (hits []Hit, done bool, err error) {
	tries := 0
	query := hitColumns + ", w.body, w.also" + hitTables + newestFirst
	err = each(ctx, tx, query, []any{a.rough, o.before(), roughTries}, func(rows *sql.Rows) error {
		var body, also string
		h, err := scanHit(rows, &body, &also)
		if err != nil {
			return err
		}
		tries++
		if begins(h.Subject, a.begins) || begins(body, a.begins) || begins(h.Author, a.begins) || begins(also, a.begins) {
			hits = append(hits, h)
		}
		if len(hits) == o.Limit {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, false, err
	}
	if err == nil && tries == roughTries {
		return nil, false, nil
	}
	if hits == nil {
		hits = []Hit{}
	}
	return hits, true, snippets(ctx, tx, a.rough, hits)
}

// snippets reads the snippets of finds in one pass over their stretch; asking
// for one after the other would begin each time at the newest text.
func snippets(ctx context.Context, tx querier, match string, hits []Hit) error {
	if len(hits) == 0 {
		return nil
	}
	place := make(map[uint64]int, len(hits))
	nums := make([]uint64, 0, len(hits))
	for i := range hits {
		place[hits[i].Num] = i
		nums = append(nums, hits[i].Num)
	}
	list, err := json.Marshal(nums)
	if err != nil {
		return fmt.Errorf("reading snippets: %w", err)
	}
	const query = `SELECT rowid, snippet(words, 1, '«', '»', '…', 24) FROM words
		WHERE words MATCH ? AND rowid BETWEEN ? AND ? AND +rowid IN (SELECT value FROM json_each(?)) ORDER BY rowid DESC`
	args := []any{match, int64(nums[len(nums)-1]), int64(nums[0]), string(list)} //nolint:gosec // below 2^63
	return each(ctx, tx, query, args, func(rows *sql.Rows) error {
		var num uint64
		var text string
		err := rows.Scan(&num, &text)
		hits[place[num]].Snippet = strings.Join(strings.Fields(text), " ")
		return err
	})
}

// place tells to which contacts messages belong now: what a reply did not
// cover has gone to the next one.
func (l *Ledger) place(ctx context.Context, hits []Hit) error {
	return l.view(ctx, func(tx querier) error {
		for i := range hits {
			if hits[i].Kind != "message" {
				continue
			}
			var now string
			err := tx.QueryRowContext(ctx, "SELECT contact FROM message WHERE id = ?", hits[i].Item).Scan(&now)
			if err == nil {
				hits[i].Contact = now
			} else if !errors.Is(err, sql.ErrNoRows) {
				return err
			}
		}
		return nil
	})
}

// EraseWords takes the words at these references out of the search for ever.
// When it returns, none of their bytes is left in the files.
func (l *Ledger) EraseWords(ctx context.Context, refs []string) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if err := l.eraseRows(ctx, refs); err != nil {
		return fmt.Errorf("erasing words: %w", err)
	}
	if err := l.forgetTerms(ctx); err != nil {
		return fmt.Errorf("erasing words: %w", err)
	}
	if err := scrub.Database(ctx, l.words.write); err != nil {
		return fmt.Errorf("erasing words: %w", err)
	}
	for pause := time.Millisecond; ; pause = min(2*pause, time.Second) {
		var busy, total, done int
		err := l.words.write.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &total, &done)
		if err != nil {
			return fmt.Errorf("erasing words: %w", err)
		}
		if busy == 0 {
			return nil
		}
		if !rest(ctx, pause) { // somebody is reading what is older
			return fmt.Errorf("erasing words: %w", ctx.Err())
		}
	}
}

func (l *Ledger) eraseRows(ctx context.Context, refs []string) error {
	tx, err := l.words.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, ref := range refs {
		if _, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO gone(ref) VALUES(?)", ref); err != nil {
			return err
		}
		var num int64
		there, err := found(tx.QueryRowContext(ctx, "DELETE FROM doc WHERE ref = ? RETURNING num", ref).Scan(&num))
		if err != nil {
			return err
		}
		if !there {
			continue
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM words WHERE rowid = ?", num); err != nil {
			return err
		}
	}
	return tx.Commit()
}
