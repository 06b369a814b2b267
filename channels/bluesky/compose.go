package bluesky

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	goimage "image"
	_ "image/gif"  // to read how large a picture is
	_ "image/jpeg" // the same
	_ "image/png"  // the same
	"strings"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
)

// outgoing is a reply as it is handed over: posts, of which each but the first
// answers the one before, or direct messages.
type outgoing struct {
	Schema int `json:"schema"`
	// Reply is the reply's id.
	Reply string    `json:"reply"`
	Posts []newPost `json:"posts,omitempty"`
	Files []upload  `json:"files,omitempty"`
	// Convo is the talk that messages go to; where none is known yet, Member is
	// with whom.
	Convo    string `json:"convo,omitempty"`
	Member   string `json:"member,omitempty"`
	Messages []rich `json:"messages,omitempty"`
	// Since is when the reply was written, a Unix time.
	Since int64 `json:"since"`
}

// newPost is a post with its key. The post that it answers, in all but the first,
// the mentions' ids and the files are filled in by Send.
type newPost struct {
	Key string `json:"rkey"`
	rich
	Reply     *replyRef `json:"reply,omitempty"`
	Langs     []string  `json:"langs,omitempty"`
	CreatedAt string    `json:"created_at"`
}

// upload is a picture that goes with the first post.
type upload struct {
	ContentType string `json:"content_type"`
	// Alt is what those hear who don't see it.
	Alt    string `json:"alt"`
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
	Data   []byte `json:"data"`
}

var (
	errNoText  = errors.New("there is nothing to send")
	errNowhere = errors.New("it isn't said what the reply answers, nor to whom it goes")
)

// Compose implements channels.Composer.
func (a *Adapter) Compose(r *contact.Reply) ([]byte, error) {
	out := outgoing{Schema: 1, Reply: r.ID, Since: r.CreatedAt.Unix()}
	o, known := readOrigin(r.Origin)
	if r.Kind == contact.Forward || r.Kind == contact.Outbound {
		known = false // to somebody else: no business of the thread's
	}
	var err error
	switch {
	case known && o.Convo == "":
		err = out.composePosts(r, o)
	case known:
		out.Convo = o.Convo
		err = out.composeMessages(r)
	default:
		if out.Member = addressee(r); out.Member == "" {
			err = errNowhere
			break
		}
		err = out.composeMessages(r)
	}
	if err != nil {
		return nil, a.failure("compose", channels.Malformed, "", err.Error(), err)
	}
	return json.Marshal(out)
}

// addressee gives whom a reply goes to that answers nothing.
func addressee(r *contact.Reply) string {
	if len(r.To) == 0 {
		return ""
	}
	to := strings.ToLower(strings.TrimPrefix(strings.TrimSpace(r.To[0].Address), "@"))
	if strings.HasPrefix(to, "did:") || handleForm.MatchString(to) {
		return to
	}
	return ""
}

func textOf(r *contact.Reply) rich {
	return enrich(strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(r.Text, "\r\n", "\n"), "\uFFFD")))
}

func (out *outgoing) composePosts(r *contact.Reply, o origin) error {
	var err error
	if out.Files, err = pictures(r.Attachments); err != nil {
		return err
	}
	text := textOf(r)
	if text.Text == "" && len(out.Files) == 0 {
		return errNoText
	}
	parts, err := split(text, room{postGraphemes, postBytes})
	if err != nil {
		return err
	}
	created := r.CreatedAt.UTC()
	for i, part := range parts {
		p := newPost{
			Key: recordKey(r.ID, created, i), rich: part,
			CreatedAt: created.Add(time.Duration(i) * time.Millisecond).Format("2006-01-02T15:04:05.000Z"),
		}
		if o.Language != "" {
			p.Langs = []string{o.Language}
		}
		if i == 0 {
			p.Reply = &replyRef{Root: o.Root, Parent: o.Post}
			if o.Root.URI == "" || o.Root.CID == "" {
				p.Reply.Root = o.Post
			}
		}
		out.Posts = append(out.Posts, p)
	}
	return nil
}

func (out *outgoing) composeMessages(r *contact.Reply) error {
	if len(r.Attachments) > 0 {
		return errors.New("a direct message on Bluesky carries no files: put a link into the text")
	}
	text := textOf(r)
	if text.Text == "" {
		return errNoText
	}
	var err error
	out.Messages, err = split(text, room{messageGraphemes, messageBytes})
	return err
}

// pictures checks what is attached: a post carries pictures alone.
func pictures(all []contact.Attachment) ([]upload, error) {
	if len(all) > maxImages {
		return nil, fmt.Errorf("%d pictures: a post carries %d at most", len(all), maxImages)
	}
	var out []upload
	for _, f := range all {
		kind, _, _ := strings.Cut(strings.ToLower(f.ContentType), ";")
		switch kind {
		case "image/jpeg", "image/png", "image/webp", "image/gif":
		default:
			return nil, fmt.Errorf("a post on Bluesky carries pictures (JPEG, PNG, WebP, GIF) alone, and %q is none: put a link into the text", f.Name)
		}
		if len(f.Data) > maxImageBytes {
			return nil, fmt.Errorf("the picture %q is larger than 1 MB", f.Name)
		}
		u := upload{ContentType: kind, Alt: describe(f.Name), Data: f.Data}
		if size, _, err := goimage.DecodeConfig(bytes.NewReader(f.Data)); err == nil && size.Width > 0 && size.Height > 0 {
			u.Width, u.Height = size.Width, size.Height
		}
		out = append(out, u)
	}
	return out, nil
}

// describe makes the description of a picture of its name: what a screen reader
// says.
func describe(name string) string {
	if i := strings.LastIndex(name, "."); i > 0 && len(name)-i <= 5 {
		name = name[:i]
	}
	return strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == '_' || r == '-' || r == ' ' }), " ")
}

// readOutgoing takes Raw apart.
func readOutgoing(r *contact.Reply) (*outgoing, error) {
	var out outgoing
	if err := json.Unmarshal(r.Raw, &out); err != nil {
		return nil, fmt.Errorf("reading a composed reply: %w", err)
	}
	if n := len(out.Posts) + len(out.Messages); n == 0 || n > maxParts || len(out.Posts) > 0 && out.Posts[0].Reply == nil {
		return nil, errNoText
	}
	return &out, nil
}
