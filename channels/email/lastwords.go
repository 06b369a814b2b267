package email

import (
	"bytes"
	"net"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/emersion/go-imap/v2"
)

// lastWords remembers the end of what a server said: with BYE it often says why
// it ends the link, and the client library keeps that to itself.
type lastWords struct {
	net.Conn
	mu   sync.Mutex
	tail []byte
	// blank is true while an answer of nothing is to go out as an empty line.
	blank atomic.Bool
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

// emptyLine lets the next answer of nothing be an empty line, as XOAUTH2 wants it
// (developers.google.com/workspace/gmail/imap/xoauth2-protocol): the client
// library can only write "=" for it, as a first answer within a command is written.
func (l *lastWords) emptyLine() bool {
	if l == nil { // under STARTTLS what the library writes can't be changed
		return false
	}
	l.blank.Store(true)
	return true
}

// Write implements net.Conn.
func (l *lastWords) Write(p []byte) (int, error) {
	if string(p) == "=\r\n" && l.blank.CompareAndSwap(true, false) {
		n, err := l.Conn.Write(p[1:])
		if err == nil {
			n++
		}
		return n, err
	}
	return l.Conn.Write(p)
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
