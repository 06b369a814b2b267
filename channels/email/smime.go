package email

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
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

const smimeApartWords = "The mail was signed (S/MIME), but a server on the way took it apart: the signature can't be checked."

// smime tells in words who signed, whether the signature fits what is signed
// (nil where the signature holds that itself), and who vouches for the
// certificate. broken is true where one is known not to fit.
func (s *seals) smime(signature, signed []byte) (words []string, broken bool) {
	defer func() {
		if recover() != nil {
			words = []string{"The mail is signed (S/MIME); the signature can't be read."}
		}
	}()
	if len(signature) > maxSignature && signed != nil || len(signature) > maxSigned || len(signed) > maxSigned || !berShallow(signature, 0) {
		return []string{"The mail is signed (S/MIME); the signature is not checked."}, false
	}
	c, ok := readCMS(signature)
	if !ok {
		return []string{"The mail is signed (S/MIME); the signature can't be read."}, false
	}
	if len(c.signers) > maxSigners || len(c.certs)+c.unread > maxCerts {
		return []string{"The mail is signed (S/MIME) by many; the signatures are not checked."}, false
	}
	forms := [][]byte{c.content}
	if signed != nil {
		forms = signedForms(signed)
	}
	for i := range c.signers {
		if !s.more() {
			words = append(words, "The mail is signed (S/MIME) by many; the other signatures are not checked.")
			break
		}
		said, fits := s.smimeOne(c, &c.signers[i], forms)
		words, broken = append(words, said), broken || !fits
	}
	return words, broken
}

// smimeOne tells of one signer. fits is false only where the signature is known
// not to.
func (s *seals) smimeOne(c *cms, by *cmsSigner, forms [][]byte) (words string, fits bool) {
	cert := c.certOf(by)
	switch {
	case cert == nil && c.unread > 0:
		return "The mail is signed (S/MIME); the signer's certificate can't be read: not verified.", true
	case cert == nil:
		return "The mail is signed (S/MIME), but the signer's certificate isn't in it: not verified.", true
	case !bearable(cert):
		return "The mail is signed (S/MIME) with a key of an unusual kind; the signature is not checked.", true
	}
	result := unfit
	for _, form := range forms {
		if s.hashed += len(form); s.hashed > maxHashed {
			return "The mail is signed (S/MIME); the signature is not checked: the mail is too large for so many.", true
		}
		if result = by.verify(cert, c.kind, form); result != unfit {
			break
		}
	}
	addresses := certAddresses(cert)
	who := named(orDefault(strings.Join(addresses, ", "), orDefault(cert.Subject.CommonName, "somebody without a name")))
	switch result {
	case uncheckable:
		return fmt.Sprintf("The mail is signed (S/MIME) by %s in a way that is not known here, or no longer safe; the signature is not checked.", who), true
	case unfit:
		return fmt.Sprintf("The signature (S/MIME) of %s does NOT fit: the mail was changed on its way, or somebody else wrote it.", who), false
	case fit:
	}
	words = fmt.Sprintf("Signed by %s (S/MIME): the signature fits the mail; the certificate, issued by %s, %s.",
		who, issuerName(cert), s.standing(cert, c.certs, by.made))
	if !names(addresses, s.from) {
		words += " It does not name the sender's address."
	}
	return words + by.strength(cert) + s.dated(by.made), true
}

func names(addresses []string, from string) bool {
	for _, a := range addresses {
		if from != "" && strings.EqualFold(a, from) {
			return true
		}
	}
	return false
}

// certAddresses gives the addresses that a certificate names (RFC 8550 section
// 3), also where old ones have them.
func certAddresses(cert *x509.Certificate) []string {
	out := cert.EmailAddresses
	for _, n := range cert.Subject.Names {
		if n.Type.Equal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}) {
			if a, ok := n.Value.(string); ok && !names(out, a) {
				out = append(slices.Clip(out), a)
			}
		}
	}
	return out
}

func issuerName(cert *x509.Certificate) string {
	issuer := cert.Issuer
	return orDefault(named(orDefault(issuer.CommonName, strings.Join(issuer.Organization, " "))), "nobody named") //nolint:misspell // as the library has it
}

// standing says who vouches for a certificate, and whether it held when it was
// used: at the time that the signature says, else when the mail came.
func (s *seals) standing(cert *x509.Certificate, others []*x509.Certificate, made time.Time) string {
	at := made
	if at.IsZero() || !s.at.IsZero() && at.After(s.at) {
		at = s.at
	}
	var held string
	switch {
	case at.IsZero():
		at = cert.NotBefore
	case at.After(cert.NotAfter):
		held, at = "; it had expired on "+day(cert.NotAfter)+", before the mail was signed", cert.NotAfter
	case at.Before(cert.NotBefore):
		held, at = "; it did not hold before "+day(cert.NotBefore)+", after the mail was signed", cert.NotBefore
	}
	if cert.KeyUsage != 0 && cert.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		held += "; it is not made for signing"
	}
	trouble := s.chain(cert, others, at)
	if trouble == "" && held == "" {
		return "is verified: who issued it is trusted here"
	}
	if trouble == "" {
		return "is verified" + held
	}
	return "is not verified: " + trouble + held
}

// chain says why nobody who is trusted here vouches for a certificate, "" if
// somebody does. Whether it was revoked isn't asked for: that would tell its
// issuer who reads the mail, and when.
func (s *seals) chain(cert *x509.Certificate, others []*x509.Certificate, at time.Time) string {
	opts := x509.VerifyOptions{
		Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection},
	}
	if s.vouched != nil {
		opts.Roots = s.vouched.roots
	}
	for _, one := range others {
		if one != cert && bearable(one) {
			opts.Intermediates.AddCert(one)
		}
	}
	_, err := cert.Verify(opts)
	invalid, _ := errors.AsType[x509.CertificateInvalidError](err)
	unknown, isUnknown := errors.AsType[x509.UnknownAuthorityError](err)
	switch {
	case err == nil:
		return ""
	case selfSigned(cert):
		return "it is self-signed, so anybody can have made it in this name"
	case isUnknown && strings.Contains(unknown.Error(), "insecure algorithm"):
		return "it is issued in a way that can be forged (SHA-1)"
	case isUnknown:
		return "who issued it is not among those who are trusted here"
	case invalid.Cert == nil:
		return "it has a condition that is not known here"
	case invalid.Reason == x509.IncompatibleUsage:
		return "it is not made for mail"
	case invalid.Reason == x509.Expired:
		return "who issued it was itself vouched for at another time only"
	case invalid.Reason == x509.CANotAuthorizedForThisName || invalid.Reason == x509.NameConstraintsWithoutSANs:
		return "who issued it may not do so for this address"
	default:
		return "who issued it may not issue any"
	}
}

// selfSigned reports whether a certificate names its owner as who issued it.
func selfSigned(cert *x509.Certificate) bool { return bytes.Equal(cert.RawIssuer, cert.RawSubject) }

func bitsOf(n *big.Int) string { return fmt.Sprintf("%d bits", n.BitLen()) }

// canonical gives lines the ends that a signature is made over.
func canonical(b []byte) []byte {
	if bytes.Count(b, []byte("\n")) == bytes.Count(b, []byte("\r\n")) {
		return b
	}
	b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
}
