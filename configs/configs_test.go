package configs_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stagecoach/configs"
)

var update = flag.Bool("update", false, "write the expected errors anew")

// TestBadFiles loads each testdata/bad/*.yaml, which must fail with exactly the
// text of the .errors file beside it.
func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			_, err := configs.Load(file)
			if err == nil {
				t.Fatal("accepted")
			}
			if _, ok := errors.AsType[configs.Errors](err); !ok {
				t.Fatalf("got %T: %v", err, err)
			}
			got, expected := err.Error()+"\n", strings.TrimSuffix(file, ".yaml")+".errors"
			if strings.Contains(got, "hunter2") {
				t.Error("a secret is in the errors")
			}
			if *update {
				if err := os.WriteFile(expected, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(expected)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func TestNothingIsValid(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.yaml")
	write(t, empty, "", 0o600)
	for _, path := range []string{"", empty} {
		c, err := configs.Load(path)
		if err != nil {
			t.Fatalf("%q: %v", path, err)
		}
		if c.Office != "main" || c.HTTP.Listen != "127.0.0.1:8080" || len(c.Channels.Email) != 0 || len(c.Warnings) != 0 {
			t.Errorf("%q: got %+v", path, c)
		}
	}
	if _, err := configs.Load("no such file"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: got %v", err)
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func TestExample(t *testing.T) {
	dir := t.TempDir()
	text, err := os.ReadFile("stagecoach.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "support.password"), "hunter2\n", 0o600)
	t.Setenv("SALES_PASSWORD", "swordfish")
	c, err := configs.Parse(filepath.Join(dir, "stagecoach.yaml"), bytes.ReplaceAll(text, []byte("/etc/stagecoach/"), nil))
	if err != nil {
		t.Fatalf("loading:\n%v", err)
	}
	if len(c.Warnings) > 0 {
		t.Errorf("warnings:\n%v", c.Warnings)
	}
	support, sales := c.Channels.Email[0], c.Channels.Email[1]
	if support.IMAP.Port != 993 || support.IMAP.TLS != "tls" || support.IMAP.Password.Reveal() != "hunter2" || support.IMAP.Folder != "INBOX" {
		t.Errorf("support.imap: got %+v", support.IMAP)
	}
	if support.SMTP.Port != 587 || support.SMTP.TLS != "starttls" || support.SMTP.Username != "support@example.org" || support.Import != 30*24*time.Hour || !support.CopyToSent {
		t.Errorf("support.smtp: got %+v", support.SMTP)
	}
	if sales.SMTP.Port != 465 || sales.SMTP.TLS != "tls" || sales.SMTP.Password.Reveal() != "swordfish" || !sales.CopyToSent {
		t.Errorf("sales.smtp: got %+v", sales.SMTP)
	}
	if c.Policies != filepath.Join(dir, "policies") || c.LastResort.Digest != 5*time.Minute {
		t.Errorf("policies %q, digest %v", c.Policies, c.LastResort.Digest)
	}
	if len(c.HTTP.TrustedProxies) != 2 || !c.HTTP.TrustedProxies[0].Contains(netip.MustParseAddr("127.0.0.1")) {
		t.Errorf("trusted proxies: got %v", c.HTTP.TrustedProxies)
	}
}

// TestSecretsStayHidden writes a whole configuration in every way that a log or
// a page might.
func TestSecretsStayHidden(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "p"), "hunter2\n", 0o600)
	c, err := configs.Parse(filepath.Join(dir, "c.yaml"), []byte(`
channels:
  email:
    - {name: a, address: a@example.org, imap: {host: localhost, password_file: p}}
`))
	if err != nil {
		t.Fatal(err)
	}
	account := c.Channels.Email[0]
	if account.IMAP.Password.Reveal() != "hunter2" {
		t.Fatalf("password: got %q", account.IMAP.Password.Reveal())
	}
	encoded, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "c", c, "password", account.IMAP.Password, "server", account.IMAP.Server())
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "c", c, "password", account.IMAP.Password, "server", account.IMAP.Server())
	server := account.IMAP.Server()
	password := account.IMAP.Password
	for _, text := range []string{
		string(encoded), logged.String(), fmt.Sprint(c, account, server), fmt.Sprintf("%v %+v %#v %s %q %x %d", account, account, account, password, password, password, password),
		fmt.Sprintf("%#v %#v", server, &server),
	} {
		if strings.Contains(text, "hunter2") || strings.Contains(text, fmt.Sprintf("%x", "hunter2")) {
			t.Errorf("the secret is in %q", text)
		}
	}
}

func TestWarnings(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "p"), "x", 0o644)
	c, err := configs.Parse(filepath.Join(dir, "c.yaml"), []byte(`http: {listen: "0.0.0.0:80"}
channels:
  email:
    - {name: a, address: a@example.org, imap: {host: mail.example.org, tls: none, password_file: p}}
`))
	if err != nil {
		t.Fatal(err)
	}
	got := strings.ReplaceAll(c.Warnings.Error(), dir+"/", "")
	want := `c.yaml:1:1: last_resort: nobody is told outside the desk when a customer waits too long (give last_resort.mail_to or last_resort.webhook)
c.yaml:1:16: http.listen: passwords would cross the network in the clear (give http.tls, or put a proxy with TLS before it and name it in http.trusted_proxies)
c.yaml:4:77: channels.email[0].imap.tls: the password and all mail would cross the network in the clear (write tls or starttls)
c.yaml:4:98: channels.email[0].imap.password_file: others on this machine can read it (mode 0644) (chmod 600 p)`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if c.Channels.Email[0].IMAP.Port != 143 || c.Channels.Email[0].IMAP.Username != "a@example.org" {
		t.Errorf("imap: got %+v", c.Channels.Email[0].IMAP)
	}
}

func TestCertificates(t *testing.T) {
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "cert.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})), 0o644)
	write(t, filepath.Join(dir, "key.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})), 0o600)
	c, err := configs.Parse(filepath.Join(dir, "c.yaml"), []byte("http: {listen: \":443\", tls: {cert: cert.pem, key: key.pem}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if !c.HTTP.TLS.On() || len(c.Warnings) > 0 {
		t.Errorf("tls %+v, warnings %v", c.HTTP.TLS, c.Warnings)
	}
	if _, err := configs.Parse(filepath.Join(dir, "c.yaml"), []byte("http: {tls: {cert: key.pem, key: cert.pem}}\n")); err == nil {
		t.Error("certificate and key exchanged: accepted")
	}
}

func TestReserve(t *testing.T) {
	const gib = int64(1) << 30
	for text, want := range map[string]int64{
		"reserve: 512MiB": gib / 2, "reserve: 10%": 10 * gib, "reserve: 2GB": 2e9, "reserve: 1.5 GiB": gib * 3 / 2, "": gib,
	} {
		c, err := configs.Parse("c.yaml", []byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := c.Reserve.Of(100 * gib); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
	if got := (configs.Reserve{}).Of(10 * gib); got != gib/2 {
		t.Errorf("a small disk: got %d", got)
	}
	for _, text := range []string{"reserve: 60%", "reserve: 0%", "reserve: -1GiB", "reserve: 5", "reserve: NaN%", "reserve: 9999999999TiB"} {
		if _, err := configs.Parse("c.yaml", []byte(text)); err == nil {
			t.Errorf("%q: accepted", text)
		}
	}
}

func FuzzParse(f *testing.F) {
	example, err := os.ReadFile("stagecoach.example.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := configs.Parse(filepath.Join(dir, "c.yaml"), data); err == nil && c.HTTP.Listen == "" {
			t.Error("accepted without an address to listen at")
		}
	})
}
