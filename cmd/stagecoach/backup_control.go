package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"stagecoach/journal"
	"stagecoach/ledger"
)

// workLine is one line of the answer to what takes its time: how far it is, or what
// came of it.
type workLine struct {
	What   string          `json:"what,omitempty"`
	Done   int             `json:"done,omitempty"`
	Total  int             `json:"total,omitempty"`
	Error  string          `json:"error,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
}

// verified is what came of looking at a data directory.
type verified struct {
	OK bool `json:"ok"`
	// Problems say what is wrong.
	Problems []string      `json:"problems"`
	Audit    *ledger.Audit `json:"audit,omitempty"`
	// Backup is its manifest, where it was one.
	Backup *manifest `json:"backup,omitempty"`
}

// rightsRoutes are what only the control socket answers: they give all there is.
func (r *rights) routes(mux *http.ServeMux, pending ledger.Pending) {
	mux.HandleFunc("POST /control/backup", func(w http.ResponseWriter, req *http.Request) {
		answerWork(w, req, func(ctx context.Context, step journal.Step) (any, error) {
			return r.backup(ctx, req.URL.Query().Get("to"), step)
		})
	})
	mux.HandleFunc("POST /control/retention", func(w http.ResponseWriter, req *http.Request) {
		answerWork(w, req, func(ctx context.Context, _ journal.Step) (any, error) {
			return r.retain(ctx, r.now(), req.URL.Query().Get("dry") != "")
		})
	})
	mux.HandleFunc("POST /control/verify", func(w http.ResponseWriter, req *http.Request) {
		answerWork(w, req, func(ctx context.Context, step journal.Step) (any, error) {
			return r.verify(ctx, pending, step)
		})
	})
}

// verify looks at everything in a data directory that is open.
func (r *rights) verify(ctx context.Context, pending ledger.Pending, step journal.Step) (*verified, error) {
	v := &verified{Problems: []string{}}
	if err := r.journal.Verify(ctx, step); err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		v.Problems = append(v.Problems, err.Error())
	}
	if err := r.journal.Healthy(ctx); err != nil {
		v.Problems = append(v.Problems, err.Error())
	}
	a, err := r.ledger.Audit(ctx, pending)
	if err != nil {
		return nil, err
	}
	for _, g := range a.Gaps {
		v.Problems = append(v.Problems, fmt.Sprintf("the ledger does not add up: %s %s: %s", g.What, g.Where, g.Detail))
	}
	v.Audit, v.OK = a, len(v.Problems) == 0
	return v, nil
}

// answerWork answers with a line of JSON for each step, and one with the result.
func answerWork(w http.ResponseWriter, req *http.Request, do func(context.Context, journal.Step) (any, error)) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := json.NewEncoder(w)
	flush, _ := w.(http.Flusher)
	say := func(l workLine) {
		_ = out.Encode(l) // the client has gone: the context says so
		if flush != nil {
			flush.Flush()
		}
	}
	result, err := do(req.Context(), func(what string, done, total int) { say(workLine{What: what, Done: done, Total: total}) })
	if err != nil {
		say(workLine{Error: err.Error()})
		return
	}
	raw, err := json.Marshal(result)
	if err != nil {
		say(workLine{Error: err.Error()})
		return
	}
	say(workLine{Result: raw})
}

// work asks for what takes its time, shows how far it is, and gives what came of it.
func (c *client) work(ctx context.Context, path, title string, errs io.Writer) (json.RawMessage, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("making a request: %w", err)
	}
	resp, err := (&http.Client{Transport: c.http.Transport}).Do(req) // however long it takes
	if err != nil {
		return nil, c.unreachable(err)
	}
	defer func() { _ = resp.Body.Close() }()
	bar := newProgress(errs)
	defer bar.end()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var l workLine
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("reading the daemon's answer: %w", err)
		}
		switch {
		case l.Error != "":
			return nil, errors.New(l.Error)
		case l.Result != nil:
			return l.Result, nil
		default:
			bar.show(title, l.Done, l.Total)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, c.unreachable(err)
	}
	return nil, fmt.Errorf("the daemon of %s stopped answering", c.where())
}
