package desk

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"stagecoach/desk/view"
	"stagecoach/router"
)

// Rights is what people may ask of what is kept about them. A customer is named by
// an id or its beginning, by the company's own id, or by an address; it stands for
// the whole person.
type Rights interface {
	// CustomerData tells what there is, before anything is done with it.
	CustomerData(ctx context.Context, customer string) (*view.CustomerData, error)
	// ExportCustomer gives all of it as a ZIP file.
	ExportCustomer(ctx context.Context, customer string, to io.Writer) error
	// EraseCustomer begins to erase it, decided by somebody; Erasure tells how far
	// that is.
	EraseCustomer(ctx context.Context, by, customer string) (*view.Erasure, error)
	Erasure(ctx context.Context, id string) (*view.Erasure, error)
	// HoldCustomer keeps it from being erased, and out of use, or lifts that.
	HoldCustomer(ctx context.Context, by, customer string, hold view.Hold) (*view.CustomerData, error)
	// KeptOfCustomer gives what is put away of somebody who asked to be erased, and puts
	// on record who read it and why.
	KeptOfCustomer(ctx context.Context, by, customer, reason string) (*view.KeptWords, error)
}

func noRights() error {
	return problem(http.StatusConflict, "not_here", "Nobody can do that here: this is not the daemon.")
}

// ByCustomer names a customer in a path: an address may have any characters.
type ByCustomer struct {
	ID string `path:"id" maxLength:"320" doc:"A customer's id or its beginning, the company's own id, or an address"`
}

func (in *ByCustomer) name() string {
	if plain, err := url.PathUnescape(in.ID); err == nil {
		return plain
	}
	return in.ID
}

type eraseIn struct {
	ByCustomer
	Body struct {
		By string `json:"by,omitempty" maxLength:"320" doc:"On the control socket: the supervisor who decided it, by e-mail address or id"`
	}
}

type holdIn struct {
	ByCustomer
	Body view.Hold
}

type keptIn struct {
	ByCustomer
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"1000" doc:"Why it must be read; it is put on record"`
		By     string `json:"by,omitempty" maxLength:"320" doc:"On the control socket: the supervisor who reads it, by e-mail address or id"`
	}
}

func (a *api) registerRights() {
	op(a, supervisors, "GET /api/customers/{id}/data", "customer-data", "What there is of a person, before it is exported or erased", func(ctx context.Context, _ Who, in *ByCustomer) (*view.CustomerData, error) {
		return a.svc.CustomerData(ctx, in.name())
	})
	op(a, supervisors, "POST /api/customers/{id}/erase", "erase-customer", "Erase all that is kept of a person; goes on by itself once it has begun", func(ctx context.Context, who Who, in *eraseIn) (*view.Erasure, error) {
		return a.svc.EraseCustomer(ctx, who, in.name(), in.Body.By)
	}, bodiless)
	op(a, supervisors, "GET /api/erasures/{id}", "erasure", "How far an erasure is", func(ctx context.Context, _ Who, in *ByCustomer) (*view.Erasure, error) {
		return a.svc.Erasure(ctx, in.ID)
	})
	op(a, supervisors, "POST /api/customers/{id}/hold", "hold-customer", "Keep a person's data from being erased, and out of use, or lift that", func(ctx context.Context, who Who, in *holdIn) (*view.CustomerData, error) {
		return a.svc.HoldCustomer(ctx, who, in.name(), in.Body)
	})
	op(a, supervisors, "POST /api/customers/{id}/kept", "kept-of-customer", "Read what is kept of a person who asked to be erased; who does and why is put on record", func(ctx context.Context, who Who, in *keptIn) (*view.KeptWords, error) {
		if a.svc.deps.Rights == nil {
			return nil, noRights()
		}
		by, err := a.svc.deciding(who, in.Body.By)
		if err != nil {
			return nil, err
		}
		out, err := a.svc.deps.Rights.KeptOfCustomer(ctx, by, in.name(), in.Body.Reason)
		if err == nil {
			a.svc.nameAsker(&out.Restricted)
		}
		return out, err
	})
	id := &huma.Param{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}, Description: "A customer's id or its beginning, the company's own id, or an address"}
	a.plain("GET /api/customers/{id}/export", "export-customer", "All that is kept of a person, as a ZIP file", "application/zip", a.srv.exportCustomer, id)
}

// EraseCustomer begins to erase a person. On the control socket somebody else may be
// named as who has decided it.
func (s *Service) EraseCustomer(ctx context.Context, who Who, customer, by string) (*view.Erasure, error) {
	if s.deps.Rights == nil {
		return nil, noRights()
	}
	actor, err := s.deciding(who, by)
	if err != nil {
		return nil, err
	}
	e, err := s.deps.Rights.EraseCustomer(ctx, actor, customer)
	return s.erasureNamed(e), err
}

// CustomerData tells what there is of a person.
func (s *Service) CustomerData(ctx context.Context, customer string) (*view.CustomerData, error) {
	if s.deps.Rights == nil {
		return nil, noRights()
	}
	d, err := s.deps.Rights.CustomerData(ctx, customer)
	if err == nil {
		s.nameAsker(d.Restricted)
	}
	return d, err
}

// Erasure tells how far an erasure is.
func (s *Service) Erasure(ctx context.Context, id string) (*view.Erasure, error) {
	if s.deps.Rights == nil {
		return nil, noRights()
	}
	e, err := s.deps.Rights.Erasure(ctx, id)
	return s.erasureNamed(e), err
}

func (s *Service) erasureNamed(e *view.Erasure) *view.Erasure {
	if e != nil {
		e.ByName = s.askerWords(e.By)
	}
	return e
}

func (s *Service) nameAsker(r *view.Restricted) {
	if r != nil {
		r.ByName = s.askerWords(r.By)
	}
}

// askerWords says who asked for an erasure.
func (s *Service) askerWords(by string) string {
	switch by {
	case router.ActorCustomer:
		return "the customer, on their page"
	case Control:
		return "somebody at the command line"
	}
	return s.accounts.name(by)
}

// HoldCustomer keeps a person's data, or lifts that, in somebody's name.
func (s *Service) HoldCustomer(ctx context.Context, who Who, customer string, hold view.Hold) (*view.CustomerData, error) {
	if s.deps.Rights == nil {
		return nil, noRights()
	}
	actor, err := s.deciding(who, hold.By)
	if err != nil {
		return nil, err
	}
	d, err := s.deps.Rights.HoldCustomer(ctx, actor, customer, hold)
	if err == nil {
		s.nameAsker(d.Restricted)
	}
	return d, err
}

// deciding gives who decides something: whoever asks or, on the control socket, whom they
// name.
func (s *Service) deciding(who Who, by string) (string, error) {
	if by == "" {
		return who.ID, nil
	}
	if who.ID != Control {
		return "", forbidden("Only you can decide in your name.")
	}
	actor := s.personNamed(by)
	if actor == "" {
		return "", missing("Nobody has an account with the address or id " + by + ".")
	}
	return actor, nil
}

// personNamed gives the id of an agent by their address or id, "" for nobody.
func (s *Service) personNamed(by string) string {
	if id, ok := s.AgentID(by); ok {
		return id
	}
	if s.AgentEmail(by) != "" {
		return by
	}
	return ""
}

// exportCustomer answers with a ZIP file. What goes wrong before its first byte is
// said in words.
func (s *Server) exportCustomer(w http.ResponseWriter, r *http.Request) {
	if !whoOf(r.Context()).Supervisor() {
		s.fail(w, r, forbidden("This is for supervisors."))
		return
	}
	if s.svc.deps.Rights == nil {
		s.fail(w, r, noRights())
		return
	}
	out := &zipAnswer{w: w}
	if err := s.svc.deps.Rights.ExportCustomer(r.Context(), r.PathValue("id"), out); err != nil {
		if out.begun {
			panic(http.ErrAbortHandler) // a file that is cut off must not look whole
		}
		s.fail(w, r, err)
	}
}

// zipAnswer writes the header of the answer with its first byte.
type zipAnswer struct {
	w     http.ResponseWriter
	begun bool
}

// Write implements io.Writer.
func (z *zipAnswer) Write(p []byte) (int, error) {
	if !z.begun {
		z.begun = true
		h := z.w.Header()
		h.Set("Content-Type", "application/zip")
		h.Set("Content-Disposition", `attachment; filename="customer.zip"`)
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
	}
	return z.w.Write(p)
}

// restricts is a Rights that tells at once whether a customer is restricted.
type restricts interface {
	RestrictedCustomer(ctx context.Context, customer string) (*view.Restricted, error)
}

// restrictedWords says that a customer asked to be erased and what is kept of them, for
// everybody at the desk: a hold's reason is told as the customer is told it.
func (s *Service) restrictedWords(ctx context.Context, customer string) (string, error) {
	r, can := s.deps.Rights.(restricts)
	if !can {
		return "", nil
	}
	kept, err := r.RestrictedCustomer(ctx, customer)
	if err != nil || kept == nil {
		return "", err
	}
	var why []string
	for _, k := range kept.Kept {
		until := "until " + k.Until
		if k.Until == "" {
			until = "until that is lifted"
		}
		reason := cmp.Or(k.Reason, k.Name)
		if k.Hold {
			reason = cmp.Or(k.Told, "a legal obligation")
		}
		why = append(why, reason+" "+until)
	}
	return "Restricted since " + kept.Since.In(s.cfg.Zone).Format("2 Jan 2006") + ", asked by " + s.askerWords(kept.By) +
		". Kept, out of use, because of " + strings.Join(why, "; ") + ".", nil
}
