package journaltest

import "math/rand/v2"

// Fate is what becomes of one attempt to append.
type Fate int

// The fates.
const (
	// Pass writes and answers.
	Pass Fate = iota
	// Lose writes nothing and answers with a time-out.
	Lose
	// LoseAck writes and answers with a time-out.
	LoseAck
	// Double writes the same entry twice, as a cluster whose fencing failed
	// would, and answers for the first.
	Double
	// Delay answers with a time-out at once; the entry arrives a few calls
	// later, and is then written if its expected sequence still holds.
	Delay
	// Refuse writes nothing and says that a write is in process.
	Refuse
	// CrashBefore ends the writer before the entry is written.
	CrashBefore
	// CrashAfter ends the writer after the entry is written, before the answer.
	CrashAfter
	numFates
)

// String gives the fate's name.
func (f Fate) String() string {
	names := [numFates]string{
		"pass", "lose", "lose_ack", "double", "delay", "refuse", "crash_before", "crash_after",
	}
	if f < 0 || f >= numFates {
		return "unknown"
	}
	return names[f]
}

// Fates lists every fate, for generators.
func Fates() []Fate {
	all := make([]Fate, numFates)
	for i := range all {
		all[i] = Fate(i)
	}
	return all
}

// Plan says what becomes of each attempt, one after the other. It is called
// with the model's lock held, so it needs none of its own.
type Plan func() Fate

// Always is the plan in which every attempt has the same fate.
func Always(f Fate) Plan { return func() Fate { return f } }

// Listed is the plan that takes its fates from a list and then passes. Property
// tests draw the list.
func Listed(fates ...Fate) Plan {
	return func() Fate {
		if len(fates) == 0 {
			return Pass
		}
		f := fates[0]
		fates = fates[1:]
		return f
	}
}

// Seeded is the plan in which one attempt in every so many has a fate other
// than Pass, all of them equally likely. Equal seeds give equal plans.
func Seeded(seed uint64, oneIn int) Plan {
	r := rand.New(rand.NewPCG(seed, 0x5746)) // repeatable on purpose
	return func() Fate {
		if oneIn < 1 || r.IntN(oneIn) != 0 {
			return Pass
		}
		return Fate(1 + r.IntN(int(numFates)-1))
	}
}
