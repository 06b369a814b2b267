package desk

import (
	"context"

	"stagecoach/contact"
)

// Control is the actor of what comes over the control socket: whoever may read
// the data directory acts as a supervisor.
const Control = "control"

// Who is the person (or the control socket) that something is done for.
type Who struct {
	// ID is the agent's id, or Control.
	ID   string
	Role contact.Role
	// Token is the session's, "" on the control socket.
	Token string
}

// Supervisor reports whether this person may do what supervisors may.
func (w Who) Supervisor() bool { return w.Role == contact.RoleSupervisor }

// Known reports whether anybody is there.
func (w Who) Known() bool { return w.ID != "" }

type whoKey struct{}

func withWho(ctx context.Context, w Who) context.Context {
	return context.WithValue(ctx, whoKey{}, w)
}

// whoOf gives who is behind a request; nobody has the zero value.
func whoOf(ctx context.Context) Who {
	w, _ := ctx.Value(whoKey{}).(Who)
	return w
}
