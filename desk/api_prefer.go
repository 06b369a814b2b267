package desk

import (
	"context"

	"stagecoach/contact"
	"stagecoach/desk/view"
)

type preferIn struct {
	ByID
	Body struct {
		Once
		Channel contact.Channel `json:"channel" enum:"email,webchat,slack,mastodon,bluesky,webhook,sms,phone,letter,visit" doc:"By which they want to be answered"`
		Address string          `json:"address,omitempty" maxLength:"1000" doc:"Where, as the customer has given it, if it isn't known"`
	}
}

type urgentIn struct {
	ByID
	Body struct {
		Once
		Reason string `json:"reason" maxLength:"4096" doc:"Why it can't wait, in words"`
	}
}

func (a *api) registerPreferences() {
	op(a, agents, "POST /api/conversations/{id}/prefer", "prefer-channel", "Note by which channel the customer has said that they want to be answered", func(ctx context.Context, who Who, in *preferIn) (view.Done, error) {
		return a.svc.Prefer(ctx, who, in.Body.CommandID, in.ID, in.Body.Channel, in.Body.Address)
	})
	op(a, agents, "POST /api/replies/{id}/send-now", "send-held", "Send a message now that waits for the end of the customer's quiet hours, or for another week", func(ctx context.Context, who Who, in *urgentIn) (view.Done, error) {
		return a.svc.SendHeld(ctx, who, in.Body.CommandID, in.ID, in.Body.Reason)
	})
	op(a, agents, "POST /api/replies/{id}/take-back", "take-back", "Take a message back that waits: it is never sent", func(ctx context.Context, who Who, in *idCommandIn) (view.Done, error) {
		return a.svc.TakeBack(ctx, who, in.Body.CommandID, in.ID)
	}, bodiless)
}
