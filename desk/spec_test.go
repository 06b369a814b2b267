package desk_test

import (
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// operation is one route of the description.
type operation struct {
	method, path, id    string
	supervisors, public bool
	body                any
}

// operations reads all routes from /api/openapi.json.
func operations(t *testing.T, r *rig) []operation {
	t.Helper()
	c := &client{rig: r, http: r.server.Client()}
	var spec struct {
		Paths map[string]map[string]struct {
			OperationID string              `json:"operationId"`
			Description string              `json:"description"`
			Security    []map[string]any    `json:"security"`
			Parameters  []map[string]any    `json:"parameters"`
			RequestBody *struct{}           `json:"requestBody"`
			Responses   map[string]struct{} `json:"responses"`
		} `json:"paths"`
	}
	c.get("/api/openapi.json", &spec)
	var out []operation
	for path, methods := range spec.Paths {
		for method, o := range methods {
			op := operation{
				method: strings.ToUpper(method), id: o.OperationID, supervisors: strings.HasPrefix(o.Description, "For supervisors"),
				public: len(o.Security) == 0, path: strings.NewReplacer("{id}", "none", "{ref}", "reply.none", "{number}", "0").Replace(path),
			}
			if o.RequestBody != nil {
				op.body = map[string]any{}
			}
			if o.OperationID == "" || o.Responses == nil {
				t.Errorf("%s %s is not described", method, path)
			}
			out = append(out, op)
		}
	}
	slices.SortFunc(out, func(a, b operation) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return out
}

// Every route of the description answers, and the description changes only on
// purpose: programs rely on it.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	boss := r.boss()
	ops := operations(t, r)
	lines := make([]string, 0, len(ops))
	for _, o := range ops {
		lines = append(lines, o.method+" "+o.path+" "+o.id)
		if o.id == "logout" || o.id == "events" {
			continue
		}
		status, body := boss.call(o.method, o.path, o.body)
		if status == http.StatusMethodNotAllowed || status >= 500 || status == http.StatusNotFound && !strings.Contains(string(body), `"code":"n`) {
			t.Errorf("%s %s: %d %s", o.method, o.path, status, body)
		}
		if status >= 400 && !strings.Contains(string(body), `"detail":"`) {
			t.Errorf("%s %s refuses without words: %s", o.method, o.path, body)
		}
		if status == http.StatusOK && strings.Contains(string(body), "null") {
			t.Errorf("%s %s has a null: %s", o.method, o.path, body)
		}
	}
	sort.Strings(lines)
	got := strings.Join(lines, "\n") + "\n"
	golden := filepath.Join("testdata", "routes.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the routes have changed; run with -update if that is meant:\n%s", got)
	}
}

// Whatever a client sends, it gets an answer in words.
func TestHostileInput(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	boss := r.boss()
	in := r.mail("kim@customer.example", "x", "y")
	for _, c := range []struct {
		method, path string
		body         any
		want         int
	}{
		{http.MethodPost, "/api/offers/%2e%2e%2f/accept", nil, http.StatusConflict},
		{http.MethodPost, "/api/contacts/" + in.Contact + "/reply", map[string]any{"text": ""}, http.StatusUnprocessableEntity},
		{http.MethodPost, "/api/contacts/" + in.Contact + "/reply", map[string]any{"text": "x", "reply_id": "../../x"}, http.StatusUnprocessableEntity},
		{http.MethodPost, "/api/contacts/" + in.Contact + "/reply", map[string]any{"text": "x", "to": []any{map[string]any{"address": "a@b\r\nBcc: c@d"}}}, http.StatusUnprocessableEntity},
		{http.MethodPost, "/api/contacts/" + in.Contact + "/reply", map[string]any{"text": "x", "kind": "acknowledgement"}, http.StatusUnprocessableEntity},
		{http.MethodPost, "/api/contacts/" + in.Contact + "/reply", map[string]any{"text": "x", "unknown": 1}, http.StatusUnprocessableEntity},
		{http.MethodPost, "/api/contacts/" + in.Contact + "/reply", map[string]any{"text": strings.Repeat("x", 3<<20)}, http.StatusRequestEntityTooLarge},
		{http.MethodPost, "/api/contacts/nothing/note", map[string]any{"text": "x"}, http.StatusNotFound},
		{http.MethodPost, "/api/contacts/" + in.Contact + "/move", map[string]any{"queue": "Kim Kunde, Berlin"}, http.StatusUnprocessableEntity},
		{http.MethodPost, "/api/contacts/" + in.Contact + "/dispose", map[string]any{"disposition": "erased"}, http.StatusUnprocessableEntity},
		{http.MethodGet, "/api/conversations/nothing", nil, http.StatusNotFound},
		{http.MethodGet, "/api/files/agent." + boss.me.ID + "/0", nil, http.StatusNotFound},
		{http.MethodGet, "/api/files/" + strings.Repeat("a", 3000) + "/0", nil, http.StatusNotFound},
		{http.MethodGet, "/api/originals/agent." + boss.me.ID, nil, http.StatusNotFound},
		{http.MethodGet, "/api/search?q=%22%20OR%20*%28", nil, http.StatusOK},
		{http.MethodGet, "/api/ledger?before=x", nil, http.StatusUnprocessableEntity},
		{http.MethodGet, "/api/ledger?since=yesterday", nil, http.StatusUnprocessableEntity},
		{http.MethodPost, "/api/agents", map[string]any{"name": "x", "email": "boss@acme.example"}, http.StatusConflict},
		{http.MethodPost, "/api/agents", map[string]any{"name": "x", "email": "y@acme.example", "skills": []any{map[string]any{"name": "s", "level": 9}}}, http.StatusUnprocessableEntity},
		{http.MethodPost, "/api/enter", map[string]any{"channel": "phone", "text": "x"}, http.StatusUnprocessableEntity},
		{http.MethodPost, "/api/enter", map[string]any{"channel": "email", "text": "x", "name": "y"}, http.StatusUnprocessableEntity},
		{http.MethodPost, "/api/replies/none/resolve", map[string]any{"outcome": "again"}, http.StatusNotFound},
		{http.MethodGet, "/api/nowhere", nil, http.StatusNotFound},
	} {
		status, body := boss.call(c.method, c.path, c.body)
		if status != c.want {
			t.Errorf("%s %.60s: %d, want %d: %.300s", c.method, c.path, status, c.want, body)
		}
		var p struct {
			Detail string `json:"detail"`
			Code   string `json:"code"`
		}
		if err := json.Unmarshal(body, &p); status >= 400 && (err != nil || p.Detail == "" || p.Code == "") {
			t.Errorf("%s %.60s refuses without words: %.300s", c.method, c.path, body)
		}
	}
	if status, _ := boss.upload("x", "text/plain", make([]byte, 30<<20)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("an upload of 30 MiB: %d", status)
	}
}
