package replay

import (
	"bytes"
	"errors"
	"fmt"
)

// A log is large, and a replay needs a part of it: these cut JSON into its values
// without looking into those that nobody asks for. What is asked for is then read by
// encoding/json.

// errStop ends a look at an object early.
var errStop = errors.New("that was all")

// fields calls fn for each field of an object, with its key as it is written and its
// value, until fn gives errStop.
func fields(object []byte, fn func(key, value []byte) error) error {
	return values(object, '{', '}', func(rest []byte) (int, error) {
		n, err := valueEnd(rest)
		if err != nil || rest[0] != '"' {
			return 0, errMalformed
		}
		key, at := rest[1:n-1], n
		at += blank(rest[at:])
		if at >= len(rest) || rest[at] != ':' {
			return 0, errMalformed
		}
		at++
		at += blank(rest[at:])
		n, err = valueEnd(rest[at:])
		if err != nil {
			return 0, err
		}
		return at + n, fn(key, rest[at:at+n])
	})
}

// items calls fn for each value of an array.
func items(array []byte, fn func(value []byte) error) error {
	return values(array, '[', ']', func(rest []byte) (int, error) {
		n, err := valueEnd(rest)
		if err != nil {
			return 0, err
		}
		return n, fn(rest[:n])
	})
}

var errMalformed = fmt.Errorf("this is no JSON of a log")

// values goes through what stands between brackets; next takes one and says how long it
// is.
func values(data []byte, open, end byte, next func(rest []byte) (int, error)) error {
	at := blank(data)
	if at >= len(data) || data[at] != open {
		return errMalformed
	}
	at++
	for first := true; ; first = false {
		at += blank(data[at:])
		switch {
		case at >= len(data):
			return errMalformed
		case data[at] == end:
			return nil
		case !first && data[at] != ',':
			return errMalformed
		case !first:
			at++
			at += blank(data[at:])
		}
		if at >= len(data) {
			return errMalformed
		}
		n, err := next(data[at:])
		if errors.Is(err, errStop) {
			return nil
		}
		if err != nil {
			return err
		}
		at += n
	}
}

// blank counts the spaces at the beginning.
func blank(data []byte) int {
	for i, b := range data {
		if b != ' ' && b != '\n' && b != '\r' && b != '\t' {
			return i
		}
	}
	return len(data)
}

// valueEnd gives where the value at the beginning ends.
func valueEnd(data []byte) (int, error) {
	if len(data) == 0 {
		return 0, errMalformed
	}
	switch data[0] {
	case '"':
		return stringEnd(data)
	case '{', '[':
		return nestEnd(data)
	}
	for i, b := range data {
		if b == ',' || b == '}' || b == ']' || b == ' ' || b == '\n' {
			return i, nil
		}
	}
	return len(data), nil
}

// stringEnd gives where the string at the beginning ends.
func stringEnd(data []byte) (int, error) {
	for at := 1; ; {
		n := bytes.IndexByte(data[at:], '"')
		if n < 0 {
			return 0, errMalformed
		}
		at += n
		escapes := 0
		for data[at-1-escapes] == '\\' {
			escapes++
		}
		at++
		if escapes%2 == 0 {
			return at, nil
		}
	}
}

// nestEnd gives where the object or array at the beginning ends.
func nestEnd(data []byte) (int, error) {
	depth := 0
	for at := 0; at < len(data); {
		switch data[at] {
		case '"':
			n, err := stringEnd(data[at:])
			if err != nil {
				return 0, err
			}
			at += n
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return at + 1, nil
			}
		}
		at++
	}
	return 0, errMalformed
}
