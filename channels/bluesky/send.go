package bluesky

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/fault"
)

// Send implements channels.Sender. Posts go under keys of their own, so sending
// them again is harmless; direct messages are looked for first.
func (a *Adapter) Send(ctx context.Context, r *contact.Reply) (channels.Receipt, error) {
	out, err := readOutgoing(r)
	if err != nil {
		return channels.Receipt{}, a.failure(opSend, channels.Malformed, "", err.Error(), err)
	}
	if len(out.Messages) > 0 {
		receipt, err := a.sendMessages(ctx, r, out)
		if channels.ReasonOf(err) != channels.Auth { // posts may go all the same
			a.pace.Note(err)
		}
		return receipt, err
	}
	uri, err := a.sendPosts(ctx, out)
	a.pace.Note(err)
	if err != nil {
		return channels.Receipt{}, err
	}
	return channels.Receipt{ProviderID: uri, At: time.Now().UTC()}, nil
}

// sendPosts makes the posts, each in answer to the one before, and gives the
// address of the last.
func (a *Adapter) sendPosts(ctx context.Context, out *outgoing) (string, error) {
	s, err := a.session(ctx, opSend)
	if err != nil {
		return "", err
	}
	if err := a.answerable(ctx, out.Posts[0].Reply.Parent); err != nil {
		// It may have been answered before it was gone: by an attempt without answer.
		if _, begun, lookErr := a.lookAt(ctx, opSend, s, out.Posts[0].Key, out.Posts[0].Text); lookErr != nil || !begun {
			return "", err
		}
	}
	blobs, err := a.uploadAll(ctx, out.Files)
	if err != nil {
		return "", err
	}
	ids := a.resolveAll(ctx, out.Posts, s)
	root := out.Posts[0].Reply.Root
	var last ref
	for i := range out.Posts {
		p := &out.Posts[i]
		reply := replyRef{Root: root, Parent: last}
		if i == 0 {
			reply.Parent = p.Reply.Parent
		}
		record := postRecord{
			Type: typePost, Text: p.Text, Facets: p.marks(ids), Reply: reply, Langs: p.Langs, CreatedAt: p.CreatedAt,
		}
		if i == 0 && len(blobs) > 0 {
			record.Embed = &imagesEmbed{Type: typeImages, Images: blobs}
		}
		if last, err = a.put(ctx, s, p.Key, &record); err != nil {
			return "", err
		}
		fault.On(contact.Bluesky, fault.SendAfterPart)
	}
	return last.URI, nil
}

// postRecord is app.bsky.feed.post as it is written
// (https://docs.bsky.app/docs/advanced-guides/posts).
type postRecord struct {
	Type      string       `json:"$type"`
	Text      string       `json:"text"`
	Facets    []facet      `json:"facets,omitempty"`
	Reply     replyRef     `json:"reply"`
	Embed     *imagesEmbed `json:"embed,omitempty"`
	Langs     []string     `json:"langs,omitempty"`
	CreatedAt string       `json:"createdAt"`
}

type imagesEmbed struct {
	Type   string        `json:"$type"`
	Images []postedImage `json:"images"`
}

type postedImage struct {
	Alt string `json:"alt"`
	// Image is the blob as the server has named it.
	Image       json.RawMessage `json:"image"`
	AspectRatio *aspectRatio    `json:"aspectRatio,omitempty"`
}

type aspectRatio struct {
	Width  int `json:"width"`
	Height int `json:"height"`
}

// put writes a record under its key, if there is none. The same record again
// changes nothing; another one under that key is refused by swapRecord. Whatever
// goes wrong, what counts is whether the record is there then.
// https://docs.bsky.app/docs/api/com-atproto-repo-put-record
func (a *Adapter) put(ctx context.Context, s *session, key string, record *postRecord) (ref, error) {
	body, err := json.Marshal(struct {
		Repo       string      `json:"repo"`
		Collection string      `json:"collection"`
		Key        string      `json:"rkey"`
		Record     *postRecord `json:"record"`
		SwapRecord *string     `json:"swapRecord"`
	}{s.did, typePost, key, record, nil})
	if err != nil {
		return ref{}, a.failure(opSend, channels.Malformed, "", err.Error(), err)
	}
	res, reached, err := a.call(ctx, request{op: opSend, method: "com.atproto.repo.putRecord", body: body, contentType: "application/json"})
	var failed *channels.Error
	switch {
	case err != nil && !reached:
		return ref{}, a.linkFailure(opSend, err)
	case err != nil:
		failed = a.linkFailure(opSend, err)
	case !res.ok():
		failed = a.refusal(opSend, res)
		if failed.Reason == channels.Auth || failed.Reason == channels.RateLimited {
			return ref{}, failed
		}
	default:
		var made ref
		if err := json.Unmarshal(res.body, &made); err == nil && made.URI != "" && made.CID != "" {
			return made, nil
		}
		failed = a.failure(opSend, channels.Unavailable, "", "the server took the post and gave no id of it", err)
	}
	if found, there, err := a.lookAt(ctx, opSend, s, key, record.Text); err == nil && there {
		return found, nil
	}
	return ref{}, failed
}

// lookAt tells whether a record with this text is there.
// https://docs.bsky.app/docs/api/com-atproto-repo-get-record
func (a *Adapter) lookAt(ctx context.Context, op string, s *session, key, text string) (found ref, there bool, err error) {
	if ctx.Err() != nil {
		return ref{}, false, a.linkFailure(op, ctx.Err())
	}
	var told struct {
		ref
		Value struct {
			Text string `json:"text"`
		} `json:"value"`
	}
	err = a.get(ctx, opLookUp, "com.atproto.repo.getRecord", url.Values{"repo": {s.did}, "collection": {typePost}, "rkey": {key}}, &told)
	if notFound(err) {
		return ref{}, false, nil
	}
	if err != nil {
		return ref{}, false, err
	}
	return told.ref, told.URI != "" && told.CID != "" && told.Value.Text == text, nil
}

// notFound tells that there is no such record.
func notFound(err error) bool {
	var typed *channels.Error
	return errors.As(err, &typed) && (nameOf(err) == "RecordNotFound" || typed.Code == "404" ||
		strings.HasPrefix(typed.Code, "400") && strings.Contains(channels.Words(err), "Could not locate record"))
}

// answerable refuses to post what nobody would see: where the question is gone, or
// its author has closed the thread or blocked us, the server takes an answer and
// the network hides it. Where that can't be found out the answer is sent.
func (a *Adapter) answerable(ctx context.Context, to ref) error {
	views, err := a.posts(ctx, opLookUp, []string{to.URI})
	if err != nil {
		a.log.DebugContext(ctx, "the post that is answered can't be looked at", "err", err)
		return nil
	}
	refuse := func(why string) error { return a.failure(opSend, channels.Rejected, "", why, nil) }
	var p post
	if len(views) > 0 {
		_ = unmarshalLoosely(views[0], &p) // what can't be read hinders nothing
	}
	switch {
	case len(views) == 0:
		return refuse("the post is gone, or a block stands between its author and this account: nobody would see the answer")
	case p.Author.Viewer.BlockedBy:
		return refuse("the author has blocked this account: nobody would see the answer")
	case p.Author.Viewer.Blocking != "" || len(p.Author.Viewer.BlockingByList) > 0:
		return refuse("this account blocks the author: nobody would see the answer")
	case p.Viewer.ReplyDisabled:
		return refuse("who began the thread doesn't let this account answer in it: nobody would see the answer")
	}
	return nil
}

// uploadAll hands the pictures over. The same bytes are one blob, and those that no
// post carries are dropped by the server.
// https://docs.bsky.app/docs/api/com-atproto-repo-upload-blob
func (a *Adapter) uploadAll(ctx context.Context, files []upload) ([]postedImage, error) {
	var out []postedImage
	for _, f := range files {
		res, _, err := a.call(ctx, request{op: opUpload, method: "com.atproto.repo.uploadBlob", body: f.Data, contentType: f.ContentType})
		if err != nil {
			return nil, a.linkFailure(opUpload, err)
		}
		if !res.ok() {
			return nil, a.refusal(opUpload, res)
		}
		var made struct {
			Blob json.RawMessage `json:"blob"`
		}
		if err := json.Unmarshal(res.body, &made); err != nil || len(made.Blob) == 0 {
			return nil, a.failure(opUpload, channels.Unavailable, "", "the server took a picture and gave no id of it", err)
		}
		fault.On(contact.Bluesky, fault.SendAfterUpload)
		img := postedImage{Alt: f.Alt, Image: made.Blob}
		if f.Width > 0 {
			img.AspectRatio = &aspectRatio{f.Width, f.Height}
		}
		out = append(out, img)
	}
	return out, nil
}

// resolveAll finds the ids of those whom the posts mention. One who isn't found is
// a name in the text, and no more.
func (a *Adapter) resolveAll(ctx context.Context, posts []newPost, s *session) map[string]string {
	ids := map[string]string{a.cfg.Handle: s.did}
	for _, p := range posts {
		for _, m := range p.Mentions {
			if _, done := ids[m.Handle]; done || len(ids) > 20 {
				continue
			}
			did, err := a.resolve(ctx, opLookUp, m.Handle, s.server)
			if err != nil {
				a.log.DebugContext(ctx, "somebody who is mentioned isn't known", "err", err)
			}
			ids[m.Handle] = did
		}
	}
	return ids
}
