package desk

import (
	"context"

	"stagecoach/desk/view"
	"stagecoach/ledger"
)

type spanIn struct {
	Since string `query:"since" maxLength:"10" doc:"A day such as 2026-11-22"`
	Until string `query:"until" maxLength:"10" doc:"A day such as 2026-11-22"`
}

type ideasIn struct {
	State string `query:"state" enum:"open,planned,done,declined" doc:"Only those; all if left out"`
}

type decideIn struct {
	ByID
	Body struct {
		Conversation string `json:"conversation" maxLength:"100"`
		State        string `json:"state" enum:"open,planned,done,declined"`
		Remark       string `json:"remark,omitempty" maxLength:"4000" doc:"For colleagues"`
		Tell         string `json:"tell,omitempty" maxLength:"16000" doc:"What the customer is told; nothing if left out"`
		CommandID    string `json:"command_id,omitempty" maxLength:"100" doc:"Makes it one however often it is sent"`
	}
}

// ideasOut is a list of ideas.
type ideasOut struct {
	Items []view.Idea `json:"items"`
}

func (a *api) registerVoices() {
	op(a, supervisors, "GET /api/report", "report", "Kept promises beside what customers say, and the gap between them", func(ctx context.Context, _ Who, in *spanIn) (*ledger.Satisfaction, error) {
		return a.svc.Report(ctx, in.Since, in.Until)
	})
	op(a, supervisors, "GET /api/voices", "voices", "Praise, complaints, ideas and fans, with their words", func(ctx context.Context, _ Who, in *spanIn) (view.Voices, error) {
		return a.svc.Voices(ctx, in.Since, in.Until)
	})
	op(a, agents, "GET /api/praise", "praise", "What customers said in praise of one's own answers", func(ctx context.Context, who Who, _ *nothing) (view.PraiseOf, error) {
		return a.svc.PraiseOf(ctx, who)
	})
	op(a, supervisors, "GET /api/ideas", "ideas", "Customers' ideas, and what became of them", func(ctx context.Context, _ Who, in *ideasIn) (ideasOut, error) {
		list, err := a.svc.Ideas(ctx, in.State)
		return ideasOut{list}, err
	})
	op(a, supervisors, "POST /api/ideas/{id}", "decide-idea", "Say what becomes of an idea, and tell its author", func(ctx context.Context, who Who, in *decideIn) (view.Done, error) {
		b := &in.Body
		return a.svc.DecideIdea(ctx, who, b.CommandID, Deciding{Idea: in.ID, Conversation: b.Conversation, State: b.State, Remark: b.Remark, Tell: b.Tell})
	})
	op(a, agents, "POST /api/conversations/{id}/end-links", "end-links", "Make the links to the customer's page invalid that were sent", func(ctx context.Context, who Who, in *ByID) (view.Done, error) {
		return a.svc.EndPageLinks(ctx, who, "", in.ID)
	})
}
