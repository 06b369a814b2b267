package email_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stagecoach/channels/email"
	"stagecoach/channels/email/rig"
)

// papers is a certificate with its key, as the files that OpenSSL reads.
type papers struct {
	cert *x509.Certificate
	key  crypto.Signer
	// certFile holds the certificate and above it nobody's; keyFile its key.
	certFile, keyFile string
}

// issue makes a certificate. by is who issues it, nil for itself.
func issue(t *testing.T, name string, key crypto.Signer, by *papers, change func(*x509.Certificate)) *papers {
	t.Helper()
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-30 * 24 * time.Hour), NotAfter: now.Add(30 * 24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, EmailAddresses: []string{"kim@cust.test"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}, BasicConstraintsValid: true,
		SubjectKeyId: []byte(name),
	}
	if change != nil {
		change(template)
	}
	above, signing := template, key
	if by != nil {
		above, signing = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, above, key.Public(), signing)
	if err != nil {
		t.Fatal(err)
	}
	p := &papers{key: key}
	if p.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	p.certFile = pemFile(t, "CERTIFICATE", der)
	p.keyFile = pemFile(t, "PRIVATE KEY", secret)
	return p
}

func pemFile(t *testing.T, kind string, der []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "it.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func authority(c *x509.Certificate) {
	c.IsCA, c.KeyUsage, c.ExtKeyUsage, c.EmailAddresses = true, x509.KeyUsageCertSign, nil, nil
}

func newECDSA(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func openSSL(t *testing.T, in string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "openssl", args...)
	cmd.Stdin = strings.NewReader(in)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, &said)
	}
	return out.String()
}

// smimeMail is a mail signed by OpenSSL.
func smimeMail(t *testing.T, p *papers, args ...string) []byte {
	t.Helper()
	part := "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nThe words, Grüße.  \r\n-- \r\nKim\r\n"
	all := append([]string{"cms", "-sign", "-binary", "-crlfeol", "-signer", p.certFile, "-inkey", p.keyFile}, args...)
	body := openSSL(t, part, all...)
	return []byte("From: Kim <kim@cust.test>\r\nSubject: s\r\nMessage-ID: <1@b.test>\r\n" + strings.ReplaceAll(strings.ReplaceAll(body, "\r\n", "\n"), "\n", "\r\n"))
}

func byAuthority(t *testing.T, ca *papers) *email.Vouched {
	t.Helper()
	v, bad := email.LoadVouched(email.Signatures{CAFile: ca.certFile})
	if len(bad) > 0 {
		t.Fatalf("%v", bad)
	}
	return v
}

func TestSignaturesOfOpenSSL(t *testing.T) {
	rig.Need(t, "openssl")
	root := issue(t, "The Root", newECDSA(t), nil, authority)
	middle := issue(t, "The Middle", newECDSA(t), root, authority)
	v := byAuthority(t, root)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		key  crypto.Signer
		args []string
	}{
		"RSA":           {rsaKey, nil},
		"RSA, SHA-512":  {rsaKey, []string{"-md", "sha512"}},
		"RSA-PSS":       {rsaKey, []string{"-keyopt", "rsa_padding_mode:pss", "-md", "sha384"}},
		"ECDSA":         {newECDSA(t), nil},
		"ECDSA, P-384":  {p384, []string{"-md", "sha384"}},
		"by key id":     {newECDSA(t), []string{"-keyid"}},
		"no attributes": {rsaKey, []string{"-noattr"}},
	} {
		p := issue(t, "Kim "+name, c.key, middle, nil)
		for way, args := range map[string][]string{"beside": nil, "around": {"-nodetach"}, "around, in pieces": {"-nodetach", "-stream"}} {
			if name == "RSA-PSS" && way == "around, in pieces" {
				continue // OpenSSL can't
			}
			t.Run(name+" "+way, func(t *testing.T) {
				raw := smimeMail(t, p, append(append(args, "-certfile", middle.certFile), c.args...)...)
				e := email.ExplainBy(raw, v)
				wantWarning(t, e, "Signed by kim@cust.test (S/MIME): the signature fits the mail; the certificate, issued by The Middle, is verified: who issued it is trusted here.")
				if len(e.Warnings) != 1 || !strings.Contains(e.Text, "The words, Grüße.") {
					t.Errorf("warnings %q, text %q", e.Warnings, e.Text)
				}
				wantWarning(t, email.Explain(raw), "is not verified: who issued it is not among those who are trusted here")
			})
		}
	}
}

func TestWordsOnSignaturesOfOpenSSL(t *testing.T) {
	rig.Need(t, "openssl")
	root := issue(t, "The Root", newECDSA(t), nil, authority)
	narrow := issue(t, "The Narrow", newECDSA(t), root, func(c *x509.Certificate) {
		authority(c)
		c.PermittedEmailAddresses = []string{"other.test"}
	})
	v := byAuthority(t, root)
	now := time.Now()
	good := issue(t, "Kim", newECDSA(t), root, nil)
	sign := func(by *papers, change func(*x509.Certificate), args ...string) []byte {
		return smimeMail(t, issue(t, "Kim", newECDSA(t), by, change), args...)
	}
	plain := smimeMail(t, good)
	footer := bytes.Replace(plain, []byte("MIME-Version: 1.0\r\n"), []byte("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=list\r\n\r\n--list\r\n"), 1)
	footer = append(footer, "\r\n--list\r\n\r\nTo leave the list write to leave@list.test\r\n--list--\r\n"...)
	apart := bytes.Replace(plain, []byte("multipart/signed"), []byte("multipart/mixed"), 1)
	for name, c := range map[string]struct {
		raw   []byte
		wants []string
	}{
		"changed":           {bytes.Replace(plain, []byte("The words"), []byte("The forged words"), 1), []string{"The signature (S/MIME) of kim@cust.test does NOT fit"}},
		"self-signed":       {sign(nil, nil), []string{"is not verified: it is self-signed"}},
		"expired":           {sign(root, func(c *x509.Certificate) { c.NotAfter = now.Add(-24 * time.Hour) }), []string{"; it had expired on ", ", before the mail was signed"}},
		"too early":         {sign(root, func(c *x509.Certificate) { c.NotBefore = now.Add(24 * time.Hour) }), []string{"; it did not hold before "}},
		"for servers":       {sign(root, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }), []string{"is not verified: it is not made for mail"}},
		"for keys only":     {sign(root, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement }), []string{"; it is not made for signing"}},
		"for another place": {sign(narrow, nil, "-certfile", narrow.certFile), []string{"who issued it may not do so for this address"}},
		"another's":         {sign(root, func(c *x509.Certificate) { c.EmailAddresses = []string{"else@other.test"} }), []string{"Signed by else@other.test", "It does not name the sender's address."}},
		"with SHA-1":        {smimeMail(t, good, "-md", "sha1"), []string{"It is weak (SHA-1): it may be forged."}},
		"with MD5":          {smimeMail(t, issue(t, "Kim", mustRSA(t), root, nil), "-md", "md5"), []string{"in a way that is not known here, or no longer safe"}},
		"without papers":    {smimeMail(t, good, "-nocerts"), []string{"the signer's certificate isn't in it"}},
		"in a list":         {footer, []string{"is verified", "Only a part of the mail is signed"}},
		"taken apart":       {apart, []string{"Signed by kim@cust.test (S/MIME): the signature fits the mail"}},
		"apart and changed": {bytes.Replace(apart, []byte("The words"), []byte("Other words"), 1), []string{"a server on the way took it apart"}},
		"of long ago":       {append([]byte("Received: from a by b; "+now.Add(20*24*time.Hour).Format(time.RFC1123Z)+"\r\n"), plain...), []string{"long before the mail came"}},
		"by two":            {smimeMail(t, good, "-signer", issueBoth(t, root)), []string{"Signed by kim@cust.test", "Signed by sam@cust.test"}},
	} {
		t.Run(name, func(t *testing.T) {
			wantWarning(t, email.ExplainBy(c.raw, v), c.wants...)
		})
	}
}

func mustRSA(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// issueBoth gives one file with a certificate and its key.
func issueBoth(t *testing.T, by *papers) string {
	t.Helper()
	p := issue(t, "Sam", newECDSA(t), by, func(c *x509.Certificate) { c.EmailAddresses = []string{"sam@cust.test"} })
	both := filepath.Join(t.TempDir(), "both.pem")
	var all []byte
	for _, file := range []string{p.certFile, p.keyFile} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data...)
	}
	if err := os.WriteFile(both, all, 0o600); err != nil {
		t.Fatal(err)
	}
	return both
}

// OpenSSL 3.0 makes no such signature: this one is written by hand (RFC 8419).
func TestSignatureOfEd25519(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	root := issue(t, "The Root", newECDSA(t), nil, authority)
	p := issue(t, "Kim", key, root, nil)
	part := "Content-Type: text/plain\r\n\r\nThe words."
	type algorithm struct{ OID asn1.ObjectIdentifier }
	type id struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	type attribute struct {
		OID    asn1.ObjectIdentifier
		Values []any `asn1:"set"`
	}
	sha512OID, data := asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	sum := sha512.Sum512([]byte(part))
	attributes := must(asn1.MarshalWithParams([]attribute{
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}, []any{data}},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}, []any{sum[:]}},
	}, "set"))(t)
	signature := ed25519.Sign(key, attributes)
	attributes[0] = 0xa0
	type signer struct {
		Version    int
		ID         id
		Digest     algorithm
		Attributes asn1.RawValue
		Algorithm  algorithm
		Signature  []byte
	}
	signed := must(asn1.Marshal(struct {
		Version int
		Digests []algorithm `asn1:"set"`
		Inner   algorithm
		Certs   asn1.RawValue
		Signers []signer `asn1:"set"`
	}{
		1,
		[]algorithm{{sha512OID}},
		algorithm{data},
		asn1.RawValue{Class: 2, IsCompound: true, Bytes: p.cert.Raw},
		[]signer{{1, id{asn1.RawValue{FullBytes: p.cert.RawIssuer}, p.cert.SerialNumber}, algorithm{sha512OID}, asn1.RawValue{FullBytes: attributes}, algorithm{asn1.ObjectIdentifier{1, 3, 101, 112}}, signature}},
	}))(t)
	whole := must(asn1.Marshal(struct {
		Kind asn1.ObjectIdentifier
		Rest asn1.RawValue
	}{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}, asn1.RawValue{Class: 2, IsCompound: true, Bytes: signed}}))(t)
	raw := "From: kim@cust.test\r\nContent-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=b\r\n\r\n--b\r\n" + part +
		"\r\n--b\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(whole) + "\r\n--b--\r\n"
	v := byAuthority(t, root)
	wantWarning(t, email.ExplainBy([]byte(raw), v), "Signed by kim@cust.test (S/MIME): the signature fits the mail; the certificate, issued by The Root, is verified")
	wantWarning(t, email.ExplainBy([]byte(strings.Replace(raw, "The words", "Any words", 1)), v), "does NOT fit")
}

func must(data []byte, err error) func(t *testing.T) []byte {
	return func(t *testing.T) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
}

// Certificates of DSA can be made by OpenSSL only.
func TestSignatureOfDSA(t *testing.T) {
	rig.Need(t, "openssl")
	dir := t.TempDir()
	params, p := filepath.Join(dir, "params"), &papers{certFile: filepath.Join(dir, "cert"), keyFile: filepath.Join(dir, "key")}
	openSSL(t, "", "genpkey", "-genparam", "-algorithm", "DSA", "-pkeyopt", "dsa_paramgen_bits:1024", "-out", params)
	openSSL(t, "", "genpkey", "-paramfile", params, "-out", p.keyFile)
	openSSL(t, "", "req", "-x509", "-new", "-key", p.keyFile, "-out", p.certFile, "-days", "30", "-subj", "/CN=Kim/emailAddress=kim@cust.test")
	wantWarning(t, email.Explain(smimeMail(t, p)), "Signed by kim@cust.test (S/MIME): the signature fits the mail", "it is self-signed", "DSA of 1024 bits")
}
