package slack

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/fault"
)

// uploadTime is how long a file may take on its way.
const uploadTime = 3 * time.Minute

// share hands the files over, and then shows them, all at once: until then nobody
// sees them, so that a file that can't be sent leaves nothing half said.
// https://docs.slack.dev/messaging/working-with-files#uploading_files
func (a *Adapter) share(ctx context.Context, me *self, r *contact.Reply, out *outgoing, s *sending) error {
	if out.Share == nil || s.shared != "" {
		return nil
	}
	if !me.may(scopeUpload) {
		return a.lacks(opUpload, scopeUpload)
	}
	channel, err := a.channelOf(ctx, out, s)
	if err != nil {
		return err
	}
	for k := len(s.files); k < len(out.Files); k++ {
		id, err := a.uploadOne(ctx, out.Files[k])
		if err != nil {
			return err
		}
		s.files = append(s.files, sharedFile{ID: id, Title: out.Files[k].Name})
	}
	share := *out.Share
	share.Files, share.Channel = s.files, channel
	if len(out.Posts) == 0 {
		username, line := a.signature(r.FromName)
		share.Comment = strings.TrimSpace(firstOf(line, escape(username)))
	}
	body, err := json.Marshal(share)
	if err != nil {
		return a.failure(opSend, channels.Malformed, "", err.Error(), err)
	}
	const method = "files.completeUploadExternal"
	res, reached, err := a.post(ctx, a.cfg.API+method, jsonType, a.cfg.BotToken, body, a.cfg.Timeout)
	if e := a.outcome(method, res, reached, err); e != nil {
		if e.Code == "file_not_found" {
			s.files = nil // they were kept too long: once more
		}
		return a.doubtful(ctx, me, r, out, s, e, func() bool { return s.shared != "" })
	}
	fault.On(contact.Slack, fault.SendAfterPart)
	// The message itself comes after the answer, which has the files alone.
	s.shared = tsOf(time.Now())
	return nil
}

// channelOf gives the conversation of a reply. A person's id is made one: only
// chat.postMessage takes it as it is.
// https://docs.slack.dev/reference/methods/conversations.open
func (a *Adapter) channelOf(ctx context.Context, out *outgoing, s *sending) (string, error) {
	channel, _ := out.place()
	if s.channel != "" {
		return s.channel, nil
	}
	if !strings.HasPrefix(channel, "U") && !strings.HasPrefix(channel, "W") {
		s.channel = channel
		return channel, nil
	}
	var got struct {
		Channel conversation `json:"channel"`
	}
	if err := a.call(ctx, opLookUp, "conversations.open", a.cfg.BotToken, map[string]string{"users": channel}, &got); err != nil {
		return "", err
	}
	if !validID(got.Channel.ID) {
		return "", a.failure(opLookUp, channels.Unavailable, "", "Slack opened a conversation and gave no id of it", nil)
	}
	s.channel = got.Channel.ID
	return s.channel, nil
}

// uploadOne hands one file over and gives its id.
// https://docs.slack.dev/reference/methods/files.getUploadURLExternal
func (a *Adapter) uploadOne(ctx context.Context, f upload) (string, error) {
	var to struct {
		URL string `json:"upload_url"`
		ID  string `json:"file_id"`
	}
	query := url.Values{"filename": {f.Name}, "length": {strconv.Itoa(len(f.Data))}}
	if _, err := a.read(ctx, opUpload, "files.getUploadURLExternal", query, &to); err != nil {
		return "", err
	}
	u, err := url.Parse(to.URL)
	if err != nil || !a.trusted(u) || !validID(to.ID) {
		return "", a.failure(opUpload, channels.Malformed, "", "Slack names no place for a file that can be used", err)
	}
	// The address is the right to write there: no token goes with it.
	res, _, err := a.post(ctx, to.URL, "application/octet-stream", "", f.Data, uploadTime)
	if err != nil {
		return "", a.linkFailure(opUpload, err)
	}
	if res.code != http.StatusOK {
		return "", a.refusal(opUpload, "the upload", res)
	}
	fault.On(contact.Slack, fault.SendAfterUpload)
	return to.ID, nil
}
