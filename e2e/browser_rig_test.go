//go:build browser

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stagecoach/channels/email/emailfake"
	"stagecoach/desk/web/browsertest"
)

// house is a company whose people work in browsers: a mail provider in this
// process, the daemon as a process of its own, and a Chromium.
type house struct {
	*daemon
	mail    *emailfake.Server
	browser *browsertest.Browser
	shots   string
	people  []*human
	letters int
}

// human is one person at their own browser.
type human struct {
	*browsertest.Page
	house *house
	name  string
	// The lines of the console that had come before a time at which the daemon was
	// down, when the page had noticed, and at its end.
	before, noticed, outage int
	gone                    bool
}

// The house's rules: who doesn't speak the customer's language isn't asked, and
// who shows no sign of life for 20 s, a little more than the desk's pages give
// one, is unreachable.
var houseRules = map[string]string{
	"classes.yaml": "version: 1\ndefault:\n  language: required\n",
	"routing.yaml": "version: 1\npresence:\n  heartbeat: 20s\nchannels:\n  - {name: email, units: 20}\n  - {name: phone, units: 20}\n",
}

// newHouse starts the provider and the browser, writes configuration and rules,
// and starts the daemon.
func newHouse(t *testing.T, customers ...string) *house {
	t.Helper()
	h := &house{browser: browsertest.Start(t), shots: os.Getenv("STAGECOACH_SHOTS")}
	if h.shots == "" {
		h.shots = t.TempDir()
	}
	users := map[string]string{support: password}
	for _, address := range customers {
		users[address] = password
	}
	var err error
	if h.mail, err = emailfake.Start(emailfake.Config{Users: users}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.mail.Close() })
	h.daemon = newDaemon(t)
	t.Cleanup(func() {
		for _, p := range h.people {
			if t.Failed() && !p.gone {
				p.shot("failed-" + p.name)
				t.Logf("%s is on %s; what the page shows is in %s", p.name, p.path(), h.shots)
			}
		}
	})
	h.write()
	h.start("")
	h.untilUp("email/support")
	return h
}

func (h *house) write() {
	h.t.Helper()
	dir := filepath.Dir(h.config)
	server := "{host: 127.0.0.1, port: %d, tls: starttls, ca_file: ca.pem, password_file: password}\n"
	files := map[string]string{
		"ca.pem":   string(h.mail.CertificatePEM()),
		"password": password + "\n",
		"stagecoach.yaml": fmt.Sprintf("version: 1\nhttp:\n  listen: %s\npolicies: policies\nchannels:\n  email:\n"+
			"    - name: support\n      address: %s\n      from_name: Acme\n      imap: "+server+"      smtp: "+server,
			strings.TrimPrefix(h.url, "http://"), support, h.mail.IMAPPort(), h.mail.SMTPPort()),
	}
	for name, text := range houseRules {
		files[filepath.Join("policies", name)] = text
	}
	if err := os.MkdirAll(filepath.Join(dir, "policies"), 0o700); err != nil {
		h.t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			h.t.Fatal(err)
		}
	}
}

// arrives sends a mail of a customer, which is a new one each time.
func (h *house) arrives(name, from, subject, text string, header ...string) {
	h.t.Helper()
	h.letters++
	l := letter{
		from: fmt.Sprintf("%s <%s>", name, from), to: support, subject: subject, text: text,
		id: fmt.Sprintf("%d@cust.test", h.letters), header: header,
	}
	if err := h.mail.Send(from, []string{l.to}, l.raw()); err != nil {
		h.t.Fatal(err)
	}
}

// received waits for a mail with these words in a customer's mailbox.
func (h *house) received(address, text string) got {
	h.t.Helper()
	var found got
	eventually(h.t, 20*time.Second, words("a mail with %q for %s", text, address), func() bool {
		mails, err := h.mail.Folder(address, "INBOX")
		if err != nil {
			h.t.Fatal(err)
		}
		for _, raw := range mails {
			if found = read(h.t, raw); strings.Contains(found.text, text) {
				return true
			}
		}
		return false
	})
	return found
}

// human opens another person's browser.
func (h *house) human(name string) *human {
	h.t.Helper()
	p := &human{Page: h.browser.Page(h.t), house: h, name: name}
	p.Size(1360, 850)
	h.people = append(h.people, p)
	return p
}

// outage takes the daemon away, and brings it back after meanwhile. The pages
// notice by their live line and ask for nothing from then on: the browser's
// console may still say that this line reaches nobody. Until they have noticed,
// whatever they asked for may be cut off too.
func (h *house) outage(meanwhile, back func()) {
	h.t.Helper()
	for _, p := range h.people {
		p.before = len(p.Errors())
	}
	h.stop()
	for _, p := range h.people {
		if p.gone {
			continue
		}
		p.Wait(`!document.getElementById("offline").hidden && !document.querySelector(".htmx-request")`)
		p.noticed = len(p.Errors())
	}
	meanwhile()
	back()
	for _, p := range h.people {
		if !p.gone {
			p.Wait(`document.getElementById("offline").hidden`)
		}
		p.outage = len(p.Errors())
	}
}

// consoles fails the test for each error that a browser's console has shown.
func (h *house) consoles() {
	h.t.Helper()
	for _, p := range h.people {
		for i, line := range p.Errors() {
			unheard := strings.Contains(line, "net::ERR_")
			cut := i < p.noticed && (strings.Contains(line, "htmx:sendError") || strings.Contains(line, "htmx:afterRequest"))
			if i >= p.before && i < p.outage && (unheard || cut) {
				continue
			}
			h.t.Errorf("the console of %s: %s", p.name, line)
		}
	}
}

// shows waits until an element that fits the selector has these words in it.
func (p *human) shows(selector, text string) {
	p.house.t.Helper()
	p.Wait(fmt.Sprintf("[...document.querySelectorAll(%q)].some((e) => e.textContent.includes(%q))", selector, text))
}

// showsNot waits until no element that fits the selector has these words in it.
func (p *human) showsNot(selector, text string) {
	p.house.t.Helper()
	p.Wait(fmt.Sprintf("![...document.querySelectorAll(%q)].some((e) => e.textContent.includes(%q))", selector, text))
}

// has tells whether it does so now.
func (p *human) has(selector, text string) bool {
	p.house.t.Helper()
	ok := false
	p.Eval(fmt.Sprintf("[...document.querySelectorAll(%q)].some((e) => e.textContent.includes(%q))", selector, text), &ok)
	return ok
}

// leave closes the person's browser.
func (p *human) leave() {
	p.house.t.Helper()
	p.gone = true
	p.Close()
}

// to goes to a page of the desk.
func (p *human) to(path string) {
	p.house.t.Helper()
	p.Open(p.house.url + path)
	p.Wait("window.stagecoach && window.htmx")
}

// reach waits until the browser is on this page, and its scripts work.
func (p *human) reach(path string) {
	p.house.t.Helper()
	p.Wait(fmt.Sprintf("location.pathname.startsWith(%q) && document.readyState === 'complete' && window.stagecoach", path))
}

// path gives where the browser is.
func (p *human) path() string {
	p.house.t.Helper()
	var path string
	p.Eval("location.pathname", &path)
	return path
}

// fill types into a field, in place of what is there.
func (p *human) fill(selector, text string) {
	p.house.t.Helper()
	p.Wait(fmt.Sprintf("document.querySelector(%q)?.checkVisibility()", selector))
	p.Eval(fmt.Sprintf("(() => { const e = document.querySelector(%q); e.focus(); e.select(); })()", selector), nil)
	p.Type(text)
}

// choose picks the option or the choice that has these words in it.
func (p *human) choose(selector, text string) {
	p.house.t.Helper()
	p.shows(selector, text)
	p.Eval(fmt.Sprintf(`(() => {
		const e = [...document.querySelectorAll(%q)].find((e) => e.textContent.includes(%q));
		if (e instanceof HTMLOptionElement) { e.selected = true; e.parentElement.dispatchEvent(new Event("change", { bubbles: true })); }
		else e.click();
	})()`, selector, text), nil)
}

// shot takes a picture of the window.
func (p *human) shot(name string) {
	p.house.t.Helper()
	p.Screenshot(filepath.Join(p.house.shots, name+".png"))
}
