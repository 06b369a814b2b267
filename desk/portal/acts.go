package portal

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"stagecoach/contact"
)

// maxWritten is how long what is written on the page may be, in characters; maxLine
// is that of the line with a rating.
const (
	maxWritten = 20_000
	maxLine    = 2_000
)

// rating is the page on which an answer is rated. Opening it counts for nothing.
type rating struct {
	v            *visit
	reply, value string
	words        string
	note         string
	// idea is true where only an idea was meant, thanks once it was taken in, and door
	// where the rest of it needs a proof.
	idea   bool
	thanks bool
	door   bool
	again  time.Time
}

func (s *Server) ratePage(w http.ResponseWriter, r *http.Request, v *visit) {
	q := r.URL.Query()
	s.show(r.Context(), w, http.StatusOK, ratePage(&rating{v: v, reply: shortID(q.Get("r")), value: known(q.Get("v"))}))
}

func known(value string) string {
	if value == Good || value == Bad {
		return value
	}
	return ""
}

// shortID lets nothing through but what a link of ours has.
func shortID(id string) string {
	if len(id) > 8 || strings.Trim(id, "0123456789abcdefABCDEF") != "" {
		return ""
	}
	return id
}

// rate takes in what is said of an answer. With the link alone it is one vote and no
// words: programs that look links up press no button, and a stranger to whom a mail was
// passed on can neither write in the customer's name nor change what they have said.
func (s *Server) rate(w http.ResponseWriter, r *http.Request, v *visit) {
	page := &rating{
		v: v, reply: shortID(r.FormValue("r")), value: known(r.FormValue("v")), words: strings.TrimSpace(plain(r.FormValue("words"))), idea: r.FormValue("idea") != "",
	}
	status := http.StatusUnprocessableEntity
	switch {
	case !v.in() && page.words != "":
		page.note, page.door = v.w.rateDoor, true
	case page.value == "" && (page.words == "" || !page.idea):
		page.note = v.w.rateNothing
	case utf8.RuneCountInString(page.words) > maxLine:
		page.note = fmt.Sprintf(v.w.tooLong, maxLine)
	default:
		again, err := s.acts.Rate(r.Context(), v.who(), Rating{
			Reply: page.reply, Rating: contact.Rating(page.value), Idea: page.idea && v.in(), Words: page.words,
		})
		switch {
		case errors.Is(err, ErrNothing):
			page.note = v.w.rateWhich
		case errors.Is(err, ErrRated):
			page.note, page.door = v.w.rateAlready, true
		case err != nil:
			s.fail(w, r, v, err)
			return
		default:
			page.thanks, page.again, status = true, again, http.StatusOK
			page.door = !v.in()
		}
	}
	s.show(r.Context(), w, status, ratePage(page))
}

// plain takes out of what was written what no keyboard writes.
func plain(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\r\n", "\n"), "\r", "\n")
	return strings.Map(func(c rune) rune {
		if c < ' ' && c != '\n' && c != '\t' {
			return -1
		}
		return c
	}, text)
}

func (s *Server) write(w http.ResponseWriter, r *http.Request, v *visit) {
	text := strings.TrimSpace(plain(r.FormValue("text")))
	id, err := uuid.Parse(r.FormValue("form"))
	if err != nil {
		id = uuid.New()
	}
	switch {
	case text == "":
		s.back(w, r, v, "empty", "write")
	case utf8.RuneCountInString(text) > maxWritten:
		s.back(w, r, v, "long", "write")
	default:
		if err := s.acts.Write(r.Context(), v.who(), Written{ID: id.String(), Text: text}); err != nil {
			s.fail(w, r, v, err)
			return
		}
		s.back(w, r, v, "written", "")
	}
}

func (s *Server) change(w http.ResponseWriter, r *http.Request, v *visit, c Change, at string) {
	if err := s.acts.Change(r.Context(), v.who(), c); err != nil {
		s.fail(w, r, v, err)
		return
	}
	s.back(w, r, v, "saved", at)
}

func (s *Server) prefer(w http.ResponseWriter, r *http.Request, v *visit) {
	choice := r.FormValue("channel")
	if choice == "" {
		choice = "-"
	}
	s.change(w, r, v, Change{Prefer: choice}, "channels")
}

// allow takes in the boxes that are ticked; those that aren't are no, if the page showed
// them: of a channel that was added since, nobody has said anything.
func (s *Server) allow(w http.ResponseWriter, r *http.Request, v *visit) {
	story, err := s.source.Story(r.Context(), v.who())
	if err != nil {
		s.fail(w, r, v, err)
		return
	}
	var consents []Consent
	for _, c := range story.Profile.Consents {
		if c.Given = r.FormValue(c.name()) != ""; c.Given || slices.Contains(r.Form["shown"], c.name()) {
			consents = append(consents, c)
		}
	}
	s.change(w, r, v, Change{Consents: consents}, "channels")
}

// name is that of a consent's box in the form.
func (c Consent) name() string { return "allow." + c.Purpose + "." + string(c.Channel) }

func (s *Server) object(w http.ResponseWriter, r *http.Request, v *visit) {
	objects := r.FormValue("object") == "yes"
	s.change(w, r, v, Change{Object: &objects}, "about")
}

func (s *Server) endLinks(w http.ResponseWriter, r *http.Request, v *visit) {
	if err := s.acts.EndLinks(r.Context(), v.who()); err != nil {
		s.fail(w, r, v, err)
		return
	}
	s.show(r.Context(), w, http.StatusOK, messagePage(v.w, v.w.linksEnded, v.w.linksLead))
}

// filePolicy is for what others wrote and we only pass on.
const filePolicy = "sandbox; default-src 'none'; frame-ancestors 'none'"

func (s *Server) file(w http.ResponseWriter, r *http.Request, v *visit) {
	n, err := strconv.Atoi(r.URL.Query().Get("n"))
	if err != nil {
		s.stray(w, r)
		return
	}
	f, body, err := s.source.File(r.Context(), v.who(), File{Of: r.URL.Query().Get("of"), N: n})
	switch {
	case errors.Is(err, ErrGone):
		s.message(w, r, http.StatusGone, v.w.expired, "")
		return
	case err != nil:
		s.fail(w, r, v, err)
		return
	}
	defer func() { _ = body.Close() }()
	w.Header().Set("Content-Security-Policy", filePolicy)
	w.Header().Set("Content-Type", "application/octet-stream") // never run in the browser
	w.Header().Set("Content-Disposition", disposition(f.Name))
	_, _ = io.Copy(w, body)
}

// disposition names a file to be saved (RFC 6266).
func disposition(name string) string {
	if d := mime.FormatMediaType("attachment", map[string]string{"filename": name}); d != "" {
		return d
	}
	return "attachment; filename*=UTF-8''" + url.PathEscape(name)
}

func (s *Server) export(w http.ResponseWriter, r *http.Request, v *visit) {
	out := &late{ResponseWriter: w}
	if err := s.acts.Export(r.Context(), v.who(), out); err != nil {
		if !out.begun {
			s.fail(w, r, v, err)
			return
		}
		s.log.ErrorContext(r.Context(), "an export to a customer broke off", "err", err)
		panic(http.ErrAbortHandler) // so that the browser knows that it isn't whole
	}
}

// late says that a ZIP file follows as its first byte does.
type late struct {
	http.ResponseWriter
	begun bool
}

// Write implements io.Writer.
func (l *late) Write(b []byte) (int, error) {
	if !l.begun {
		l.begun = true
		l.Header().Set("Content-Type", "application/zip")
		l.Header().Set("Content-Disposition", disposition("my-data.zip"))
	}
	return l.ResponseWriter.Write(b)
}

// erasing is the page on which everything is erased, with a code of its own.
type erasing struct {
	v       *visit
	story   *Story
	reach   string
	note    string
	bad     bool
	sent    bool
	running bool
}

func (s *Server) erasePage(w http.ResponseWriter, r *http.Request, v *visit) {
	s.eraseStep(w, r, v, r.URL.Query().Get("done"))
}

func (s *Server) eraseStep(w http.ResponseWriter, r *http.Request, v *visit, done string) {
	story, err := s.source.Story(r.Context(), v.who())
	if err != nil {
		s.fail(w, r, v, err)
		return
	}
	if !story.Profile.CanErase {
		s.back(w, r, v, "person", "data")
		return
	}
	p := &erasing{v: v, story: story, sent: done == "sent" || done == "wrong", running: !v.standing.Due.IsZero()}
	way, err := s.ownWay(r, v)
	if err != nil && !errors.Is(err, ErrNoWay) {
		s.fail(w, r, v, err)
		return
	}
	if way != nil {
		p.reach = way.Shown
	}
	p.note, p.bad = v.doneWords(done, p.reach)
	s.show(r.Context(), w, http.StatusOK, erasePage(p))
}

// ownWay gives a way to somebody as whom the device has proved itself.
func (s *Server) ownWay(r *http.Request, v *visit) (*Way, error) {
	ways, err := s.source.Ways(r.Context(), v.who())
	if err != nil {
		return nil, err
	}
	for i := range ways {
		if slices.Contains(v.proved, ways[i].Customer) {
			return &ways[i], nil
		}
	}
	return nil, ErrNoWay
}

func (s *Server) eraseCode(w http.ResponseWriter, r *http.Request, v *visit) {
	way, err := s.ownWay(r, v)
	if err != nil && !errors.Is(err, ErrNoWay) {
		s.fail(w, r, v, err)
		return
	}
	http.Redirect(w, r, v.path("/erase?done="+s.code(r, v, forErase, way)), http.StatusSeeOther) //nolint:gosec // below Path, with a token of ours
}

func (s *Server) erase(w http.ResponseWriter, r *http.Request, v *visit) {
	if _, done := s.tryCode(r, v, forErase); done != "" {
		http.Redirect(w, r, v.path("/erase?done="+done), http.StatusSeeOther) //nolint:gosec // below Path, with a token of ours
		return
	}
	kept, err := s.acts.Erase(r.Context(), v.who())
	if err != nil {
		s.fail(w, r, v, err)
		return
	}
	s.setCookie(w, s.cookieName(v.link), "", -1)
	if kept != nil {
		s.show(r.Context(), w, http.StatusOK, restrictedPage(v, kept, "")) //nolint:contextcheck // templ hands it on
		return
	}
	s.show(r.Context(), w, http.StatusOK, messagePage(v.w, v.w.eraseDone, v.w.eraseDoneLead))
}
