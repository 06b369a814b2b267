package webchat

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// session is what the widget knows of itself.
type session struct {
	Token   string `json:"token,omitempty"`
	Visitor string `json:"visitor"`
	Title   string `json:"title"`
	Name    string `json:"name,omitempty"`
	// Email tells that an address was left; MailWorks that one is of use.
	Email     string      `json:"email,omitempty"`
	Signed    bool        `json:"signed"`
	MailWorks bool        `json:"mail_works"`
	Thread    string      `json:"thread,omitempty"`
	Last      int64       `json:"last"`
	Read      int64       `json:"read"`
	Outlook   outlookView `json:"outlook,omitzero"`
	TextMost  int         `json:"text_most"`
	FileMost  int64       `json:"file_most"`
	FilesMost int         `json:"files_most"`
}

// serveSession makes or resumes a visitor. A browser with a token gets it back;
// one whose page signs who it is gets that customer's.
func (u *run) serveSession(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Identity *Identity `json:"identity"`
		Language string    `json:"language"`
	}
	if !readJSON(w, r, &in) {
		return
	}
	token := bearer(r)
	if in.Identity == nil && token != "" {
		v, err := byToken(r.Context(), u.store.read, token, u.a.now())
		if err == nil {
			writeJSON(w, u.session(r.Context(), v, token))
			return
		}
		if !errors.Is(err, errNoVisitor) {
			u.broken(w, r, err)
			return
		}
	}
	if wait, ok := u.a.limits.sessions.allow(u.a.addressOf(r), u.a.now()); !ok {
		refuseLater(w, wait, http.StatusTooManyRequests, codeFast, "Too fast", "Too many visitors come from this address.")
		return
	}
	if in.Identity != nil {
		if err := u.a.verify(*in.Identity); err != nil {
			code := codeIdentity
			if errors.Is(err, errExpired) {
				code = codeExpired
			}
			refuse(w, http.StatusForbidden, code, "Not who the page says", "The page says who you are, but "+err.Error()+".")
			return
		}
	}
	var v visitor
	var fresh, before string
	err := u.store.update(r.Context(), func(ctx context.Context, tx *sql.Tx) error {
		var err error
		if in.Identity != nil {
			v, fresh, before, err = known(ctx, tx, *in.Identity, token, language(in.Language), u.a.now())
		} else {
			v, fresh, err = newcomer(ctx, tx, language(in.Language), u.a.now())
		}
		return err
	})
	if err != nil {
		u.broken(w, r, err)
		return
	}
	if before != "" { // their other tabs are somebody else's now
		u.a.hub.dismiss(before)
	}
	writeJSON(w, u.session(r.Context(), v, fresh))
}

func (u *run) session(ctx context.Context, v visitor, token string) session {
	return session{
		Token: token, Visitor: v.ID, Title: u.a.cfg.Title, Name: v.Name, Email: v.Email, Signed: v.User != "",
		MailWorks: u.a.cfg.Mail != nil, Thread: v.Thread, Last: v.Last, Read: v.Read, Outlook: u.a.outlook(ctx, v.Thread),
		TextMost: maxText, FileMost: u.a.cfg.FileBytes, FilesMost: maxFiles,
	}
}

// clientIDs are how browsers may call their messages.
const clientIDs = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

// deliverTime is how long a browser waits for the word that its message is safe.
const deliverTime = 25 * time.Second

// serveMessage stores what a visitor writes, and confirms it once it is delivered.
func (u *run) serveMessage(w http.ResponseWriter, r *http.Request, v visitor) {
	s, ok := u.readMessage(w, r)
	if !ok {
		return
	}
	kept, err := said(r.Context(), u.store.read, v.ID, s)
	if errors.Is(err, sql.ErrNoRows) {
		if u.a.full() {
			u.refuseFull(w)
			return
		}
		if wait, ok := u.a.limits.messages.allow(v.ID, u.a.now()); !ok {
			refuseLater(w, wait, http.StatusTooManyRequests, codeFast, "Too fast", "So many messages are not taken at a time.")
			return
		}
		err = u.store.update(r.Context(), func(ctx context.Context, tx *sql.Tx) error {
			var err error
			kept, err = say(ctx, tx, v.ID, s)
			return err
		})
	}
	switch {
	case errors.Is(err, errFile), errors.Is(err, errFiles):
		refuse(w, http.StatusUnprocessableEntity, codeForm, "Not with these files", err.Error()+".")
		return
	case err != nil:
		u.broken(w, r, err)
		return
	case !kept.same:
		refuse(w, http.StatusConflict, codeTaken, "This id is taken", "A message with this id and other words is here already.")
		return
	}
	u.tellOfNews()
	u.a.hub.wrote(v.ID)
	u.a.hub.wake(v.ID)
	u.confirmMessage(w, r, s.id, kept)
}

// confirmMessage answers once the daemon has the message.
func (u *run) confirmMessage(w http.ResponseWriter, r *http.Request, id string, kept stored) {
	late := time.NewTimer(deliverTime)
	defer late.Stop()
	select {
	case <-u.await(kept.seq):
		writeJSON(w, map[string]any{"id": id, "n": kept.n, "at": kept.at, "thread": kept.thread})
	case <-r.Context().Done():
	case <-u.ended:
		refuseLater(w, 2*time.Second, http.StatusServiceUnavailable, codeAway, "Not now", "The message is kept but not yet passed on. Send it again: the same id is one message.")
	case <-late.C:
		refuseLater(w, 5*time.Second, http.StatusServiceUnavailable, codeAway, "Not now", "The message is kept but not yet passed on. Send it again: the same id is one message.")
	}
}

func (u *run) tellOfNews() {
	select {
	case u.news <- struct{}{}:
	default:
	}
}

func (u *run) readMessage(w http.ResponseWriter, r *http.Request) (saying, bool) {
	var in struct {
		ID       string   `json:"id"`
		Text     string   `json:"text"`
		Files    []string `json:"files"`
		Page     page     `json:"page"`
		Language string   `json:"language"`
	}
	if !readJSON(w, r, &in) {
		return saying{}, false
	}
	wrong := ""
	switch {
	case len(in.ID) < 8 || len(in.ID) > 64 || strings.Trim(in.ID, clientIDs) != "":
		wrong = "id: 8 to 64 letters, digits, - and _."
	case utf8.RuneCountInString(in.Text) > maxText:
		wrong = "text: 10,000 characters at most."
	case len(in.Files) > maxFiles:
		wrong = "files: 10 at most."
	}
	s := saying{
		id: in.ID, text: clean(in.Text, maxText), language: language(in.Language), at: u.a.now(),
		page: page{URL: clip(pageURL(in.Page.URL), 2000), Title: clip(in.Page.Title, maxField)},
	}
	seen := map[string]bool{}
	for _, id := range in.Files {
		if !seen[id] {
			s.files = append(s.files, fileRef{ID: id})
		}
		seen[id] = true
	}
	if wrong == "" && s.text == "" && len(s.files) == 0 {
		wrong = "text: nothing is in it."
	}
	if wrong != "" {
		refuse(w, http.StatusUnprocessableEntity, codeForm, "Not a message", wrong)
		return saying{}, false
	}
	return s, true
}

// pageURL leaves out what may hold secrets of the shop's customer.
func pageURL(s string) string {
	s, _, _ = strings.Cut(s, "#")
	s, _, _ = strings.Cut(s, "?")
	if !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
		return ""
	}
	return s
}

// passing reports whether a passing word may be taken: too many are forgotten.
func (u *run) passing(v visitor) bool {
	_, ok := u.a.limits.passings.allow(v.ID, u.a.now())
	return ok
}

// typingTime is how long somebody counts as writing after a sign of it; browsers
// give one every three seconds.
const typingTime = 6 * time.Second

func (u *run) serveTyping(w http.ResponseWriter, _ *http.Request, v visitor) {
	if u.passing(v) && v.Thread != "" {
		u.a.hub.writes(v.ID, u.a.now().Add(typingTime))
		u.a.report(Activity{Visitor: v.address(), Thread: v.Thread, Typing: true})
	}
	w.WriteHeader(http.StatusNoContent)
}

func (u *run) serveRead(w http.ResponseWriter, r *http.Request, v visitor) {
	var in struct {
		N int64 `json:"n"`
	}
	if !readJSON(w, r, &in) {
		return
	}
	var reply, thread string
	if in.N > v.Read {
		err := u.store.update(r.Context(), func(ctx context.Context, tx *sql.Tx) error {
			var err error
			reply, thread, err = setRead(ctx, tx, v, in.N, u.a.now())
			return err
		})
		if err != nil {
			u.broken(w, r, err)
			return
		}
		u.a.hub.pass(v.ID, sseEvent("read", 0, []byte(`{"n":`+itoa(min(in.N, v.Last))+`}`)))
	}
	if reply != "" {
		u.a.report(Activity{Visitor: v.address(), Thread: thread, ReadUpTo: reply})
	}
	w.WriteHeader(http.StatusNoContent)
}

func (u *run) serveEmail(w http.ResponseWriter, r *http.Request, v visitor) {
	var in struct {
		Email string `json:"email"`
		Name  string `json:"name"`
	}
	if !readJSON(w, r, &in) {
		return
	}
	address, ok := emailAddress(in.Email)
	if !ok && in.Email != "" {
		refuse(w, http.StatusUnprocessableEntity, codeForm, "Not an address", "email: an address such as jo@example.org.")
		return
	}
	if v.Proven && v.Email != "" {
		refuse(w, http.StatusConflict, codeTaken, "Known already", "The shop has said which address is yours.")
		return
	}
	if wait, ok := u.a.limits.messages.allow(v.ID, u.a.now()); !ok {
		refuseLater(w, wait, http.StatusTooManyRequests, codeFast, "Too fast", "So many changes are not taken at a time.")
		return
	}
	err := u.store.update(r.Context(), func(ctx context.Context, tx *sql.Tx) error {
		name := clip(in.Name, maxField)
		_, err := tx.ExecContext(ctx, "UPDATE visitors SET email = ?, name = CASE WHEN ? <> '' AND user IS NULL THEN ? ELSE name END WHERE id = ?", address, name, name, v.ID)
		return err
	})
	if err != nil {
		u.broken(w, r, err)
		return
	}
	u.a.report(Activity{Visitor: v.address(), Thread: v.Thread, Email: true})
	if data, err := encode(map[string]string{"email": address}); err == nil {
		u.a.hub.pass(v.ID, sseEvent("email", 0, data))
	}
	w.WriteHeader(http.StatusNoContent)
}

func (u *run) serveEnd(w http.ResponseWriter, r *http.Request, v visitor) {
	if v.Thread != "" {
		err := u.store.update(r.Context(), func(ctx context.Context, tx *sql.Tx) error { return endThread(ctx, tx, v, u.a.now()) })
		if err != nil {
			u.broken(w, r, err)
			return
		}
		u.a.hub.pass(v.ID, sseEvent("end", 0, []byte("{}")))
		u.a.report(Activity{Visitor: v.address(), Thread: v.Thread, Ended: true})
	}
	w.WriteHeader(http.StatusNoContent)
}
