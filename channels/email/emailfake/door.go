package emailfake

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"sync"
	"time"
)

// door is a listener whose links can be cut, frozen and refused.
type door struct {
	net.Listener
	tls *tls.Config
	// noIdle takes IDLE out of what the server says that it can.
	noIdle bool
	// choke is at what it cuts the link.
	choke []byte

	mu    sync.Mutex
	down  bool
	links map[*link]struct{}
}

func openDoor(secured bool, cert *certificate) (*door, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d := &door{Listener: l, links: map[*link]struct{}{}}
	if secured {
		d.tls = cert.config
	}
	return d, nil
}

func (d *door) port() int {
	addr, _ := d.Addr().(*net.TCPAddr)
	return addr.Port
}

// Accept implements net.Listener.
func (d *door) Accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		l := &link{Conn: conn, door: d, closed: make(chan struct{})}
		d.mu.Lock()
		down := d.down
		if !down {
			d.links[l] = struct{}{}
		}
		d.mu.Unlock()
		if down {
			_ = conn.Close()
			continue
		}
		if d.tls != nil {
			conn = tls.Server(l, d.tls)
		} else {
			conn = l
		}
		if d.noIdle {
			conn = noIdleConn{conn}
		}
		if len(d.choke) > 0 {
			conn = chokingConn{conn, d.choke}
		}
		return conn, nil
	}
}

// noIdleConn hides a capability that the IMAP library always has.
type noIdleConn struct{ net.Conn }

// Write implements net.Conn.
func (c noIdleConn) Write(p []byte) (int, error) {
	if _, err := c.Conn.Write(bytes.ReplaceAll(p, []byte(" IDLE"), nil)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// chokingConn cuts the link rather than to write what it chokes on.
type chokingConn struct {
	net.Conn
	choke []byte
}

// Write implements net.Conn.
func (c chokingConn) Write(p []byte) (int, error) {
	if bytes.Contains(p, c.choke) {
		_ = c.Close()
		return 0, net.ErrClosed
	}
	return c.Conn.Write(p)
}

func (d *door) setDown(down bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.down = down
}

func (d *door) all() []*link {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []*link
	for l := range d.links {
		out = append(out, l)
	}
	return out
}

func (d *door) cut() {
	for _, l := range d.all() {
		_ = l.Close()
	}
}

func (d *door) freeze() {
	for _, l := range d.all() {
		l.mu.Lock()
		l.frozen = true
		l.mu.Unlock()
	}
}

func (d *door) shut() {
	_ = d.Close()
	d.cut()
}

// link is one connection. A frozen one reads nothing more and swallows writes.
type link struct {
	net.Conn
	door   *door
	mu     sync.Mutex
	frozen bool
	once   sync.Once
	closed chan struct{}
}

func (l *link) isFrozen() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.frozen
}

// Read implements net.Conn.
func (l *link) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if l.isFrozen() {
		<-l.closed
		return 0, net.ErrClosed
	}
	return n, err
}

// Write implements net.Conn.
func (l *link) Write(p []byte) (int, error) {
	if l.isFrozen() {
		return len(p), nil
	}
	return l.Conn.Write(p)
}

// Close implements net.Conn.
func (l *link) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.door.mu.Lock()
		delete(l.door.links, l)
		l.door.mu.Unlock()
	})
	return l.Conn.Close()
}

// certificate is a self-signed one, its own authority.
type certificate struct {
	config *tls.Config
	pem    []byte
}

func newCertificate(name string) (*certificate, error) {
	return newCertificateUntil(name, time.Now().Add(24*time.Hour))
}

func newCertificateUntil(name string, end time.Time) (*certificate, error) {
	if name == "" {
		name = "127.0.0.1"
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: end.Add(-48 * time.Hour), NotAfter: end,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	return &certificate{
		config: &tls.Config{
			Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
			MinVersion:   tls.VersionTLS12,
		},
		pem: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
	}, nil
}
