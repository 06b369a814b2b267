package webhook

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// What the sender waits when it is told to come again.
const (
	notRunningWait = 5 * time.Second
	notStoredWait  = 5 * time.Second
	crowdedWait    = 2 * time.Second
)

// How long a sender may take for its body, and for the rest of a large one.
const (
	bodyTime = 30 * time.Second
	restTime = 2 * time.Minute
)

// smallBody is read by as many as come; beyond it a request waits for its turn.
const smallBody = 256 << 10

// ServeHTTP implements http.Handler. It is mounted at
// /channels/webhook/<account>/, without that part of the path: POST /messages
// takes messages, GET /schema/<name>.json gives the schemas.
func (a *Adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch path := "/" + strings.Trim(r.URL.Path, "/"); {
	case path == "/messages" && r.Method == http.MethodPost:
		a.serveMessage(w, r)
	case path == "/messages":
		w.Header().Set("Allow", http.MethodPost)
		refuse(w, problem{Title: "Post messages here", Status: http.StatusMethodNotAllowed, Detail: "This address takes POST only."})
	case strings.HasPrefix(path, "/schema/") && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		serveSchema(w, strings.TrimPrefix(path, "/schema/"))
	default:
		refuse(w, problem{Title: "Nothing is here", Status: http.StatusNotFound, Detail: "Messages are posted to …/messages."})
	}
}

// serveMessage takes one message: signature, form, rate, store, in this order.
func (a *Adapter) serveMessage(w http.ResponseWriter, r *http.Request) {
	if !a.fitting(w, r) {
		return
	}
	id, stamp, ok := a.headers(w, r)
	if !ok {
		return
	}
	body, done, ok := a.body(w, r)
	if !ok {
		return
	}
	defer done()
	if !a.taken.verify(id, stamp, strings.Join(r.Header.Values(headerSignature), " "), body) {
		a.unsigned(w, "The signature is not that of the body, the id and the time by a secret of this account. "+
			"Sign the very bytes that are sent: v1,base64(hmac-sha256(secret, id.timestamp.body)).")
		return
	}
	if res := a.rate.ReserveN(a.now(), 1); !res.OK() || res.DelayFrom(a.now()) > 0 {
		wait := res.DelayFrom(a.now())
		res.CancelAt(a.now())
		a.tally.postponed.Add(1)
		postpone(w, wait, problem{
			Title: "Too many messages", Status: http.StatusTooManyRequests,
			Detail: fmt.Sprintf("This account takes %g messages a second. Send it again later.", a.cfg.PerSecond),
		})
		return
	}
	a.take(w, r, body)
}

// fitting refuses by the head what isn't worth reading.
func (a *Adapter) fitting(w http.ResponseWriter, r *http.Request) bool {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := strings.ToLower(params["charset"])
	encoding := strings.ToLower(r.Header.Get("Content-Encoding"))
	switch {
	case err != nil || kind != "application/json" && (!strings.HasPrefix(kind, "application/") || !strings.HasSuffix(kind, "+json")):
		refuse(w, problem{Title: "Want JSON", Status: http.StatusUnsupportedMediaType, Detail: "Send Content-Type: application/json."})
	case charset != "" && charset != "utf-8" && charset != "utf8" && charset != "us-ascii":
		refuse(w, problem{Title: "Want UTF-8", Status: http.StatusUnsupportedMediaType, Detail: "JSON is UTF-8 (RFC 8259 section 8.1)."})
	case encoding != "" && encoding != "identity":
		refuse(w, problem{Title: "Want it uncompressed", Status: http.StatusUnsupportedMediaType, Detail: "Send the body without Content-Encoding: the signature is over its bytes."})
	case r.ContentLength > a.cfg.MaxBody:
		a.tooBig(w)
	case !a.running():
		a.notRunning(w)
	default:
		return true
	}
	return false
}

func (a *Adapter) tooBig(w http.ResponseWriter) {
	a.tally.refused.Add(1)
	w.Header().Set("Connection", "close")
	refuse(w, problem{
		Title: "Too large", Status: http.StatusRequestEntityTooLarge,
		Detail: fmt.Sprintf("A message has at most %d bytes. Give large files by url instead of data.", a.cfg.MaxBody),
	})
}

func (a *Adapter) notRunning(w http.ResponseWriter) {
	a.tally.postponed.Add(1)
	postpone(w, notRunningWait, problem{
		Title: "Not now", Status: http.StatusServiceUnavailable,
		Detail: "This account is not receiving just now. Send it again later; the same id is stored once.",
	})
}

func (a *Adapter) unsigned(w http.ResponseWriter, detail string) {
	a.tally.unsigned.Add(1)
	w.Header().Set("WWW-Authenticate", `StandardWebhooks realm="messages"`)
	refuse(w, problem{Title: "Not signed as this account wants it", Status: http.StatusUnauthorized, Detail: detail})
}

// headers gives the signed headers, when they are there and of now.
func (a *Adapter) headers(w http.ResponseWriter, r *http.Request) (id, stamp string, ok bool) {
	id, stamp = r.Header.Get(headerID), r.Header.Get(headerTimestamp)
	var missing []string
	for _, name := range []string{headerID, headerTimestamp, headerSignature} {
		if r.Header.Get(name) == "" {
			missing = append(missing, strings.ToLower(name))
		}
	}
	if len(missing) > 0 {
		a.unsigned(w, "Missing: "+strings.Join(missing, ", ")+". Requests are signed as Standard Webhooks has it (standardwebhooks.com).")
		return "", "", false
	}
	// A full stop in it would let other parts pass for what was signed.
	if len(id) > maxID || strings.ContainsAny(id, ". \t") {
		a.unsigned(w, "webhook-id has a full stop or a space in it, or more than 200 characters.")
		return "", "", false
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || seconds < 0 || strconv.FormatInt(seconds, 10) != stamp {
		a.unsigned(w, "webhook-timestamp is not a whole number of Unix seconds.")
		return "", "", false
	}
	now := a.now()
	off := now.Unix() - seconds
	if window := int64(a.cfg.Window / time.Second); off > window || off < -window {
		how := "behind"
		if off < 0 {
			how, off = "ahead of", -off
		}
		a.unsigned(w, fmt.Sprintf("webhook-timestamp is %d s %s the clock here, which says %s; %d s are allowed. "+
			"Set the clock that is wrong, and sign each attempt anew.", off, how, now.UTC().Format(time.RFC3339), window))
		return "", "", false
	}
	return id, stamp, true
}

// body reads the body, bounded in bytes and time. Large ones are few at a time,
// from here until done is called.
func (a *Adapter) body(w http.ResponseWriter, r *http.Request) (body []byte, done func(), ok bool) {
	deadline := http.NewResponseController(w)
	_ = deadline.SetReadDeadline(time.Now().Add(bodyTime)) // where the server can
	limited := http.MaxBytesReader(w, r.Body, a.cfg.MaxBody)
	done = func() {}
	body, err := io.ReadAll(io.LimitReader(limited, smallBody))
	if err == nil && len(body) == smallBody {
		if !a.turn(w, r, a.large) {
			return nil, nil, false
		}
		done = func() { <-a.large }
		_ = deadline.SetReadDeadline(time.Now().Add(restTime))
		var rest []byte
		rest, err = io.ReadAll(limited)
		body = append(body, rest...)
	}
	_ = deadline.SetReadDeadline(time.Time{})
	if err == nil {
		return body, done, true
	}
	done()
	if over := (*http.MaxBytesError)(nil); errors.As(err, &over) {
		a.tooBig(w)
		return nil, nil, false
	}
	w.Header().Set("Connection", "close")
	refuse(w, problem{Title: "The body broke off", Status: http.StatusBadRequest, Detail: "It ended early, or took too long. Send it again."})
	return nil, nil, false
}

// turn waits for a place among those that need much memory.
func (a *Adapter) turn(w http.ResponseWriter, r *http.Request, places chan struct{}) bool {
	select {
	case places <- struct{}{}:
		return true
	case <-r.Context().Done():
		return false
	case <-time.After(crowdedWait):
		a.tally.postponed.Add(1)
		w.Header().Set("Connection", "close")
		postpone(w, crowdedWait, problem{
			Title: "Not now", Status: http.StatusServiceUnavailable,
			Detail: "Too many large messages, or messages with files to fetch, come at a time. Send it again later.",
		})
		return false
	}
}
