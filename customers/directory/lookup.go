package directory

import (
	"context"
	"fmt"

	"stagecoach/customers"
)

// Match is whose an address is.
type Match struct {
	// Customer and Record are the one customer's who has it; of a shared address they
	// are "" and nil: it tells nobody apart.
	Customer string
	Record   *customers.Record
	// Shared is true where several customers have the address, All names them.
	Shared bool
	All    []string
}

// Lookup gives whose the keys of addresses are. Nobody's are left out.
func (d *Directory) Lookup(ctx context.Context, keys []string) (map[string]Match, error) {
	found := make(map[string]Match, len(keys))
	for _, key := range keys {
		if _, done := found[key]; done {
			continue
		}
		owners, err := d.db.owners(ctx, keyBytes(key))
		if err != nil {
			return nil, fmt.Errorf("looking customers up: %w", err)
		}
		if owners = d.shown(owners); len(owners) == 0 {
			continue
		}
		m := Match{Shared: len(owners) > 1}
		for _, o := range owners {
			m.All = append(m.All, o.id)
		}
		if !m.Shared {
			m.Customer = owners[0].id
			if m.Record, err = unpack(owners[0].record); err != nil {
				return nil, fmt.Errorf("looking customers up: %w", err)
			}
		}
		found[key] = m
	}
	return found, nil
}

// Touch reads the least that a look-up of a key can: what benchmarks compare it with.
func (d *Directory) Touch(ctx context.Context, key string) error {
	var n int
	return d.db.read.QueryRowContext(ctx, "SELECT count(*) FROM identity WHERE key = ?", keyBytes(key)).Scan(&n)
}
