package email_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"stagecoach/channels/email"
)

// script is an SMTP server that answers as it is told, so that it can be any of
// those that are met in the field.
type script struct {
	// extensions are what it says that it can.
	extensions []string
	// answer gives the answer to a command, "" for the usual one; "cut" cuts the
	// link. The end of a mail is the command ".".
	answer func(link int, command string) string

	listener net.Listener
	mu       sync.Mutex
	links    int
	commands []string
	mails    []string
	changed  chan struct{}
	running  sync.WaitGroup
}

func startScript(t *testing.T, s *script) *script {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.listener, s.changed = l, make(chan struct{})
	s.running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.links++
			n := s.links
			s.mu.Unlock()
			s.running.Go(func() { s.serve(conn, n) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		s.running.Wait()
	})
	return s
}

func (s *script) port() int {
	addr, _ := s.listener.Addr().(*net.TCPAddr)
	return addr.Port
}

// adapter gives an adapter that sends by this server, and closes its links
// before the server waits for them.
func (s *script) adapter(t *testing.T, change func(*email.Config)) *email.Adapter {
	t.Helper()
	cfg := email.Config{Account: "support", Address: support, SMTP: email.SMTP{Endpoint: email.Endpoint{Host: "127.0.0.1", Port: s.port(), TLS: email.NoTLS}}}
	if change != nil {
		change(&cfg)
	}
	a := adapter(t, cfg, nil)
	t.Cleanup(func() { _ = a.Close() })
	return a
}

func (s *script) serve(conn net.Conn, link int) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	say := func(text string) bool {
		_, err := fmt.Fprint(conn, strings.ReplaceAll(text, "\n", "\r\n")+"\r\n")
		return err == nil
	}
	usual := s.answerTo(link, "connect")
	if usual == "" {
		usual = "220 mx.test ESMTP"
	}
	for ok := usual != "cut" && say(usual); ok; {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		answer := s.answerTo(link, line)
		if answer == "cut" {
			return
		}
		if answer == "" {
			answer = s.usual(line)
		}
		ok = say(answer)
		if strings.EqualFold(line, "QUIT") {
			return
		}
		if strings.EqualFold(line, "DATA") && strings.HasPrefix(answer, "354") {
			ok = ok && s.data(in, link, say)
		}
	}
}

func (s *script) data(in *bufio.Reader, link int, say func(string) bool) bool {
	var mail strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		mail.WriteString(line)
	}
	answer := s.answerTo(link, ".")
	if answer == "" || answer == "cut after taking" {
		s.mu.Lock()
		s.mails = append(s.mails, mail.String())
		close(s.changed)
		s.changed = make(chan struct{})
		s.mu.Unlock()
	}
	if strings.HasPrefix(answer, "cut") {
		return false
	}
	if answer == "" {
		answer = "250 2.0.0 taken"
	}
	return say(answer)
}

func (s *script) answerTo(link int, command string) string {
	s.mu.Lock()
	if command != "connect" {
		s.commands = append(s.commands, command)
	}
	s.mu.Unlock()
	if s.answer == nil {
		return ""
	}
	return s.answer(link, command)
}

func (s *script) usual(line string) string {
	verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
	switch verb {
	case "EHLO":
		out := "250-mx.test"
		for _, one := range s.extensions {
			out += "\n250-" + one
		}
		return out + "\n250 HELP"
	case "DATA":
		return "354 go on"
	case "QUIT":
		return "221 bye"
	}
	return "250 2.0.0 ok"
}

// said gives the commands that begin so.
func (s *script) said(prefix string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, one := range s.commands {
		if strings.HasPrefix(one, prefix) {
			out = append(out, one)
		}
	}
	return out
}

func (s *script) counts() (links, mails int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.links, len(s.mails)
}
