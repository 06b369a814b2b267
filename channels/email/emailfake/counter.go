package emailfake

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// counter is an SMTP server for submission that speaks line by line what it is
// told to, and shares no code with the client.
type counter struct {
	extensions []string
	// answer gives the answer to a step ("connect", "AUTH", "MAIL", "RCPT", "DATA",
	// "."), "" to do it; it may name the address. "cut" cuts the link, "cut after
	// taking" takes the mail first.
	answer func(step, address string) string
	// login says whether somebody may come in.
	login func(mechanism, user, secret string) error
	// refusal is the answer to a login that is refused; told is the challenge that
	// goes before it where a token is, "" for none.
	refusal, told string
	take          func(Mail)

	listener net.Listener
	running  sync.WaitGroup
	mu       sync.Mutex
	down     bool
	conns    map[net.Conn]struct{}
	// answers are those to challenges.
	answers []string
}

func (c *counter) start() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	c.listener, c.conns = l, map[net.Conn]struct{}{}
	c.running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c.running.Go(func() { c.serve(conn) })
		}
	})
	return nil
}

func (c *counter) close() {
	_ = c.listener.Close()
	c.setDown(true)
	c.running.Wait()
}

// setDown breaks every link and takes no new ones while it's true.
func (c *counter) setDown(down bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = down
	if down {
		c.cutAll()
	}
}

func (c *counter) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cutAll()
}

func (c *counter) cutAll() {
	for conn := range c.conns {
		_ = conn.Close()
	}
}

func (c *counter) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	c.mu.Lock()
	if c.down {
		c.mu.Unlock()
		return
	}
	c.conns[conn] = struct{}{}
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.conns, conn)
		c.mu.Unlock()
	}()
	s := &visit{c: c, conn: conn, in: bufio.NewReader(conn)}
	if answer := c.answer("connect", ""); answer != "" {
		s.say(answer)
		return
	}
	s.say("220 submission.test ESMTP")
	for {
		line, err := s.in.ReadString('\n')
		if err != nil || !s.command(strings.TrimRight(line, "\r\n")) {
			return
		}
	}
}

// visit is one link.
type visit struct {
	c    *counter
	conn net.Conn
	in   *bufio.Reader
	user string
	mail Mail
}

func (s *visit) say(text string) { _, _ = fmt.Fprintf(s.conn, "%s\r\n", text) }

// command does one, and reports whether the link goes on.
func (s *visit) command(line string) bool {
	verb, rest, _ := strings.Cut(line, " ")
	step := strings.ToUpper(verb)
	_, address, _ := strings.Cut(rest, "<")
	address, _, _ = strings.Cut(address, ">")
	if answer := s.c.answer(step, address); answer != "" {
		if answer != "cut" {
			s.say(answer)
		}
		return answer != "cut" && !strings.HasPrefix(answer, "421")
	}
	switch step {
	case "EHLO":
		s.say("250-submission.test")
		for _, one := range s.c.extensions {
			s.say("250-" + one)
		}
		s.say("250 ENHANCEDSTATUSCODES")
	case "AUTH":
		return s.auth(strings.Fields(rest))
	case "MAIL":
		if s.user == "" {
			s.say("530 5.7.0 Authentication Required")
			return true
		}
		s.mail = Mail{From: address}
		s.say("250 2.1.0 ok")
	case "RCPT":
		s.mail.To = append(s.mail.To, address)
		s.say("250 2.1.5 ok")
	case "DATA":
		return s.data()
	case "RSET", "NOOP", "HELO":
		s.say("250 2.0.0 ok")
	case "QUIT":
		s.say("221 bye")
		return false
	default:
		s.say("500 5.5.1 unknown command")
	}
	return true
}

func (s *visit) data() bool {
	s.say("354 go on")
	var raw strings.Builder
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		raw.WriteString(strings.TrimPrefix(line, "."))
	}
	s.mail.Raw, s.mail.At = []byte(raw.String()), time.Now()
	answer := s.c.answer(".", "")
	if answer == "" || answer == "cut after taking" {
		s.c.take(s.mail)
	}
	switch {
	case strings.HasPrefix(answer, "cut"):
		return false
	case answer != "":
		s.say(answer)
	default:
		s.say("250 2.0.0 taken")
	}
	return !strings.HasPrefix(answer, "421")
}

// auth does one SASL exchange with the first answer in the command or behind it.
func (s *visit) auth(args []string) bool {
	offered := slices.ContainsFunc(s.c.extensions, func(e string) bool {
		return strings.HasPrefix(e, "AUTH ") && len(args) > 0 && slices.Contains(strings.Fields(e)[1:], strings.ToUpper(args[0]))
	})
	if !offered {
		s.say("504 5.7.4 no such mechanism")
		return true
	}
	mechanism := strings.ToUpper(args[0])
	var user, secret string
	if mechanism == "LOGIN" {
		user, secret = s.ask("User Name\x00"), s.ask("Password\x00")
	} else {
		user, secret = credentials(mechanism, s.firstAnswer(args))
	}
	if err := s.c.login(mechanism, user, secret); err != nil {
		if s.c.told != "" && (mechanism == "XOAUTH2" || mechanism == "OAUTHBEARER") {
			answer := s.ask(s.c.told)
			s.c.mu.Lock()
			s.c.answers = append(s.c.answers, answer)
			s.c.mu.Unlock()
		}
		s.say(s.c.refusal)
		return true
	}
	s.user = user
	s.say("235 2.7.0 Accepted")
	return true
}

// firstAnswer gives what stands in the command, else what is said when asked.
func (s *visit) firstAnswer(args []string) string {
	if len(args) < 2 {
		return s.ask("")
	}
	data, _ := base64.StdEncoding.DecodeString(args[1])
	return string(data)
}

func (s *visit) ask(prompt string) string {
	s.say("334 " + base64.StdEncoding.EncodeToString([]byte(prompt)))
	line, _ := s.in.ReadString('\n')
	answer, _ := base64.StdEncoding.DecodeString(strings.TrimRight(line, "\r\n"))
	return string(answer)
}

// credentials reads the first answer of PLAIN, XOAUTH2 and OAUTHBEARER.
func credentials(mechanism, first string) (user, secret string) {
	if mechanism == "PLAIN" {
		parts := strings.Split(first, "\x00")
		if len(parts) != 3 {
			return "", ""
		}
		return parts[1], parts[2]
	}
	for field := range strings.SplitSeq(first, "\x01") {
		if after, ok := strings.CutPrefix(field, "user="); ok {
			user = after
		}
		if after, ok := strings.CutPrefix(field, "n,a="); ok {
			user = strings.TrimSuffix(after, ",")
		}
		if after, ok := strings.CutPrefix(field, "auth=Bearer "); ok {
			secret = after
		}
	}
	return user, secret
}
