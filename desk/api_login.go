package desk

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"stagecoach/contact"
	"stagecoach/desk/view"
)

// nothing is the input of an operation that needs none.
type nothing struct{}

// ok is the answer of what leaves nothing to say.
type ok struct {
	OK bool `json:"ok"`
}

type loginIn struct {
	Body struct {
		Email    string `json:"email" maxLength:"254"`
		Password string `json:"password" maxLength:"1024"`
	}
}

type setUpIn struct {
	Body struct {
		Token    string `json:"token" maxLength:"200" doc:"From the set-up link"`
		Name     string `json:"name,omitempty" maxLength:"800"`
		Email    string `json:"email,omitempty" maxLength:"254"`
		Password string `json:"password" maxLength:"1024" doc:"At least 10 characters"`
	}
}

type presenceBody struct {
	Once
	Presence contact.Presence `json:"presence" enum:"available,busy,away,offline"`
	HandOver bool             `json:"hand_over,omitempty" doc:"Also give back what is held"`
}

type presenceIn struct {
	Body presenceBody
}

type passwordIn struct {
	Body struct {
		Old string `json:"old" maxLength:"1024"`
		New string `json:"new" maxLength:"1024"`
	}
}

type originKey struct{}

func (a *api) registerLogin() {
	origin := func(o *huma.Operation) {
		o.Middlewares = append(o.Middlewares, func(ctx huma.Context, next func(huma.Context)) {
			r, _ := unwrap(ctx)
			next(huma.WithValue(ctx, originKey{}, a.srv.origin(r)))
		})
	}
	op(a, anybody, "POST /api/login", "login", "Log in and get a token", func(ctx context.Context, _ Who, in *loginIn) (view.Login, error) {
		who, err := a.svc.Login(ctx, originFrom(ctx), in.Body.Email, in.Body.Password)
		return a.loggedIn(ctx, who, err)
	}, origin)
	op(a, anybody, "POST /api/setup", "set-up", "Use a set-up link: make the first supervisor, or choose a password", func(ctx context.Context, _ Who, in *setUpIn) (view.Login, error) {
		b := &in.Body
		who, err := a.svc.SetUp(ctx, originFrom(ctx), b.Token, b.Name, b.Email, b.Password)
		return a.loggedIn(ctx, who, err)
	}, origin)
	op(a, agents, "POST /api/logout", "logout", "End this session", func(ctx context.Context, who Who, _ *nothing) (ok, error) {
		return ok{true}, a.svc.Logout(ctx, who)
	})
	op(a, agents, "GET /api/me", "me", "Who I am", func(ctx context.Context, who Who, _ *nothing) (view.Person, error) {
		return a.svc.Person(ctx, who.ID)
	})
	op(a, agents, "POST /api/me/password", "change-password", "Change my password; all my sessions end", func(ctx context.Context, who Who, in *passwordIn) (ok, error) {
		return ok{true}, a.svc.ChangePassword(ctx, originFrom(ctx), who, in.Body.Old, in.Body.New)
	}, origin)
	op(a, agents, "POST /api/presence", "presence", "Say whether I can be given work", func(ctx context.Context, who Who, in *presenceIn) (view.Done, error) {
		return a.svc.SetPresence(ctx, who, in.Body.CommandID, in.Body.Presence, in.Body.HandOver)
	})
	op(a, agents, "POST /api/heartbeat", "heartbeat", "Say that I am still here; an open event stream does so by itself", func(_ context.Context, who Who, _ *nothing) (ok, error) {
		a.svc.Heartbeat(who)
		return ok{true}, nil
	})
}

func (a *api) loggedIn(ctx context.Context, who Who, err error) (view.Login, error) {
	if err != nil {
		return view.Login{}, err
	}
	me, err := a.svc.Person(ctx, who.ID)
	return view.Login{Token: who.Token, Me: me}, err
}

func originFrom(ctx context.Context) string {
	s, _ := ctx.Value(originKey{}).(string)
	return s
}

// describeEvents puts the live line into the description: it is served by hand.
func (a *api) describeEvents() {
	o := a.operation(agents, "GET /api/events", "events", "Live updates")
	o.Description = "Server-sent events with names only: offer, desk, review, overview, conversation:<id>; and beat at the latest every 15 s. " +
		"Being connected is the agent's heartbeat."
	o.Responses["200"] = &huma.Response{
		Description: http.StatusText(http.StatusOK),
		Content:     map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: "string"}}},
	}
	a.h.OpenAPI().AddOperation(&o)
}
