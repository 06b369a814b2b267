package configs

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// hidden is what a secret looks like wherever it is written.
const hidden = "***"

// Secret is a password or a token. However it is printed, logged or encoded, it
// shows stars; Reveal gives it to the one place that needs it.
type Secret struct{ value string }

// NewSecret makes a secret of its value.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal gives the value.
func (s Secret) Reveal() string { return s.value }

// Empty reports whether there is none.
func (s Secret) Empty() bool { return s.value == "" }

// String implements fmt.Stringer.
func (s Secret) String() string { return hidden }

// Format implements fmt.Formatter, for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText implements encoding.TextMarshaler, for JSON and YAML too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (n *Network) UnmarshalText(text []byte) error {
	if addr, err := netip.ParseAddr(string(text)); err == nil {
		n.Prefix = netip.PrefixFrom(addr, addr.BitLen())
		return nil
	}
	p, err := netip.ParsePrefix(string(text))
	if err != nil {
		return fmt.Errorf("%q: an address or a range is written like 10.0.0.1 or 10.0.0.0/8", text)
	}
	n.Prefix = p.Masked()
	return nil
}

// Moment is a date (its first moment by this machine's clock on the wall) or a
// date with time and zone (RFC 3339).
type Moment struct{ time.Time }

// UnmarshalText implements encoding.TextUnmarshaler.
func (m *Moment) UnmarshalText(text []byte) error {
	if t, err := time.ParseInLocation(time.DateOnly, string(text), time.Local); err == nil {
		m.Time = t
		return nil
	}
	t, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return fmt.Errorf("%q: a date is written like 2026-11-01 or 2026-11-01T08:00:00+01:00", text)
	}
	m.Time = t
	return nil
}

// MarshalJSON writes an unset moment as "".
func (m Moment) MarshalJSON() ([]byte, error) {
	if m.IsZero() {
		return []byte(`""`), nil
	}
	return json.Marshal(m.Format(time.RFC3339))
}

// The reserve that is kept free if none is given: the smaller of the two.
const (
	defaultReserve = 1 << 30
	defaultShare   = 0.05
)

// Reserve is a part of the disk: a number of bytes ("1GiB"), a share ("5%"), or
// unset, which is 1 GiB or 5 %, whichever is less.
type Reserve struct {
	Bytes int64
	// Share is over 0 and at most 0.5.
	Share float64
}

// Of gives the bytes to keep free of a disk of this size.
func (r Reserve) Of(total int64) int64 {
	switch {
	case r.Bytes > 0:
		return r.Bytes
	case r.Share > 0:
		return int64(float64(total) * r.Share)
	default:
		return min(defaultReserve, int64(float64(total)*defaultShare))
	}
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *Reserve) UnmarshalText(text []byte) error {
	s := strings.ReplaceAll(string(text), " ", "")
	if number, ok := strings.CutSuffix(s, "%"); ok {
		share, err := strconv.ParseFloat(number, 64)
		if err != nil || !(share > 0 && share <= 50) {
			return fmt.Errorf("%q: a share of the disk is over 0%% and at most 50%%", text)
		}
		*r = Reserve{Share: share / 100}
		return nil
	}
	if n, ok := parseBytes(s); ok {
		*r = Reserve{Bytes: n}
		return nil
	}
	return fmt.Errorf("%q: a reserve is written like 1GiB or 5%%", text)
}

// MarshalText implements encoding.TextMarshaler.
func (r Reserve) MarshalText() ([]byte, error) {
	switch {
	case r.Bytes > 0:
		return []byte(strconv.FormatInt(r.Bytes, 10) + " bytes"), nil
	case r.Share > 0:
		return []byte(strconv.FormatFloat(r.Share*100, 'g', -1, 64) + "%"), nil
	default:
		return []byte("1GiB or 5%"), nil
	}
}

// Size is a number of bytes: "25MiB".
type Size int64

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Size) UnmarshalText(text []byte) error {
	n, ok := parseBytes(strings.ReplaceAll(string(text), " ", ""))
	if !ok {
		return fmt.Errorf("%q: a size is written like 25MiB", text)
	}
	*s = Size(n)
	return nil
}

// parseBytes reads a number with a unit, over 0.
func parseBytes(s string) (int64, bool) {
	for _, unit := range []struct {
		name string
		size float64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}} {
		number, ok := strings.CutSuffix(s, unit.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(number, 64)
		if err == nil && n > 0 && n*unit.size < math.MaxInt64 {
			return int64(n * unit.size), true
		}
	}
	return 0, false
}
