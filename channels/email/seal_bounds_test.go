package email_test

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"stagecoach/channels/email"
)

// pgpKeyOf makes a key of PGP, and says that it is known.
func pgpKeyOf(t *testing.T, name string, config *packet.Config) (*openpgp.Entity, *email.Vouched) {
	t.Helper()
	e, err := openpgp.NewEntity(name, "", "kim@cust.test", config)
	if err != nil {
		t.Fatal(err)
	}
	return e, knowing(t, publicKey(t, e))
}

func publicKey(t *testing.T, e *openpgp.Entity) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := e.Serialize(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// knowing gives whoever knows a key.
func knowing(t *testing.T, key []byte) *email.Vouched {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key.gpg")
	if err := os.WriteFile(file, key, 0o600); err != nil {
		t.Fatal(err)
	}
	v, bad := email.LoadVouched(email.Signatures{PGPKeys: []string{file}})
	if len(bad) > 0 {
		t.Fatalf("%v", bad)
	}
	return v
}

func detach(t *testing.T, e *openpgp.Entity, text string, config *packet.Config) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := openpgp.DetachSign(&out, []*openpgp.Entity{e}, strings.NewReader(text), config); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// pgpPart puts packets in armour.
func pgpPart(kind string, data []byte) string {
	lines := base64.StdEncoding.EncodeToString(data)
	return "-----BEGIN PGP " + kind + "-----\r\n\r\n" + lines + "\r\n-----END PGP " + kind + "-----\r\n"
}

func pgpSignedMail(part string, signatures []byte, header string) []byte {
	return whole(header+"Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=b\r\n",
		"--b\r\n"+part+"\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\n"+pgpPart("SIGNATURE", signatures)+"\r\n--b--\r\n")
}

func packetOf(tag byte, body []byte) []byte {
	out := []byte{0xc0 | tag, 255, 0, 0, 0, 0}
	binary.BigEndian.PutUint32(out[2:], uint32(len(body)))
	return append(out, body...)
}

func deflated(t *testing.T, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	out.WriteByte(1)
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return packetOf(8, out.Bytes())
}

func zlibbed(t *testing.T, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	out.WriteByte(2)
	w := zlib.NewWriter(&out)
	if _, err := w.Write(data); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return packetOf(8, out.Bytes())
}

func literal(words string) []byte { return packetOf(11, []byte("b\x00\x00\x00\x00\x00"+words)) }

// bzip2Bomb are 64 MiB of zeros.
const bzip2Bomb = "QlpoOTFBWSZTWQ4J4t8BX45AAMAAAAggADCATUZCoCWpCoCXMUFZJlNZvAS1wwCidcAAwAAACCAAIKQINjKKiE0qKiE4u5IpwoSFALuD6A=="

// fewer divides the numbers of hostile mails, which the race detector makes
// take most.
const fewer = raceFactor * raceFactor

// Whatever a signature, a key or packed words are made of: a mail is read in
// bounds, and something is said.
func TestHostileSealsAreReadInBounds(t *testing.T) {
	key, v := pgpKeyOf(t, "Kim", &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA})
	part := "Content-Type: text/plain\r\n\r\nthe words"
	good := detach(t, key, part, nil)
	large := part + strings.Repeat("\r\nand more of them", (8<<20)/raceFactor/18)
	bomb := bytes.Repeat([]byte{0}, 16<<20)
	nested := literal("the words")
	for range 20 {
		nested = deflated(t, nested)
	}
	bz, err := base64.StdEncoding.DecodeString(bzip2Bomb)
	if err != nil {
		t.Fatal(err)
	}
	many := "the words\r\n" + strings.Repeat(pgpPart("MESSAGE", deflated(t, append(literal("x"), literal("y")...))), 5000/fewer)
	bombs := "\r\nthe words\r\n" + pgpPart("MESSAGE", deflated(t, bomb[:8<<20]))
	public := publicKey(t, key)
	mpi := append([]byte{4, 0x60, 0, 0, 0, 1, 0xff, 0xff}, bytes.Repeat([]byte{0xff}, 8192)...) // RSA of 65,535 bits
	self := public[bytes.Index(public, []byte("Kim"))-2:]
	hugeKeys := "Autocrypt: addr=kim@cust.test; keydata=" + base64.StdEncoding.EncodeToString(append(packetOf(6, append(mpi, 0, 17, 1, 0, 1)), self...)) + "\r\n"
	crowd := public
	for range 2000 {
		crowd = append(crowd, self...)
	}
	stranger, _ := pgpKeyOf(t, "Eve", nil)
	strange := detach(t, stranger, part, nil)
	for name, c := range map[string]struct {
		raw        []byte
		want, said string
	}{
		"1,000 signatures":                  {pgpSignedMail(part, bytes.Repeat(good, 1000), ""), "the words", "by many"},
		"1,000 signatures of a large mail":  {pgpSignedMail(large, bytes.Repeat(detach(t, key, large, nil), 1000), ""), "the words", "Signed by Kim"},
		"1,000 signatures of a changed one": {pgpSignedMail(large+"!", bytes.Repeat(detach(t, key, large, nil), 1000), ""), "the words", "does NOT fit"},
		"a signature in itself":             {pgpSignedMail(part, nestedSignature(60_000), ""), "the words", "PGP"},
		"a signature of 2 MB":               {pgpSignedMail(part, packetOf(2, append([]byte{4, 0, 1, 8, 0xff, 0xff}, make([]byte, 2<<20)...)), ""), "the words", "is too large"},
		"lengths that lie":                  {pgpSignedMail(part, []byte{0xc2, 255, 0xff, 0xff, 0xff, 0xff, 4}, ""), "the words", "can't be read"},
		"pieces without end":                {pgpSignedMail(part, bytes.Repeat([]byte{0xe0}, 1<<20), ""), "the words", "PGP"},
		"a key of 65,535 bits":              {pgpSignedMail(part, strange, hugeKeys), "the words", "is not known here"},
		"a key with a crowd of names":       {pgpSignedMail(part, strange, "Autocrypt: keydata="+base64.StdEncoding.EncodeToString(crowd)+"\r\n"), "the words", "is not known here"},
		"a bomb":                            {whole("", "the words\r\n"+pgpPart("MESSAGE", deflated(t, append(packetOf(11, nil)[:2], bomb...)))), "the words", "packed by PGP"},
		"a bomb in a bomb":                  {whole("", "the words\r\n"+pgpPart("MESSAGE", zlibbed(t, deflated(t, bomb)))), "the words", "packed by PGP"},
		"5,000 bombs of bzip2":              {whole("", "the words\r\n"+strings.Repeat(pgpPart("MESSAGE", packetOf(8, append([]byte{3}, bz...))), 5000/fewer)), "the words", "packed by PGP"},
		"5,000 parts of bzip2":              {multipart(repeatPart("\r\nthe words\r\n"+pgpPart("MESSAGE", packetOf(8, append([]byte{3}, bz...))), 5000/fewer)...), "the words", "packed by PGP"},
		"a bomb of bzip2":                   {whole("", "the words\r\n"+pgpPart("MESSAGE", packetOf(8, append([]byte{3}, bz...)))), "the words", "packed by PGP"},
		"20 packings in each other":         {whole("", "the words\r\n"+pgpPart("MESSAGE", nested)), "the words", "packed by PGP"},
		"5,000 messages":                    {whole("", many), "the words", "packed by PGP"},
		"5,000 parts of bombs":              {multipart(repeatPart(bombs, 5000/fewer)...), "the words", "packed by PGP"},
		"encrypted with AEAD":               {whole("", "the words\r\n"+pgpPart("MESSAGE", packetOf(20, make([]byte, 1<<20)))), "the words", "encrypted with PGP"},
		"5,000 clear signatures":            {multipart(repeatPart("\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\nthe words\r\n"+pgpPart("SIGNATURE", good), 5000/fewer)...), "the words", "PGP"},
		"5,000 below much space":            {multipart(append([]string{"Content-Type: image/png\r\n\r\n" + strings.Repeat(" ", 10<<20)}, repeatPart("\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\nthe words\r\n"+pgpPart("SIGNATURE", nil), 5000/fewer)...)...), "the words", "PGP"},
		"5,000 signed parts":                {multipart(repeatPart(string(pgpSignedMail(part, good, "X: y\r\n")[37:]), 5000/fewer)...), "the words", "PGP"},
	} {
		t.Run(name, func(t *testing.T) {
			wantWarning(t, explainInBounds(t, c.raw, v, c.want), c.said)
		})
	}
}

func repeatPart(part string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = part
	}
	return out
}

// nestedSignature is a signature with one in it, and so on.
func nestedSignature(size int) []byte {
	var body []byte
	for len(body) < size {
		sub := append([]byte{32}, body...)
		sub = append([]byte{255, 0, 0, byte(len(sub) >> 8), byte(len(sub))}, sub...)
		if len(sub) > 0xffff {
			break
		}
		head := append([]byte{4, 0x18, 22, 8, byte(len(sub) >> 8), byte(len(sub))}, sub...)
		body = append(head, 0, 0, 0, 0, 0, 8, 1, 0, 8, 1)
	}
	return packetOf(2, body)
}

// A signature with many certificates that name each other takes no time.
func TestCrowdOfCertificates(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var certs []byte
	for i := range 2000 {
		template := &x509.Certificate{SerialNumber: big.NewInt(int64(i)), NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
		if i < 60 {
			der, err := x509.CreateCertificate(rand.Reader, template, template, crypto.Signer(key).Public(), key)
			if err != nil {
				t.Fatal(err)
			}
			certs = append(certs, der...)
		}
	}
	wrap := func(tag byte, parts ...[]byte) []byte {
		body := bytes.Join(parts, nil)
		out := []byte{tag, 0x84, 0, 0, 0, 0}
		binary.BigEndian.PutUint32(out[2:], uint32(len(body)))
		return append(out, body...)
	}
	signer := wrap(0x30, []byte{2, 1, 1, 0x30, 0, 0x30, 0, 0x30, 0, 4, 0})
	data := wrap(0x30, []byte("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"), wrap(0xa0, wrap(0x30, []byte{2, 1, 1, 0x31, 0}, wrap(0x30, []byte("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01")), wrap(0xa0, certs), wrap(0x31, bytes.Repeat(signer, 3)))))
	raw := whole("Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=b\r\n", "--b\r\n\r\nthe words\r\n--b\r\nContent-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: base64\r\n\r\n"+base64.StdEncoding.EncodeToString(data)+"\r\n--b--\r\n")
	wantWarning(t, explainInBounds(t, raw, nil, "the words"), "by many; the signatures are not checked")
}
