package email

import (
	"bytes"
	"crypto"
	"crypto/dsa" //nolint:staticcheck // old keys of correspondents are of it
	"crypto/rsa"
	"fmt"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

const pgpUnknownWords = "The mail is signed with PGP; the signature is not verified: "

// pgp tells in words whose signatures (the bodies of their packets) these are,
// and whether they fit one of the forms of what was signed. broken is true where
// one doesn't.
func (s *seals) pgp(signatures [][]byte, forms [][]byte) (words []string, broken bool) {
	if len(signatures) == 0 {
		return []string{"The mail is signed with PGP; the signature can't be read."}, false
	}
	for i, body := range signatures {
		if i == maxPGPSignatures || !s.more() {
			words = append(words, "The mail is signed with PGP by many; the other signatures are not checked.")
			break
		}
		said, fits := s.pgpOne(body, forms)
		words = append(words, said)
		broken = broken || !fits
	}
	return words, broken
}

// pgpOne tells of one signature. fits is false only where it is known not to.
func (s *seals) pgpOne(body []byte, forms [][]byte) (words string, fits bool) {
	defer func() {
		if recover() != nil {
			words, fits = "The mail is signed with PGP; the signature can't be read.", true
		}
	}()
	sig, unread := readSignature(body)
	if sig == nil {
		return unread, true
	}
	var keys []*pgpKey
	if s.vouched != nil {
		keys = s.vouched.keys.of(sig)
	}
	if len(keys) == 0 {
		keys = s.keysIn().of(sig)
	}
	if len(keys) == 0 {
		return pgpUnknownWords + "the key " + issuerOf(sig) + " is not known here.", true
	}
	for _, key := range keys[:min(len(keys), maxPGPSignatures)] {
		for _, form := range forms {
			if s.hashed += len(form); s.hashed > maxHashed {
				return pgpUnknownWords + "the mail is too large for so many.", true
			}
			if fitsKey(key, sig, form) {
				return s.fitWords(key, sig), true
			}
		}
	}
	return s.unfitWords(keys[0]), false
}

// readSignature reads a signature over words, or says why not.
func readSignature(body []byte) (sig *packet.Signature, words string) {
	if len(body) > maxPGPSignature || len(body) < 4 || !plainSignature(body, false) {
		return nil, "The mail is signed with PGP; the signature can't be read."
	}
	p, err := packet.Read(bytes.NewReader(pgpPacket{tagSignature, body}.framed()))
	sig, ok := p.(*packet.Signature)
	switch {
	case err != nil || !ok:
		return nil, pgpUnknownWords + "it is made in a way that is not known here, or no longer safe."
	case sig.SigType != packet.SigTypeBinary && sig.SigType != packet.SigTypeText:
		return nil, pgpUnknownWords + "it is not one over a mail."
	}
	for _, n := range sig.Notations {
		if n.IsCritical {
			return nil, pgpUnknownWords + "it has a condition that is not known here."
		}
	}
	return sig, ""
}

// fitsKey reports whether a key made the signature over these bytes.
func fitsKey(key *pgpKey, sig *packet.Signature, signed []byte) bool {
	h, err := sig.PrepareVerify()
	if err != nil {
		return false
	}
	_, _ = h.Write(signed) // a hash takes everything
	return key.public.VerifySignature(h, sig) == nil
}

// issuerOf names the key that made a signature, as it says itself.
func issuerOf(sig *packet.Signature) string {
	key := "that made it"
	switch {
	case len(sig.IssuerFingerprint) > 0:
		key = hexUpper(sig.IssuerFingerprint)
	case sig.IssuerKeyId != nil:
		key = fmt.Sprintf("%016X", *sig.IssuerKeyId)
	}
	if sig.SignerUserId != nil && *sig.SignerUserId != "" {
		key += " (of " + named(toUTF8([]byte(*sig.SignerUserId))) + ", it says)"
	}
	return key
}

// fitWords tells of a signature that fits.
func (s *seals) fitWords(key *pgpKey, sig *packet.Signature) string {
	who, isSender := key.owner(s.from)
	who = named(who)
	trouble := keyTrouble(key, sig)
	words := fmt.Sprintf("Signed by %s (PGP): the signature fits the mail, and the key is known here", who)
	switch {
	case key.came:
		words = fmt.Sprintf("Signed in the name of %s (PGP): the signature fits the key that came with this mail, which nobody has vouched for", who)
		if trouble != "" {
			words += "; besides, " + trouble
		}
	case trouble != "":
		words += ", but " + trouble
	}
	words += " (" + key.fingerprint + ")."
	if !isSender {
		words += " The key does not name the sender's address."
	}
	return words + weakness(key, sig) + s.dated(sig.CreationTime)
}

// keyTrouble says why a key, or the signature, did not hold when the signature
// was made; "" if both did.
func keyTrouble(key *pgpKey, sig *packet.Signature) string {
	made := sig.CreationTime
	switch {
	case key.lost:
		return "the key was revoked on " + day(key.revoked) + ": somebody else may have it"
	case !key.revoked.IsZero() && !made.Before(key.revoked):
		return "the key was revoked on " + day(key.revoked) + ", before it signed this"
	case !key.expires.IsZero() && !made.Before(key.expires):
		return "the key had expired on " + day(key.expires) + ", before it signed this"
	case made.Before(key.public.CreationTime.Truncate(time.Second)):
		return "the key is younger than the signature"
	}
	return ""
}

// weakness says that a signature could have been forged.
func weakness(key *pgpKey, sig *packet.Signature) string {
	var weak []string
	if sig.Hash == crypto.SHA1 {
		weak = append(weak, "SHA-1")
	}
	switch k := key.public.PublicKey.(type) {
	case *rsa.PublicKey:
		if n := k.N.BitLen(); n < strongRSA {
			weak = append(weak, fmt.Sprintf("RSA of %d bits", n))
		}
	case *dsa.PublicKey:
		if n := k.P.BitLen(); n < strongRSA {
			weak = append(weak, fmt.Sprintf("DSA of %d bits", n))
		}
	}
	return weakWords(weak)
}

// strongRSA is how many bits a key of RSA or DSA has at least that nobody breaks.
const strongRSA = 2048

// weakWords says what about a signature is weak.
func weakWords(weak []string) string {
	if len(weak) == 0 {
		return ""
	}
	return " It is weak (" + strings.Join(weak, ", ") + "): it may be forged."
}

// unfitWords tells of a signature that does not fit.
func (s *seals) unfitWords(key *pgpKey) string {
	who, _ := key.owner(s.from)
	if key.came {
		return fmt.Sprintf("The signature (PGP) in the name of %s does NOT fit the key that came with this mail: the mail was changed on its way, or somebody else wrote it.", named(who))
	}
	return fmt.Sprintf("The signature (PGP) of %s does NOT fit: the mail was changed on its way, or somebody else wrote it.", named(who))
}
