//go:build browser

package webchat_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/channeltest"
	"stagecoach/channels/webchat"
	"stagecoach/contact"
	"stagecoach/desk/web/browsertest"
)

// shop is a page of another origin that embeds the chat.
type shop struct {
	t       *testing.T
	front   *front
	cfg     webchat.Config
	site    *httptest.Server
	src     *channeltest.Source
	adapter *webchat.Adapter
	stop    func()
	shots   string
}

const widget = "document.querySelector('#stagecoach-chat').shadowRoot"

func newShop(t *testing.T, attributes string, change func(*webchat.Config)) *shop {
	t.Helper()
	s := &shop{t: t, front: newFront(t), src: channeltest.NewSource(t), shots: os.Getenv("STAGECOACH_SHOTS")}
	if s.shots == "" {
		s.shots = t.TempDir()
	}
	s.site = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		// As strict as a careful shop is.
		w.Header().Set("Content-Security-Policy", "default-src 'self'; script-src "+s.front.URL+"; connect-src "+s.front.URL+"; img-src blob: data:; style-src 'unsafe-inline'")
		_, _ = fmt.Fprintf(w, `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><title>Ski boots</title>
<style>body{font:20px serif;background:#f4efe4;margin:40px} button{background:red!important} *{letter-spacing:.2em}</style>
<h1>Ski boots</h1><p>Made by hand in Fjell.</p><button id="own">Own button</button>
<script src="%s/chat.js" %s defer></script></html>`, s.front.chat(), attributes)
	}))
	t.Cleanup(s.site.Close)
	s.cfg = config(t.TempDir())
	s.cfg.Title, s.cfg.Origins = "Fjellby Outdoor", []string{s.site.URL}
	s.cfg.Outlook = func(contextType, string) webchat.Outlook {
		return webchat.Outlook{Known: true, Open: true, Answered: 4 * time.Minute}
	}
	if change != nil {
		change(&s.cfg)
	}
	s.start()
	return s
}

func (s *shop) start() {
	s.adapter = adapter(s.t, s.cfg, nil)
	s.stop = receivingTo(s.t, s.adapter, s.src)
	s.front.serve(s.adapter)
}

// restart ends the daemon's part, lets words be written meanwhile, and starts it.
func (s *shop) restart(meanwhile func()) {
	s.stop()
	s.front.serve(nil)
	s.front.CloseClientConnections()
	meanwhile()
	s.start()
}

// answer replies to the newest message.
func (s *shop) answer(id, text string, files ...contact.Attachment) {
	s.t.Helper()
	items := s.src.Items()
	m, err := s.adapter.Parse(items[len(items)-1])
	if err != nil {
		s.t.Fatal(err)
	}
	send(s.t, s.adapter, &contact.Reply{
		ID: id, Kind: contact.Answer, Channel: contact.WebChat, Account: "acme", FromName: "Jo Berg", Text: text, Origin: m.Origin, Attachments: files,
	})
}

func (s *shop) shot(p *browsertest.Page, name string) {
	s.t.Helper()
	// The panel's way up takes a moment.
	p.Wait("document.querySelector('#stagecoach-chat').shadowRoot.querySelector('.panel').getAnimations().every((a) => a.playState === 'finished')")
	p.Screenshot(filepath.Join(s.shots, "webchat-"+name+".png"))
}

func open(p *browsertest.Page) {
	p.Wait("document.querySelector('#stagecoach-chat')")
	p.Eval(widget+".querySelector('.bubble').click()", nil)
	p.Wait(widget + ".activeElement && " + widget + ".activeElement.tagName === 'TEXTAREA'")
}

// shows waits until a line with these words is there, once, and nothing waits.
func shows(p *browsertest.Page, text string) {
	p.Wait(fmt.Sprintf("[...%s.querySelectorAll('.line')].filter((l) => l.querySelector('.text') && l.querySelector('.text').textContent === %q).length === 1", widget, text))
}

func settled(p *browsertest.Page) { p.Wait(widget + ".querySelectorAll('.waiting').length === 0") }

func TestBrowserWidgetOnAForeignPage(t *testing.T) {
	browser := browsertest.Start(t)
	s := newShop(t, "", func(c *webchat.Config) { c.Mail = noMail })
	p := browser.Page(t)
	p.Size(1200, 800)
	p.Open(s.site.URL)
	open(p)
	s.shot(p, "empty")
	p.Type("Do the boots come in 46? 👢\u200d")
	p.Press("Shift+Enter")
	p.Press("Enter")
	s.src.UntilStored(1)
	settled(p)
	s.answer("r-1", "Yes, they do: https://shop.example/boots/46. Shall I put a pair aside for you?\n\n<b>Not bold</b>")
	p.Wait(widget + ".querySelector('.theirs .text a').href === 'https://shop.example/boots/46'")
	p.Wait("!" + widget + ".querySelector('.text b')")
	p.Wait(widget + ".querySelector('.theirs .who').textContent === 'Jo Berg'")
	s.shot(p, "answered")

	s.restart(func() {
		p.Type("Yes please, written while you were away")
		p.Press("Enter")
		p.Wait(widget + ".querySelectorAll('.waiting').length === 1")
		p.Wait("!" + widget + ".querySelector('.notice').hidden")
		s.shot(p, "no-connection")
	})
	s.src.UntilStored(2)
	settled(p)
	s.answer("r-2", "It is yours until Friday.", contact.Attachment{Name: "receipt.txt", Data: []byte("a pair of boots")})
	shows(p, "It is yours until Friday.")
	shows(p, "Yes please, written while you were away")
	p.Wait(widget + ".querySelector('.notice').hidden")
	p.Wait(widget + ".querySelector('.file').textContent.includes('receipt.txt')")
	s.shot(p, "after-restart")
	if n := len(s.src.Items()); n != 2 {
		t.Errorf("%d messages were delivered, want 2", n)
	}
	for _, fault := range p.Faults() {
		t.Errorf("the page: %s", fault)
	}
}

func TestBrowserWidgetInSeveralTabs(t *testing.T) {
	browser := browsertest.Start(t)
	s := newShop(t, "", nil)
	one := browser.Page(t)
	one.Open(s.site.URL)
	open(one)
	one.Type("from the first tab")
	one.Press("Enter")
	s.src.UntilStored(1)
	settled(one)
	two := one.Another()
	two.Open(s.site.URL)
	open(two)
	shows(two, "from the first tab")
	two.Type("from the second tab")
	two.Press("Enter")
	shows(one, "from the second tab")
	s.src.UntilStored(2)
	s.answer("r-1", "to both")
	shows(one, "to both")
	shows(two, "to both")
	settled(one)
	settled(two)
	one.Open(s.front.chat() + "/chat.js")
	s.answer("r-2", "to the one that is left")
	shows(two, "to the one that is left")
	if n := s.adapter.Connected(); n > 2 {
		t.Errorf("two tabs hold %d streams", n)
	}
}

func TestBrowserWidgetByKeyboard(t *testing.T) {
	browser := browsertest.Start(t)
	s := newShop(t, `data-lang="de"`, nil)
	p := browser.Page(t)
	p.Open(s.site.URL)
	open(p)
	for range 4 { // past send and the bubble, out to the page: the panel is beside it
		p.Press("Tab")
	}
	p.Wait("document.activeElement.id !== 'stagecoach-chat'")
	p.Eval(widget+".querySelector('textarea').focus()", nil)
	p.Press("Escape")
	p.Wait(widget + ".querySelector('.panel').hidden && " + widget + ".activeElement.className === 'bubble'")
	p.Press("Enter")
	p.Wait("!" + widget + ".querySelector('.panel').hidden")
	p.Type("Guten Tag")
	p.Press("Enter")
	s.src.UntilStored(1)
	settled(p)
	p.Press("Escape")
	s.answer("r-1", "Grüß Gott")
	p.Wait(widget + ".querySelector('.badge').textContent === '1' && !" + widget + ".querySelector('.badge').hidden")
	p.Wait(widget + ".querySelector('.bubble').getAttribute('aria-label').includes('1 neue Nachricht')")
	s.shot(p, "badge")
	p.Press("Enter")
	p.Wait(widget + ".querySelector('.badge').hidden")
}

func TestBrowserWidgetOnAPhone(t *testing.T) {
	browser := browsertest.Start(t)
	s := newShop(t, `data-theme="dark" data-lang="de" data-accent="#0b6b4f"`, func(c *webchat.Config) {
		c.Mail = noMail
		c.Outlook = func(contextType, string) webchat.Outlook {
			return webchat.Outlook{Known: true, Closed: true, Opens: time.Now().Add(62 * time.Hour)}
		}
	})
	p := browser.Page(t)
	p.Size(390, 760)
	p.Open(s.site.URL)
	open(p)
	p.Wait("(() => { const r = " + widget + ".querySelector('.panel').getBoundingClientRect(); return r.left === 0 && r.top === 0 && r.width === innerWidth && r.height === innerHeight; })()")
	p.Type("Sind die Stiefel auch in 46 da?")
	p.Press("Enter")
	s.src.UntilStored(1)
	settled(p)
	s.answer("r-1", "Ja, gern! 🥾")
	shows(p, "Ja, gern! 🥾")
	if err := s.adapter.Typing(t.Context(), thread(t, s.adapter, s.src.Items()[0]), "Jo Berg"); err != nil {
		t.Fatal(err)
	}
	p.Wait(widget + ".querySelector('.typing').textContent.includes('Jo Berg')")
	s.shot(p, "phone-dark")
	for range 12 {
		p.Press("Tab")
		p.Wait("document.activeElement.id === 'stagecoach-chat'") // it covers the page: never out of it
	}
}

// TestBrowserWidgetTellsHonestly sees what is said of the time it takes, as it changes
// while the chat is open, and the address that is left while nobody is there.
func TestBrowserWidgetTellsHonestly(t *testing.T) {
	browser := browsertest.Start(t)
	var now atomic.Pointer[webchat.Outlook]
	say := func(o webchat.Outlook) { now.Store(&o) }
	tomorrow := time.Now().Add(24 * time.Hour)
	say(webchat.Outlook{Known: true, Closed: true, Opens: tomorrow})
	s := newShop(t, `data-theme="light"`, func(c *webchat.Config) {
		c.Mail, c.Heartbeat = noMail, 50*time.Millisecond
		c.Outlook = func(contextType, string) webchat.Outlook { return *now.Load() }
	})
	p := browser.Page(t)
	p.Size(1100, 760)
	p.Open(s.site.URL)
	open(p)
	told := func(words string) {
		p.Wait(fmt.Sprintf("%s.querySelector('.outlook').textContent.includes(%q)", widget, words))
	}
	told("We are closed, and back " + tomorrow.Format("Monday") + " at ")
	p.Wait(widget + ".querySelector('.mail p').textContent.includes('the answer comes there too')")
	s.shot(p, "closed")
	p.Eval(widget+".querySelector('.mail input').focus()", nil)
	p.Type("kim@cust.test")
	p.Press("Enter")
	p.Wait(widget + ".querySelector('.mail').hidden")
	s.shot(p, "address-left")
	for _, c := range []struct {
		outlook webchat.Outlook
		words   string
	}{
		{webchat.Outlook{Known: true}, "Nobody is here just now"},
		{webchat.Outlook{Known: true, Open: true}, "We are here for you"},
		{webchat.Outlook{Known: true, Open: true, Answered: 20 * time.Second}, "within a minute"},
		{webchat.Outlook{Known: true, Open: true, Answered: 5 * time.Minute}, "within 5 minutes"},
		{webchat.Outlook{Known: true, Open: true, Answered: 42 * time.Minute}, "within 45 minutes"},
		{webchat.Outlook{Known: true, Open: true, Answered: 3 * time.Hour}, "We usually answer within 3 hours"},
		{webchat.Outlook{Known: true, Open: true, Answered: 24 * time.Hour}, "We usually answer by "},
		{webchat.Outlook{Known: true, Open: true, Answered: 5 * time.Minute, Yours: time.Hour}, "We usually answer within 5 minutes"},
	} {
		say(c.outlook)
		told(c.words)
	}
	p.Eval(widget+".querySelector('textarea').focus()", nil)
	p.Type("Is it red?")
	p.Press("Enter")
	s.src.UntilStored(1)
	told("Your answer usually comes within 60 minutes")
	s.shot(p, "waiting")
	s.answer("r-1", "It is.")
	shows(p, "It is.")
	told("We usually answer within 5 minutes")
	say(webchat.Outlook{})
	p.Wait(widget + ".querySelector('.outlook').textContent === ''")
}

// TestBrowserWidgetTakesTheQueueAlong has a message wait for the line when its writer
// logs in: it is sent, once, as the customer.
func TestBrowserWidgetTakesTheQueueAlong(t *testing.T) {
	browser := browsertest.Start(t)
	s := newShop(t, "", nil)
	p := browser.Page(t)
	p.Open(s.site.URL)
	open(p)
	p.Wait(widget + ".querySelector('.outlook').textContent !== ''")
	s.stop()
	s.front.serve(nil)
	s.front.CloseClientConnections()
	p.Type("written before the login")
	p.Press("Enter")
	p.Wait(widget + ".querySelectorAll('.waiting').length === 1")
	who := webchat.Identity{UserID: "c-9", Name: "Ada", Exp: time.Now().Add(time.Hour).Unix()}
	who.Sig = who.Sign("acme", shopSecret)
	data, err := json.Marshal(who)
	if err != nil {
		t.Fatal(err)
	}
	p.Eval("StagecoachChat.identify("+string(data)+")", nil)
	s.start()
	s.src.UntilStored(1)
	shows(p, "written before the login")
	settled(p)
	items := s.src.Items()
	m, err := s.adapter.Parse(items[0])
	if err != nil || len(items) != 1 || m.From.Address != "user:c-9" {
		t.Errorf("%d items, from %+v, %v", len(items), m.From, err)
	}
}

// TestBrowserWidgetOnItsDemonstration uses what else there is: files, the address that is
// left, and the end.
func TestBrowserWidgetOnItsDemonstration(t *testing.T) {
	browser := browsertest.Start(t)
	s := newShop(t, "", func(c *webchat.Config) { c.Mail = noMail })
	p := browser.Page(t)
	p.Size(1200, 800)
	p.Open(s.front.chat() + "/demo")
	open(p)
	p.Eval(`(() => {
		const c = document.createElement("canvas");
		c.width = 320; c.height = 160;
		const x = c.getContext("2d");
		x.fillStyle = "#2f4a2b"; x.fillRect(0, 0, 320, 160);
		x.fillStyle = "#d8cfae"; x.beginPath(); x.moveTo(60, 140); x.lineTo(160, 30); x.lineTo(260, 140); x.fill();
		return new Promise((done) => c.toBlob((b) => {
			const d = new DataTransfer();
			d.items.add(new File([b], "tent.png", { type: "image/png" }));
			d.items.add(new File(["<script>alert(1)</script>"], "notes.html", { type: "text/html" }));
			`+widget+`.querySelector(".panel").dispatchEvent(new DragEvent("drop", { dataTransfer: d, bubbles: true, cancelable: true }));
			done();
		}));
	})()`, nil)
	p.Wait(widget + ".querySelectorAll('.chips .done').length === 2")
	p.Type("The seam here is torn. Can you mend it?")
	p.Press("Enter")
	s.src.UntilStored(1)
	settled(p)
	p.Wait(widget + ".querySelector('.mine .thumb').naturalWidth === 320")
	p.Eval(widget+".querySelector('.mail input').focus()", nil)
	p.Type("no address")
	p.Press("Enter")
	p.Wait(widget + ".querySelector('.wrong').textContent !== ''")
	p.Eval(widget+".querySelector('.mail input').select()", nil)
	p.Type("jo@cust.test")
	p.Press("Enter")
	p.Wait(widget + ".querySelector('.mail').hidden")
	s.answer("r-1", "Yes. Send it in, and it is back within a week.")
	shows(p, "Yes. Send it in, and it is back within a week.")
	s.shot(p, "demo")
	p.Eval(widget+".querySelector('header .plain').click()", nil)
	p.Eval(widget+".querySelector('.sure button').click()", nil)
	p.Wait(widget + ".querySelector('.log').textContent.includes('The chat has ended')")
	p.Type("Thanks, and another thing: where are you?")
	p.Press("Enter")
	s.src.UntilStored(2)
	settled(p)
	first, second := s.src.Items()[0], s.src.Items()[1]
	if thread(t, s.adapter, first) == thread(t, s.adapter, second) {
		t.Error("the ended thread goes on")
	}
	m, err := s.adapter.Parse(first)
	if err != nil || len(m.Attachments) != 2 || m.Attachments[0].ContentType != "image/png" || m.Attachments[1].ContentType != "text/plain" {
		t.Errorf("understood as %+v, %v", m, err)
	}
	for _, fault := range p.Faults() {
		t.Errorf("the page: %s", fault)
	}
}

// TestBrowserWidgetTellsAWrongIdentity sees that nobody is taken for anonymous whom the
// page names wrongly, and that naming them rightly mends it.
func TestBrowserWidgetTellsAWrongIdentity(t *testing.T) {
	browser := browsertest.Start(t)
	s := newShop(t, `data-identity='{"user_id":"7","name":"Ada","email":"","exp":1,"sig":"00"}'`, nil)
	p := browser.Page(t)
	p.Open(s.site.URL)
	p.Wait("document.querySelector('#stagecoach-chat')")
	p.Eval("StagecoachChat.open()", nil)
	p.Wait(widget + ".querySelector('.notice').textContent.includes('could not prove')")
	p.Wait(widget + ".querySelector('textarea').disabled")
	who := webchat.Identity{UserID: "7", Name: "Ada", Exp: time.Now().Add(time.Hour).Unix()}
	who.Sig = who.Sign("acme", shopSecret)
	p.Eval(fmt.Sprintf("StagecoachChat.identify({user_id: '7', name: 'Ada', email: '', exp: %d, sig: '%s'})", who.Exp, who.Sig), nil)
	p.Wait(widget + ".querySelector('.notice').hidden && !" + widget + ".querySelector('textarea').disabled")
	p.Eval(widget+".querySelector('textarea').focus()", nil)
	p.Type("It is me")
	p.Press("Enter")
	s.src.UntilStored(1)
	settled(p)
	m, err := s.adapter.Parse(s.src.Items()[0])
	if err != nil || m.From.Address != "user:7" {
		t.Errorf("it is from %+v, %v", m.From, err)
	}
	p.Wait("Object.keys(localStorage).every((k) => !k.includes('token'))")
}

func thread(t *testing.T, a *webchat.Adapter, in *channels.Inbound) string {
	t.Helper()
	m, err := a.Parse(in)
	if err != nil {
		t.Fatal(err)
	}
	return m.Thread
}
