package email

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	"github.com/smallstep/pkcs7"
)

// What a check of a signature may cost: the sizes in bytes of the signature and
// of what is signed, the certificates, and the bits of a key.
const (
	maxSignature = 2 << 20
	maxSigned    = 32 << 20
	maxSigners   = 4
	maxCerts     = 40
	maxRSA       = 8192
)

// smimeSigned tells in words who signed, and whether the signature fits what is
// signed (nil where the signature holds that itself). Who issued the
// certificate isn't checked: there is no list of whom to trust.
func smimeSigned(signature, signed []byte, from string) (words string) {
	defer func() {
		if recover() != nil {
			words = "The mail is signed (S/MIME); the signature can't be read."
		}
	}()
	if len(signature) > maxSignature || len(signed) > maxSigned || !berShallow(signature, 0) {
		return "The mail is signed (S/MIME); the signature is not checked."
	}
	p7, err := pkcs7.Parse(signature)
	if err != nil || len(p7.Signers) == 0 {
		return "The mail is signed (S/MIME); the signature can't be read."
	}
	if len(p7.Signers) > maxSigners || len(p7.Certificates) > maxCerts {
		return "The mail is signed (S/MIME) by many; the signatures are not checked."
	}
	signer := p7.GetOnlySigner()
	for _, cert := range p7.Certificates {
		if !bearable(cert) {
			return "The mail is signed (S/MIME) with a key of an unusual kind; the signature is not checked."
		}
	}
	if signed != nil {
		p7.Content = canonical(signed)
	}
	return signatureWords(signer, p7.Verify(), from)
}

func signatureWords(signer *x509.Certificate, err error, from string) string {
	if signer == nil {
		return "The mail is signed (S/MIME), but the signer's certificate isn't in it: not verified."
	}
	who := orDefault(strings.Join(signer.EmailAddresses, ", "), signer.Subject.CommonName)
	if err != nil {
		return fmt.Sprintf("The signature (S/MIME) of %s does NOT fit: the mail was changed on its way, or somebody else wrote it.", oneLine(visible(who)))
	}
	issuer := orDefault(signer.Issuer.CommonName, strings.Join(signer.Issuer.Organization, " ")) //nolint:misspell // as the library has it
	words := fmt.Sprintf("Signed by %s (S/MIME): the signature fits the mail; the certificate, issued by %s, is not verified.",
		oneLine(visible(who)), orDefault(oneLine(visible(issuer)), "nobody named"))
	if !slices.ContainsFunc(signer.EmailAddresses, func(a string) bool { return strings.EqualFold(a, from) }) {
		words += " It does not name the sender's address."
	}
	return words
}

// bearable reports whether a key is checked in reasonable time.
func bearable(cert *x509.Certificate) bool {
	switch key := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		return key.N.BitLen() <= maxRSA && key.E <= 1<<31-1
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return true
	default:
		return false
	}
}

// canonical gives lines the ends that a signature is made over.
func canonical(b []byte) []byte {
	if bytes.Count(b, []byte("\n")) == bytes.Count(b, []byte("\r\n")) {
		return b
	}
	b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
}
