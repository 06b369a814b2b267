package desk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"stagecoach/router"
)

// access says for whom an operation is.
type access int

const (
	anybody access = iota
	agents
	supervisors
)

// api is the HTTP API: thin operations over the service, described by OpenAPI.
type api struct {
	svc *Service
	srv *Server
	h   huma.API
}

func newAPI(svc *Service, srv *Server) *api { return &api{svc: svc, srv: srv} }

func (a *api) register(mux *http.ServeMux) {
	a.h = humago.New(mux, a.config())
	a.registerLogin()
	a.registerWork()
	a.registerConversations()
	a.registerPreferences()
	a.registerLists()
	a.registerPeople()
	a.registerLedger()
	a.registerFiles()
	a.registerPolicy()
	a.registerRights()
	a.registerCustomers()
	a.registerVoices()
	a.describeEvents()
}

func (a *api) config() huma.Config {
	cfg := huma.DefaultConfig("Stagecoach", a.svc.cfg.Version)
	cfg.Info.Description = "Everything the desk can do. Log in by POST /api/login and send the token as " +
		"\"Authorization: Bearer\". Every command may carry a command_id: the same id again gives the first answer, " +
		"for 24 hours. Answers wait up to a second until lists show their effect, else say catching_up."
	cfg.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":  {Type: "http", Scheme: "bearer"},
		"cookie": {Type: "apiKey", In: "cookie", Name: "stagecoach"},
	}
	cfg.OpenAPIPath = "/api/openapi"
	cfg.DocsPath = ""
	cfg.SchemasPath = ""
	cfg.CreateHooks = nil
	cfg.Transformers = []huma.Transformer{answer}
	return cfg
}

// answer gives an answer its last shape: no list is null, and what the API
// refuses by itself reads as everything else that is refused.
func answer(_ huma.Context, _ string, v any) (any, error) {
	e, ok := v.(*huma.ErrorModel)
	if !ok {
		return filled(v), nil
	}
	p := problem(e.Status, codeOf(e.Status), e.Detail)
	for i, d := range e.Errors {
		sep := "; "
		if i == 0 {
			sep = ": "
		}
		p.Detail += sep + d.Message
		if d.Location != "" {
			p.Detail += " (" + d.Location + ")"
		}
	}
	return p, nil
}

func codeOf(status int) string {
	switch status {
	case http.StatusRequestEntityTooLarge:
		return "too_large"
	case http.StatusUnsupportedMediaType, http.StatusNotAcceptable:
		return "media_type"
	default:
		return router.RefusedInvalid
	}
}

// schemaName keeps types of one name from different packages apart.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	path := t.PkgPath()
	pkg := path[strings.LastIndex(path, "/")+1:]
	if t.Name() == "" || !strings.HasPrefix(path, "stagecoach/") || pkg == "view" || pkg == "desk" {
		return name
	}
	return strings.ToUpper(pkg[:1]) + pkg[1:] + name
}

// body is an answer of the API.
type body[T any] struct {
	Body T
}

// op declares one operation: "POST /api/next". Failures are problems.
func op[I, T any](a *api, who access, route, id, summary string, f func(ctx context.Context, who Who, in *I) (T, error), change ...func(*huma.Operation)) {
	o := a.operation(who, route, id, summary)
	for _, c := range change {
		c(&o)
	}
	maybe := o.RequestBody
	huma.Register(a.h, o, func(ctx context.Context, in *I) (*body[T], error) {
		by, err := a.allowed(ctx, who)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		out, err := f(ctx, by, in)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		return &body[T]{Body: out}, nil
	})
	if maybe != nil { // registering has made it required
		maybe.Required = false
	}
}

// bodiless lets an operation be asked for without a body.
func bodiless(o *huma.Operation) {
	o.RequestBody = &huma.RequestBody{Content: map[string]*huma.MediaType{}}
}

func (a *api) operation(who access, route, id, summary string) huma.Operation {
	method, path, _ := strings.Cut(route, " ")
	tag, _, _ := strings.Cut(strings.TrimPrefix(path, "/api/"), "/")
	o := huma.Operation{
		Method: method, Path: path, OperationID: id, Summary: summary, Tags: []string{tag},
		MaxBodyBytes: maxForm,
		Responses: map[string]*huma.Response{"default": {
			Description: "What was not done, and why, in words (RFC 9457).",
			Content: map[string]*huma.MediaType{"application/problem+json": {
				Schema: a.h.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem"),
			}},
		}},
	}
	if who != anybody {
		o.Security = []map[string][]string{{"token": {}}, {"cookie": {}}}
	}
	if who == supervisors {
		o.Description = "For supervisors."
	}
	return o
}

// allowed gives who asks, if the operation is for them.
func (a *api) allowed(ctx context.Context, need access) (Who, error) {
	who := whoOf(ctx)
	switch {
	case need == anybody:
	case !who.Known():
		return who, notLoggedIn()
	case need == supervisors && !who.Supervisor():
		return who, forbidden("This is for supervisors.")
	}
	return who, nil
}

// problem gives what the client is told, and logs what it isn't.
func (a *api) problem(ctx context.Context, err error) error {
	p := problemOf(err)
	a.srv.logProblem(ctx, p)
	if p.Wait > 0 {
		return huma.ErrorWithHeaders(p, http.Header{"Retry-After": {fmt.Sprint(int(p.Wait.Seconds()))}})
	}
	return p
}

func (s *Server) logProblem(ctx context.Context, p *Problem) {
	if p.Status >= http.StatusInternalServerError && !errors.Is(ctx.Err(), context.Canceled) {
		s.log.ErrorContext(ctx, "request failed", "agent_id", whoOf(ctx).ID, "code", p.Code, "err", p.Cause)
	}
}
