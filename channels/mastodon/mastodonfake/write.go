package mastodonfake

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// newPost is the body of POST /api/v1/statuses
// (https://docs.joinmastodon.org/methods/statuses/#create).
type newPost struct {
	Status      string   `json:"status"`
	InReplyToID string   `json:"in_reply_to_id"`
	MediaIDs    []string `json:"media_ids"`
	Sensitive   bool     `json:"sensitive"`
	SpoilerText string   `json:"spoiler_text"`
	Visibility  string   `json:"visibility"`
	Language    string   `json:"language"`
	ContentType string   `json:"content_type"`
}

func invalid(text string) *refused {
	return &refused{http.StatusUnprocessableEntity, "Validation failed: " + text}
}

func (s *Server) create(_ http.ResponseWriter, r *http.Request) (any, *refused) {
	var in newPost
	dec := json.NewDecoder(io.LimitReader(r.Body, 1<<20))
	dec.DisallowUnknownFields() // servers pass them over; we want to know
	if err := dec.Decode(&in); err != nil {
		return nil, &refused{http.StatusBadRequest, "unreadable body: " + err.Error()}
	}
	key := r.Header.Get("Idempotency-Key")
	if id := s.keys[key]; id != "" && s.cfg.ChokesOnKeys {
		return nil, &refused{http.StatusInternalServerError, "This page is not available"}
	} else if key != "" && id != "" && !s.cfg.NoIdempotency {
		return s.statusJSON(s.find(id)), nil
	}
	files, no := s.checkPost(&in)
	if no != nil {
		return nil, no
	}
	made := &post{id: s.statusID.give(), author: s.us(), key: key, app: appName, files: files, Post: Post{
		Text: in.Status, HTML: s.toHTML(in.Status), Visibility: or(in.Visibility, "public"), InReplyTo: in.InReplyToID,
		Warning: in.SpoilerText, Language: in.Language, At: time.Now().UTC(),
	}}
	s.keep(made)
	s.keys[key] = made.id
	return s.statusJSON(made), nil
}

func (s *Server) checkPost(in *newPost) ([]*mediaFile, *refused) {
	switch {
	case strings.TrimSpace(in.Status) == "" && len(in.MediaIDs) == 0:
		return nil, invalid("Text can't be blank")
	case s.count(in.Status)+s.count(in.SpoilerText) > s.cfg.MaxCharacters:
		return nil, invalid("Text character limit exceeded")
	case !slices.Contains([]string{"", "public", "unlisted", "private", "direct"}, in.Visibility):
		return nil, invalid("Visibility is not included in the list")
	case len(in.MediaIDs) > 4:
		return nil, invalid("Cannot attach more than 4 files")
	case in.InReplyToID != "" && s.find(in.InReplyToID) == nil:
		return nil, &refused{http.StatusNotFound, "The post you are trying to reply to does not appear to exist."}
	}
	var files []*mediaFile
	for _, id := range in.MediaIDs {
		f := s.media[id]
		switch {
		case f == nil || f.used:
			return nil, invalid("Media not found")
		case f.pending > 0:
			return nil, invalid("Cannot attach files that have not finished processing. Try again in a moment!")
		}
		files = append(files, f)
	}
	for _, f := range files {
		f.used = true
	}
	return files, nil
}

var domainForm = regexp.MustCompile(`(^|\s)(@[\w.-]+)@[\w.-]+\w`)

// count is the length of a text as https://docs.joinmastodon.org/user/posting/#text
// has it; the other flavours count every character.
func (s *Server) count(text string) int {
	if s.cfg.Flavour == Mastodon {
		text = linkForm.ReplaceAllString(text, strings.Repeat("x", 23))
		text = domainForm.ReplaceAllString(text, "${1}${2}")
	}
	return utf8.RuneCountInString(text)
}

// slowFiles is how often the state of a file that isn't a picture is asked before
// it's ready.
const slowFiles = 2

func (s *Server) upload(w http.ResponseWriter, r *http.Request) (any, *refused) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<20)
	if err := r.ParseMultipartForm(64 << 20); err != nil { //nolint:gosec // bounded above
		return nil, invalid("File can't be blank")
	}
	file, head, err := r.FormFile("file")
	if err != nil {
		return nil, invalid("File can't be blank")
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(file)
	if err != nil {
		return nil, invalid("File is invalid")
	}
	kind := head.Header.Get("Content-Type")
	family, _, _ := strings.Cut(kind, "/")
	f := File{Name: head.Filename, Type: kind, Description: r.FormValue("description"), Data: data}
	switch family {
	case "image":
		return s.mediaJSON(s.store(f, 0)), nil
	case "video", "audio":
		return withCode{http.StatusAccepted, s.mediaJSON(s.store(f, slowFiles))}, nil
	default:
		return nil, invalid("File content type is invalid, File is invalid")
	}
}

func (s *Server) oneMedia(_ http.ResponseWriter, r *http.Request) (any, *refused) {
	f := s.media[r.PathValue("id")]
	if f == nil {
		return nil, notFound()
	}
	if f.pending > 0 {
		f.pending--
		return withCode{http.StatusPartialContent, s.mediaJSON(f)}, nil
	}
	return s.mediaJSON(f), nil
}

func (s *Server) serveFile(w http.ResponseWriter, path string) {
	id, _, _ := strings.Cut(path, "/")
	s.mu.Lock()
	f := s.media[id]
	s.mu.Unlock()
	if f == nil || f.URL != "" {
		http.Error(w, "gone", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", f.Type)
	_, _ = w.Write(f.Data)
}
