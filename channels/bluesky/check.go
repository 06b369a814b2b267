package bluesky

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"stagecoach/channels"
)

// Check implements channels.Checker: it logs in, tries what reading needs without
// posting anything, and says what the server will and won't do.
func (a *Adapter) Check(ctx context.Context) (channels.Report, error) {
	report := channels.Report{Lines: []string{}, WouldOpen: -1}
	say := func(format string, args ...any) {
		report.Lines = append(report.Lines, "@"+a.cfg.Handle+": "+fmt.Sprintf(format, args...))
	}
	failed := a.check(ctx, say)
	if failed != nil {
		say("%s", channels.Words(failed))
	}
	return report, failed
}

func (a *Adapter) check(ctx context.Context, say func(string, ...any)) error {
	s, err := a.session(ctx, opLogin)
	if err != nil {
		return err
	}
	if s.handle != "" && !strings.EqualFold(s.handle, a.cfg.Handle) {
		return a.failure(opCheck, channels.Auth, "", fmt.Sprintf(
			"the server knows this account as %q: set handle to that", plainName(s.handle, 253)), nil)
	}
	if ownPassword(s.access) {
		say("WARNING: this is the account's own password: make an app password at https://bsky.app/settings/app-passwords, which can be revoked")
	}
	say("logged in at %s; posts of %d characters with %d pictures, longer answers as a thread", s.server, postGraphemes, maxImages)
	if _, err := a.notifications(ctx, "", 1); err != nil {
		return err
	}
	say("mentions, replies and quotes are asked for every %v", a.cfg.PollInterval)
	if err := a.checkPreferences(ctx, say); err != nil {
		return err
	}
	if err := a.checkRepo(ctx, s); err != nil {
		return err
	}
	if err := a.checkChat(ctx, s, say); err != nil {
		return err
	}
	return a.checkListening(ctx, say)
}

// checkPreferences warns where the account's own settings keep messages from being
// listed. Servers that know no such settings keep none.
// https://docs.bsky.app/docs/api/app-bsky-notification-get-preferences
func (a *Adapter) checkPreferences(ctx context.Context, say func(string, ...any)) error {
	type preference struct {
		Include string `json:"include"`
		List    *bool  `json:"list"`
	}
	var told struct {
		Preferences map[string]json.RawMessage `json:"preferences"`
	}
	err := a.get(ctx, opLookUp, "app.bsky.notification.getPreferences", nil, &told)
	if _, refused := asRefusal(err); refused {
		return nil
	}
	if err != nil {
		return err
	}
	names := map[string]string{reasonMention: "Mentions", reasonReply: "Replies", reasonQuote: "Quotes"}
	for _, reason := range []string{reasonMention, reasonReply, reasonQuote} {
		var p preference
		if json.Unmarshal(told.Preferences[reason], &p) != nil {
			continue
		}
		if p.Include == "follows" || p.List != nil && !*p.List {
			say("WARNING: the account's settings hide %s of people whom it doesn't follow, or all: in the app, Settings, Notifications, %s, choose Everyone and In-app",
				strings.ToLower(names[reason]), names[reason])
		}
	}
	return nil
}

// checkRepo asks for a record that can't be there: that is what is done where the
// fate of a post isn't known.
func (a *Adapter) checkRepo(ctx context.Context, s *session) error {
	_, _, err := a.lookAt(ctx, opCheck, s, tid(1, 1), "")
	return err
}

// checkChat says whether direct messages come, and whose.
func (a *Adapter) checkChat(ctx context.Context, s *session, say func(string, ...any)) error {
	if a.cfg.NoMessages {
		say("direct messages are left alone, as configured")
		return nil
	}
	if _, err := a.chatPresent(ctx); err != nil {
		if !chatRefused(err) {
			return err
		}
		say("WARNING: direct messages can't be read: %s; to do without them set no_messages: true", channels.Words(err))
		return nil
	}
	say("direct messages are asked for every %v", a.cfg.MessageInterval)
	// https://github.com/bluesky-social/atproto/blob/main/lexicons/chat/bsky/actor/declaration.json
	var declared struct {
		Value struct {
			From string `json:"allowIncoming"`
		} `json:"value"`
	}
	err := a.get(ctx, opLookUp, "com.atproto.repo.getRecord",
		url.Values{"repo": {s.did}, "collection": {"chat.bsky.actor.declaration"}, "rkey": {"self"}}, &declared)
	switch {
	case err != nil && !notFound(err):
		return err
	case declared.Value.From == "none":
		say("WARNING: the account takes no direct messages: in the app's chat settings allow them from everyone")
	case declared.Value.From != "all":
		say("WARNING: only people whom the account follows can write to it: in the app's chat settings allow messages from everyone")
	}
	return nil
}

func (a *Adapter) checkListening(ctx context.Context, say func(string, ...any)) error {
	for _, l := range a.listenings() {
		if _, _, err := a.searchPosts(ctx, opCheck, &l, "", 1); err != nil {
			if e, ok := asRefusal(err); ok {
				say("WARNING: %q can't be looked for here: %s", l.foundBy(), fmt.Sprint(e.Err))
				continue
			}
			return err
		}
		say("%q is looked for every %v", l.foundBy(), a.cfg.ListenInterval)
	}
	return nil
}

// asRefusal gives an error by which a server says that it has no such thing.
func asRefusal(err error) (*channels.Error, bool) {
	e, ok := err.(*channels.Error) //nolint:errorlint // get gives it bare
	return e, ok && (e.Reason == channels.Malformed || e.Reason == channels.Auth || e.Reason == channels.Rejected)
}
