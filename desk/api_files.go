package desk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"stagecoach/contact"
	"stagecoach/desk/web"
)

func unwrap(ctx huma.Context) (*http.Request, http.ResponseWriter) { return humago.Unwrap(ctx) }

// registerFiles declares what goes by plain handlers: uploads are streamed, and
// downloads are files, not JSON.
func (a *api) registerFiles() {
	ref := &huma.Param{Name: "ref", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}, Description: "The id of an item of a conversation"}
	number := &huma.Param{Name: "number", In: "path", Required: true, Schema: &huma.Schema{Type: "integer"}}
	id := &huma.Param{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}, Description: "What uploading gave"}
	a.plain("POST /api/attachments", "upload", "Upload a file (multipart, field \"file\")", "application/json", a.srv.upload)
	a.plain("GET /api/uploads/{id}", "uploaded", "A file that was uploaded", "application/octet-stream", a.srv.uploaded, id)
	a.plain("GET /api/files/{ref}/{number}", "file", "A file of a message, a reply or a note", "application/octet-stream", a.srv.file, ref, number)
	a.plain("GET /api/originals/{ref}", "original", "A message as it came, whole", "message/rfc822", a.srv.original, ref)
}

// plain puts an operation into the description and serves it by hand.
func (a *api) plain(route, id, summary, media string, serve http.HandlerFunc, params ...*huma.Param) {
	o := a.operation(agents, route, id, summary)
	o.Parameters = params
	o.Responses["200"] = &huma.Response{
		Description: http.StatusText(http.StatusOK),
		Content:     map[string]*huma.MediaType{media: {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
	}
	if o.Method == http.MethodPost {
		o.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {
			Schema: &huma.Schema{Type: "object", Properties: map[string]*huma.Schema{"file": {Type: "string", Format: "binary"}}},
		}}}
	}
	a.h.OpenAPI().AddOperation(&o)
	a.h.Adapter().Handle(&o, func(ctx huma.Context) {
		r, w := unwrap(ctx)
		if !whoOf(r.Context()).Known() {
			a.srv.fail(w, r, notLoggedIn())
			return
		}
		serve(w, r)
	})
}

// upload streams the first part called "file" into the object store.
func (s *Server) upload(w http.ResponseWriter, r *http.Request) {
	parts, err := r.MultipartReader()
	if err != nil {
		s.fail(w, r, invalid("A file is uploaded as multipart/form-data, in the field \"file\"."))
		return
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			s.fail(w, r, invalid("There is no file in the field \"file\"."))
			return
		}
		if err != nil {
			s.fail(w, r, uploadProblem(err))
			return
		}
		if part.FormName() != "file" {
			continue
		}
		up, err := s.svc.Upload(r.Context(), part.FileName(), part.Header.Get("Content-Type"), part)
		if err != nil {
			s.fail(w, r, uploadProblem(err))
			return
		}
		writeJSON(w, http.StatusOK, up)
		return
	}
}

// uploadProblem tells a broken or too large upload from our own failure.
func uploadProblem(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return problem(http.StatusRequestEntityTooLarge, "too_large", fmt.Sprintf("The file has more than %d MB.", tooLarge.Limit>>20))
	case errors.Is(err, io.ErrUnexpectedEOF):
		return invalid("The upload broke off.")
	}
	return err
}

func (s *Server) uploaded(w http.ResponseWriter, r *http.Request) {
	a, err := web.ParseAttachment(r.PathValue("id"))
	if err != nil {
		s.fail(w, r, missing("There is no such file."))
		return
	}
	s.serveObject(w, r, a)
}

func (s *Server) serveObject(w http.ResponseWriter, r *http.Request, a contact.Attachment) {
	f, err := s.svc.deps.Content.GetObject(r.Context(), a.Object)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer func() { _ = f.Close() }()
	serveFile(w, a, f)
}

func (s *Server) file(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.PathValue("number"))
	if err != nil {
		s.fail(w, r, missing("There is no such file."))
		return
	}
	a, f, err := s.svc.File(r.Context(), r.PathValue("ref"), n)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer func() { _ = f.Close() }()
	serveFile(w, a, f)
}

func (s *Server) original(w http.ResponseWriter, r *http.Request) {
	name, kind, body, err := s.svc.Original(r.Context(), r.PathValue("ref"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", filePolicy)
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, _ = w.Write(body)
}

// mailHTML shows a customer's HTML by itself, for a frame: on white, as it was
// written for, whatever the desk's own colours are. Pictures from elsewhere are
// loaded when the agent asks for them, and never before. The desk's page asks: a
// link inside the frame would go without the cookie, as the frame is nobody's.
func (s *Server) mailHTML(w http.ResponseWriter, r *http.Request) {
	html, err := s.svc.MailHTML(r.Context(), r.PathValue("ref"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", mailPolicy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Del("X-Frame-Options")
	h.Set("Content-Type", "text/html; charset=utf-8")
	asked := r.URL.Query().Get("pictures") == "1"
	bar := ""
	switch waiting := strings.Count(html, waitingPicture); {
	case waiting > 0 && asked:
		h.Set("Content-Security-Policy", mailPicturesPolicy)
		html = strings.ReplaceAll(html, waitingPicture, ` src="`)
	case waiting > 0:
		bar = `<p class="waiting">Pictures from elsewhere that are not loaded: ` + strconv.Itoa(waiting) +
			`. They would tell the sender that you read this.</p>`
	}
	_, _ = io.WriteString(w, `<!doctype html><meta charset="utf-8"><base target="_blank">`+
		`<style>:root{color-scheme:light}html{background:#fff;color:#1b1b1f}body{font:14px/1.5 system-ui,sans-serif;margin:8px;overflow-wrap:anywhere}`+
		`img{max-width:100%}.waiting{margin:-8px -8px 8px;padding:6px 8px;background:#f2f2f5;color:#44444c;font-size:13px}</style>`+bar+html)
}

// waitingPicture is the attribute in which the e-mail channel keeps the address
// of a picture that is not loaded yet.
const waitingPicture = ` data-blocked-src="`

// ChangePassword changes one's own password, if the old one is right.
func (s *Service) ChangePassword(ctx context.Context, origin string, who Who, old, password string) error {
	acc, known := s.accounts.get(who.ID)
	if !known {
		return missing("There is no such agent.")
	}
	if err := s.limitLogin(origin, foldEmail(acc.Email)); err != nil {
		return err
	}
	right, err := s.hasher.Verify(ctx, acc.Hash, old)
	if err != nil {
		return fmt.Errorf("checking a password: %w", err)
	}
	if !right {
		return forbidden("The old password is not right.")
	}
	_, err = s.SetPassword(ctx, who, who.ID, password, false)
	return err
}
