package directory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"stagecoach/contact"
	"stagecoach/customers"
)

// shortestID is how much of an id says which is meant.
const shortestID = 4

// Find gives the customers whom a text names: an id or its beginning, the company's
// own id, an address or a number on any channel, or the beginnings of words of a name,
// all of them. The exact come first; most bounds them.
func (d *Directory) Find(ctx context.Context, text string, most int) ([]customers.Record, error) {
	text = strings.TrimSpace(text)
	found := []customers.Record{}
	if text == "" || most <= 0 {
		return found, nil
	}
	for _, by := range []func(context.Context, string, int) ([]owner, error){d.byID, d.byExternal, d.byAddress, d.byWords} {
		owners, err := by(ctx, text, most)
		if err != nil {
			return nil, fmt.Errorf("looking for customers: %w", err)
		}
		for _, o := range d.shown(owners) {
			if len(found) == most {
				return found, nil
			}
			if slices.ContainsFunc(found, func(r customers.Record) bool { return r.ID == o.id }) {
				continue
			}
			rec, err := unpack(o.record)
			if err != nil {
				return nil, fmt.Errorf("looking for customers: %w", err)
			}
			found = append(found, *rec)
		}
	}
	return found, nil
}

func (d *Directory) byID(ctx context.Context, text string, most int) ([]owner, error) {
	text = strings.ToLower(text)
	if len(text) < shortestID {
		return nil, nil
	}
	return d.db.list(ctx, "SELECT id, record FROM customer WHERE id >= ? AND id < ? ORDER BY id LIMIT ?", text, after(text), most)
}

func (d *Directory) byExternal(ctx context.Context, text string, most int) ([]owner, error) {
	return d.db.list(ctx, "SELECT c.id, c.record FROM external e JOIN customer c ON c.num = e.num WHERE e.id = ? ORDER BY c.id LIMIT ?", text, most)
}

// byAddress looks on every channel, or on the one that is written before the address, as
// it is shown: mastodon:anna@social.example.
func (d *Directory) byAddress(ctx context.Context, text string, _ int) ([]owner, error) {
	var all []owner
	on := contact.Channels()
	if name, rest, ok := strings.Cut(text, ":"); ok {
		if ch := contact.Channel(strings.ToLower(name)); slices.Contains(on, ch) {
			on, text = []contact.Channel{ch}, strings.TrimSpace(rest)
		}
	}
	if rest, is := strings.CutPrefix(text, "@"); is { // as people write a name on a network
		text = rest
	}
	for _, ch := range on {
		owners, err := d.db.owners(ctx, keyBytes(d.cfg.Key(ch, text)))
		if err != nil {
			return nil, err
		}
		all = append(all, owners...)
	}
	return all, nil
}

// byWords looks for the rarest way in: the longest word; the others are compared.
func (d *Directory) byWords(ctx context.Context, text string, most int) ([]owner, error) {
	words := Words(text)
	if len(words) == 0 {
		return nil, nil
	}
	slices.SortStableFunc(words, func(a, b string) int { return len(b) - len(a) })
	query := strings.Builder{}
	query.WriteString("SELECT c.id, c.record FROM customer c WHERE c.num IN (SELECT num FROM word WHERE word >= ? AND word < ?)")
	args := []any{words[0], after(words[0])}
	for _, w := range words[1:] {
		query.WriteString(" AND EXISTS (SELECT 1 FROM word o WHERE o.word >= ? AND o.word < ? AND o.num = c.num)")
		args = append(args, w, after(w))
	}
	query.WriteString(" LIMIT ?")
	return d.db.list(ctx, query.String(), append(args, most)...)
}

// list gives the customers of a query.
func (f *file) list(ctx context.Context, query string, args ...any) ([]owner, error) {
	rows, err := f.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []owner
	for rows.Next() {
		var o owner
		if err := rows.Scan(&o.id, &o.record); err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, rows.Err()
}

// after gives a text that comes after all that begin with s, in the order of bytes.
func after(s string) string { return s + "\U0010ffff" }

// mostWords bounds by how many words of a name a customer is found.
const mostWords = 8

// Words gives the words of a name as they are looked for, each once.
func Words(name string) []string {
	words := strings.FieldsFunc(fold(name), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	slices.Sort(words)
	words = slices.Compact(words)
	return words[:min(len(words), mostWords)]
}

// fold gives a text in lower case and without accents.
func fold(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	ascii := true
	for i := range len(s) {
		ascii = ascii && s[i] < 0x80
	}
	if ascii {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(s))
}
