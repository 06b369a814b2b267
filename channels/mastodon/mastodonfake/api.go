package mastodonfake

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// refused is an answer other than 200.
type refused struct {
	code int
	text string
}

func (s *Server) api(w http.ResponseWriter, r *http.Request) {
	for key, value := range s.limits(time.Now()) {
		w.Header().Set(key, value)
	}
	if file, ok := strings.CutPrefix(r.URL.Path, "/media/"); ok && r.Method == http.MethodGet {
		s.serveFile(w, file)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/api/v1/streaming") {
		s.serveStream(w, r)
		return
	}
	mux := http.NewServeMux()
	on := func(pattern, scope string, do func(w http.ResponseWriter, r *http.Request) (any, *refused)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.answer(w, r, scope, do) })
	}
	on("GET /api/v1/apps/verify_credentials", "read", s.application)
	on("GET /api/v1/accounts/verify_credentials", "read:accounts", s.credentials)
	on("GET /api/v1/accounts/{id}/statuses", "read:statuses", s.accountStatuses)
	on("GET /api/v1/notifications", "read:notifications", s.notifications)
	on("GET /api/v1/instance", "", func(http.ResponseWriter, *http.Request) (any, *refused) { return s.instanceJSON(1), nil })
	on("GET /api/v1/statuses/{id}", "read:statuses", s.oneStatus)
	on("GET /api/v1/statuses/{id}/context", "read:statuses", s.thread)
	on("GET /api/v1/timelines/tag/{tag}", "read:statuses", s.tagTimeline)
	on("GET /api/v1/timelines/public", "read:statuses", s.publicTimeline)
	on("GET /api/v2/search", "read:search", s.search)
	on("GET /api/v1/media/{id}", "write:media", s.oneMedia)
	on("POST /api/v2/media", "write:media", s.upload)
	on("POST /api/v1/statuses", "write:statuses", s.create)
	if s.cfg.Flavour != Pleroma {
		on("GET /api/v2/instance", "", func(http.ResponseWriter, *http.Request) (any, *refused) { return s.instanceJSON(2), nil })
	}
	if s.cfg.Flavour == Mastodon {
		on("GET /api/v1/statuses", "read:statuses", s.someStatuses)
		on("GET /api/v2/notifications/policy", "read:notifications", s.policy)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusNotFound, map[string]string{"error": "Not Found"})
	})
	mux.ServeHTTP(w, r)
}

// answer checks the token and its scope, and writes what do gives.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, scope string, do func(http.ResponseWriter, *http.Request) (any, *refused)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if no := s.allowed(r, scope); no != nil {
		writeJSON(w, no.code, map[string]string{"error": no.text})
		return
	}
	out, no := do(w, r)
	if no != nil {
		writeJSON(w, no.code, map[string]string{"error": no.text})
		return
	}
	writeJSON(w, http.StatusOK, out)
}

func (s *Server) allowed(r *http.Request, scope string) *refused {
	if scope == "" {
		return nil
	}
	if r.Header.Get("Authorization") != "Bearer "+s.cfg.Token {
		return &refused{http.StatusUnauthorized, "The access token is invalid"}
	}
	wide, _, _ := strings.Cut(scope, ":")
	if !slices.Contains(s.cfg.Scopes, scope) && !slices.Contains(s.cfg.Scopes, wide) {
		return &refused{http.StatusForbidden, "This action is outside the authorized scopes"}
	}
	return nil
}

func writeJSON(w http.ResponseWriter, code int, v any) {
	if partial, ok := v.(withCode); ok {
		code, v = partial.code, partial.v
	}
	body, err := json.Marshal(v)
	if list, ok := v.(asTheyAre); ok { // json.Marshal would compact them
		body = append([]byte("["), append(bytes.Join(list, []byte(",")), ']')...)
	}
	if err != nil {
		code, body = http.StatusInternalServerError, []byte(`{"error":"marshalling"}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write(body)
}

// asTheyAre is a list of items that are written byte for byte.
type asTheyAre [][]byte

// withCode is an answer with a code of its own.
type withCode struct {
	code int
	v    any
}

func notFound() *refused { return &refused{http.StatusNotFound, "Record not found"} }

func (s *Server) credentials(http.ResponseWriter, *http.Request) (any, *refused) {
	return s.accountJSON(s.us()), nil
}

// appName is that of the application which the token is of.
const appName = "Stagecoach"

func (s *Server) application(http.ResponseWriter, *http.Request) (any, *refused) {
	return map[string]any{"name": appName, "website": nil, "scopes": s.cfg.Scopes}, nil
}

func (s *Server) policy(http.ResponseWriter, *http.Request) (any, *refused) {
	out := map[string]any{"for_private_mentions": "filter", "for_not_following": "accept"}
	for key, value := range s.cfg.Policy {
		out[key] = value
	}
	return out, nil
}

// window is a page of a list that is given newest first.
type window struct {
	ids              *ids
	idOf             func(i int) string
	n, standard, top int
}

// page chooses the items of a page as max_id, since_id, min_id and limit say, and
// gives the Link header. https://docs.joinmastodon.org/api/guidelines/#pagination
func (s *Server) page(w http.ResponseWriter, r *http.Request, of window) ([]int, *refused) {
	query := r.URL.Query()
	limit, err := strconv.Atoi(or(query.Get("limit"), strconv.Itoa(of.standard)))
	if err != nil || limit < 1 {
		return nil, &refused{http.StatusUnprocessableEntity, "limit is invalid"}
	}
	limit = min(limit, of.top)
	bound := map[string]int{}
	if s.cfg.NoMinID {
		query.Del("min_id")
	}
	for _, name := range []string{"max_id", "since_id", "min_id"} {
		if id := query.Get(name); id != "" {
			at, ok := of.ids.place(id)
			if !ok {
				return nil, &refused{http.StatusBadRequest, name + " is no id"}
			}
			bound[name] = at
		}
	}
	var in []int
	for i := range of.n {
		at, _ := of.ids.place(of.idOf(i))
		upper, hasUpper := bound["max_id"]
		if (!hasUpper || at < upper) && at > bound["since_id"] && at > bound["min_id"] {
			in = append(in, i)
		}
	}
	if _, forward := bound["min_id"]; forward && len(in) > limit {
		in = in[len(in)-limit:]
	}
	in = in[:min(limit, len(in))]
	if len(in) > 0 && !s.cfg.NoLinks {
		link := func(name, id, rel string) string {
			next := url.Values{}
			for _, keep := range []string{"limit", "types[]", "include_filtered"} {
				if v, ok := query[keep]; ok {
					next[keep] = v
				}
			}
			next.Set(name, id)
			return "<" + s.URL() + r.URL.Path + "?" + next.Encode() + `>; rel="` + rel + `"`
		}
		w.Header().Set("Link", link("max_id", of.idOf(in[len(in)-1]), "next")+", "+link("min_id", of.idOf(in[0]), "prev"))
	}
	return in, nil
}

func (s *Server) notifications(w http.ResponseWriter, r *http.Request) (any, *refused) {
	query := r.URL.Query()
	types := query["types[]"]
	if s.cfg.Flavour == Pleroma && slices.Contains(types, "quote") {
		return nil, &refused{http.StatusBadRequest, "Invalid value for enum."}
	}
	var all []*note
	for _, n := range slices.Backward(s.notes) {
		hidden := n.filtered && s.cfg.Flavour == Mastodon && query.Get("include_filtered") != "true"
		if (len(types) == 0 || slices.Contains(types, n.kind)) && (n.post == nil || !n.post.deleted) && !hidden {
			all = append(all, n)
		}
	}
	in, no := s.page(w, r, window{&s.noteID, func(i int) string { return all[i].id }, len(all), 40, s.cfg.PageLimit})
	if no != nil {
		return nil, no
	}
	out := asTheyAre{}
	for _, i := range in {
		out = append(out, s.noteJSON(all[i]))
	}
	return out, nil
}

// list gives a page of the posts that ok takes.
func (s *Server) list(w http.ResponseWriter, r *http.Request, ok func(p *post) bool) (any, *refused) {
	var all []*post
	for _, p := range slices.Backward(s.posts) {
		if !p.deleted && ok(p) {
			all = append(all, p)
		}
	}
	in, no := s.page(w, r, window{&s.statusID, func(i int) string { return all[i].id }, len(all), 20, 40})
	if no != nil {
		return nil, no
	}
	out := []any{}
	for _, i := range in {
		out = append(out, s.statusJSON(all[i]))
	}
	return out, nil
}

func (s *Server) accountStatuses(w http.ResponseWriter, r *http.Request) (any, *refused) {
	return s.list(w, r, func(p *post) bool {
		ours := p.author == s.us()
		return p.author.id == r.PathValue("id") && (ours || p.Visibility == "public") &&
			// GoToSocial's list is of what is shown on the profile.
			(s.cfg.Flavour != GoToSocial || p.Visibility != "direct")
	})
}

func (s *Server) tagTimeline(w http.ResponseWriter, r *http.Request) (any, *refused) {
	return s.list(w, r, func(p *post) bool {
		return p.Visibility == "public" && slices.ContainsFunc(p.Tags, func(t string) bool { return strings.EqualFold(t, r.PathValue("tag")) })
	})
}

func (s *Server) publicTimeline(w http.ResponseWriter, r *http.Request) (any, *refused) {
	return s.list(w, r, func(p *post) bool { return p.Visibility == "public" && p.InReplyTo == "" })
}

// search finds the posts of those who allow it, as Mastodon does.
func (s *Server) search(w http.ResponseWriter, r *http.Request) (any, *refused) {
	out := []any{}
	for _, p := range slices.Backward(s.posts) {
		found := p.indexable() && strings.Contains(strings.ToLower(p.Text), strings.ToLower(r.URL.Query().Get("q")))
		if found && !p.deleted && p.Visibility == "public" && s.cfg.Flavour == Mastodon {
			out = append(out, s.statusJSON(p))
		}
	}
	return map[string]any{"accounts": []any{}, "hashtags": []any{}, "statuses": out}, nil
}

// indexable reports whether the author lets posts be found by their words.
func (p *post) indexable() bool { return p.author.Indexable != nil && *p.author.Indexable }

func (s *Server) oneStatus(_ http.ResponseWriter, r *http.Request) (any, *refused) {
	p := s.find(r.PathValue("id"))
	if p == nil {
		return nil, notFound()
	}
	return s.statusJSON(p), nil
}

func (s *Server) someStatuses(_ http.ResponseWriter, r *http.Request) (any, *refused) {
	wanted := r.URL.Query()["id[]"]
	if len(wanted) > 20 {
		return nil, &refused{http.StatusUnprocessableEntity, "Too many ids"}
	}
	out := []any{}
	for _, id := range wanted {
		if p := s.find(id); p != nil {
			out = append(out, s.statusJSON(p))
		}
	}
	return out, nil
}

func (s *Server) thread(_ http.ResponseWriter, r *http.Request) (any, *refused) {
	p := s.find(r.PathValue("id"))
	if p == nil {
		return nil, notFound()
	}
	above, below := []any{}, []any{}
	for before := s.find(p.InReplyTo); before != nil; before = s.find(before.InReplyTo) {
		above = append([]any{s.statusJSON(before)}, above...)
	}
	under := map[string]bool{p.id: true}
	for _, q := range s.posts {
		if under[q.InReplyTo] && !q.deleted {
			under[q.id] = true
			below = append(below, s.statusJSON(q))
		}
	}
	return map[string]any{"ancestors": above, "descendants": below}, nil
}
