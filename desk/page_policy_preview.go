package desk

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"stagecoach/desk/web"
	"stagecoach/router"
)

// policyPreviewForm shows what a policy set would change, whether it comes as files, was
// active, or waits as a draft.
func (s *Server) policyPreviewForm(w http.ResponseWriter, r *http.Request, who Who) error {
	src, err := chosenPolicy(r)
	if err != nil {
		return err
	}
	status, err := s.svc.Policy(r.Context())
	if err != nil {
		return err
	}
	v, err := s.svc.PreviewPolicy(r.Context(), src)
	if refused, is := errors.AsType[*router.Refusal](err); is && refused.Code == router.RefusedInvalid {
		return s.show(w, r, who, func(p web.Page) (templ.Component, error) {
			return web.PolicyRefused(p, strings.Split(refused.Message, "\n")), nil
		})
	}
	if err != nil {
		return err
	}
	choice := web.PolicyChoice{Version: src.Version, Draft: src.Draft, Remark: r.PostFormValue("remark"), Two: status.Approval == "two"}
	for name, text := range src.Files {
		choice.Files = append(choice.Files, web.PolicyText{Name: name, Text: text})
	}
	slices.SortFunc(choice.Files, func(a, b web.PolicyText) int { return strings.Compare(a.Name, b.Name) })
	return s.show(w, r, who, func(p web.Page) (templ.Component, error) {
		p.Path = "/policy"
		return web.PolicyPreview(p, choice, v), nil
	})
}

// chosenPolicy reads which policy set a form names.
func chosenPolicy(r *http.Request) (PolicySource, error) {
	if err := r.ParseMultipartForm(maxForm); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return PolicySource{}, invalid("The files could not be read: they may be too large.")
	}
	src := policySource(r.PostForm)
	if r.MultipartForm != nil {
		for _, f := range r.MultipartForm.File["files"] {
			file, err := f.Open()
			if err != nil {
				return src, invalid("One of the files could not be read.")
			}
			text, err := io.ReadAll(file)
			if err = errors.Join(err, file.Close()); err != nil {
				return src, invalid("One of the files could not be read.")
			}
			if src.Files == nil {
				src.Files = map[string]string{}
			}
			src.Files[f.Filename] = string(text)
		}
	}
	if src.Empty() {
		return src, invalid("No policy set is named.")
	}
	return src, nil
}

// policySource reads the policy set of a form that was previewed.
func policySource(f url.Values) PolicySource {
	src := PolicySource{Version: f.Get("version"), Draft: f.Get("draft")}
	names, texts := f["file"], f["text"]
	for i := range min(len(names), len(texts)) {
		if src.Files == nil {
			src.Files = map[string]string{}
		}
		src.Files[names[i]] = strings.ReplaceAll(texts[i], "\r\n", "\n") // as browsers send lines
	}
	return src
}

// policyOrder reads what shall be done with it.
func policyOrder(f url.Values) PolicyOrder {
	order := PolicyOrder{PolicySource: policySource(f), Remark: f.Get("remark")}
	if n, err := strconv.Atoi(f.Get("lengthen")); err == nil && n > 0 {
		order.Lengthen = &n
	}
	return order
}
