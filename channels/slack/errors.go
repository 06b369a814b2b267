package slack

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
)

// What was being done, for the Op of an error.
const (
	opLogin   = "login"
	opConnect = "connect"
	opFetch   = "fetch"
	opSend    = "send"
	opUpload  = "upload"
	opLookUp  = "look up"
	opCheck   = "check"
	opCompose = "compose"
)

// anyToken finds tokens, and the tickets in addresses of sockets.
var anyToken = regexp.MustCompile(`x(?:ox[a-z]|app)-[\w.-]+|wss?://\S+`)

const longestWords = 300

// failure makes the error that the daemon gets. Its words hold no token.
func (a *Adapter) failure(op string, reason channels.Reason, code, text string, cause error) *channels.Error {
	text = strings.NewReplacer(string(a.cfg.BotToken), "***", string(a.cfg.AppToken), "***").Replace(text)
	return &channels.Error{
		Channel: contact.Slack, Account: a.cfg.Account, Op: op, Reason: reason, Code: code,
		Err: channels.Plain(channels.Bounded(anyToken.ReplaceAllString(text, "***"), longestWords), safeCause(cause)),
	}
}

// safeCause keeps of a cause what errors.Is may be asked for: its words may hold
// an address with a ticket in it.
func safeCause(err error) error {
	for _, known := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return known
		}
	}
	return nil
}

// linkFailure gives an error of the link its words.
func (a *Adapter) linkFailure(op string, err error) *channels.Error {
	if done, ok := errors.AsType[*channels.Error](err); ok {
		return done
	}
	said, known := channels.LinkWords(err)
	if !known {
		said = "no answer: " + channels.LastCause(err).Error()
	}
	return a.failure(op, channels.Unavailable, "", "server "+a.base.Host+": "+said, err)
}

// The pauses where the server names none.
const (
	refusedWait = time.Minute
	limitedWait = 30 * time.Second
)

// refusal gives an answer that isn't "ok" its reason and its words.
func (a *Adapter) refusal(op, method string, res *answer) *channels.Error {
	code := res.error
	if code == "" {
		code = strconv.Itoa(res.code)
	}
	reason := reasonOf(op, res.code, res.error)
	text := "server " + a.base.Host + ": " + method + " says " + code + a.remedy(method, res)
	e := a.failure(op, reason, code, text, nil)
	switch reason {
	case channels.RateLimited, channels.Unavailable:
		e.RetryAfter = res.wish(reason == channels.RateLimited)
	case channels.Auth:
		e.RetryAfter = refusedWait
	default:
	}
	return e
}

// reasonOf is the table of codes: Slack answers 200 with an error's name in it, or
// a bare HTTP code. https://docs.slack.dev/reference/methods/chat.postMessage/#errors
// and https://docs.slack.dev/apis/web-api/rate-limits.
func reasonOf(op string, code int, name string) channels.Reason {
	if reason, ok := reasons()[name]; ok {
		if name == "internal_error" || name == "fatal_error" {
			return midway(op) // "some aspect of the operation" may have succeeded
		}
		return reason
	}
	switch {
	case code == http.StatusTooManyRequests:
		return channels.RateLimited
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return channels.Auth
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusServiceUnavailable:
		return channels.Unavailable
	case code >= 500:
		return midway(op)
	case code >= 300:
		return channels.Malformed // no such call, or moved: not what we are configured for
	default:
		return channels.Unknown
	}
}

// midway is the reason where a server fails in the midst of it.
func midway(op string) channels.Reason {
	if op == opSend {
		return channels.InDoubt
	}
	return channels.Unavailable
}

// reasons tells what the names of errors mean for us.
func reasons() map[string]channels.Reason {
	out := map[string]channels.Reason{}
	for reason, names := range map[channels.Reason]string{
		channels.Auth: "invalid_auth not_authed account_inactive token_revoked token_expired no_permission missing_scope " +
			"not_allowed_token_type org_login_required team_access_not_granted access_denied ekm_access_denied " +
			"two_factor_setup_required enterprise_is_restricted accesslimited app_missing_action_url forbidden_team",
		channels.RateLimited: "ratelimited rate_limited message_limit_exceeded",
		channels.Unavailable: "service_unavailable request_timeout team_added_to_org internal_error fatal_error team_quota_exceeded",
		channels.Rejected: "channel_not_found not_in_channel is_archived msg_too_long no_text restricted_action " +
			"restricted_action_read_only_channel restricted_action_thread_only_channel restricted_action_thread_locked " +
			"restricted_action_non_threadable_channel cannot_reply_to_message thread_not_found message_not_found user_not_found " +
			"user_disabled users_not_found cannot_dm_bot messages_tab_disabled too_many_attachments too_many_contact_cards " +
			"invalid_blocks invalid_metadata_format invalid_metadata_schema metadata_must_be_sent_from_app metadata_too_large " +
			"duplicate_channel_not_found duplicate_message_not_found slack_connect_file_link_sharing_blocked " +
			"slack_connect_file_upload_sharing_blocked slack_connect_canvas_sharing_blocked slack_connect_blocked_file_type " +
			"posting_to_channel_denied posting_to_general_channel_denied file_upload_size_restricted file_uploads_disabled " +
			"file_uploads_except_images_disabled blocked_file_type storage_limit_reached file_not_found invalid_channel " +
			"channel_type_not_supported external_channel_migrating not_allowed_in_this_channel",
		channels.Malformed: "invalid_arguments invalid_arg_name invalid_array_arg invalid_charset invalid_form_data invalid_json " +
			"invalid_post_type json_not_object missing_post_type missing_charset missing_argument unknown_method unknown_subtype " +
			"method_deprecated deprecated_endpoint method_not_supported_for_channel_type as_user_not_supported markdown_text_conflict",
	} {
		for name := range strings.FieldsSeq(names) {
			out[name] = reason
		}
	}
	return out
}

// remedy tells a person what to do about an answer.
func (a *Adapter) remedy(method string, res *answer) string {
	const pages = " at https://api.slack.com/apps"
	switch res.error {
	case "missing_scope":
		if method == connectMethod {
			return ": the token lacks the scope connections:write (generate another one under \"Basic Information\"" + pages + ")"
		}
		lacks := ""
		if needed := shown(res.needed, 120); needed != "" {
			lacks = " " + needed
		}
		return ": the token lacks the scope" + lacks + " (add it under \"OAuth & Permissions\"" + pages + " and install the app again)"
	case "invalid_auth", "not_authed", "token_revoked", "account_inactive":
		return ": the token is wrong, was revoked, or its app was removed (take the new one from the app's page" + pages + ")"
	case "token_expired":
		return ": the token has expired (switch token rotation off" + pages + " and install the app again)"
	case "not_allowed_token_type":
		return ": it's the wrong kind of token (bot_token begins with xoxb-, app_token with xapp-)"
	case "channel_not_found", "not_in_channel":
		return ": the app isn't in that conversation (write /invite @" + a.ownName() + " in the channel)"
	case "is_archived":
		return ": the channel has been archived"
	case "messages_tab_disabled":
		return ": the app takes no direct messages (switch the Messages Tab on under \"App Home\"" + pages + ")"
	case "":
		if res.code >= 300 && res.code < 500 && res.code != http.StatusTooManyRequests {
			return " (nothing there speaks Slack's Web API: is the address right?)"
		}
	}
	return ""
}

func (a *Adapter) ownName() string {
	if who := a.self.Load(); who != nil && who.name != "" {
		return shown(who.name, 40)
	}
	return "the app"
}

// wish gives how long the server wants to be left alone.
func (res *answer) wish(limited bool) time.Duration {
	if limited && res.header.Get("Retry-After") == "" {
		return limitedWait
	}
	return channels.RetryAfter(res.header, res.at)
}

// codeOf gives the name or number of a refusal, "" if it was none.
func codeOf(err error) string {
	if typed, ok := errors.AsType[*channels.Error](err); ok {
		return typed.Code
	}
	return ""
}
