package webhook

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"stagecoach/channels"
)

// Check implements channels.Checker: it says where messages are taken, and posts
// a signed ping to the callback. Everything is tried; the report has what works
// also when an error comes with it.
func (a *Adapter) Check(ctx context.Context) (channels.Report, error) {
	report := channels.Report{Lines: []string{}, WouldOpen: -1}
	say := func(format string, args ...any) { report.Lines = append(report.Lines, fmt.Sprintf(format, args...)) }
	if n := len(a.taken); n > 0 {
		say("in: signed messages are taken at /channels/webhook/%s/messages (secrets: %d, window: %v)", a.cfg.Account, n, a.cfg.Window)
	} else {
		say("in: nothing is received, since there are no secrets")
	}
	if a.cfg.Callback.URL == "" {
		say("out: nothing can be answered, since there is no callback.url")
		return report, nil
	}
	id, err := uuid.NewV7()
	if err != nil {
		return report, a.failure("check", channels.Unknown, "", "no random id can be made", err)
	}
	ping := Ping{Schema: Schema, Type: TypePing, ID: "ping-" + id.String(), CreatedAt: a.now().UTC()}
	body, err := compact(ping)
	if err != nil {
		return report, a.failure("check", channels.Malformed, "", "the ping can't be written", err)
	}
	x := a.post(ctx, ping.ID, body)
	if x.err == nil && noPing(x.status) {
		say("out: callback %s answers, and refuses a ping with %d: have it answer 2xx to every type that it doesn't know", a.place(), x.status)
		return report, nil
	}
	if failed := a.judge(x, "check", Reply{ID: ping.ID}); failed != nil {
		if failed.Reason == channels.InDoubt { // a ping is nothing that could be doubled
			failed.Reason = channels.Unavailable
		}
		say("out: %v", failed.Err)
		return report, failed
	}
	say("out: callback %s answered a signed ping with %d%s", a.place(), x.status, a.plainWords())
	return report, nil
}

// noPing reports whether a receiver that reads what it is sent may answer so to a
// type that it doesn't know.
func noPing(status int) bool {
	return status == http.StatusBadRequest || status == http.StatusUnprocessableEntity || status == http.StatusNotImplemented
}

func (a *Adapter) plainWords() string {
	if strings.HasPrefix(a.cfg.Callback.URL, "http:") {
		return " (over http: anybody on the way can read it)"
	}
	return ""
}

func placeOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "its address"
	}
	return u.Scheme + "://" + u.Host
}
