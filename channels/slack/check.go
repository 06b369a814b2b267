package slack

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"stagecoach/channels"
)

// Check implements channels.Checker: it tries both tokens, compares the scopes with
// what they are for, and looks whether the app is in the channels configured.
// Nothing is posted, and no socket is opened: Slack would send events to it.
func (a *Adapter) Check(ctx context.Context) (channels.Report, error) {
	report := channels.Report{Lines: []string{}, WouldOpen: -1}
	say := func(format string, args ...any) {
		report.Lines = append(report.Lines, a.base.Host+": "+fmt.Sprintf(format, args...))
	}
	failed := a.check(ctx, say)
	if failed != nil {
		say("%s", strings.TrimPrefix(channels.Words(failed), "server "+a.base.Host+": "))
	}
	return report, failed
}

func (a *Adapter) check(ctx context.Context, say func(string, ...any)) error {
	me, err := a.login(ctx, opLogin)
	if err != nil {
		return err
	}
	say("logged in to %s as @%s", firstOf(shown(me.teamName, 80), me.team), shown(me.name, 80))
	failed := a.checkScopes(me, say)
	if _, err := a.socketAddress(ctx, opCheck); err != nil {
		return err
	}
	say("app_token may open sockets")
	if err := a.checkChannels(ctx, me, say); err != nil && failed == nil {
		failed = err
	}
	say("which events the app gets can't be asked: under \"Event Subscriptions\" there must be %s",
		"message.im, message.channels, message.groups, message.mpim and app_mention")
	return failed
}

// checkScopes compares the token's scopes with what they are for, and gives an
// error for the first one without which something can't be done.
func (a *Adapter) checkScopes(me *self, say func(string, ...any)) error {
	if me.scopes == nil {
		say("the server doesn't tell the token's scopes")
		return nil
	}
	var failed error
	for _, n := range needs() {
		switch {
		case me.may(n.scope):
		case n.wanted:
			say("bot_token has no scope %s, %s", n.scope, n.purpose)
		default:
			lacks := a.lacks(opCheck, n.scope)
			if failed == nil {
				failed = lacks
				continue // it is said at the end
			}
			say("%s", channels.Words(lacks))
		}
	}
	if failed == nil {
		say("bot_token has the scopes that are needed")
	}
	return failed
}

func (a *Adapter) checkChannels(ctx context.Context, me *self, say func(string, ...any)) error {
	if len(a.cfg.Channels) == 0 {
		say("direct messages, mentions and their threads are taken")
		return nil
	}
	all, err := a.conversations(ctx, me, []string{"public_channel", "private_channel"})
	if err != nil {
		return err
	}
	var missing []string
	for _, name := range a.cfg.Channels {
		if !slices.ContainsFunc(all, func(c conversation) bool { return c.ID == name || c.Name == name }) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return a.failure(opCheck, channels.Rejected, "not_in_channel", fmt.Sprintf(
			"the app isn't in %s: write /invite @%s there%s", shown(strings.Join(missing, ", "), 200), a.ownName(), private(me)), nil)
	}
	say("the app is in %d of %d channels", len(a.cfg.Channels), len(a.cfg.Channels))
	return nil
}

// private tells why a private channel isn't seen although the app may be in it.
func private(me *self) string {
	if me.may("groups:read") && me.may("groups:history") {
		return ""
	}
	return "; a private one needs the scopes groups:read and groups:history too"
}
