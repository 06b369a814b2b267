package policies

import (
	"bytes"
	"compress/gzip"
	_ "embed" // the runs of letters
	"fmt"
	"io"
	"sync"
	"unicode/utf8"
)

// packedGrams tells how much less probable runs of letters are in each language
// than in the one in which they are most probable. scripts/langgrams.py makes it
// of the models of lingua-go (Apache-2.0, Peter M. Stahl), and has its format.
//
//go:embed langgrams.gz
var packedGrams []byte

const (
	gramLanguages = 12
	// longestGram is how many letters a run has at most.
	longestGram = 5
	// gramUnit is how many units of the table make one of the logarithm.
	gramUnit = 8
	// bareUnits is how much less a run without its accents counts.
	bareUnits = 8
)

// gramTable is a hash table of the runs with open addressing: keys hold the
// hash of a run, 0 for an empty place. Two of the runs with one hash would only
// blur what is counted.
type gramTable struct {
	keys []uint32
	rows [][gramLanguages]uint8
}

// grams unpacks the table when it is first needed.
//
//nolint:gochecknoglobals // a table
var grams = sync.OnceValue(func() *gramTable {
	t, err := unpackGrams(packedGrams)
	if err != nil {
		panic("policies: langgrams.gz: " + err.Error()) // it is built in, and a test reads it
	}
	return t
})

func unpackGrams(packed []byte) (*gramTable, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpacking runs: %w", err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("unpacking runs: %w", err)
	}
	const slots = 1 << 18
	t := &gramTable{keys: make([]uint32, slots), rows: make([][gramLanguages]uint8, slots)}
	var bare []bareRun
	key, count := make([]byte, 0, longestGram*utf8.UTFMax), 0
	for len(data) > 0 {
		if len(data) < 2 || int(data[0]) > len(key) || len(data) < 2+int(data[1])+gramLanguages {
			return nil, io.ErrUnexpectedEOF
		}
		shared, more := int(data[0]), int(data[1])
		key = append(key[:shared], data[2:2+more]...)
		row := [gramLanguages]uint8(data[2+more:])
		t.put(hashGram(string(key)), row)
		if plain := withoutAccents(string(key)); plain != string(key) && (row[german] == 0 || row[spanish] == 0 || row[french] == 0) {
			bare = append(bare, bareRun{plain, row})
		}
		data = data[2+more+gramLanguages:]
		if count++; count > slots/2 {
			return nil, fmt.Errorf("more than %d runs", slots/2)
		}
	}
	for _, one := range bare {
		t.putBare(one)
	}
	return t, nil
}

// bareRun is a run as those write it who write no accents.
type bareRun struct {
	run string
	row [gramLanguages]uint8
}

// withoutAccents gives a run in plain letters.
func withoutAccents(run string) string {
	out := make([]byte, 0, len(run))
	for _, r := range run {
		if r < utf8.RuneSelf {
			out = append(out, byte(r)) //nolint:gosec // below 128
		} else {
			out = foldRune(out, r)
		}
	}
	return string(out)
}

// putBare lets a run that is there without accents speak for those of German, Spanish
// and French that have it with accents, a little less than for the others. What isn't
// there without them stays away: shorter runs say more of it.
func (t *gramTable) putBare(one bareRun) {
	there := t.find(hashGram(one.run))
	if there == nil {
		return
	}
	for _, l := range []int{german, spanish, french} {
		there[l] = min(there[l], max(one.row[l], one.row[l]+bareUnits)) // 255 is the most
	}
}

func (t *gramTable) put(h uint32, row [gramLanguages]uint8) {
	mask := len(t.keys) - 1 // the length is a power of two
	i := int(h) & mask
	for t.keys[i] != 0 && t.keys[i] != h {
		i = (i + 1) & mask
	}
	t.keys[i], t.rows[i] = h, row
}

// find gives the row of a run, nil if it isn't there.
func (t *gramTable) find(h uint32) *[gramLanguages]uint8 {
	mask := len(t.keys) - 1
	for i := int(h) & mask; t.keys[i] != 0; i = (i + 1) & mask {
		if t.keys[i] == h {
			return &t.rows[i]
		}
	}
	return nil
}

// hashGram is FNV-1a, never 0.
func hashGram(run string) uint32 {
	h := uint32(2166136261)
	for i := range len(run) {
		h = (h ^ uint32(run[i])) * 16777619
	}
	return max(h^h>>15, 1)
}

// add counts a word in small letters: every letter by the longest run that ends
// in it.
func (t *gramTable) add(word string, sums *[gramLanguages]int) {
	var starts [longestGram]int // of the last letters, the newest last
	letters := 0
	for at, r := range word {
		copy(starts[:], starts[1:])
		starts[longestGram-1] = at
		letters++
		end := at + utf8.RuneLen(r)
		for n := min(letters, longestGram); n > 0; n-- {
			row := t.find(hashGram(word[starts[longestGram-n]:end]))
			if row == nil {
				continue
			}
			for l, units := range row {
				sums[l] += int(units)
			}
			break
		}
	}
}
