package browsertest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// Page is a tab with cookies of its own, as if it were another person's
// browser. Its methods fail the test when the browser refuses.
type Page struct {
	tb      testing.TB
	b       *Browser
	session string
	context string

	mu     sync.Mutex
	faults []string
	logged []string
}

// waitFor is how long Wait waits.
const waitFor = 60 * time.Second

// Page opens an empty tab in a context of its own.
func (b *Browser) Page(tb testing.TB) *Page {
	tb.Helper()
	p := &Page{tb: tb, b: b}
	var ctx struct {
		ID string `json:"browserContextId"`
	}
	p.into(&ctx, "", "Target.createBrowserContext", nil)
	return b.tab(tb, ctx.ID)
}

func (b *Browser) tab(tb testing.TB, context string) *Page {
	tb.Helper()
	p := &Page{tb: tb, b: b, context: context}
	var target struct {
		ID string `json:"targetId"`
	}
	p.into(&target, "", "Target.createTarget", map[string]any{"url": "about:blank", "browserContextId": context})
	var session struct {
		ID string `json:"sessionId"`
	}
	p.into(&session, "", "Target.attachToTarget", map[string]any{"targetId": target.ID, "flatten": true})
	p.session = session.ID
	b.mu.Lock()
	b.pages[p.session] = p
	b.mu.Unlock()
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		p.do(domain+".enable", nil)
	}
	return p
}

// Another opens a further tab of the same person: cookies and storage are shared.
func (p *Page) Another() *Page {
	p.tb.Helper()
	return p.b.tab(p.tb, p.context)
}

// into calls and decodes the answer.
func (p *Page) into(out any, session, method string, params any) {
	p.tb.Helper()
	raw, err := p.b.call(session, method, params)
	if err == nil && out != nil {
		err = json.Unmarshal(raw, out)
	}
	if err != nil {
		p.tb.Fatalf("browser: %v", err)
	}
}

func (p *Page) do(method string, params any) {
	p.tb.Helper()
	p.into(nil, p.session, method, params)
}

// event keeps what went wrong in the page: exceptions, refused content, and
// whatever else the console shows as an error.
func (p *Page) event(method string, params json.RawMessage) {
	var e struct {
		Type  string `json:"type"`
		Entry struct {
			Level string `json:"level"`
		} `json:"entry"`
	}
	if json.Unmarshal(params, &e) != nil {
		return
	}
	text := string(params)
	fault := method == "Runtime.exceptionThrown" || method == "Log.entryAdded" && strings.Contains(text, "Content Security Policy")
	shown := method == "Log.entryAdded" && e.Entry.Level == "error" ||
		method == "Runtime.consoleAPICalled" && (e.Type == "error" || e.Type == "assert")
	if !fault && !shown {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if fault {
		p.faults = append(p.faults, method+" "+text)
	}
	p.logged = append(p.logged, method+" "+text)
}

// Faults gives the scripts' exceptions and the violations of the content
// policy so far.
func (p *Page) Faults() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.faults...)
}

// Errors gives all that the console has shown as an error so far: the faults,
// and also answers of 4xx and 5xx and requests that reached nobody.
func (p *Page) Errors() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.logged...)
}

// Close closes the person's browser with all its tabs. Afterwards only
// Faults and Errors can be asked.
func (p *Page) Close() {
	p.tb.Helper()
	p.into(nil, "", "Target.disposeBrowserContext", map[string]any{"browserContextId": p.context})
}

// Size sets the window, in CSS pixels.
func (p *Page) Size(width, height int) {
	p.tb.Helper()
	p.do("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false})
}

// Dark has pages see a device that is set to dark, or to light.
func (p *Page) Dark(on bool) {
	p.tb.Helper()
	scheme := "light"
	if on {
		scheme = "dark"
	}
	p.do("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]any{{"name": "prefers-color-scheme", "value": scheme}}})
}

// HideScrollbars leaves scrollbars out of pictures.
func (p *Page) HideScrollbars() {
	p.tb.Helper()
	p.do("Emulation.setScrollbarsHidden", map[string]any{"hidden": true})
}

// Open goes to an address and waits until it has loaded.
func (p *Page) Open(url string) {
	p.tb.Helper()
	const loaded = "location.href !== 'about:blank' && document.readyState === 'complete'"
	var nav struct {
		Error string `json:"errorText"`
	}
	for try := 0; ; try++ {
		nav.Error = ""
		p.into(&nav, p.session, "Page.navigate", map[string]any{"url": url})
		if nav.Error != brokenOff || try == 2 {
			break
		}
		p.Wait(loaded)
	}
	if nav.Error != "" {
		p.tb.Fatalf("opening %s: %s", url, nav.Error)
	}
	p.Wait(loaded)
}

// brokenOff is what the browser says of a page that it has not opened since it was still
// on its way to another, as by a form just before.
const brokenOff = "net::ERR_ABORTED"

// Eval evaluates an expression, awaits it if it is a promise, and decodes its
// value into out unless that is nil.
func (p *Page) Eval(expression string, out any) {
	p.tb.Helper()
	if err := p.eval(expression, out); err != nil {
		p.tb.Fatalf("evaluating %s: %v", expression, err)
	}
}

func (p *Page) eval(expression string, out any) error {
	return p.evalFor(patience, expression, out)
}

func (p *Page) evalFor(limit time.Duration, expression string, out any) error {
	raw, err := p.b.callFor(limit, p.session, "Runtime.evaluate", map[string]any{
		"expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true,
	})
	if err != nil {
		return err
	}
	var r struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		Exception *struct {
			Text      string `json:"text"`
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return err
	}
	if r.Exception != nil {
		return fmt.Errorf("%s %s", r.Exception.Text, r.Exception.Exception.Description)
	}
	if out == nil || r.Result.Value == nil {
		return nil
	}
	return json.Unmarshal(r.Result.Value, out)
}

// Wait waits until an expression is true. It goes on looking when the page is
// left for another.
func (p *Page) Wait(expression string) {
	p.tb.Helper()
	js := fmt.Sprintf(`new Promise((done) => {
		const end = Date.now() + 500;
		const look = () => {
			let ok = false;
			try { ok = Boolean(%s); } catch { /* not yet there */ }
			if (ok || Date.now() > end) done(ok); else setTimeout(look, 20);
		};
		look();
	})`, expression)
	var err error
	for end := time.Now().Add(waitFor); time.Now().Before(end); {
		ok := false
		if err = p.evalFor(3*time.Second, js, &ok); ok {
			return
		}
		if err != nil && !leaving(err) {
			break
		}
	}
	p.tb.Fatalf("%s did not become true (%v)", expression, err)
}

// leaving reports whether an error only says that the page is being left.
func leaving(err error) bool {
	if errors.Is(err, errSilent) {
		return true
	}
	for _, s := range []string{"context", "navigated", "Not attached"} {
		if strings.Contains(err.Error(), s) {
			return true
		}
	}
	return false
}

// Click clicks the first element that fits a selector, once it is there.
func (p *Page) Click(selector string) {
	p.tb.Helper()
	p.Wait(fmt.Sprintf("document.querySelector(%q)", selector))
	p.Eval(fmt.Sprintf("document.querySelector(%q).click()", selector), nil)
}

// Type types text into what has the focus.
func (p *Page) Type(text string) {
	p.tb.Helper()
	p.do("Input.insertText", map[string]any{"text": text})
}

// Press presses a key by its name ("a", "Enter", "Escape", "?"), with "Ctrl+"
// or "Shift+" before it if need be.
func (p *Page) Press(key string) {
	p.tb.Helper()
	mods := 0
	if rest, ok := strings.CutPrefix(key, "Ctrl+"); ok {
		key, mods = rest, 2
	} else if rest, ok := strings.CutPrefix(key, "Shift+"); ok {
		key, mods = rest, 8
	}
	codes := map[string]int{"Enter": 13, "Escape": 27, "Tab": 9, " ": 32}
	ev := map[string]any{"type": "rawKeyDown", "key": key, "modifiers": mods, "windowsVirtualKeyCode": codes[key]}
	switch {
	case key == "Enter" && mods == 0:
		ev["type"], ev["text"] = "keyDown", "\r"
	case len([]rune(key)) == 1 && mods != 2:
		ev["type"], ev["text"] = "keyDown", key
	}
	p.do("Input.dispatchKeyEvent", ev)
	p.do("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key, "modifiers": mods, "windowsVirtualKeyCode": codes[key]})
}

// Screenshot writes a PNG of what the window shows.
func (p *Page) Screenshot(file string) {
	p.tb.Helper()
	var shot struct {
		Data string `json:"data"`
	}
	raw, err := p.b.call(p.session, "Page.captureScreenshot", map[string]any{"format": "png"})
	for range 10 {
		if err == nil || !leaving(err) {
			break
		}
		p.Wait("document.readyState === 'complete'")
		raw, err = p.b.call(p.session, "Page.captureScreenshot", map[string]any{"format": "png"})
	}
	if err == nil {
		err = json.Unmarshal(raw, &shot)
	}
	if err != nil {
		p.tb.Fatalf("taking a screenshot: %v", err)
	}
	b, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(file, b, 0o600)
	}
	if err != nil {
		p.tb.Fatalf("writing a screenshot: %v", err)
	}
}
