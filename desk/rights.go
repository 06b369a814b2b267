package desk

import (
	"context"
	"io"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"stagecoach/desk/view"
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

func (a *api) registerRights() {
	op(a, supervisors, "GET /api/customers/{id}/data", "customer-data", "What there is of a person, before it is exported or erased", func(ctx context.Context, _ Who, in *ByCustomer) (*view.CustomerData, error) {
		if a.svc.deps.Rights == nil {
			return nil, noRights()
		}
		return a.svc.deps.Rights.CustomerData(ctx, in.name())
	})
	op(a, supervisors, "POST /api/customers/{id}/erase", "erase-customer", "Erase all that is kept of a person; goes on by itself once it has begun", func(ctx context.Context, who Who, in *eraseIn) (*view.Erasure, error) {
		return a.svc.EraseCustomer(ctx, who, in.name(), in.Body.By)
	}, bodiless)
	op(a, supervisors, "GET /api/erasures/{id}", "erasure", "How far an erasure is", func(ctx context.Context, _ Who, in *ByCustomer) (*view.Erasure, error) {
		if a.svc.deps.Rights == nil {
			return nil, noRights()
		}
		return a.svc.deps.Rights.Erasure(ctx, in.ID)
	})
	op(a, supervisors, "POST /api/customers/{id}/hold", "hold-customer", "Keep a person's data from being erased, and out of use, or lift that", func(ctx context.Context, who Who, in *holdIn) (*view.CustomerData, error) {
		if a.svc.deps.Rights == nil {
			return nil, noRights()
		}
		return a.svc.deps.Rights.HoldCustomer(ctx, who.ID, in.name(), in.Body)
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
	actor := who.ID
	if by != "" {
		if who.ID != Control {
			return nil, forbidden("Only you can decide in your name.")
		}
		if actor = s.personNamed(by); actor == "" {
			return nil, missing("Nobody has an account with the address or id " + by + ".")
		}
	}
	return s.deps.Rights.EraseCustomer(ctx, actor, customer)
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
