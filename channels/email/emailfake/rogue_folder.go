package emailfake

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// inside does what wants a login, and reports whether the link goes on.
func (s *rogueSession) inside(name string, args []string) bool {
	if s.folder == "" && (strings.HasPrefix(name, "UID ") || name == "EXPUNGE" || name == "CLOSE") {
		s.done("BAD open a folder first")
		return true
	}
	switch name {
	case "LIST":
		for _, folder := range s.r.names() {
			s.send(`* LIST (%s) %s %s`, s.r.attrs(folder), quote(string(s.r.cfg.Delim)), quote(folder))
		}
		s.done("OK")
	case "NAMESPACE":
		s.send(`* NAMESPACE (("" "%c")) (("user%c" "%c")) NIL`, s.r.cfg.Delim, s.r.cfg.Delim, s.r.cfg.Delim)
		s.done("OK")
	case "CREATE":
		s.r.AddFolder(args[0], "")
		s.done("OK")
	case "SELECT", "EXAMINE":
		s.open(args[0], name == "EXAMINE")
	case "CLOSE":
		if !s.readOnly {
			s.r.mu.Lock()
			_ = s.expunge(s.r.folders[s.folder], s.pick("1:*"), nil)
			s.r.mu.Unlock()
		}
		s.leave()
		s.done("OK")
	case "APPEND":
		s.store(args[0], []byte(args[len(args)-1]))
	case "IDLE":
		return s.idle()
	case "UID SEARCH":
		s.search(args)
	case "UID FETCH":
		return s.fetch(args)
	case "UID STORE":
		s.change(args[0], args[1:], s.storeFlags)
	case "UID COPY":
		s.change(args[0], args[1:], s.copyTo)
	case "UID MOVE":
		if !s.r.can("MOVE") {
			s.done("BAD no MOVE")
			return true
		}
		if s.r.lying().CutAtMove {
			s.conn = silentConn{s.conn}
			s.change(args[0], args[1:], s.moveTo)
			return false
		}
		s.change(args[0], args[1:], s.moveTo)
	case "UID EXPUNGE":
		if !s.r.can("UIDPLUS") {
			s.done("BAD no UIDPLUS")
			return true
		}
		s.change(args[0], nil, s.expunge)
	case "EXPUNGE":
		s.change("1:*", nil, s.expunge)
	default:
		s.done("BAD unknown command")
	}
	return true
}

// store appends a mail.
func (s *rogueSession) store(folder string, raw []byte) {
	s.r.mu.Lock()
	f := s.r.folders[folder]
	same := func(m *rogueMail) bool { return idOf(m.raw) == idOf(raw) }
	switch {
	case f == nil:
		s.r.mu.Unlock()
		s.done("NO [TRYCREATE] no such folder")
		return
	case s.r.lies.Merges && idOf(raw) != "" && slices.ContainsFunc(f.mails, same):
	default:
		s.r.put(folder, raw, time.Time{}, nil)
	}
	s.r.mu.Unlock()
	s.done("OK")
}

// idOf gives the Message-ID of a mail, "" if it has none.
func idOf(raw []byte) string {
	for line := range strings.SplitSeq(headerOf(raw), "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(name, "Message-ID") {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// silentConn swallows what is written.
type silentConn struct{ net.Conn }

// Write implements net.Conn.
func (silentConn) Write(p []byte) (int, error) { return len(p), nil }

// leave closes the folder that is open, if one is.
func (s *rogueSession) leave() {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	if s.folder != "" && s.firstOnly && !s.readOnly {
		f := s.r.folders[s.folder]
		f.mails = f.mails[:min(len(f.mails), 1)]
	}
	s.folder, s.firstOnly = "", false
}

// mails gives what it is shown of the open folder.
func (s *rogueSession) mails() []*rogueMail {
	all := s.r.folders[s.folder].mails
	if s.firstOnly {
		all = all[:min(len(all), 1)]
	}
	return all
}

func (s *rogueSession) open(folder string, readOnly bool) {
	s.leave()
	s.r.mu.Lock()
	f := s.r.folders[folder]
	if strings.EqualFold(folder, "INBOX") {
		folder, f = "INBOX", s.r.folders["INBOX"]
	}
	if f == nil {
		s.r.mu.Unlock()
		s.done("NO [NONEXISTENT] no such folder")
		return
	}
	count, validity, next := len(f.mails), f.validity, f.next-min(s.r.lies.NextBack, f.next-1)
	s.firstOnly = s.r.lies.FirstOnly && count == 0
	s.r.mu.Unlock()
	s.folder, s.readOnly, s.told = folder, readOnly, count
	s.send(`* FLAGS (\Seen \Deleted \Flagged \Answered)`)
	s.send("* %d EXISTS", count)
	s.send("* 0 RECENT")
	s.send("* OK [UIDVALIDITY %d] ok", validity)
	s.send("* OK [UIDNEXT %d] ok", next)
	s.done("OK")
}

// unasked says what nobody wants to know.
func (s *rogueSession) unasked(lies Lies) {
	if lies.Fewer && s.folder != "" {
		s.send("* 0 EXISTS")
	}
	if !lies.Unasked || s.folder == "" {
		return
	}
	s.send(`* 1 FETCH (FLAGS (\Seen) UID 4000000)`)
	s.send("* 2 FETCH (UID 4000001 BODY[] {5}\r\nhello)")
	s.send("* 7 RECENT")
	s.send("* OK [ALERT] buy more storage")
	s.send("* SEARCH 4000002 4000003")
}

func (s *rogueSession) exists() {
	if s.folder == "" {
		return
	}
	s.r.mu.Lock()
	count := len(s.mails())
	s.r.mu.Unlock()
	if count != s.told {
		s.told = count
		s.send("* %d EXISTS", count)
	}
}

func (s *rogueSession) idle() bool {
	if !s.r.can("IDLE") {
		s.done("BAD no IDLE")
		return true
	}
	s.r.mu.Lock()
	changed := s.r.changed
	s.r.mu.Unlock()
	s.send("+ idling")
	if !s.r.lying().DeafIdle {
		s.exists()
	}
	ended := make(chan error, 1)
	go func() {
		_, err := s.in.ReadString('\n')
		ended <- err
	}()
	if s.r.lying().DeafIdle {
		changed = nil
	}
	for {
		select {
		case err := <-ended:
			s.done("OK")
			return err == nil
		case <-changed: // whether more came or others were expunged
			s.r.mu.Lock()
			changed = s.r.changed
			s.r.mu.Unlock()
			s.exists()
		}
	}
}

// pick gives the mails of the folder within a set of UIDs.
func (s *rogueSession) pick(set string) []*rogueMail {
	mails := s.mails()
	var last uint32
	if len(mails) > 0 {
		last = mails[len(mails)-1].uid
	}
	number := func(text string) uint32 {
		if text == "*" {
			return last
		}
		n, _ := strconv.ParseUint(text, 10, 32)
		return uint32(n)
	}
	var out []*rogueMail
	for _, m := range mails {
		for part := range strings.SplitSeq(set, ",") {
			from, to, isRange := strings.Cut(part, ":")
			a, b := number(from), number(from)
			if isRange {
				b = number(to)
			}
			if m.uid >= min(a, b) && m.uid <= max(a, b) {
				out = append(out, m)
				break
			}
		}
	}
	return out
}

// search understands what our client asks.
func (s *rogueSession) search(args []string) {
	s.r.mu.Lock()
	lies := s.r.lies
	found := s.mails()
	keep := func(ok func(*rogueMail) bool) {
		found = slices.DeleteFunc(slices.Clone(found), func(m *rogueMail) bool { return !ok(m) })
	}
	without := func(flag string) {
		keep(func(m *rogueMail) bool { return !slices.Contains(m.flags, flag) })
	}
	for i := 0; i < len(args); i++ {
		switch strings.ToUpper(args[i]) {
		case "UID":
			i++
			in := s.pick(args[i])
			keep(func(m *rogueMail) bool { return slices.Contains(in, m) })
		case "SINCE":
			i++
			day, _ := time.Parse("2-Jan-2006", args[i])
			keep(func(m *rogueMail) bool { return !m.at.Before(day) })
		case "UNSEEN":
			without(`\Seen`)
		case "UNDELETED":
			without(`\Deleted`)
		case "UNFLAGGED":
			without(`\Flagged`)
		case "HEADER":
			i += 2
			value := strings.ToLower(args[i])
			keep(func(m *rogueMail) bool { return strings.Contains(strings.ToLower(headerOf(m.raw)), value) })
		}
	}
	line := "* SEARCH"
	for _, m := range found {
		line += fmt.Sprintf(" %d", m.uid)
	}
	if lies.Shuffled {
		line = "* SEARCH"
		for _, m := range slices.Backward(found) {
			line += fmt.Sprintf(" %d %d", m.uid, m.uid)
		}
	}
	s.r.mu.Unlock()
	s.send("%s", line)
	s.done("OK")
}

func headerOf(raw []byte) string {
	head, _, _ := strings.Cut(string(raw), "\r\n\r\n")
	return head
}

// change does something to mails under the lock, if the folder was opened for
// that.
func (s *rogueSession) change(set string, args []string, do func(*rogueFolder, []*rogueMail, []string) error) {
	if s.readOnly {
		s.done("NO [READ-ONLY] the folder is open for reading")
		return
	}
	s.r.mu.Lock()
	err := do(s.r.folders[s.folder], s.pick(set), args)
	s.r.tell()
	s.r.mu.Unlock()
	if err != nil {
		s.done("NO %v", err)
		return
	}
	s.done("OK")
}

func (s *rogueSession) storeFlags(_ *rogueFolder, mails []*rogueMail, args []string) error {
	for flag := range strings.FieldsSeq(strings.Trim(args[1], "()")) {
		for _, m := range mails {
			if !slices.Contains(m.flags, flag) {
				m.flags = append(m.flags, flag)
			}
		}
	}
	return nil
}

func (s *rogueSession) copyTo(_ *rogueFolder, mails []*rogueMail, args []string) error {
	if s.r.folders[args[0]] == nil {
		return fmt.Errorf("[TRYCREATE] no folder %s", args[0])
	}
	for _, m := range mails {
		s.r.put(args[0], m.raw, m.at, slices.Clone(m.flags))
	}
	return nil
}

func (s *rogueSession) moveTo(f *rogueFolder, mails []*rogueMail, args []string) error {
	if err := s.copyTo(f, mails, args); err != nil {
		return err
	}
	f.mails = slices.DeleteFunc(f.mails, func(m *rogueMail) bool { return slices.Contains(mails, m) })
	return nil
}

func (s *rogueSession) expunge(f *rogueFolder, mails []*rogueMail, _ []string) error {
	f.mails = slices.DeleteFunc(f.mails, func(m *rogueMail) bool {
		return slices.Contains(mails, m) && slices.Contains(m.flags, `\Deleted`)
	})
	return nil
}
