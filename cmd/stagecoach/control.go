package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"stagecoach/desk"
	"stagecoach/journal"
	"stagecoach/ledger"
)

// controls is what only the control socket answers: whoever reads it may read
// the data directory, its keys included.
type controls struct {
	next    http.Handler
	journal *journal.Journal
	ledger  *ledger.Ledger
	pending ledger.Pending
	// url tells where the desk is; nil when nobody serves it.
	url func() string
	// try tries an account whose adapter runs elsewhere; nil when nobody runs.
	try func(ctx context.Context, name string) triedAccount
	// customers answers about them.
	customers *customerControls
	// rights makes backups, and looks at all there is.
	rights *rights
}

// signedAudit is an audit with the file that signs it.
type signedAudit struct {
	Audit *ledger.Audit `json:"audit"`
	File  []byte        `json:"file"`
}

// checkedAudit is what came of comparing a signed file with the log.
type checkedAudit struct {
	OK bool `json:"ok"`
	// Problem says in words why not.
	Problem string        `json:"problem"`
	Audit   *ledger.Audit `json:"audit"`
}

// controlStatus tells who answers on the socket.
type controlStatus struct {
	URL     string `json:"url"`
	Version string `json:"version"`
}

func (c *controls) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /control/status", func(w http.ResponseWriter, _ *http.Request) {
		st := controlStatus{Version: version}
		if c.url != nil {
			st.URL = c.url()
		}
		answerJSON(w, st, nil)
	})
	mux.HandleFunc("GET /control/adapters/{channel}/{account}", func(w http.ResponseWriter, r *http.Request) {
		if c.try == nil {
			answerJSON(w, nil, errNobody)
			return
		}
		answerJSON(w, c.try(r.Context(), r.PathValue("channel")+"/"+r.PathValue("account")), nil)
	})
	if c.rights != nil {
		c.rights.routes(mux, c.pending)
	}
	mux.HandleFunc("POST /control/audit/sign", func(w http.ResponseWriter, r *http.Request) {
		out, err := c.sign(r.Context())
		answerJSON(w, out, err)
	})
	mux.HandleFunc("POST /control/audit/check", func(w http.ResponseWriter, r *http.Request) {
		file, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<20))
		if err != nil {
			answerJSON(w, nil, err)
			return
		}
		out, err := c.check(r.Context(), file)
		answerJSON(w, out, err)
	})
	if c.customers != nil {
		c.customers.routes(mux)
	}
	mux.Handle("/", c.next)
	return mux
}

func (c *controls) sign(ctx context.Context) (*signedAudit, error) {
	a, err := c.ledger.Audit(ctx, c.pending)
	if err != nil {
		return nil, err
	}
	file, err := c.ledger.Sign(a, c.journal.Keys().Key(journal.KeySign))
	if err != nil {
		return nil, err
	}
	return &signedAudit{Audit: a, File: file}, nil
}

func (c *controls) check(ctx context.Context, file []byte) (*checkedAudit, error) {
	a, err := c.ledger.Check(ctx, c.journal.Log(), file, c.journal.Keys().Key(journal.KeySign))
	out := &checkedAudit{OK: err == nil, Audit: a}
	switch {
	case err == nil:
	case errors.Is(err, ledger.ErrSignature):
		out.Problem = ledger.ErrSignature.Error()
	case errors.Is(err, ledger.ErrPrefix):
		out.Problem = err.Error()
	default:
		return nil, err
	}
	return out, nil
}

func answerJSON(w http.ResponseWriter, v any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		v = &desk.Problem{Status: http.StatusInternalServerError, Title: "Internal Server Error", Detail: err.Error(), Code: "internal"}
	}
	writeJSON(w, v)
}

func writeJSON(w io.Writer, v any) {
	_ = json.NewEncoder(w).Encode(v) // the client has gone: nobody to tell
}

// controlHandler is what the daemon answers on its socket.
func (d *Daemon) controlHandler() http.Handler {
	c := &controls{
		next: d.server.ControlHandler(), journal: d.journal, ledger: d.ledger, pending: d.journal.InboxPending,
		url: func() string {
			if d.cfg.HTTP.BaseURL != "" {
				return d.cfg.HTTP.BaseURL
			}
			return d.URL()
		},
		try: d.tryElsewhere, rights: d.rights,
	}
	c.customers = d.customerControls(c)
	return c.handler()
}

// deskAddress gives where people reach the desk that belongs to this line.
func (c *client) deskAddress(ctx context.Context) string {
	if c.dir == "" {
		return c.base
	}
	var st controlStatus
	if _, err := c.get(ctx, "/control/status", &st); err == nil && st.URL != "" {
		return st.URL
	}
	return c.base
}

// longestSocket is how long the path of a socket may be: the address has 108
// bytes on Linux and 104 elsewhere (unix(7)).
const longestSocket = 100

// shortPath gives a path to the same file that fits into a socket's address,
// however long the data directory's is: through the open directory. Done closes
// that again, once the path was used.
func shortPath(path string) (short string, done func(), err error) {
	if len(path) <= longestSocket {
		return path, func() {}, nil
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, fmt.Errorf("opening the folder of a socket: %w", err)
	}
	short = fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path))
	if _, err := os.Stat(filepath.Dir(short)); err != nil {
		return "", nil, errors.Join(fmt.Errorf("the path %s is too long for a socket: choose a shorter data directory", path), dir.Close())
	}
	return short, func() { _ = dir.Close() }, nil
}
