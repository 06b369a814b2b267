package strict

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// ErrDuration says how a duration is written.
var ErrDuration = errors.New("a duration is written like 45s, 5m, 4h, 30d or 1h30m")

// ParseDuration reads a duration of days (d, 24 hours), hours (h), minutes (m),
// seconds (s) and milliseconds (ms), such as "1d12h". 0 needs no unit.
func ParseDuration(s string) (time.Duration, error) {
	if s == "0" {
		return 0, nil
	}
	rest, sum := s, 0.0
	for rest != "" {
		i := strings.IndexFunc(rest, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
		if i <= 0 {
			return 0, fmt.Errorf("%q: %w", s, ErrDuration)
		}
		n, err := strconv.ParseFloat(rest[:i], 64)
		if err != nil {
			return 0, fmt.Errorf("%q: %w", s, ErrDuration)
		}
		rest = rest[i:]
		j := strings.IndexFunc(rest, func(r rune) bool { return (r >= '0' && r <= '9') || r == '.' })
		if j < 0 {
			j = len(rest)
		}
		unit, ok := unitOf(rest[:j])
		if !ok {
			return 0, fmt.Errorf("%q: %w", s, ErrDuration)
		}
		sum += n * float64(unit)
		rest = rest[j:]
	}
	if s == "" || sum > math.MaxInt64/2 {
		return 0, fmt.Errorf("%q: %w", s, ErrDuration)
	}
	return time.Duration(math.Round(sum)), nil
}

func unitOf(s string) (time.Duration, bool) {
	switch s {
	case "d":
		return 24 * time.Hour, true
	case "h":
		return time.Hour, true
	case "m", "min":
		return time.Minute, true
	case "s":
		return time.Second, true
	case "ms":
		return time.Millisecond, true
	default:
		return 0, false
	}
}

// FormatDuration writes a duration the way that ParseDuration reads it, in the
// fewest units: "30d", "1h30m".
func FormatDuration(d time.Duration) string {
	if d <= 0 {
		return "0s"
	}
	var b strings.Builder
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}, {time.Millisecond, "ms"}} {
		if n := int64(d / unit.length); n > 0 {
			b.WriteString(strconv.FormatInt(n, 10) + unit.name)
			d %= unit.length
		}
	}
	return b.String()
}
