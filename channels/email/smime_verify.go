package email

import (
	"bytes"
	"crypto"
	"crypto/dsa" //nolint:staticcheck // old certificates are of it
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	_ "crypto/sha1" //nolint:gosec // what is signed with it is said to be weak
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
)

// The algorithms of signatures, as they are encoded (RFC 3370, 4056, 5754, 8419).
const (
	oidSHA1   = "\x2b\x0e\x03\x02\x1a"
	oidSHA256 = "\x60\x86\x48\x01\x65\x03\x04\x02\x01"
	oidSHA384 = "\x60\x86\x48\x01\x65\x03\x04\x02\x02"
	oidSHA512 = "\x60\x86\x48\x01\x65\x03\x04\x02\x03"
	oidSHA224 = "\x60\x86\x48\x01\x65\x03\x04\x02\x04"
	oidPSS    = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"
)

// hashOf gives the hash that an algorithm names, 0 if it isn't known or anybody
// can forge what is signed with it.
func hashOf(oid string) crypto.Hash {
	switch oid {
	case oidSHA1:
		return crypto.SHA1
	case oidSHA224:
		return crypto.SHA224
	case oidSHA256:
		return crypto.SHA256
	case oidSHA384:
		return crypto.SHA384
	case oidSHA512:
		return crypto.SHA512
	}
	return 0
}

// verdict is what a check comes to.
type verdict int

const (
	unfit verdict = iota
	fit
	uncheckable
)

// verify checks a signature over a content by a certificate.
func (s *cmsSigner) verify(cert *x509.Certificate, kind string, content []byte) verdict {
	h := hashOf(s.digest)
	if h == 0 {
		return uncheckable
	}
	message := content
	if s.attributes != nil {
		sum := h.New()
		_, _ = sum.Write(content) // a hash takes everything
		if s.kind != kind || len(s.sum) == 0 || !bytes.Equal(sum.Sum(nil), s.sum) {
			return unfit
		}
		message = s.attributes
	}
	if s.algorithm == oidPSS {
		var params struct {
			Hash pkix.AlgorithmIdentifier `asn1:"explicit,optional,tag:0"`
			Rest asn1.RawValue            `asn1:"optional"`
		}
		_, _ = asn1.Unmarshal(s.params, &params) // else the digest's
		if der, err := asn1.Marshal(params.Hash.Algorithm); err == nil && len(der) > 2 {
			if h = hashOf(string(der[2:])); h == 0 {
				return uncheckable
			}
		}
	}
	sum := h.New()
	_, _ = sum.Write(message)
	return s.fits(cert, h, sum.Sum(nil), message)
}

// fits checks the signature itself.
func (s *cmsSigner) fits(cert *x509.Certificate, h crypto.Hash, sum, message []byte) verdict {
	ok := false
	switch key := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		if s.algorithm == oidPSS {
			ok = rsa.VerifyPSS(key, h, sum, s.signature, nil) == nil
		} else {
			ok = rsa.VerifyPKCS1v15(key, h, sum, s.signature) == nil
		}
	case *ecdsa.PublicKey:
		ok = ecdsa.VerifyASN1(key, sum, s.signature)
	case ed25519.PublicKey:
		ok = ed25519.Verify(key, message, s.signature)
	case *dsa.PublicKey:
		var parts struct{ R, S *big.Int }
		if rest, err := asn1.Unmarshal(s.signature, &parts); err == nil && len(rest) == 0 {
			ok = dsa.Verify(key, sum[:min(len(sum), (key.Q.BitLen()+7)/8)], parts.R, parts.S)
		}
	default:
		return uncheckable
	}
	if ok {
		return fit
	}
	return unfit
}

// bearable reports whether a key is checked in reasonable time, and by the
// library at all.
func bearable(cert *x509.Certificate) bool {
	switch key := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		return key.N.BitLen() >= 1024 && key.N.BitLen() <= maxRSA && key.E <= 1<<31-1
	case *dsa.PublicKey:
		return key.P.BitLen() <= maxDSA && key.Q.BitLen() <= 512 && key.Q.Sign() > 0 && key.G.BitLen() <= maxDSA && key.Y.BitLen() <= maxDSA
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return true
	default:
		return false
	}
}

// strength says what about a signature is weak.
func (s *cmsSigner) strength(cert *x509.Certificate) string {
	var weak []string
	if s.digest == oidSHA1 {
		weak = append(weak, "SHA-1")
	}
	switch key := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < strongRSA {
			weak = append(weak, "RSA of "+bitsOf(key.N))
		}
	case *dsa.PublicKey:
		if key.P.BitLen() < strongRSA {
			weak = append(weak, "DSA of "+bitsOf(key.P))
		}
	}
	return weakWords(weak)
}
