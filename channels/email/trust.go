package email

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
)

// tlsConfig verifies the server's name and its chain, against CAFile if given;
// with a fingerprint, the one certificate and nothing else.
func (e Endpoint) tlsConfig() (*tls.Config, error) {
	cfg := &tls.Config{ServerName: e.Host, MinVersion: tls.VersionTLS12}
	if e.Fingerprint != "" {
		want, err := parseFingerprint(e.Fingerprint)
		if err != nil {
			return nil, err
		}
		cfg.InsecureSkipVerify = true // VerifyConnection does it, for resumed sessions too
		cfg.VerifyConnection = func(state tls.ConnectionState) error { return verifyPinned(want, state) }
		return cfg, nil
	}
	if e.CAFile == "" {
		return cfg, nil
	}
	pem, err := os.ReadFile(e.CAFile)
	if err != nil {
		return nil, fmt.Errorf("ca_file: reading certificates: %w", err)
	}
	cfg.RootCAs = x509.NewCertPool()
	if !cfg.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca_file: %s holds no certificate in PEM form", e.CAFile)
	}
	return cfg, nil
}

// pinError says that a server has another certificate than the pinned one.
type pinError struct{ has string }

func (e *pinError) Error() string {
	return "its certificate is not the one that fingerprint names: it has " + e.has
}

func verifyPinned(want []byte, state tls.ConnectionState) error {
	if len(state.PeerCertificates) == 0 {
		return errors.New("the server showed no certificate")
	}
	has := sha256.Sum256(state.PeerCertificates[0].Raw)
	if subtle.ConstantTimeCompare(want, has[:]) == 1 {
		return nil
	}
	return &pinError{has: fingerprintOf(state.PeerCertificates[0])}
}

// parseFingerprint reads a SHA-256 in hex, with or without colons, spaces and
// the name that programs put before it.
func parseFingerprint(text string) ([]byte, error) {
	bare := strings.ToLower(strings.NewReplacer(":", "", " ", "").Replace(text))
	bare = strings.TrimPrefix(strings.TrimPrefix(bare, "sha256fingerprint="), "sha256")
	sum, err := hex.DecodeString(bare)
	if err != nil || len(sum) != sha256.Size {
		return nil, fmt.Errorf("fingerprint %q: want the SHA-256 of the certificate, 64 hexadecimal digits", text)
	}
	return sum, nil
}

// fingerprintOf gives a certificate's SHA-256 as programs show it.
func fingerprintOf(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(parts, ":")
}
