package email

import (
	"bytes"
	"crypto/dsa" //nolint:staticcheck // old keys of correspondents are of it
	"crypto/rsa"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"
)

// What is read of the keys that come with a mail: bytes of each part, parts, and
// of all together packets and keys. Those that are configured may be more. Of a
// key whose signatures take long to check, few packets are read.
const (
	maxCameBytes   = 256 << 10
	maxCameParts   = 4
	maxCamePackets = 300
	maxCameKeys    = 6
	maxSlowPackets = 9
)

// pgpKey is one key that can sign: a primary one or one of those below it. It
// does not change once it is made.
type pgpKey struct {
	public *packet.PublicKey
	// fingerprint is the primary key's, which names the whole.
	fingerprint string
	// names are the user ids that the key's owner has signed and not taken back,
	// the main one first.
	names []string
	// expires is when it ends, zero if never.
	expires time.Time
	// revoked is when it was taken back, zero if it wasn't; lost means that what
	// it signed before may be another's too.
	revoked time.Time
	lost    bool
	// came is true where it came with the mail that it signed.
	came bool
}

// pgpRing are keys by the ids that signatures name them by.
type pgpRing struct {
	byID  map[uint64][]*pgpKey
	names map[string]bool // fingerprints that are in it
}

func newRing() *pgpRing { return &pgpRing{byID: map[uint64][]*pgpKey{}, names: map[string]bool{}} }

// add puts the keys in, unless they are there.
func (r *pgpRing) add(keys []*pgpKey) {
	if len(keys) == 0 || r.names[keys[0].fingerprint] {
		return
	}
	r.names[keys[0].fingerprint] = true
	for _, key := range keys {
		r.byID[key.public.KeyId] = append(r.byID[key.public.KeyId], key)
	}
}

// of gives the keys that a signature may be made by.
func (r *pgpRing) of(sig *packet.Signature) []*pgpKey {
	if r == nil || sig.IssuerKeyId == nil {
		return nil
	}
	var out []*pgpKey
	for _, key := range r.byID[*sig.IssuerKeyId] {
		if sig.IssuerFingerprint == nil || bytes.Equal(sig.IssuerFingerprint, key.public.Fingerprint) {
			out = append(out, key)
		}
	}
	return out
}

// errSecret is for whoever exports more than is asked for.
var errSecret = errors.New(`holds a secret key: export the public one only ("gpg -a --export NAME")`)

// keyBlocks gives the keys, each as its packets, that a file holds, armoured or
// not.
func keyBlocks(data []byte, packets int) (blocks [][]byte, err error) {
	if bytes.Contains(data, []byte("-----BEGIN PGP PRIVATE KEY BLOCK-----")) {
		return nil, errSecret
	}
	if bytes.Contains(data, []byte("-----BEGIN PGP ")) {
		for rest := data; ; {
			var one []byte
			if one, rest = dearmoured(rest, "PUBLIC KEY BLOCK"); one == nil {
				break
			}
			found, err := cutKeys(one, &packets)
			if err != nil {
				return nil, err
			}
			blocks = append(blocks, found...)
		}
		if len(blocks) == 0 {
			return nil, errors.New("holds no whole block of a public key")
		}
		return blocks, nil
	}
	return cutKeys(data, &packets)
}

// cutKeys cuts packets before each key, and leaves out pictures.
func cutKeys(data []byte, left *int) (blocks [][]byte, err error) {
	if len(data) > 12 && bytes.Equal(data[8:12], []byte("KBXf")) {
		return nil, errors.New(`is a key box of GnuPG: export the keys ("gpg -a --export NAME")`)
	}
	for len(data) > 0 {
		p, rest, ok := nextPacket(data)
		if !ok {
			return nil, errors.New("is no key of PGP, or damaged")
		}
		if *left--; *left < 0 {
			return nil, errors.New("holds more keys and signatures than are read")
		}
		data = rest
		switch p.tag {
		case tagSecretKey, tagSecretSubkey:
			return nil, errSecret
		case tagPublicKey:
			blocks = append(blocks, nil)
		case tagSignature, tagUserID, tagPublicSubkey:
		case tagUserAttribute, tagTrust, tagMarker, tagPadding:
			continue
		default:
			if p.tag < 40 {
				return nil, errors.New("is no key of PGP, or damaged")
			}
			continue
		}
		if len(blocks) == 0 {
			return nil, errors.New("does not begin with a public key")
		}
		if len(p.body) <= maxPGPSignature && (p.tag != tagSignature || plainSignature(p.body, false)) {
			blocks[len(blocks)-1] = append(blocks[len(blocks)-1], p.framed()...)
		}
	}
	if len(blocks) == 0 {
		return nil, errors.New("holds no key")
	}
	return blocks, nil
}

// weight gives how many packets a key is made of, and whether what it or one
// below it has signed takes long to check: it is of DSA, or of a curve that is
// computed without the help of the machine.
func weight(block []byte) (packets int, slow bool) {
	for p, rest, ok := nextPacket(block); ok; p, rest, ok = nextPacket(rest) {
		packets++
		if p.tag != tagPublicKey && p.tag != tagPublicSubkey || len(p.body) < 20 {
			continue
		}
		curve := p.body[6:]
		if p.body[0] > 4 { // RFC 9580 section 5.5.2.3: a length stands before it
			curve = p.body[10:]
		}
		switch p.body[5] { // RFC 9580 section 9.1
		case 17:
			slow = true
		case 19:
			slow = slow || !bytes.HasPrefix(curve, []byte("\x08\x2a\x86\x48\xce\x3d\x03\x01\x07")) &&
				!bytes.HasPrefix(curve, []byte("\x05\x2b\x81\x04\x00\x22")) && !bytes.HasPrefix(curve, []byte("\x05\x2b\x81\x04\x00\x23"))
		}
	}
	return packets, slow
}

// readKey reads one key and what lies below it: all of it that can sign.
func readKey(block []byte) (keys []*pgpKey, err error) {
	defer func() {
		if v := recover(); v != nil {
			keys, err = nil, errors.New("is a key that can't be read")
		}
	}()
	first, _, _ := nextPacket(block)
	p, err := packet.Read(bytes.NewReader(first.framed()))
	if err != nil {
		return nil, fmt.Errorf("is a key of a kind that can't be read: %w", err)
	}
	if primary, ok := p.(*packet.PublicKey); !ok || !bearableKey(primary) {
		return nil, errors.New("is a key of an unusual size or kind")
	}
	e, err := openpgp.ReadEntity(packet.NewReader(bytes.NewReader(block)))
	if err != nil {
		return nil, fmt.Errorf("is a key that can't be read: %w", err)
	}
	return signingKeys(e)
}

// signingKeys gives what of a key can sign, as its owner has signed it. Times
// are compared later, with those of a mail.
func signingKeys(e *openpgp.Entity) ([]*pgpKey, error) {
	var never time.Time
	config := &packet.Config{}
	own, err := e.PrimarySelfSignature(never, config)
	if err != nil {
		return nil, errors.New("is a key that its owner has not signed")
	}
	base := pgpKey{public: e.PrimaryKey, fingerprint: hexUpper(e.PrimaryKey.Fingerprint), names: namesOf(e, config)}
	base.expires = ends(e.PrimaryKey, own)
	if direct, err := e.LatestValidDirectSignature(never, config); err == nil {
		base.expires = sooner(base.expires, ends(e.PrimaryKey, direct))
	}
	for _, r := range e.Revocations {
		if e.PrimaryKey.VerifyRevocationSignature(r.Packet) == nil {
			base.takeBack(r.Packet)
		}
	}
	var out []*pgpKey
	if !own.FlagsValid || own.FlagSign {
		primary := base
		out = append(out, &primary)
	}
	for i := range e.Subkeys {
		sub := &e.Subkeys[i]
		if !bearableKey(sub.PublicKey) {
			continue
		}
		binding, err := sub.LatestValidBindingSignature(never, config)
		if err != nil || !binding.FlagSign {
			continue
		}
		key := base
		key.public = sub.PublicKey
		key.expires = sooner(base.expires, ends(sub.PublicKey, binding))
		for _, r := range sub.Revocations {
			if e.PrimaryKey.VerifySubkeyRevocationSignature(r.Packet, sub.PublicKey) == nil {
				key.takeBack(r.Packet)
			}
		}
		out = append(out, &key)
	}
	if len(out) == 0 {
		return nil, errors.New("is a key that can't sign")
	}
	return out, nil
}

// takeBack notes a revocation (RFC 9580 section 5.2.3.31).
func (k *pgpKey) takeBack(r *packet.Signature) {
	soft := r.RevocationReason != nil && (*r.RevocationReason == packet.KeySuperseded || *r.RevocationReason == packet.KeyRetired)
	k.lost = k.lost || !soft
	if k.revoked.IsZero() || r.CreationTime.Before(k.revoked) {
		k.revoked = r.CreationTime
	}
}

// namesOf gives the user ids that hold, the main one first.
func namesOf(e *openpgp.Entity, config *packet.Config) []string {
	var names []string
	_, main := e.PrimaryIdentity(time.Time{}, config)
	for _, name := range slices.Sorted(maps.Keys(e.Identities)) {
		one := e.Identities[name]
		if _, err := one.Verify(time.Time{}, config); err == nil && one != main {
			names = append(names, name)
		}
	}
	if main != nil {
		names = slices.Insert(names, 0, main.Name)
	}
	return names
}

// ends tells when a key ends by what its owner has signed, zero if never.
func ends(key *packet.PublicKey, own *packet.Signature) time.Time {
	if own.KeyLifetimeSecs == nil || *own.KeyLifetimeSecs == 0 {
		return time.Time{}
	}
	return key.CreationTime.Add(time.Duration(*own.KeyLifetimeSecs) * time.Second)
}

// sooner gives the earlier of two times, where zero is never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// bearableKey reports whether what a key signed is checked in reasonable time,
// and by the library at all.
func bearableKey(key *packet.PublicKey) bool {
	switch k := key.PublicKey.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() >= 1024 && k.N.BitLen() <= maxRSA
	case *dsa.PublicKey:
		return k.P.BitLen() <= maxDSA && k.Q.BitLen() <= 512 && k.P.Sign() > 0 && k.Q.Sign() > 0 && k.G.BitLen() <= maxDSA && k.Y.BitLen() <= maxDSA
	}
	return true
}

// maxDSA is how many bits a key of DSA may have.
const maxDSA = 4096

// owner gives the name to show: that with the sender's address if there is one.
func (k *pgpKey) owner(from string) (who string, named bool) {
	for _, name := range k.names {
		for _, a := range parseAddresses(visible(toUTF8([]byte(name)))) {
			if from != "" && strings.EqualFold(a.Address, from) {
				return oneLine(a.String()), true
			}
		}
	}
	if len(k.names) == 0 {
		return "somebody without a name", false
	}
	return oneLine(visible(toUTF8([]byte(k.names[0])))), false
}

func hexUpper(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }
