package ledger

import (
	"context"
	"database/sql"
)

// mainIndex is how FTS5 begins the terms of its main index in the table words_idx; those
// of the prefix indexes are four letters at most, and nobody's.
const mainIndex = '0'

// forgetTerms has the index written anew where a word that nothing has any more still
// parts two of its pages: secure-delete takes it from the pages, and leaves it in the
// table of what each page begins with. That takes time with the size of the index.
func (l *Ledger) forgetTerms(ctx context.Context) error {
	const vocabulary = "CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary USING fts5vocab(main, words, row)"
	if _, err := l.words.write.ExecContext(ctx, vocabulary); err != nil {
		return err
	}
	terms, err := l.partingTerms(ctx)
	if err != nil {
		return err
	}
	for _, term := range terms {
		var there bool
		const query = "SELECT EXISTS(SELECT 1 FROM temp.vocabulary WHERE term >= ? AND term < ?)"
		if err := l.words.write.QueryRowContext(ctx, query, term, term+"\U0010FFFF").Scan(&there); err != nil {
			return err
		}
		if !there {
			_, err := l.words.write.ExecContext(ctx, "INSERT INTO words(words) VALUES('optimize')")
			return err
		}
	}
	return nil
}

// partingTerms gives the beginnings of words that part the pages of the main index.
func (l *Ledger) partingTerms(ctx context.Context) ([]string, error) {
	var out []string
	err := each(ctx, l.words.write, "SELECT DISTINCT CAST(term AS TEXT) FROM words_idx", nil, func(rows *sql.Rows) error {
		var term string
		err := rows.Scan(&term)
		if len(term) > 1 && term[0] == mainIndex {
			out = append(out, term[1:])
		}
		return err
	})
	return out, err
}
