package channels

import "log/slog"

// Secret is a password, token or key. Printed, logged or written as JSON it
// shows stars.
type Secret string

const stars = "***"

// String implements fmt.Stringer.
func (Secret) String() string { return stars }

// GoString implements fmt.GoStringer.
func (Secret) GoString() string { return stars }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue(stars) }

// MarshalJSON hides the secret in JSON too.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + stars + `"`), nil }
