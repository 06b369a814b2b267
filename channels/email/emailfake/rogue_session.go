package emailfake

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// rogueSession is one link to a Rogue.
type rogueSession struct {
	r         *Rogue
	raw, conn net.Conn
	in        *bufio.Reader
	tag       string
	loggedIn  bool
	folder    string
	readOnly  bool
	// told is how many mails it was told of last.
	told int
	// firstOnly is true where it is shown the first mail and none behind it.
	firstOnly bool
}

func (s *rogueSession) send(format string, args ...any) {
	_, _ = fmt.Fprintf(s.conn, format+"\r\n", args...)
}

func (s *rogueSession) done(format string, args ...any) { s.send(s.tag+" "+format, args...) }

// serve answers commands until the link ends.
func (s *rogueSession) serve() {
	lies := s.r.lying()
	if lies.HoldGreeting != nil {
		<-lies.HoldGreeting
	}
	if lies.Greeting != "" {
		s.send("%s", lies.Greeting)
	} else {
		s.send("* OK ready")
	}
	for {
		line, err := s.readCommand()
		if err != nil {
			return
		}
		if !s.command(line) {
			return
		}
	}
}

// readCommand reads a line with its literals, which become quoted strings.
func (s *rogueSession) readCommand() (string, error) {
	var out strings.Builder
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			return "", err
		}
		line = strings.TrimRight(line, "\r\n")
		open := strings.LastIndex(line, "{")
		if open < 0 || !strings.HasSuffix(line, "}") {
			out.WriteString(line)
			return out.String(), nil
		}
		size := strings.TrimSuffix(line[open+1:], "}")
		n, numberErr := strconv.Atoi(strings.TrimSuffix(size, "+"))
		if numberErr != nil || n < 0 || n > 64<<20 { // no literal after all
			out.WriteString(line)
			return out.String(), nil //nolint:nilerr // the line stands as it is
		}
		if !strings.HasSuffix(size, "+") {
			s.send("+ go on")
		}
		data := make([]byte, n)
		if _, err := io.ReadFull(s.in, data); err != nil {
			return "", err
		}
		out.WriteString(line[:open] + quote(string(data)))
	}
}

// words splits a command at spaces outside of quotes, brackets and parentheses.
func words(line string) []string {
	var out []string
	var word strings.Builder
	depth, quoted, some := 0, false, false
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quoted && c == '\\' && i+1 < len(line):
			i++
			word.WriteByte(line[i])
		case c == '"' && depth == 0:
			quoted, some = !quoted, true
		case !quoted && (c == '(' || c == '['):
			depth++
			word.WriteByte(c)
		case !quoted && (c == ')' || c == ']'):
			depth--
			word.WriteByte(c)
		case c == ' ' && !quoted && depth == 0:
			out = append(out, word.String())
			word.Reset()
			some = false
		default:
			word.WriteByte(c)
		}
	}
	if word.Len() > 0 || some {
		out = append(out, word.String())
	}
	return out
}

// command does one, and reports whether the link goes on.
func (s *rogueSession) command(line string) bool {
	args := words(line)
	if len(args) < 2 {
		s.send("* BAD what?")
		return true
	}
	s.tag = args[0]
	name := strings.ToUpper(args[1])
	args = args[2:]
	if name == "UID" && len(args) > 0 {
		name = "UID " + strings.ToUpper(args[0])
		args = args[1:]
	}
	if name != "LOGIN" && name != "AUTHENTICATE" && name != "APPEND" {
		s.r.note("%s %s", name, strings.Join(args, " "))
	} else {
		s.r.note("%s", name)
	}
	lies := s.r.lying()
	if lies.Answer != nil {
		if answer := lies.Answer(name); strings.HasPrefix(answer, "BYE") {
			s.send("* %s", answer)
			return false
		} else if answer != "" {
			s.done("%s", answer)
			return true
		}
	}
	if lies.Refuse != nil {
		if answer := lies.Refuse(name, strings.Join(args, " ")); answer != "" {
			return s.refuse(answer)
		}
	}
	s.unasked(lies)
	switch name {
	case "CAPABILITY":
		s.send("* CAPABILITY %s", strings.Join(s.r.cfg.Caps, " "))
		s.done("OK")
	case "NOOP", "SUBSCRIBE":
		s.exists()
		s.done("OK")
	case "LOGOUT":
		s.leave()
		s.send("* BYE")
		s.done("OK")
		return false
	case "STARTTLS":
		return s.startTLS()
	case "LOGIN":
		if len(args) < 2 || s.r.can("LOGINDISABLED") {
			s.done("NO LOGIN is disabled")
			return true
		}
		s.login("LOGIN", args[0], args[1])
	case "AUTHENTICATE":
		return s.authenticate(args)
	case "ID":
		s.send("* ID NIL")
		s.done("OK")
	default:
		if !s.loggedIn {
			s.done("BAD log in first")
			return true
		}
		return s.inside(name, args)
	}
	return true
}

// refuse gives an answer, and a goodbye if that follows it on a line of its own.
func (s *rogueSession) refuse(answer string) bool {
	words, bye, ends := strings.Cut(answer, "\n")
	s.done("%s", words)
	if ends {
		s.send("* %s", bye)
	}
	return !ends
}

func (s *rogueSession) startTLS() bool {
	if !s.r.can("STARTTLS") {
		s.done("BAD no")
		return true
	}
	s.done("OK go")
	secured := tls.Server(s.raw, s.r.cert.config)
	s.conn, s.in = secured, bufio.NewReader(secured)
	return true
}

func (s *rogueSession) login(mechanism, user, secret string) {
	if check := s.r.cfg.Login; check != nil {
		if err := check(mechanism, user, secret); err != nil {
			s.done("NO %v", err)
			return
		}
	}
	s.loggedIn = true
	s.done("OK in")
}

// authenticate does one SASL exchange, with the first answer in the command only
// where SASL-IR is said.
func (s *rogueSession) authenticate(args []string) bool {
	if len(args) == 0 || !s.r.can("AUTH="+args[0]) {
		s.done("NO unknown mechanism")
		return true
	}
	mechanism := strings.ToUpper(args[0])
	ask := func(prompt string) (string, bool) {
		s.send("+ %s", base64.StdEncoding.EncodeToString([]byte(prompt)))
		line, err := s.in.ReadString('\n')
		answer, derr := base64.StdEncoding.DecodeString(strings.TrimRight(line, "\r\n"))
		return string(answer), err == nil && derr == nil
	}
	if mechanism == "LOGIN" {
		user, ok := ask("User Name")
		password, ok2 := ask("Password")
		if !ok || !ok2 {
			return false
		}
		s.login(mechanism, user, password)
		return true
	}
	var first string
	switch {
	case len(args) == 2 && !s.r.can("SASL-IR"):
		s.done("BAD no initial response here")
		return true
	case len(args) == 2:
		answer, err := base64.StdEncoding.DecodeString(args[1])
		if err != nil {
			s.done("BAD not base64")
			return true
		}
		first = string(answer)
	default:
		var ok bool
		if first, ok = ask(""); !ok {
			return false
		}
	}
	if mechanism == "PLAIN" {
		parts := strings.Split(first, "\x00")
		if len(parts) != 3 {
			s.done("BAD")
			return true
		}
		s.login(mechanism, parts[1], parts[2])
		return true
	}
	return s.bearer(mechanism, first, ask)
}

// bearer takes a token as XOAUTH2 or OAUTHBEARER, and refuses in two steps.
func (s *rogueSession) bearer(mechanism, first string, ask func(string) (string, bool)) bool {
	user, token := credentials(mechanism, first)
	if check := s.r.cfg.Login; check != nil {
		if err := check(mechanism, user, token); err != nil {
			answer, ok := ask(`{"status":"401","schemes":"bearer","scope":"mail"}`)
			if !ok {
				return false
			}
			s.r.note("CHALLENGE answered with %q", answer)
			s.done("NO %v", err)
			return true
		}
	}
	s.loggedIn = true
	s.done("OK in")
	return true
}
