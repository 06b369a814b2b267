package webhook

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"stagecoach/channels"
)

// outcome is what an answer to a callback means. An empty reason means that the
// reply is delivered.
type outcome struct {
	reason channels.Reason
	words  string
	wait   time.Duration
}

// outcomeOf says what an answer means (Standard Webhooks, "Delivery success and
// failure"): 2xx is success, redirects are not followed, 410 ends it, 429, 502
// and 504 ask for less. Where the standard has only "failure", a code which says
// that these bytes will never do goes to a person, and all else is tried again.
func outcomeOf(x exchange, sent Reply, now time.Time) outcome {
	status, body := x.status, x.body
	wait := channels.RetryAfter(x.header, now)
	said := saidOf(body)
	switch {
	case status >= 200 && status <= 299:
		return outcome{}
	case status == http.StatusConflict && knownAlready(body, sent.ID):
		return outcome{}
	case status >= 300 && status <= 399:
		return outcome{reason: channels.Unknown, words: "it sends us elsewhere, which a webhook must not follow: write the new address as callback.url"}
	}
	o := outcome{reason: channels.Unknown, words: strings.TrimSpace("the receiver answered " + strconv.Itoa(status) + " " + http.StatusText(status))}
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		o.reason = channels.Auth
		o.words += ": it does not accept our signature or our headers; callback.secrets must hold the secret that it verifies by, and both clocks must be right"
	case http.StatusGone:
		o.reason = channels.Rejected
		o.words += ": it wants nothing more from here"
	case http.StatusTooManyRequests:
		o.reason, o.wait = channels.RateLimited, max(wait, time.Second)
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		o.words += ": nothing takes replies at callback.url"
	case http.StatusConflict:
		o.reason = channels.Rejected
		o.words += `: if it has the reply already, it must answer 2xx, or {"status":"duplicate"}`
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusLocked, http.StatusFailedDependency:
		o.reason, o.wait = channels.Unavailable, wait
	default:
		switch {
		case status >= 500:
			o.reason, o.wait = channels.Unavailable, wait
		case status >= 400:
			o.reason = channels.Rejected
		}
	}
	if said != "" && !echoes(said, sent.Subject+" "+sent.Text) {
		o.words += ", and said: " + said
	}
	return o
}

// mayHaveTaken reports whether a receiver that answers this may have handled the
// request all the same: it broke down in it, or something between gave up.
func mayHaveTaken(status int) bool {
	return status >= 500 && status != http.StatusServiceUnavailable && status != http.StatusNotImplemented
}

// echoes reports whether an answer repeats what the reply says: that is nobody
// else's business.
func echoes(said, text string) bool {
	words := strings.Fields(text)
	said = strings.Join(strings.Fields(said), " ")
	for i := range words {
		if i >= echoLooked {
			return false
		}
		if part := strings.Join(words[i:min(i+3, len(words))], " "); len(part) >= 8 && strings.Contains(said, part) {
			return true
		}
	}
	return false
}

// echoLooked is how many words of a reply are looked for in an answer.
const echoLooked = 5000

// knownAlready reports whether a receiver says by 409 that it has this webhook-id.
func knownAlready(body []byte, id string) bool {
	var said struct {
		ID     string `json:"id"`
		Status string `json:"status"`
	}
	if json.Unmarshal(body, &said) != nil {
		return false
	}
	return said.ID == id || said.Status == "duplicate" || said.Status == "stored"
}

// saidOf gives the words of an answer in JSON, "" if it has none. Other answers
// are pages for people, and not worth reading.
func saidOf(body []byte) string {
	var said map[string]any
	if json.Unmarshal(body, &said) != nil {
		return ""
	}
	for _, name := range []string{"detail", "message", "error", "title"} {
		if text, ok := said[name].(string); ok && strings.TrimSpace(text) != "" {
			return channels.Bounded(text, 200)
		}
	}
	return ""
}

// idSaid gives the receiver's own id of the reply, "" if it names none.
func idSaid(body []byte) string {
	var said struct {
		ID any `json:"id"`
	}
	if json.Unmarshal(body, &said) != nil {
		return ""
	}
	switch id := said.ID.(type) {
	case string:
		return channels.Bounded(id, maxID)
	case float64:
		return fmt.Sprint(int64(id))
	default:
		return ""
	}
}
