package load

import (
	"fmt"
	"hash/maphash"
	"strings"

	"stagecoach/customers"
)

// Twice finds what stands in a list twice: the same customer, and addresses of several.
type Twice struct {
	seed      maphash.Seed
	customers map[uint64]seen
	addresses map[uint64]int
}

// seen is where something was first, and all that the row said there.
type seen struct {
	line int
	sum  uint64
}

// NewTwice gives one that has seen nothing.
func NewTwice() *Twice {
	return &Twice{seed: maphash.MakeSeed(), customers: map[uint64]seen{}, addresses: map[uint64]int{}}
}

// Also is an address that an earlier row has, too.
type Also struct {
	Address string
	Line    int
}

// Row looks at the row of an item. A customer who was there before is a fault, unless
// the rows are equal. also has the addresses of other customers.
func (t *Twice) Row(item *Item) (equal bool, fault *Fault, also []Also) {
	row := item.Row
	var names []string
	column := "external_id"
	if row.External != "" {
		names = []string{"id\x00" + row.External}
	} else {
		for _, i := range row.Identities {
			names = append(names, "only\x00"+address(i))
		}
		column = columnFor(row.Identities[0])
	}
	sum := maphash.String(t.seed, strings.Join(item.fields, "\x00")+item.raw)
	for _, name := range names {
		first, ok := t.customers[maphash.String(t.seed, name)]
		switch {
		case !ok:
		case first.sum == sum:
			return true, nil, nil
		case row.External != "":
			return false, &Fault{Line: row.Line, Column: column, Reason: fmt.Sprintf("external_id %q is in line %d already, with other values", clip(row.External), first.line)}, nil
		default:
			return false, &Fault{Line: row.Line, Column: column, Reason: fmt.Sprintf("an address is in line %d already, and neither row has an external_id", first.line)}, nil
		}
	}
	for _, name := range names {
		t.customers[maphash.String(t.seed, name)] = seen{row.Line, sum}
	}
	for _, i := range row.Identities {
		h := maphash.String(t.seed, address(i))
		if line, ok := t.addresses[h]; ok {
			also = append(also, Also{Address: i.Address, Line: line})
		} else {
			t.addresses[h] = row.Line
		}
	}
	return false, nil, also
}

func address(i customers.Identity) string {
	return string(i.Channel) + "\x00" + strings.ToLower(i.Address)
}

func columnFor(i customers.Identity) string {
	switch i.Channel {
	case "email":
		return "emails"
	case "phone":
		return "phones"
	default:
		return "handles"
	}
}
