package desk_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"stagecoach/desk"
	"stagecoach/desk/view"
)

// client is a program, or with a jar a browser, that works for one agent.
type client struct {
	rig   *rig
	http  *http.Client
	token string
	me    view.Person
}

// boss makes the first supervisor; agent adds a colleague. Both are available.
func (r *rig) boss() *client {
	r.tb.Helper()
	c := &client{rig: r, http: r.server.Client()}
	var in view.Login
	c.post("/api/setup", map[string]any{
		"token": setupToken, "name": "Berta Boss", "email": "boss@acme.example", "password": "correct horse",
	}, &in)
	c.token, c.me = in.Token, in.Me
	return c
}

func (c *client) agent(name string, more map[string]any) *client {
	c.rig.tb.Helper()
	address := strings.ToLower(strings.ReplaceAll(name, " ", ".")) + "@acme.example"
	in := map[string]any{"name": name, "email": address, "password": "battery staple"}
	maps.Copy(in, more)
	var m view.Member
	c.post("/api/agents", in, &m)
	a := &client{rig: c.rig, http: c.rig.server.Client()}
	var l view.Login
	a.post("/api/login", map[string]any{"email": address, "password": "battery staple"}, &l)
	a.token, a.me = l.Token, l.Me
	a.post("/api/presence", map[string]any{"presence": "available"}, nil)
	return a
}

// call makes a request and gives status and body.
func (c *client) call(method, path string, in any) (int, []byte) {
	c.rig.tb.Helper()
	var body io.Reader = http.NoBody
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			c.rig.tb.Fatal(err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(c.rig.tb.Context(), method, c.rig.server.URL+path, body)
	if err != nil {
		c.rig.tb.Fatal(err)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	return c.do(req)
}

func (c *client) do(req *http.Request) (int, []byte) {
	c.rig.tb.Helper()
	resp, err := c.http.Do(req)
	if err != nil {
		c.rig.tb.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		c.rig.tb.Fatal(err)
	}
	return resp.StatusCode, out
}

func (c *client) want(status int, method, path string, in, out any) {
	c.rig.tb.Helper()
	got, body := c.call(method, path, in)
	if got != status {
		c.rig.tb.Fatalf("%s %s: status %d, want %d: %s", method, path, got, status, body)
	}
	if out != nil {
		if err := json.Unmarshal(body, out); err != nil {
			c.rig.tb.Fatalf("%s %s: %v in %s", method, path, err, body)
		}
	}
}

func (c *client) post(path string, in, out any) {
	c.rig.tb.Helper()
	if in == nil {
		in = map[string]any{}
	}
	c.want(http.StatusOK, http.MethodPost, path, in, out)
}

func (c *client) get(path string, out any) {
	c.rig.tb.Helper()
	c.want(http.StatusOK, http.MethodGet, path, nil, out)
}

// refused makes a request that must fail so, and gives the words.
func (c *client) refused(status int, code, method, path string, in any) string {
	c.rig.tb.Helper()
	var p desk.Problem
	c.want(status, method, path, in, &p)
	if p.Code != code || p.Detail == "" {
		c.rig.tb.Fatalf("%s %s: refused as %q (%q), want %q", method, path, p.Code, p.Detail, code)
	}
	return p.Detail
}

func (c *client) desk() view.Desk {
	c.rig.tb.Helper()
	var d view.Desk
	c.get("/api/desk", &d)
	return d
}

func (c *client) conversation(id string) view.Conversation {
	c.rig.tb.Helper()
	var v view.Conversation
	c.get("/api/conversations/"+id, &v)
	return v
}

// take accepts the one offer that there is.
func (c *client) take() view.Done {
	c.rig.tb.Helper()
	d := c.desk()
	if len(d.Offers) != 1 {
		c.rig.tb.Fatalf("%d offers, want 1", len(d.Offers))
	}
	var done view.Done
	c.post("/api/offers/"+d.Offers[0].ID+"/accept", nil, &done)
	return done
}

// browser logs an agent in with cookies and follows no redirect.
func (r *rig) browser(address, password string) *client {
	r.tb.Helper()
	jar := must[*cookiejar.Jar](r.tb)(cookiejar.New(nil))
	c := &client{rig: r, http: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if status, _, _ := c.form("/login", "email", address, "password", password); status != http.StatusSeeOther {
		r.tb.Fatalf("logging in as %s: status %d", address, status)
	}
	return c
}

// form posts a form as a browser does, and gives status, body and where it is
// sent on to.
func (c *client) form(path string, pairs ...string) (int, string, string) {
	c.rig.tb.Helper()
	return c.formWith(nil, path, pairs...)
}

func (c *client) formWith(header map[string]string, path string, pairs ...string) (int, string, string) {
	c.rig.tb.Helper()
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	req, err := http.NewRequestWithContext(c.rig.tb.Context(), http.MethodPost, c.rig.server.URL+path, strings.NewReader(v.Encode()))
	if err != nil {
		c.rig.tb.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		c.rig.tb.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.rig.tb.Fatal(err)
	}
	return resp.StatusCode, string(body), resp.Header.Get("Location") + resp.Header.Get("Hx-Redirect")
}

// page gets a page, which must be there.
func (c *client) page(path string) string {
	c.rig.tb.Helper()
	status, body := c.call(http.MethodGet, path, nil)
	if status != http.StatusOK {
		c.rig.tb.Fatalf("GET %s: status %d: %.300s", path, status, body)
	}
	return string(body)
}
