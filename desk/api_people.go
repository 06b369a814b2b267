package desk

import (
	"context"

	"stagecoach/contact"
	"stagecoach/desk/view"
)

// Profile is what a supervisor writes down about an agent.
type Profile struct {
	Name      string            `json:"name,omitempty" maxLength:"800"`
	Email     string            `json:"email,omitempty" maxLength:"254"`
	Role      contact.Role      `json:"role,omitempty" enum:"agent,supervisor"`
	Skills    []view.Skill      `json:"skills,omitempty"`
	Languages []string          `json:"languages,omitempty"`
	Channels  []contact.Channel `json:"channels,omitempty" doc:"Those that they answer; all, if left out"`
	Capacity  int               `json:"capacity,omitempty" minimum:"0" doc:"In units; the usual one, if left out"`
	// What is left out of the following stays as it is when an agent is changed.
	Most     []view.ChannelMost `json:"most,omitempty" doc:"How many contacts of a channel they hold at a time, where that is other than the policy's number"`
	DailyCap *int               `json:"daily_cap,omitempty" minimum:"0" maximum:"100000" doc:"How many contacts they take in a day, 0 for any number"`
	Shifts   []string           `json:"shifts,omitempty" doc:"When they work, such as mon-fri 09:00-17:00; always when available, if there are none"`
}

func (p *Profile) member() Member {
	return Member{
		Name: p.Name, Email: p.Email, Role: p.Role, Skills: p.Skills,
		Languages: p.Languages, Channels: p.Channels, Capacity: p.Capacity,
		Most: p.Most, DailyCap: p.DailyCap, Shifts: p.Shifts,
	}
}

type addAgentIn struct {
	Body struct {
		Once
		Profile
		Password string `json:"password,omitempty" maxLength:"1024" doc:"One is made and told once, if left out"`
		Link     bool   `json:"link,omitempty" doc:"Make a one-time link instead of a password"`
	}
}

type changeAgentIn struct {
	ByID
	Body struct {
		Once
		Profile
	}
}

type agentPasswordIn struct {
	ByID
	Body struct {
		Password string `json:"password,omitempty" maxLength:"1024" doc:"One is made and told once, if left out"`
		Link     bool   `json:"link,omitempty" doc:"Make a one-time link instead of a password"`
	}
}

type agentPresenceIn struct {
	ByID
	Body presenceBody
}

type answerIn struct {
	Body struct {
		ID    string `json:"id,omitempty" doc:"The one to change, or a UUID for a new one"`
		Title string `json:"title" minLength:"1" maxLength:"800"`
		Text  string `json:"text" minLength:"1"`
	}
}

type signatureIn struct {
	Body struct {
		Text string `json:"text"`
	}
}

// answersOut are the saved answers and one's own signature.
type answersOut struct {
	Answers   []view.SavedAnswer `json:"answers"`
	Signature string             `json:"signature"`
}

// peopleOut are all agents.
type peopleOut struct {
	Agents []view.Person `json:"agents"`
}

func (a *api) registerPeople() {
	op(a, agents, "GET /api/agents", "agents", "All agents, by name", func(ctx context.Context, _ Who, _ *nothing) (peopleOut, error) {
		list, err := a.svc.People(ctx)
		return peopleOut{list}, err
	})
	op(a, supervisors, "POST /api/agents", "add-agent", "Add an agent", func(ctx context.Context, who Who, in *addAgentIn) (view.Member, error) {
		m := in.Body.member()
		m.Password, m.Link = in.Body.Password, in.Body.Link
		return a.svc.AddAgent(ctx, who, in.Body.CommandID, m)
	})
	op(a, supervisors, "PUT /api/agents/{id}", "change-agent", "Change what an agent can do; skills and languages are replaced", func(ctx context.Context, who Who, in *changeAgentIn) (view.Member, error) {
		return a.svc.ChangeAgent(ctx, who, in.Body.CommandID, in.ID, in.Body.member())
	})
	op(a, supervisors, "DELETE /api/agents/{id}", "remove-agent", "Take an agent out, by id or e-mail address: what they hold goes back", func(ctx context.Context, who Who, in *ByID) (view.Done, error) {
		return a.svc.RemoveAgent(ctx, who, "", in.ID)
	})
	op(a, supervisors, "POST /api/agents/{id}/password", "set-agent-password", "Give an agent a new password; their sessions end", func(ctx context.Context, who Who, in *agentPasswordIn) (view.Member, error) {
		return a.svc.SetPassword(ctx, who, in.ID, in.Body.Password, in.Body.Link)
	}, bodiless)
	op(a, supervisors, "POST /api/agents/{id}/presence", "set-agent-presence", "Say whether an agent can be given work", func(ctx context.Context, who Who, in *agentPresenceIn) (view.Done, error) {
		return a.svc.SetPresenceOf(ctx, who, in.Body.CommandID, in.ID, in.Body.Presence, in.Body.HandOver)
	})
	op(a, agents, "GET /api/saved-answers", "saved-answers", "Texts that agents use again, and my signature", func(_ context.Context, who Who, _ *nothing) (answersOut, error) {
		return answersOut{a.svc.SavedAnswers(), a.svc.Signature(who)}, nil
	})
	op(a, agents, "POST /api/saved-answers", "save-answer", "Keep or change a text that agents use again", func(ctx context.Context, _ Who, in *answerIn) (view.SavedAnswer, error) {
		return a.svc.SaveAnswer(ctx, view.SavedAnswer{ID: in.Body.ID, Title: in.Body.Title, Text: in.Body.Text})
	})
	op(a, agents, "DELETE /api/saved-answers/{id}", "remove-answer", "Remove a saved answer", func(ctx context.Context, _ Who, in *ByID) (ok, error) {
		return ok{true}, a.svc.RemoveAnswer(ctx, in.ID)
	})
	op(a, agents, "PUT /api/signature", "set-signature", "Change my signature", func(ctx context.Context, who Who, in *signatureIn) (ok, error) {
		return ok{true}, a.svc.SetSignature(ctx, who, in.Body.Text)
	})
}
