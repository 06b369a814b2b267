package desk

import (
	"context"
	"time"

	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/desk/web"
)

// Once is what every command may carry: it is done once, however often it is
// sent.
type Once struct {
	CommandID string `json:"command_id,omitempty" maxLength:"100" doc:"The same id again gives the first answer"`
}

// ByID is what an operation on one thing is given.
type ByID struct {
	ID string `path:"id" maxLength:"100"`
}

type commandIn struct {
	Body Once
}

type idCommandIn struct {
	ByID
	Body Once
}

type declineIn struct {
	ByID
	Body struct {
		Once
		Reason string `json:"reason,omitempty" maxLength:"40" doc:"busy, language, skill, conflict or other"`
	}
}

type reasonIn struct {
	ByID
	Body struct {
		Once
		Reason string `json:"reason,omitempty" maxLength:"4096" doc:"Why, in words"`
	}
}

type assignIn struct {
	ByID
	Body struct {
		Once
		Agent    string `json:"agent" maxLength:"100" doc:"To whom"`
		Reason   string `json:"reason,omitempty" maxLength:"4096" doc:"Why, in words"`
		Override bool   `json:"override,omitempty" doc:"Beyond the agent's capacity, on record"`
	}
}

type moveIn struct {
	ByID
	Body struct {
		Once
		Queue  string `json:"queue" maxLength:"40"`
		Reason string `json:"reason,omitempty" maxLength:"4096" doc:"Why, in words"`
	}
}

type disposeIn struct {
	ByID
	Body struct {
		Once
		Disposition contact.Disposition `json:"disposition" enum:"spam,machine,duplicate,no_reply_needed"`
		Reason      string              `json:"reason,omitempty" maxLength:"4096" doc:"Why, in words"`
		Contacts    []string            `json:"contacts,omitempty" maxItems:"500" doc:"Further contacts, for the same reason"`
	}
}

type replyIn struct {
	ByID
	Body struct {
		ReplyID     string            `json:"reply_id,omitempty" doc:"A UUID made by the client: the same again is the same reply"`
		Kind        contact.ReplyKind `json:"kind,omitempty" enum:"answer,ask,pledge" doc:"answer, if left out"`
		Covers      string            `json:"covers,omitempty" maxLength:"100" doc:"The last message that the author has seen; the newest, if left out"`
		To          []contact.Address `json:"to,omitempty"`
		CC          []contact.Address `json:"cc,omitempty"`
		Subject     string            `json:"subject,omitempty"`
		Text        string            `json:"text"`
		HTML        string            `json:"html,omitempty"`
		Attachments []string          `json:"attachments,omitempty" doc:"Ids of uploads"`
		Way         string            `json:"way,omitempty" maxLength:"2000" doc:"How it goes, one of the ways of the conversation; the preferred one, if left out"`
		Notice      bool              `json:"notice,omitempty" doc:"Say in public, where it was asked, that the answer is in private"`
		Quote       bool              `json:"quote,omitempty" doc:"Append the last message as quoted text"`
		Due         time.Time         `json:"due,omitzero" doc:"For a pledge: by when more is owed"`
		Confirmed   bool              `json:"confirmed,omitempty" doc:"A supervisor's word for a pledge beyond the limits"`
		Given       bool              `json:"given,omitempty" doc:"The customer has it already: by telephone, by letter, on a visit"`
	}
}

type noteIn struct {
	ByID
	Body struct {
		NoteID      string   `json:"note_id,omitempty" doc:"A UUID made by the client: the same again is the same note"`
		Text        string   `json:"text"`
		Attachments []string `json:"attachments,omitempty" doc:"Ids of uploads"`
	}
}

type draftIn struct {
	ByID
	Body struct {
		To          []contact.Address `json:"to,omitempty"`
		CC          []contact.Address `json:"cc,omitempty"`
		Way         string            `json:"way,omitempty" maxLength:"2000" doc:"How it shall go, one of the ways of the conversation"`
		Subject     string            `json:"subject,omitempty"`
		Text        string            `json:"text"`
		Attachments []string          `json:"attachments,omitempty" doc:"Ids of uploads"`
	}
}

func (a *api) registerWork() {
	op(a, agents, "GET /api/desk", "desk", "What I hold, by time left, and what is offered to me", func(ctx context.Context, who Who, _ *nothing) (view.Desk, error) {
		return a.svc.Desk(ctx, who)
	})
	op(a, agents, "POST /api/offers/{id}/accept", "accept-offer", "Accept an offer", func(ctx context.Context, who Who, in *idCommandIn) (view.Done, error) {
		return a.svc.Accept(ctx, who, in.Body.CommandID, in.ID)
	}, bodiless)
	op(a, agents, "POST /api/offers/{id}/decline", "decline-offer", "Decline an offer", func(ctx context.Context, who Who, in *declineIn) (view.Done, error) {
		return a.svc.Decline(ctx, who, in.Body.CommandID, in.ID, in.Body.Reason)
	}, bodiless)
	op(a, agents, "POST /api/next", "take-next", "Take what I should do next", func(ctx context.Context, who Who, in *commandIn) (view.Done, error) {
		return a.svc.TakeNext(ctx, who, in.Body.CommandID)
	}, bodiless)
	op(a, agents, "POST /api/contacts/{id}/take", "take", "Take a waiting contact", func(ctx context.Context, who Who, in *idCommandIn) (view.Done, error) {
		return a.svc.Take(ctx, who, in.Body.CommandID, in.ID)
	}, bodiless)
	op(a, agents, "POST /api/contacts/{id}/transfer", "transfer", "Give a contact that I hold to a colleague", a.assign)
	op(a, supervisors, "POST /api/contacts/{id}/assign", "assign", "Give a contact to an agent", a.assign)
	op(a, agents, "POST /api/contacts/{id}/pull", "pull-back", "Take a contact back to the waiting ones; agents do so with their own", func(ctx context.Context, who Who, in *reasonIn) (view.Done, error) {
		return a.svc.PullBack(ctx, who, in.Body.CommandID, in.ID, Handing{Reason: in.Body.Reason})
	}, bodiless)
	op(a, agents, "POST /api/contacts/{id}/move", "move", "Put a contact into another queue", func(ctx context.Context, who Who, in *moveIn) (view.Done, error) {
		return a.svc.Move(ctx, who, in.Body.CommandID, in.ID, in.Body.Queue, Handing{Reason: in.Body.Reason})
	})
	op(a, agents, "POST /api/contacts/{id}/dispose", "dispose", "End a contact without a reply, for a reason", func(ctx context.Context, who Who, in *disposeIn) (view.Done, error) {
		b := &in.Body
		return a.svc.Dispose(ctx, who, b.CommandID, append([]string{in.ID}, b.Contacts...), b.Disposition, b.Reason)
	})
	op(a, agents, "POST /api/contacts/{id}/reopen", "reopen", "Undo a disposal, with the original clock", func(ctx context.Context, who Who, in *idCommandIn) (view.Done, error) {
		return a.svc.Reopen(ctx, who, in.Body.CommandID, in.ID)
	}, bodiless)
	op(a, agents, "POST /api/conversations/{id}/done", "end-live", "Say that a chat which I have answered is over: its units of my capacity are free at once", func(ctx context.Context, who Who, in *idCommandIn) (view.Done, error) {
		return a.svc.EndLive(ctx, who, in.Body.CommandID, in.ID)
	}, bodiless)
	op(a, agents, "POST /api/contacts/{id}/reply", "reply", "Answer, ask, or answer and owe more", a.reply)
	op(a, agents, "POST /api/contacts/{id}/note", "note", "Leave a note for colleagues", a.note)
	op(a, agents, "POST /api/contacts/{id}/apology/drop", "drop-apology", "Throw the draft of an apology away: it isn't offered again for this contact", func(ctx context.Context, who Who, in *ByID) (ok, error) {
		return ok{true}, a.svc.DropApology(ctx, who, in.ID)
	})
	op(a, agents, "POST /api/conversations/{id}/resend-files", "resend-files", "The files of my answer that did not arrive, for the next one", func(ctx context.Context, who Who, in *ByID) (view.ResentFiles, error) {
		return a.svc.ResendFiles(ctx, who, in.ID)
	})
	op(a, agents, "PUT /api/contacts/{id}/draft", "save-draft", "Keep an unsent reply with its contact; an empty text removes it", a.draft)
}

func (a *api) assign(ctx context.Context, who Who, in *assignIn) (view.Done, error) {
	b := &in.Body
	if b.Override && !who.Supervisor() {
		return view.Done{}, forbidden("Only a supervisor gives somebody more than their capacity allows.")
	}
	return a.svc.Assign(ctx, who, b.CommandID, in.ID, b.Agent, Handing{Reason: b.Reason, Override: b.Override})
}

func (a *api) reply(ctx context.Context, who Who, in *replyIn) (view.Done, error) {
	b := &in.Body
	files, err := uploads(b.Attachments)
	if err != nil {
		return view.Done{}, err
	}
	return a.svc.Send(ctx, who, Sending{
		ID: b.ReplyID, Kind: b.Kind, Contact: in.ID, Covers: b.Covers, To: b.To, CC: b.CC, Subject: b.Subject,
		Text: b.Text, HTML: b.HTML, Attachments: files, Quote: b.Quote, Way: b.Way, Notice: b.Notice, Due: b.Due, Confirmed: b.Confirmed, Given: b.Given,
	})
}

func (a *api) note(ctx context.Context, who Who, in *noteIn) (view.Done, error) {
	files, err := uploads(in.Body.Attachments)
	if err != nil {
		return view.Done{}, err
	}
	conversation, err := a.svc.conversationOf(ctx, in.ID)
	if err != nil {
		return view.Done{}, err
	}
	return a.svc.Note(ctx, who, contact.Note{
		ID: in.Body.NoteID, Conversation: conversation, Contact: in.ID, Text: in.Body.Text, Attachments: files,
	})
}

func (a *api) draft(ctx context.Context, who Who, in *draftIn) (ok, error) {
	files, err := uploads(in.Body.Attachments)
	if err != nil {
		return ok{}, err
	}
	return ok{true}, a.svc.SaveDraft(ctx, who, contact.Draft{
		Contact: in.ID, Way: in.Body.Way, To: in.Body.To, CC: in.Body.CC, Subject: in.Body.Subject, Text: in.Body.Text, Attachments: files,
	})
}

// uploads reads the ids that uploading gave.
func uploads(ids []string) ([]contact.Attachment, error) {
	out := make([]contact.Attachment, 0, len(ids))
	for _, id := range ids {
		a, err := web.ParseAttachment(id)
		if err != nil {
			return nil, invalid("One of the files is not known: upload it again.")
		}
		a.Name = fileName(a.Name)
		out = append(out, a)
	}
	return out, nil
}
