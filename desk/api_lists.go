package desk

import (
	"context"
	"time"

	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/router"
)

type outboundIn struct {
	Body struct {
		ReplyID     string            `json:"reply_id,omitempty" doc:"A UUID made by the client: the same again is the same message"`
		Account     string            `json:"account,omitempty" doc:"channel/account; may be left out when there is one"`
		To          []contact.Address `json:"to" minItems:"1"`
		CC          []contact.Address `json:"cc,omitempty"`
		Subject     string            `json:"subject,omitempty"`
		Text        string            `json:"text"`
		HTML        string            `json:"html,omitempty"`
		Attachments []string          `json:"attachments,omitempty" doc:"Ids of uploads"`
		Purpose     string            `json:"purpose,omitempty" enum:"service,marketing,feedback,outreach" doc:"What for: service, if left out"`
		Urgent      string            `json:"urgent,omitempty" maxLength:"4096" doc:"Why it can't wait for the end of the customer's quiet hours, or for another week, in words"`
	}
}

type forwardIn struct {
	Body struct {
		ReplyID      string            `json:"reply_id,omitempty" doc:"A UUID made by the client: the same again is the same message"`
		Conversation string            `json:"conversation,omitempty" doc:"What is forwarded; or a contact of it"`
		Contact      string            `json:"contact,omitempty"`
		To           []contact.Address `json:"to" minItems:"1"`
		CC           []contact.Address `json:"cc,omitempty"`
		Text         string            `json:"text,omitempty"`
		Originals    bool              `json:"originals,omitempty" doc:"Send the files of the last message along"`
	}
}

type enterIn struct {
	Body struct {
		CommandID   string          `json:"command_id,omitempty" doc:"A UUID made by the client: the same again is the same"`
		Channel     contact.Channel `json:"channel" enum:"phone,letter,visit"`
		Name        string          `json:"name,omitempty"`
		Address     string          `json:"address,omitempty" doc:"A telephone number, or an address"`
		Subject     string          `json:"subject,omitempty"`
		Text        string          `json:"text"`
		ReceivedAt  time.Time       `json:"received_at,omitzero" doc:"When the customer called, wrote or came; now, if left out"`
		Attachments []string        `json:"attachments,omitempty" doc:"Ids of uploads, such as a scan"`
		Answer      string          `json:"answer,omitempty" doc:"What the customer was told already"`
	}
}

type resolveIn struct {
	ByID
	Body struct {
		Once
		Outcome string `json:"outcome" enum:"delivered,not_delivered,again"`
	}
}

type confirmIn struct {
	ByID
	Body struct {
		Contact string `json:"contact" maxLength:"100"`
		Answer  *bool  `json:"answer,omitempty" doc:"false: it is not the answer; true, if left out"`
	}
}

type bulkIn struct {
	Body struct {
		Once
		Contacts []string `json:"contacts" minItems:"1" maxItems:"500"`
		Remark   string   `json:"remark,omitempty" maxLength:"4096" doc:"What colleagues should know of why."`
	}
}

type contactsIn struct {
	Queue   string `query:"queue"`
	Agent   string `query:"agent"`
	State   string `query:"state" enum:"waiting,offered,assigned,sending,"`
	Channel string `query:"channel"`
	Limit   int    `query:"limit" minimum:"0" maximum:"1000"`
}

type overviewIn struct {
	Queue string `query:"queue"`
}

// contactsOut is a list of open contacts, the first due first.
type contactsOut struct {
	Contacts []view.Card `json:"contacts"`
}

func (a *api) registerConversations() {
	op(a, agents, "GET /api/conversations/{id}", "conversation", "All there is to see of a conversation", func(ctx context.Context, who Who, in *ByID) (view.Conversation, error) {
		return a.svc.Conversation(ctx, who, in.ID)
	})
	op(a, agents, "GET /api/contacts/{id}", "contact", "The conversation of a contact", func(ctx context.Context, who Who, in *ByID) (view.Conversation, error) {
		id, err := a.svc.conversationOf(ctx, in.ID)
		if err != nil {
			return view.Conversation{}, err
		}
		return a.svc.Conversation(ctx, who, id)
	})
	op(a, agents, "GET /api/accounts", "accounts", "From where something can be sent", func(context.Context, Who, *nothing) ([]view.Account, error) {
		return a.svc.Accounts(), nil
	})
	op(a, agents, "POST /api/outbound", "outbound", "Begin a conversation", a.outbound)
	op(a, agents, "POST /api/forward", "forward", "Send what was said to somebody else", func(ctx context.Context, who Who, in *forwardIn) (view.Done, error) {
		b := &in.Body
		return a.svc.Forward(ctx, who, Sending{ID: b.ReplyID, Conversation: b.Conversation, Contact: b.Contact, To: b.To, CC: b.CC, Text: b.Text}, b.Originals)
	})
	op(a, agents, "POST /api/enter", "enter", "Enter a telephone call, a letter or a visit", a.enter)
	op(a, agents, "POST /api/replies/{id}/resolve", "resolve-reply", "Settle a reply in doubt", func(ctx context.Context, who Who, in *resolveIn) (view.Done, error) {
		return a.svc.Resolve(ctx, who, in.Body.CommandID, in.ID, in.Body.Outcome)
	})
	op(a, agents, "POST /api/replies/{id}/confirm", "confirm-reply", "Take what was written outside the desk for the answer; id is that of the proposed item", func(ctx context.Context, who Who, in *confirmIn) (view.Done, error) {
		return a.svc.ConfirmElsewhere(ctx, who, in.Body.Contact, in.ID, in.Body.Answer == nil || *in.Body.Answer)
	})
}

func (a *api) outbound(ctx context.Context, who Who, in *outboundIn) (view.Done, error) {
	b := &in.Body
	files, err := uploads(b.Attachments)
	if err != nil {
		return view.Done{}, err
	}
	return a.svc.StartOutbound(ctx, who, Outbound{Account: b.Account, Sending: Sending{
		ID: b.ReplyID, To: b.To, CC: b.CC, Subject: b.Subject, Text: b.Text, HTML: b.HTML, Attachments: files,
	}, Purpose: b.Purpose, Urgent: b.Urgent})
}

func (a *api) enter(ctx context.Context, who Who, in *enterIn) (view.Done, error) {
	b := &in.Body
	files, err := uploads(b.Attachments)
	if err != nil {
		return view.Done{}, err
	}
	return a.svc.Enter(ctx, who, Entered{
		ID: b.CommandID, Channel: b.Channel, Name: b.Name, Address: b.Address, Subject: b.Subject, Text: b.Text,
		ReceivedAt: b.ReceivedAt, Attachments: files, Answer: b.Answer,
	})
}

func (a *api) registerLists() {
	op(a, agents, "GET /api/contacts", "contacts", "Open contacts, the first due first", func(ctx context.Context, _ Who, in *contactsIn) (contactsOut, error) {
		list, err := a.svc.Open(ctx, Filter{
			Queue: in.Queue, Agent: in.Agent, State: router.ContactState(in.State), Channel: contact.Channel(in.Channel), Limit: in.Limit,
		})
		return contactsOut{list}, err
	})
	op(a, agents, "GET /api/review", "review", "What rules take for spam or machine", func(ctx context.Context, who Who, _ *nothing) (view.Review, error) {
		return a.svc.Review(ctx, who)
	})
	op(a, agents, "POST /api/review/confirm", "confirm-review", "End contacts as they are proposed", func(ctx context.Context, who Who, in *bulkIn) (view.Done, error) {
		return a.svc.ConfirmReview(ctx, who, in.Body.CommandID, in.Body.Contacts, in.Body.Remark)
	})
	op(a, agents, "POST /api/review/keep", "keep-review", "Not spam: send contacts to the queues", func(ctx context.Context, who Who, in *bulkIn) (view.Done, error) {
		return a.svc.KeepReview(ctx, who, in.Body.CommandID, in.Body.Contacts, in.Body.Remark)
	})
	op(a, supervisors, "GET /api/overview", "overview", "Who is on, what waits, how the channels are doing", func(ctx context.Context, who Who, in *overviewIn) (view.Overview, error) {
		return a.svc.Overview(ctx, who, in.Queue)
	})
}
