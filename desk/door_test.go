package desk_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"stagecoach/desk"
	"stagecoach/desk/view"
)

func TestSetUpOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := &client{rig: r, http: r.server.Client()}
	in := map[string]any{"token": "guess", "name": "Eve", "email": "eve@acme.example", "password": "long enough"}
	c.refused(http.StatusGone, "link_used", http.MethodPost, "/api/setup", in)
	in["token"], in["password"] = setupToken, "short"
	c.refused(http.StatusUnprocessableEntity, "invalid", http.MethodPost, "/api/setup", in)
	in["password"], in["email"] = "long enough", "not an address"
	c.refused(http.StatusUnprocessableEntity, "invalid", http.MethodPost, "/api/setup", in)
	if !r.svc.NeedsSetup() {
		t.Fatal("a refused set-up left an account")
	}
	boss := r.boss()
	if boss.me.Role != "supervisor" {
		t.Errorf("the first is %q", boss.me.Role)
	}
	in["email"] = "eve@acme.example"
	c.refused(http.StatusGone, "link_used", http.MethodPost, "/api/setup", in)
}

func TestLoginAndItsEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	boss := r.boss()
	anna := boss.agent("Anna Arndt", nil)
	c := &client{rig: r, http: r.server.Client()}
	wrong := c.refused(http.StatusUnauthorized, "wrong_login", http.MethodPost, "/api/login", map[string]any{"email": "anna.arndt@acme.example", "password": "wrong wrong"})
	unknown := c.refused(http.StatusUnauthorized, "wrong_login", http.MethodPost, "/api/login", map[string]any{"email": "nobody@acme.example", "password": "wrong wrong"})
	if wrong != unknown {
		t.Errorf("an unknown address is told apart: %q, %q", wrong, unknown)
	}
	c.refused(http.StatusUnauthorized, "not_logged_in", http.MethodGet, "/api/desk", nil)
	c.token = strings.Repeat("A", 43)
	c.refused(http.StatusUnauthorized, "not_logged_in", http.MethodGet, "/api/desk", nil)

	anna.refused(http.StatusForbidden, "not_allowed", http.MethodPost, "/api/me/password", map[string]any{"old": "nope nope nope", "new": "new password"})
	anna.post("/api/me/password", map[string]any{"old": "battery staple", "new": "new password"}, nil)
	anna.refused(http.StatusUnauthorized, "not_logged_in", http.MethodGet, "/api/me", nil)
	again := r.browserless("anna.arndt@acme.example", "new password")
	var me view.Person
	again.get("/api/me", &me)
	if me.Name != "Anna Arndt" || me.Presence != "available" {
		t.Errorf("me: %+v", me)
	}
	boss.want(http.StatusOK, http.MethodDelete, "/api/agents/"+anna.me.ID, nil, nil)
	again.refused(http.StatusUnauthorized, "not_logged_in", http.MethodGet, "/api/me", nil)
	c.token = ""
	c.refused(http.StatusUnauthorized, "wrong_login", http.MethodPost, "/api/login", map[string]any{"email": "anna.arndt@acme.example", "password": "new password"})
	boss.refused(http.StatusConflict, "invalid", http.MethodDelete, "/api/agents/"+boss.me.ID, nil)
	boss.post("/api/logout", nil, nil)
	boss.refused(http.StatusUnauthorized, "not_logged_in", http.MethodGet, "/api/me", nil)
}

func TestLoginIsLimited(t *testing.T) {
	t.Parallel()
	r := newRigAt(t, desk.Config{Setup: setupToken, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	r.boss()
	try := func(from, email, password string) int {
		t.Helper()
		body, _ := json.Marshal(map[string]string{"email": email, "password": password})
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, r.server.URL+"/api/login", bytes.NewReader(body))
		req.Header.Set("X-Forwarded-For", "203.0.113.99, "+from)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode == http.StatusTooManyRequests && resp.Header.Get("Retry-After") == "" {
			t.Error("429 without Retry-After")
		}
		return resp.StatusCode
	}
	limited := 0
	for range 12 {
		if try("198.51.100.1", "boss@acme.example", "wrong wrong") == http.StatusTooManyRequests {
			limited++
		}
	}
	if limited == 0 {
		t.Fatal("twelve wrong passwords were all tried")
	}
	if got := try("198.51.100.2", "boss@acme.example", "correct horse"); got != http.StatusOK {
		t.Errorf("somebody else's tries lock the account: %d", got)
	}
}

func TestRolesAtEveryRoute(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anna := r.boss().agent("Anna Arndt", nil)
	nobody := &client{rig: r, http: r.server.Client()}
	for _, o := range operations(t, r) {
		if o.public {
			continue
		}
		status, body := nobody.call(o.method, o.path, o.body)
		if status != http.StatusUnauthorized && status != http.StatusUnprocessableEntity {
			t.Errorf("%s %s for nobody: %d %s", o.method, o.path, status, body)
		}
		if !o.supervisors {
			continue
		}
		status, body = anna.call(o.method, o.path, o.body)
		if status != http.StatusForbidden && status != http.StatusUnprocessableEntity {
			t.Errorf("%s %s for an agent: %d %s", o.method, o.path, status, body)
		}
	}
	for _, page := range []string{"/overview", "/ledger", "/agents", "/quarantine", "/p/overview"} {
		if status, _ := r.browser("anna.arndt@acme.example", "battery staple").call(http.MethodGet, page, nil); status != http.StatusForbidden {
			t.Errorf("GET %s for an agent: %d", page, status)
		}
	}
}

func TestOtherSitesAreKeptOut(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.boss()
	b := r.browser("boss@acme.example", "correct horse")
	for name, header := range map[string]map[string]string{
		"another site":           {"Sec-Fetch-Site": "cross-site"},
		"a sibling host":         {"Sec-Fetch-Site": "same-site"},
		"an origin, old browser": {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
	} {
		status, body, _ := b.formWith(header, "/presence", "presence", "away")
		if status != http.StatusForbidden {
			t.Errorf("%s: %d %.80s", name, status, body)
		}
		if status, _, _ := b.formWith(header, "/login", "email", "a@b.example", "password", "x"); status != http.StatusForbidden {
			t.Errorf("login from %s: %d", name, status)
		}
	}
	if status, _, _ := b.form("/presence", "presence", "away"); status != http.StatusSeeOther {
		t.Errorf("our own page: %d", status)
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.boss()
	in := r.rawMail([]byte("From: kim@customer.example\r\nTo: support@acme.example\r\nSubject: H\r\nMessage-ID: <h@customer.example>\r\n"+
		"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<p onclick=x>Hello <b>you</b><script>alert(1)</script><img src=http://evil.example/x.png></p>\r\n"), "message")
	b := r.browser("boss@acme.example", "correct horse")
	get := func(path string) *http.Response {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, r.server.URL+path, nil)
		resp, err := b.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = resp.Body.Close() })
		return resp
	}
	for _, path := range []string{"/", "/login", "/nowhere", "/api/desk", "/c/" + in.Conversation, "/healthz"} {
		h := get(path).Header //nolint:bodyclose // closed at the end of the test
		if p := h.Get("Content-Security-Policy"); !strings.Contains(p, "script-src 'self';") || strings.Contains(p, "unsafe") {
			t.Errorf("%s: policy %q", path, p)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Frame-Options") != "DENY" || h.Get("Cache-Control") != "no-store" ||
			h.Get("X-DNS-Prefetch-Control") != "off" {
			t.Errorf("%s: headers %v", path, h)
		}
	}
	b2 := r.browserless("boss@acme.example", "correct horse")
	item := b2.conversation(in.Conversation).Items[0]
	resp := get("/m/" + item.ID + "/html") //nolint:bodyclose // closed at the end of the test
	body, _ := io.ReadAll(resp.Body)
	if resp.Header.Get("X-DNS-Prefetch-Control") != "off" {
		t.Error("the names in a mail's links are looked up before anybody follows them")
	}
	if p := resp.Header.Get("Content-Security-Policy"); !strings.HasPrefix(p, "sandbox ") || strings.Contains(p, "allow-scripts") || strings.Contains(p, "http") {
		t.Errorf("mail's policy %q", p)
	}
	if s := string(body); strings.Contains(s, "<script") || strings.Contains(s, "onclick") || strings.Contains(s, ` src="http`) || !strings.Contains(s, "<b>you</b>") {
		t.Errorf("mail's HTML %s", s)
	}
}

func TestCookies(t *testing.T) {
	t.Parallel()
	r := newRigAt(t, desk.Config{Setup: setupToken, BaseURL: "https://desk.acme.example"})
	r.boss()
	body := strings.NewReader("email=boss%40acme.example&password=correct+horse&next=%2F%2Fevil.example")
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, r.server.URL+"/login", body)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", "https://desk.acme.example")
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.Header.Get("Location") != "/" {
		t.Errorf("sent on to %q", resp.Header.Get("Location"))
	}
	c := resp.Cookies()
	if len(c) != 1 || c[0].Name != "__Host-stagecoach" || !c[0].HttpOnly || !c[0].Secure || c[0].SameSite != http.SameSiteLaxMode || c[0].Path != "/" {
		t.Errorf("cookies %v", c)
	}
	if resp.Header.Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS behind https")
	}
}

func TestLinksForColleagues(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.boss()
	b := r.browser("boss@acme.example", "correct horse")
	_, page, _ := b.form("/agents", "name", "Cem Çelik", "email", "cem@acme.example", "role", "agent", "skills", "billing:4, returns", "languages", "de tr")
	i := strings.Index(page, "/setup?token=")
	if i < 0 {
		t.Fatalf("no link on the page: %.500s", page)
	}
	link := page[i : i+len("/setup?token=")+43]
	if !strings.Contains(b.page("/agents"), "Cem Çelik") || strings.Contains(b.page("/agents"), link) {
		t.Error("the link is shown twice, or the agent is not")
	}
	n := &client{rig: r, http: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if !strings.Contains(n.page(link), "Cem Çelik") {
		t.Error("the link doesn't say whose it is")
	}
	token := strings.TrimPrefix(link, "/setup?token=")
	if status, _, to := n.form("/setup", "token", token, "name", "Cem Çelik", "email", "cem@acme.example", "password", "my own secret"); status != http.StatusSeeOther || to != "/" {
		t.Fatalf("using the link: %d to %s", status, to)
	}
	if status, _ := n.call(http.MethodGet, link, nil); status != http.StatusGone {
		t.Errorf("the link a second time: %d", status)
	}
	cem := r.browserless("cem@acme.example", "my own secret")
	if len(cem.me.Skills) != 2 || cem.me.Skills[0] != (view.Skill{Name: "billing", Level: 4}) || len(cem.me.Languages) != 2 {
		t.Errorf("cem: %+v", cem.me)
	}
}

func TestControlSocket(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	sock := httptest.NewServer(r.control)
	t.Cleanup(sock.Close)
	post := func(path, body string, out any) int {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, sock.URL+path, strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		if out != nil {
			if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
				t.Fatal(err)
			}
		}
		return resp.StatusCode
	}
	var m view.Member
	if status := post("/api/agents", `{"name":"Dora","email":"dora@acme.example","role":"supervisor"}`, &m); status != http.StatusOK || len(m.Password) < 12 {
		t.Fatalf("adding by the socket: %d %+v", status, m)
	}
	dora := r.browserless("dora@acme.example", m.Password)
	if dora.me.Role != "supervisor" {
		t.Errorf("dora is %q", dora.me.Role)
	}
	if status := post("/api/agents/dora@acme.example/password", `{"password":"a new password"}`, nil); status != http.StatusOK {
		t.Errorf("password by the socket: %d", status)
	}
	r.browserless("dora@acme.example", "a new password")
	in := r.mail("kim@customer.example", "x", "y")
	if status := post("/api/contacts/"+in.Contact+"/dispose", `{"disposition":"spam"}`, nil); status != http.StatusForbidden {
		t.Errorf("the command line ended a contact in nobody's name: %d", status)
	}
}
