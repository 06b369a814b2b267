package email

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/emersion/go-msgauth/dkim"
)

// DKIM says how replies are signed (RFC 6376), for servers that don't sign
// themselves. Without a selector nothing is signed.
type DKIM struct {
	Selector string
	// Domain is the address's own if empty.
	Domain string
	// KeyFile holds the private key in PEM form (PKCS #8 or #1, RSA of at least
	// 1024 bits or Ed25519); Key is the same text, given otherwise.
	KeyFile string
	Key     Secret
}

// On reports whether replies are signed.
func (d DKIM) On() bool { return d.Selector != "" }

// signer signs what is sent; nil signs nothing.
type signer struct {
	domain, selector string
	key              crypto.Signer
}

// newSigner reads the key. It gives nil where nothing is to be signed.
func newSigner(d DKIM, address string) (*signer, error) {
	if !d.On() {
		if d.KeyFile != "" || d.Key != "" || d.Domain != "" {
			return nil, errors.New("dkim.selector is missing")
		}
		return nil, nil //nolint:nilnil // nothing is signed
	}
	text := []byte(d.Key)
	if d.KeyFile != "" {
		var err error
		if text, err = os.ReadFile(d.KeyFile); err != nil {
			return nil, fmt.Errorf("dkim.key_file: %w", err)
		}
	}
	key, err := parseKey(text)
	if err != nil {
		return nil, fmt.Errorf("dkim key: %w", err)
	}
	return &signer{domain: asciiDomain("@" + orDefault(d.Domain, domainOf(address)))[1:], selector: d.Selector, key: key}, nil
}

func parseKey(text []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("want a private key in PEM form")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		if parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes); err != nil {
			return nil, errors.New("want a private key of RSA or Ed25519, not locked by a password")
		}
	}
	switch key := parsed.(type) {
	case *rsa.PrivateKey:
		if key.N.BitLen() < 1024 {
			return nil, fmt.Errorf("an RSA key of %d bits is refused by receivers: make one of 2048", key.N.BitLen())
		}
		return key, nil
	case ed25519.PrivateKey:
		return key, nil
	}
	return nil, fmt.Errorf("a key of type %T can't sign mail: make one of RSA, 2048 bits", parsed)
}

// signedFields are signed, and all of them once more as absent, so that none can
// be added on the way (RFC 6376 section 8.15).
func signedFields() []string {
	once := []string{
		"From", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To", "In-Reply-To", "References",
		"MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Auto-Submitted",
	}
	return append(once, "From", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To", "In-Reply-To", "References",
		"MIME-Version", "Content-Type")
}

// sign puts a signature before the mail.
func (s *signer) sign(raw []byte) ([]byte, error) {
	if s == nil {
		return raw, nil
	}
	var out bytes.Buffer
	out.Grow(len(raw) + 1024)
	err := dkim.Sign(&out, bytes.NewReader(raw), &dkim.SignOptions{
		Domain: s.domain, Selector: s.selector, Signer: s.key, Hash: crypto.SHA256,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
		HeaderKeys: signedFields(),
	})
	if err != nil {
		return nil, fmt.Errorf("signing the mail: %w", err)
	}
	return out.Bytes(), nil
}

// record gives the name and the value of what the domain's owner publishes.
func (s *signer) record() (name, value string) {
	name = s.selector + "._domainkey." + s.domain
	switch public := s.key.Public().(type) {
	case ed25519.PublicKey:
		return name, "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)
	default:
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			return name, ""
		}
		return name, "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
	}
}

// published says in words whether the domain publishes the key.
func (s *signer) published(ctx context.Context) string {
	name, value := s.record()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	found, err := net.DefaultResolver.LookupTXT(ctx, name)
	_, want, _ := strings.Cut(value, "p=")
	for _, one := range found {
		if _, key, ok := strings.Cut(strings.Join(strings.Fields(one), ""), "p="); ok && strings.HasPrefix(key, want) {
			return "replies are signed, and " + name + " publishes the key"
		}
	}
	if err != nil && len(found) == 0 {
		return "replies are signed, but " + name + " can't be read (" + dnsWords(err) + "): publish there the text " + value
	}
	return "replies are signed, but " + name + " publishes another key: publish the text " + value
}

func dnsWords(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.Err
	}
	return err.Error()
}
