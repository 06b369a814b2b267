package webhook

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// Moment is an instant as RFC 3339 or, as many systems have it, in Unix seconds
// or milliseconds.
type Moment struct {
	time.Time
	// odd is true for what is none of these.
	odd bool
}

// millisFrom is where milliseconds begin: as seconds it would be the year 5138.
const millisFrom = 1e11

// UnmarshalJSON implements json.Unmarshaler. It takes anything, so that whoever
// checks a message can say where the odd one stands.
func (m *Moment) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil && string(data) != "null" {
		for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700"} {
			if at, err := time.Parse(form, strings.TrimSpace(text)); err == nil {
				m.Time = at
				return nil
			}
		}
		m.odd = true
		return nil
	}
	n, err := strconv.ParseFloat(string(data), 64)
	if err != nil || math.Abs(n) > 1e15 {
		m.odd = true
		return nil //nolint:nilerr // said by odd
	}
	if math.Abs(n) >= millisFrom {
		n /= 1000
	}
	whole, part := math.Modf(n)
	m.Time = time.Unix(int64(whole), int64(part*1e9)).UTC()
	return nil
}

// MarshalJSON implements json.Marshaler.
func (m *Moment) MarshalJSON() ([]byte, error) {
	return json.Marshal(m.UTC().Format(time.RFC3339Nano))
}
