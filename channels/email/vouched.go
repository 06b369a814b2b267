package email

import (
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Signatures says whose signatures on mails are known.
type Signatures struct {
	// PGPKeys are files with public keys of PGP, armoured or not, and folders of
	// such files.
	PGPKeys []string
	// CAFile holds the authorities (PEM) that issue certificates for S/MIME,
	// besides those that the system trusts.
	CAFile string
}

// FileError is what is wrong with one file.
type FileError struct {
	File string
	Err  error
}

// Error implements error.
func (e *FileError) Error() string { return e.File + ": " + e.Err.Error() }

// Unwrap gives the cause.
func (e *FileError) Unwrap() error { return e.Err }

// Vouched holds the keys and authorities that signatures on mails are checked
// by. It does not change once it is loaded; nil knows none.
type Vouched struct {
	keys   *pgpRing
	roots  *x509.CertPool
	digest [sha256.Size]byte
}

// maxKeyFile is how many bytes of a file of keys are read, maxKeyPackets how
// many packets.
const (
	maxKeyFile    = 64 << 20
	maxKeyPackets = 1_000_000
)

// LoadVouched reads the keys and authorities. What can't be read is told, each
// file by itself, and left out: the others hold.
func LoadVouched(s Signatures) (*Vouched, []*FileError) {
	v := &Vouched{keys: newRing()}
	sum := sha256.New()
	var bad []*FileError
	wrong := func(file string, err error) {
		if path, ok := errors.AsType[*os.PathError](err); ok {
			err = path.Err
		}
		bad = append(bad, &FileError{file, err})
	}
	for _, path := range s.PGPKeys {
		files, err := keyFiles(path)
		if err != nil {
			wrong(path, err)
		}
		for _, file := range files {
			data, err := readKeyFile(file)
			if err == nil {
				sum.Write(data)
				err = v.take(data)
			}
			if err != nil {
				wrong(file, err)
			}
		}
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if v.roots = roots; s.CAFile != "" {
		data, err := readKeyFile(s.CAFile)
		switch {
		case err != nil:
			wrong(s.CAFile, err)
		case !roots.AppendCertsFromPEM(data):
			wrong(s.CAFile, errors.New("holds no certificate in PEM form"))
		}
		sum.Write(data)
	}
	sum.Sum(v.digest[:0])
	return v, bad
}

// Digest gives a text that differs when what was loaded does.
func (v *Vouched) Digest() string { return fmt.Sprintf("%x", v.digest) }

// take reads the keys of one file. One that can't be read keeps no other out.
func (v *Vouched) take(data []byte) error {
	blocks, err := keyBlocks(data, maxKeyPackets)
	if err != nil {
		return err
	}
	var all []error
	for _, block := range blocks {
		keys, err := readKey(block)
		if err != nil {
			all = append(all, err)
		}
		v.keys.add(keys)
	}
	return errors.Join(all...)
}

// keyFiles gives the files that a path stands for: itself, or of a folder all
// but the hidden ones.
func keyFiles(path string) ([]string, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if file := filepath.Join(path, e.Name()); !strings.HasPrefix(e.Name(), ".") {
			if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
				out = append(out, file)
			}
		}
	}
	return out, nil
}

func readKeyFile(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxKeyFile {
		return nil, fmt.Errorf("has %d MiB: more than %d are not read", info.Size()>>20, maxKeyFile>>20)
	}
	return os.ReadFile(file) //nolint:gosec // the operator names the file
}
