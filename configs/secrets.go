package configs

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"strings"
)

// secret reads a secret from the file or the variable that is named for it.
func (k *checker) secret(key, name string, file *string, env string) Secret {
	fileKey, envKey := key+"."+name+"_file", key+"."+name+"_env"
	k.absolute(file)
	switch {
	case *file != "" && env != "":
		k.doc.Report(envKey, "remove one", "a file is named too")
		return Secret{}
	case *file != "":
		return k.secretFile(fileKey, *file)
	case env != "":
		value, ok := os.LookupEnv(env)
		if !ok || value == "" {
			k.doc.Report(envKey, "", "the variable %s is not set", env)
		}
		return NewSecret(value)
	default:
		return Secret{}
	}
}

// maxSecret bounds a file that holds one secret.
const maxSecret = 64 << 10

func (k *checker) secretFile(key, path string) Secret {
	if !k.readable(key, path) {
		return Secret{}
	}
	data, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		k.doc.Report(key, "", "%s", plainError(err))
		return Secret{}
	}
	value := strings.TrimRight(string(data), "\r\n")
	switch {
	case value == "":
		k.doc.Report(key, "", "the file is empty")
	case len(value) > maxSecret || strings.ContainsAny(value, "\r\n\x00"):
		k.doc.Report(key, "write the password alone into the file, on one line", "the file holds more than one line")
	}
	k.private(key, path)
	return NewSecret(value)
}

// readable reports a file that isn't there or can't be read; "" is none.
func (k *checker) readable(key, path string) bool {
	if path == "" {
		return true
	}
	f, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		k.doc.Report(key, "", "%s", plainError(err))
		return false
	}
	defer func() { _ = f.Close() }() // nothing was written
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		k.doc.Report(key, "", "is not a file")
		return false
	}
	return true
}

// private warns of a secret that others on this machine can read.
func (k *checker) private(key, path string) {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return
	}
	k.warn(key, "chmod 600 "+path, "others on this machine can read it (mode %04o)", info.Mode().Perm())
}

// certificates reports a file that holds no certificate; "" is none.
func (k *checker) certificates(key, path string) {
	if path == "" || !k.readable(key, path) {
		return
	}
	data, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		k.doc.Report(key, "", "%s", plainError(err))
		return
	}
	if !x509.NewCertPool().AppendCertsFromPEM(data) {
		k.doc.Report(key, "", "holds no certificate in PEM form")
	}
}

// plainError leaves the path out of an error: the place names it already.
func plainError(err error) string {
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file"
	case errors.As(err, &path):
		return path.Err.Error()
	default:
		return err.Error()
	}
}
