package mastodon

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/fault"
)

// sending is what this process has done for one reply.
type sending struct {
	// turn is held by the one that sends it.
	turn chan struct{}
	// posted are the server's ids of the posts made, media those of the files.
	posted, media []string
	// looked tells that what an earlier process may have posted is known, and
	// doubt that an attempt ended without an answer.
	looked, doubt bool
	// last is when the last attempt ended.
	last    time.Time
	receipt *channels.Receipt
}

// sentBook remembers the replies sent last.
type sentBook struct {
	mu  sync.Mutex
	all *lru.Cache[string, *sending]
	// owner tells to which reply a post of ours belongs.
	owner *lru.Cache[string, string]
}

const sentKept = 2048

func newSentBook() *sentBook {
	all, err := lru.New[string, *sending](sentKept)
	owner, err2 := lru.New[string, string](sentKept)
	if err != nil || err2 != nil {
		return &sentBook{} // only for a size of 0
	}
	return &sentBook{all: all, owner: owner}
}

func (b *sentBook) of(id string) *sending {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s, ok := b.all.Get(id); ok {
		return s
	}
	s := &sending{turn: make(chan struct{}, 1)}
	b.all.Add(id, s)
	return s
}

// Send implements channels.Sender.
func (a *Adapter) Send(ctx context.Context, r *contact.Reply) (channels.Receipt, error) {
	out, err := readOutgoing(r)
	if err != nil {
		return channels.Receipt{}, a.failure(opSend, channels.Malformed, "", err.Error(), err)
	}
	s := a.sent.of(r.ID)
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return channels.Receipt{}, a.failure(opSend, channels.Unavailable, "", "stopped while the same reply was being sent", ctx.Err())
	}
	defer func() { <-s.turn }()
	if s.receipt != nil {
		return *s.receipt, nil
	}
	err = a.sendAll(ctx, r, out, s)
	s.last = time.Now()
	a.pace.Note(err)
	if err != nil {
		return channels.Receipt{}, err
	}
	s.receipt = &channels.Receipt{ProviderID: a.messageID(s.posted[len(s.posted)-1]), At: time.Now().UTC()}
	s.media = nil
	return *s.receipt, nil
}

// sendAll makes the posts that aren't there yet.
func (a *Adapter) sendAll(ctx context.Context, r *contact.Reply, out *outgoing, s *sending) error {
	if _, err := a.whoami(ctx, opSend); err != nil {
		return err
	}
	// Servers may ignore the idempotency key, and forget it after an hour: what an
	// attempt before this one has posted is looked for.
	if !s.looked || s.doubt {
		hidden := out.Posts[0].Visibility == visDirect && a.about().software != "mastodon"
		if err := a.lookUp(ctx, r, out, s, s.doubt || hidden); err != nil {
			return err
		}
	}
	before := len(s.media) > 0 && len(s.posted) == 0
	if err := a.uploadAll(ctx, out, s); err != nil {
		return err
	}
	for k := len(s.posted); k < len(out.Posts); k++ {
		err := a.sendPost(ctx, r, out, s, k)
		if k == 0 && before && channels.ReasonOf(err) == channels.Rejected {
			// What an attempt before this one has handed over may be gone: servers drop
			// files that no post carries.
			s.media = nil
			if err = a.uploadAll(ctx, out, s); err == nil {
				err = a.sendPost(ctx, r, out, s, k)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sendPost makes one post. After an answer that leaves its fate open it is looked
// for at once.
func (a *Adapter) sendPost(ctx context.Context, r *contact.Reply, out *outgoing, s *sending, k int) error {
	post := out.Posts[k]
	if k == 0 {
		post.MediaIDs = s.media
	} else {
		post.InReplyToID = s.posted[k-1]
	}
	body, err := json.Marshal(post)
	if err != nil {
		return a.failure(opSend, channels.Malformed, "", err.Error(), err)
	}
	res, reached, err := a.post(ctx, "/api/v1/statuses", "application/json", post.Key, body, a.cfg.Timeout)
	switch {
	case err != nil && !reached:
		return a.linkFailure(opSend, err)
	case err != nil:
		e := a.linkFailure(opSend, err)
		e.Reason = channels.InDoubt
		return a.doubtful(ctx, r, out, s, k, e)
	case !res.ok():
		e := a.refusal(opSend, res)
		if e.Reason == channels.InDoubt {
			return a.doubtful(ctx, r, out, s, k, e)
		}
		return e
	}
	var made status
	if err := unmarshalLoosely(res.body, &made); err != nil || made.ID == "" {
		e := a.failure(opSend, channels.InDoubt, "", "the server took the post and gave no id of it", err)
		return a.doubtful(ctx, r, out, s, k, e)
	}
	fault.On(contact.Mastodon, fault.SendAfterPart)
	a.noteSent(r, s, made.ID)
	return nil
}

func (a *Adapter) noteSent(r *contact.Reply, s *sending, id string) {
	s.posted = append(s.posted, id)
	a.sent.owner.Add(id, r.ID)
}

// doubtful looks for post k, whose fate isn't known, and gives e where it isn't
// found.
func (a *Adapter) doubtful(ctx context.Context, r *contact.Reply, out *outgoing, s *sending, k int, e *channels.Error) error {
	s.doubt = true
	if ctx.Err() != nil {
		return e
	}
	if err := a.lookUp(ctx, r, out, s, true); err != nil || len(s.posted) <= k {
		s.doubt = true
		return e
	}
	return nil
}

// uploadAll hands the files over. Those that no post carries are never seen.
func (a *Adapter) uploadAll(ctx context.Context, out *outgoing, s *sending) error {
	if len(s.posted) > 0 {
		return nil
	}
	for k := len(s.media); k < len(out.Files); k++ {
		id, err := a.uploadOne(ctx, out.Files[k])
		if err != nil {
			return err
		}
		s.media = append(s.media, id)
	}
	return nil
}

// uploadTime is how long a file may take on its way, processing how long the
// server may work on it.
const (
	uploadTime     = 2 * time.Minute
	processingTime = 2 * time.Minute
)

// uploadOne hands one file over and waits until the server has it ready.
// https://docs.joinmastodon.org/methods/media/#v2
func (a *Adapter) uploadOne(ctx context.Context, f upload) (string, error) {
	body, contentType, err := multipartOf(f)
	if err != nil {
		return "", a.failure(opUpload, channels.Malformed, "", err.Error(), err)
	}
	path := "/api/v2/media"
	res, _, err := a.post(ctx, path, contentType, "", body, uploadTime)
	if err == nil && res.code == http.StatusNotFound {
		res, _, err = a.post(ctx, "/api/v1/media", contentType, "", body, uploadTime)
	}
	if err != nil {
		return "", a.linkFailure(opUpload, err)
	}
	if !res.ok() {
		return "", a.refusal(opUpload, res)
	}
	var made attached
	if err := unmarshalLoosely(res.body, &made); err != nil || made.ID == "" {
		return "", a.failure(opUpload, channels.Unavailable, "", "the server took a file and gave no id of it", err)
	}
	fault.On(contact.Mastodon, fault.SendAfterUpload)
	if res.code == http.StatusAccepted {
		return made.ID, a.untilReady(ctx, made.ID)
	}
	return made.ID, nil
}

// untilReady asks until a file is processed.
// https://docs.joinmastodon.org/methods/media/#get
func (a *Adapter) untilReady(ctx context.Context, id string) error {
	deadline := time.Now().Add(processingTime)
	for pause := 200 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		res, err := a.get(ctx, opUpload, "/api/v1/media/"+pathOf(id), nil, nil)
		if err != nil {
			return err
		}
		if res.code != http.StatusPartialContent {
			return nil
		}
		if time.Now().After(deadline) {
			return a.failure(opUpload, channels.Unavailable, "", "the server still works on a file after "+processingTime.String(), nil)
		}
		select {
		case <-ctx.Done():
			return a.linkFailure(opUpload, ctx.Err())
		case <-time.After(pause):
		}
	}
}

func multipartOf(f upload) (body []byte, contentType string, err error) {
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	quoted := strings.NewReplacer("\\", "_", `"`, "_", "\r", "", "\n", "").Replace(f.Name)
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {fmt.Sprintf(`form-data; name="file"; filename="%s"`, firstOf(quoted, "file"))},
		"Content-Type":        {firstOf(f.ContentType, "application/octet-stream")},
	})
	if err != nil {
		return nil, "", err
	}
	if _, err = part.Write(f.Data); err == nil {
		err = w.WriteField("description", f.Description)
	}
	if err == nil {
		err = w.Close()
	}
	return buf.Bytes(), w.FormDataContentType(), err
}
