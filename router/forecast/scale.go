package forecast

import (
	"math/bits"
	"time"
)

// Times are held as positions on a scale on which each doubling is octave steps
// long, from a second on. Within an octave it is linear, so that it needs no
// logarithm and is the same on every machine.
const (
	octave = 256
	// perOctave is how many bins of a life table an octave has, bins how many
	// there are: the last begins after twelve days.
	perOctave = 4
	width     = octave / perOctave
	bins      = 20 * perOctave
	// highest is the last position, a little under 2^20 seconds.
	highest = 20*octave - 1
	// second is what the scale begins with, in milliseconds: near enough to a
	// second, and a power of two.
	second = 10
)

// position gives the place of a time of milliseconds on the scale.
func position(ms int64) int {
	if ms < 1<<second {
		return 0
	}
	top := bits.Len64(uint64(ms)) - 1
	part := (ms - 1<<top) * octave >> top
	return min((top-second)*octave+int(part), highest)
}

// span gives the time in milliseconds at a position.
func span(pos int) int64 {
	pos = min(max(pos, 0), highest)
	top := pos/octave + second
	return 1<<top + int64(pos%octave)<<top/octave
}

func millis(d time.Duration) int64 { return max(d.Milliseconds(), 0) }

func duration(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }
