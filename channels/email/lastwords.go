package email

import (
	"bytes"
	"net"
	"strings"
	"sync"

	"github.com/emersion/go-imap/v2"
)

// lastWords remembers the end of what a server said: with BYE it often says why
// it ends the link, and the client library keeps that to itself.
type lastWords struct {
	net.Conn
	mu   sync.Mutex
	tail []byte
}

const lastWordsKept = 512

// Read implements net.Conn.
func (l *lastWords) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if n > 0 {
		l.mu.Lock()
		l.tail = append(l.tail, p[max(0, n-lastWordsKept):n]...)
		l.tail = append(l.tail[:0], l.tail[max(0, len(l.tail)-lastWordsKept):]...)
		l.mu.Unlock()
	}
	return n, err
}

// bye gives the server's goodbye if that was its last line, else nil.
func (l *lastWords) bye() error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	tail := bytes.TrimRight(l.tail, "\r\n")
	line := string(tail[bytes.LastIndexByte(tail, '\n')+1:])
	l.mu.Unlock()
	if len(line) < 5 || !strings.EqualFold(line[:5], "* BYE") {
		return nil
	}
	bye := &imap.Error{Type: imap.StatusResponseTypeBye, Text: strings.TrimSpace(line[5:])}
	if code, text, ok := strings.Cut(bye.Text, "]"); ok && strings.HasPrefix(code, "[") {
		name, _, _ := strings.Cut(code[1:], " ")
		bye.Code, bye.Text = imap.ResponseCode(strings.ToUpper(name)), strings.TrimSpace(text)
	}
	return bye
}
