package journal

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The names of the keys that every journal has.
const (
	// KeyHash is for keyed hashes of addresses and ids in the log.
	KeyHash = "hash"
	// KeyToken is for the unguessable tokens in reply addresses.
	KeyToken = "token"
	// KeySign is for links, sessions and the audit's signature.
	KeySign = "sign"
)

const keySize = 32

// Keys are the secrets of one data directory, 32 bytes each, in DIR/keys. They
// belong to every backup: without them neither "seen for ever" nor threading
// by token works on the restored data. Printing or logging Keys shows nothing.
type Keys struct{ byName map[string][]byte }

// Key gives a copy of the named secret, nil if there is none of that name.
func (k Keys) Key(name string) []byte { return slices.Clone(k.byName[name]) }

// String hides the secrets.
func (k Keys) String() string { return "keys(hidden)" }

// GoString hides the secrets from %#v.
func (k Keys) GoString() string { return k.String() }

// fingerprint identifies the keys without giving them away.
func (k Keys) fingerprint() string {
	m := hmac.New(sha256.New, k.byName[KeyHash])
	for _, name := range keyNames() {
		m.Write([]byte(name))
		m.Write(k.byName[name])
	}
	return hex.EncodeToString(m.Sum(nil)[:8])
}

func keyNames() []string { return []string{KeyHash, KeyToken, KeySign} }

// openKeys reads DIR/keys, or makes it where mayMake allows: a directory that
// holds data already must not get new ones.
func openKeys(dir string, mayMake bool) (Keys, error) {
	path := filepath.Join(dir, "keys")
	b, err := os.ReadFile(path) //nolint:gosec // our own file in the operator's folder
	switch {
	case os.IsNotExist(err) && !mayMake:
		return Keys{}, fmt.Errorf("%w: %s is missing, put it back from the backup", ErrKeys, path)
	case os.IsNotExist(err):
		return makeKeys(path)
	case err != nil:
		return Keys{}, fmt.Errorf("reading keys: %w", err)
	}
	if fi, err := os.Stat(path); err == nil && fi.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(path, 0o600); err != nil {
			return Keys{}, fmt.Errorf("closing keys to others: %w", err)
		}
	}
	return parseKeys(path, b)
}

func makeKeys(path string) (Keys, error) {
	k := Keys{byName: map[string][]byte{}}
	var out bytes.Buffer
	for _, name := range keyNames() {
		key := make([]byte, keySize)
		if _, err := rand.Read(key); err != nil {
			return Keys{}, fmt.Errorf("making key %q: %w", name, err)
		}
		k.byName[name] = key
		fmt.Fprintf(&out, "%s %s\n", name, hex.EncodeToString(key))
	}
	if err := writeSynced(path, out.Bytes()); err != nil {
		return Keys{}, fmt.Errorf("writing keys: %w", err)
	}
	return k, nil
}

func parseKeys(path string, b []byte) (Keys, error) {
	k := Keys{byName: map[string][]byte{}}
	sc := bufio.NewScanner(bytes.NewReader(b))
	for line := 1; sc.Scan(); line++ {
		name, value, ok := strings.Cut(strings.TrimSpace(sc.Text()), " ")
		if name == "" {
			continue
		}
		key, err := hex.DecodeString(strings.TrimSpace(value))
		if !ok || err != nil || len(key) != keySize {
			return Keys{}, fmt.Errorf("%w: %s:%d: not a name and 64 hexadecimal digits", ErrKeys, path, line)
		}
		k.byName[name] = key
	}
	for _, name := range keyNames() {
		if k.byName[name] == nil {
			return Keys{}, fmt.Errorf("%w: %s: key %q is missing", ErrKeys, path, name)
		}
	}
	return k, nil
}

// writeSynced writes a file of mode 0600 so that after a power cut it is there
// whole or not at all.
func writeSynced(path string, b []byte) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the operator's folder
	if err != nil {
		return err
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}
