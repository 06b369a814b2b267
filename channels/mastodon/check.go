package mastodon

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"stagecoach/channels"
)

// Check implements channels.Checker: it logs in, tries what reading and sending
// need without posting anything, and says what the server will and won't do.
func (a *Adapter) Check(ctx context.Context) (channels.Report, error) {
	report := channels.Report{Lines: []string{}, WouldOpen: -1}
	say := func(format string, args ...any) {
		report.Lines = append(report.Lines, a.base.Host+": "+fmt.Sprintf(format, args...))
	}
	failed := a.check(ctx, say)
	if failed != nil {
		say("%s", channels.Words(failed))
	}
	return report, failed
}

func (a *Adapter) check(ctx context.Context, say func(string, ...any)) error {
	if _, err := a.login(ctx, opLogin); err != nil {
		return err
	}
	about, err := a.learn(ctx, opCheck)
	if err != nil {
		return err
	}
	say("logged in as @%s; %s %s, posts of %d characters with %d attachments", a.cfg.Address, about.software,
		shown(about.version, 60), about.maxChars, about.maxMedia)
	if about.domain != "" && about.domain != a.cfg.domain() {
		say("WARNING: the server's people are named name@%s, and address says %s: people are mentioned wrongly if that isn't meant",
			shown(about.domain, 100), a.cfg.domain())
	}
	r := &run{a: a, limit: 1}
	if _, err := r.notifications(ctx, nil); err != nil {
		return err
	}
	say("notifications can be read")
	if err := a.checkPolicy(ctx, say); err != nil {
		return err
	}
	for _, path := range []string{"/api/v1/statuses", "/api/v2/media"} {
		if err := a.checkWrite(ctx, path); err != nil {
			return err
		}
	}
	say("posts and media may be written")
	return a.checkListening(ctx, say)
}

// checkWrite asks to make an empty post, or a file of nothing: a server refuses
// that as invalid (422 or 400) once it has found that the token may.
func (a *Adapter) checkWrite(ctx context.Context, path string) error {
	body, err := json.Marshal(map[string]string{"status": "", "visibility": visDirect})
	if err != nil {
		return err
	}
	res, _, err := a.post(ctx, path, "application/json", "", body, a.cfg.Timeout)
	if err != nil {
		return a.linkFailure(opCheck, err)
	}
	switch res.code {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return a.refusal(opCheck, res)
	default:
		return nil
	}
}

// checkPolicy warns where the account's own filter loses messages: what is
// filtered is asked for, what is dropped never comes.
// https://docs.joinmastodon.org/methods/notifications/#get-policy
func (a *Adapter) checkPolicy(ctx context.Context, say func(string, ...any)) error {
	var policy map[string]any
	_, err := a.get(ctx, opCheck, "/api/v2/notifications/policy", nil, &policy)
	if err != nil {
		if codeOf(err) == 0 {
			return err
		}
		return nil // no such thing there
	}
	var dropped []string
	for _, from := range []string{"for_not_following", "for_not_followers", "for_new_accounts", "for_private_mentions", "for_limited_accounts"} {
		if policy[from] == "drop" {
			dropped = append(dropped, from)
		}
	}
	if len(dropped) > 0 {
		say("WARNING: the account's preferences drop notifications (%s): these messages never reach us; choose \"accept\" or \"filter\" there",
			strings.Join(dropped, ", "))
	}
	return nil
}

func (a *Adapter) checkListening(ctx context.Context, say func(string, ...any)) error {
	for _, l := range a.listenings() {
		if l.hashtag != "" {
			if _, err := a.listPage(ctx, "/api/v1/timelines/tag/"+url.PathEscape(l.hashtag), url.Values{"limit": {"1"}}); err != nil {
				return err
			}
			say("#%s is looked for every %v, among what the server knows", l.hashtag, a.cfg.ListenInterval)
			continue
		}
		found, err := a.search(ctx, l.keyword)
		if err != nil {
			return err
		}
		how := "the server's search found nothing just now, and may have none for posts: the public timeline is looked through as well"
		if len(found) > 0 {
			how = "by the server's search, for authors who allow it, and in the public timeline"
		}
		say("%q is looked for every %v: %s", l.keyword, a.cfg.ListenInterval, how)
	}
	if !a.cfg.NoStreaming {
		stream := a.tryStream(ctx)
		say("%s", stream)
	}
	return nil
}

// tryStream tells whether the server wakes us.
func (a *Adapter) tryStream(ctx context.Context) string {
	polled := "notifications are polled every " + a.cfg.PollInterval.String()
	from, err := a.streamBase(a.about())
	if err != nil {
		return "the stream isn't used (" + err.Error() + "): " + polled
	}
	for _, listen := range []func(context.Context, *url.URL, func(string)) error{a.listenEvents, a.listenSocket} {
		limited, cancel := context.WithTimeout(ctx, min(a.cfg.Timeout, 10*time.Second))
		stands := false
		_ = listen(limited, from, func(string) { stands = true; cancel() })
		cancel()
		if stands {
			return "the stream announces messages at once"
		}
	}
	return "no stream answers: " + polled
}
