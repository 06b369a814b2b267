package journal

import "encoding/hex"

// token makes one subject token of any name. Names of lower-case letters,
// digits, _ and - stay as they are, so that people can read and filter them;
// others become "x-" and their bytes in hexadecimal.
func token(name string) string {
	if name != "" && plain(name) && (len(name) < 2 || name[:2] != "x-") {
		return name
	}
	return "x-" + hex.EncodeToString([]byte(name))
}

func plain(name string) bool {
	for _, c := range []byte(name) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

// untoken gives the name that token made a token of.
func untoken(t string) string {
	if len(t) < 2 || t[:2] != "x-" {
		return t
	}
	b, err := hex.DecodeString(t[2:])
	if err != nil {
		return t
	}
	return string(b)
}
