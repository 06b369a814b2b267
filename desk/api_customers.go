package desk

import (
	"context"

	"stagecoach/desk/view"
)

type findCustomersIn struct {
	Query string `query:"q" maxLength:"320" doc:"An id or its beginning, the company's own id, an address or number, or words of a name; without it the links that wait for a word"`
}

type linkIn struct {
	Body struct {
		Once
		A      string `json:"a" minLength:"1" maxLength:"320" doc:"A customer: an id or its beginning, the company's own id, or an address"`
		B      string `json:"b" minLength:"1" maxLength:"320" doc:"Another customer, who is the same person"`
		Reason string `json:"reason,omitempty" maxLength:"4096" doc:"How you know"`
	}
}

type onLinkIn struct {
	ByID
	Body struct {
		Once
		Reason string `json:"reason,omitempty" maxLength:"4096" doc:"How you know"`
	}
}

type onPersonIn struct {
	ByCustomer
	Body struct{ Once }
}

func (a *api) registerCustomers() {
	op(a, agents, "GET /api/customers", "find-customers", "Find customers, or the links that wait for a word", func(ctx context.Context, _ Who, in *findCustomersIn) (*view.CustomerList, error) {
		return a.svc.FindCustomers(ctx, in.Query)
	})
	op(a, agents, "GET /api/customers/{id}", "customer", "One person, whatever the channel, with the proof of each link", func(ctx context.Context, _ Who, in *ByCustomer) (*view.CustomerPerson, error) {
		return a.svc.CustomerPerson(ctx, in.name())
	})
	op(a, agents, "POST /api/customers/{id}/end-links", "end-persons-links", "Make all links to a person's page invalid that were sent", func(ctx context.Context, who Who, in *onPersonIn) (view.Done, error) {
		return a.svc.EndPersonsLinks(ctx, who, in.Body.CommandID, in.name())
	})
	op(a, agents, "POST /api/customer-links", "link-customers", "Say that two customers are one person", func(ctx context.Context, who Who, in *linkIn) (view.Done, error) {
		return a.svc.LinkCustomers(ctx, who, in.Body.CommandID, in.Body.A, in.Body.B, in.Body.Reason)
	})
	op(a, agents, "POST /api/customer-links/{id}/undo", "unlink-customers", "Take a link back: all is as it was before", func(ctx context.Context, who Who, in *onLinkIn) (view.Done, error) {
		return a.svc.UnlinkCustomers(ctx, who, in.Body.CommandID, in.ID, in.Body.Reason)
	})
	op(a, agents, "POST /api/customer-links/{id}/decline", "decline-link", "Say that two of whom it is proposed are not one person", func(ctx context.Context, who Who, in *onLinkIn) (view.Done, error) {
		return a.svc.DeclineLink(ctx, who, in.Body.CommandID, in.ID, in.Body.Reason)
	})
}
