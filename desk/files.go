package desk

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"

	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/desk/web"
)

// Upload stores a file that is to go with a reply, and gives the opaque name by
// which a reply takes it along.
func (s *Service) Upload(ctx context.Context, name, contentType string, body io.Reader) (view.Upload, error) {
	limited := &io.LimitedReader{R: body, N: s.cfg.MaxUpload + 1}
	id, size, err := s.deps.Content.PutObject(ctx, limited)
	if err != nil {
		return view.Upload{}, fmt.Errorf("storing a file: %w", err)
	}
	if size > s.cfg.MaxUpload {
		return view.Upload{}, problem(http.StatusRequestEntityTooLarge, "too_large",
			fmt.Sprintf("The file has more than %d MB.", s.cfg.MaxUpload>>20))
	}
	a := contact.Attachment{Name: fileName(name), ContentType: contentTypeOf(contentType, name), Size: size, Object: id}
	return uploadOf(a), nil
}

// uploadOf is a stored file as a reply can take it along.
func uploadOf(a contact.Attachment) view.Upload {
	value := web.AttachmentValue(a)
	return view.Upload{ID: value, Name: a.Name, ContentType: a.ContentType, Size: a.Size, URL: "/api/uploads/" + value}
}

// fileName drops the path and what cannot be shown.
func fileName(name string) string {
	name = path.Base(strings.ReplaceAll(name, "\\", "/"))
	name = strings.Map(func(r rune) rune {
		if isControl(r) {
			return -1
		}
		return r
	}, name)
	if r := []rune(name); len(r) > 200 {
		name = string(r[:200])
	}
	if name == "." || name == "/" || name == "" {
		return "attachment"
	}
	return name
}

func contentTypeOf(given, name string) string {
	for _, t := range []string{given, mime.TypeByExtension(path.Ext(name))} {
		if media, _, err := mime.ParseMediaType(t); err == nil && strings.Contains(media, "/") {
			return media
		}
	}
	return "application/octet-stream"
}

// fileBytes gives the bytes of a file that goes with a reply.
func (s *Service) fileBytes(ctx context.Context, a contact.Attachment) ([]byte, error) {
	if a.Object == "" {
		return a.Data, nil
	}
	f, err := s.deps.Content.GetObject(ctx, a.Object)
	if errors.Is(err, ErrMissing) || errors.Is(err, ErrErased) {
		return nil, invalid(fmt.Sprintf("The file %q is not there any more: add it again.", a.Name))
	}
	if err != nil {
		return nil, fmt.Errorf("reading a file: %w", err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, s.cfg.MaxUpload+1))
	if err != nil {
		return nil, fmt.Errorf("reading a file: %w", err)
	}
	return data, nil
}

// attached lists the files of a message, a reply or a note by its reference.
func (s *Service) attached(ctx context.Context, ref string) ([]contact.Attachment, error) {
	kind, _, _ := strings.Cut(ref, ".")
	switch Kind(kind) {
	case KindReply:
		r, err := s.reply(ctx, ref)
		if err != nil {
			return nil, err
		}
		return r.Attachments, nil
	case KindNote:
		value, err := s.deps.Content.Get(ctx, ref)
		if err != nil {
			return nil, fmt.Errorf("reading note %q: %w", ref, err)
		}
		var n contact.Note
		if err := json.Unmarshal(value, &n); err != nil {
			return nil, fmt.Errorf("reading note %q: %w", ref, err)
		}
		return n.Attachments, nil
	case KindAgent, KindAnswer, KindDraft, KindReason:
		return nil, missing("There is no such file.")
	}
	m, err := s.deps.Messages.Message(ctx, ref)
	if err != nil {
		return nil, fmt.Errorf("reading message %q: %w", ref, err)
	}
	return m.Attachments, nil
}

// File opens the file of this number that came or went with something.
func (s *Service) File(ctx context.Context, ref string, number int) (contact.Attachment, io.ReadCloser, error) {
	list, err := s.attached(ctx, ref)
	if err != nil {
		return contact.Attachment{}, nil, err
	}
	if number < 0 || number >= len(list) {
		return contact.Attachment{}, nil, missing("There is no such file.")
	}
	a := list[number]
	a.Name = named(a, number)
	if a.Object == "" {
		return a, io.NopCloser(bytes.NewReader(a.Data)), nil
	}
	f, err := s.deps.Content.GetObject(ctx, a.Object)
	if err != nil {
		return a, nil, fmt.Errorf("opening a file: %w", err)
	}
	return a, f, nil
}

// keep puts a file of a message into the object store, so that it can go along
// with a reply of ours.
func (s *Service) keep(ctx context.Context, ref string, number int) (contact.Attachment, error) {
	a, f, err := s.File(ctx, ref, number)
	if err != nil {
		return a, err
	}
	defer func() { _ = f.Close() }()
	id, size, err := s.deps.Content.PutObject(ctx, f)
	if err != nil {
		return a, fmt.Errorf("keeping a file: %w", err)
	}
	return contact.Attachment{Name: fileName(a.Name), ContentType: a.ContentType, Size: size, Object: id}, nil
}

// Original gives an item as it came, whole, with a name to save it under.
func (s *Service) Original(ctx context.Context, ref string) (name, contentType string, body []byte, err error) {
	in, err := s.deps.Messages.Original(ctx, ref)
	if err != nil {
		return "", "", nil, fmt.Errorf("reading the original of %q: %w", ref, err)
	}
	if in.RawObject != "" && len(in.Raw) == 0 {
		f, err := s.deps.Content.GetObject(ctx, in.RawObject)
		if err != nil {
			return "", "", nil, fmt.Errorf("opening an original: %w", err)
		}
		defer func() { _ = f.Close() }()
		if in.Raw, err = io.ReadAll(f); err != nil {
			return "", "", nil, fmt.Errorf("reading an original: %w", err)
		}
	}
	switch in.Format {
	case "rfc822":
		return "message.eml", "message/rfc822", in.Raw, nil
	case "json":
		return "message.json", "application/json", in.Raw, nil
	default:
		return "message.bin", "application/octet-stream", in.Raw, nil
	}
}

// maxPictures bounds the pictures put into one message's HTML, in bytes: it may
// name the same one any number of times.
const maxPictures = 16 << 20

// MailHTML gives the sanitised HTML of a message, with its own pictures in it:
// the frame that shows it may load nothing.
func (s *Service) MailHTML(ctx context.Context, ref string) (string, error) {
	m, err := s.deps.Messages.Message(ctx, ref)
	if err != nil {
		return "", fmt.Errorf("reading message %q: %w", ref, err)
	}
	if m.HTML == "" {
		return "", missing("This message has no HTML.")
	}
	html, room := m.HTML, maxPictures
	for _, a := range m.Attachments {
		if a.ContentID == "" || !strings.HasPrefix(a.ContentType, "image/") || a.ContentType == "image/svg+xml" || a.Size > 4<<20 {
			continue
		}
		name := `"cid:` + a.ContentID + `"`
		if !strings.Contains(html, name) {
			continue
		}
		data, err := s.fileBytes(ctx, a)
		if err != nil || len(data) == 0 {
			continue
		}
		inline := `"data:` + a.ContentType + ";base64," + base64.StdEncoding.EncodeToString(data) + `"`
		times := min(strings.Count(html, name), room/len(inline))
		html = strings.Replace(html, name, inline, times)
		room -= times * len(inline)
	}
	return html, nil
}

// serveFile sends a file that others wrote: only pictures that cannot do
// anything are shown, all else is saved.
func serveFile(w http.ResponseWriter, a contact.Attachment, body io.Reader) {
	how := "attachment"
	switch a.ContentType {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		how = "inline"
	}
	h := w.Header()
	h.Set("Content-Security-Policy", filePolicy)
	h.Set("Content-Type", cmp.Or(a.ContentType, "application/octet-stream"))
	h.Set("Content-Disposition", mime.FormatMediaType(how, map[string]string{"filename": fileName(a.Name)}))
	_, _ = io.Copy(w, body) // the client has gone: nobody to tell
}
