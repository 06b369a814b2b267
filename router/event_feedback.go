package router

import "stagecoach/contact"

// FeedbackGiven records what a customer says of an answer of ours, or an idea of
// theirs. The words lie with the item that brought it. For one contact the last one
// counts.
type FeedbackGiven struct {
	// Feedback is the id of the message or evidence that it came as.
	Feedback     string `json:"feedback"`
	Conversation string `json:"conversation"`
	Customer     string `json:"customer"`
	// Contact and Reply are what is rated, Agent is who answered; "" where nobody did.
	Contact string               `json:"contact,omitempty"`
	Reply   string               `json:"reply,omitempty"`
	Agent   string               `json:"agent,omitempty"`
	Rating  contact.Rating       `json:"rating,omitempty"`
	Kind    contact.FeedbackKind `json:"kind,omitempty"`
	// Ref is where its words are, "" where there are none.
	Ref string `json:"ref,omitempty"`
	// Follow is the contact that sees to it, "" for none.
	Follow string `json:"follow,omitempty"`
	// ByLink is true where it was said with the link alone, which may have been passed on.
	ByLink bool `json:"by_link,omitempty"`
}

// IdeaDecided records what becomes of a customer's idea. The words are at Ref, what
// they were told is Reply.
type IdeaDecided struct {
	// Idea is the id of the feedback, or of the contact, that it came as.
	Idea         string    `json:"idea"`
	Conversation string    `json:"conversation"`
	State        IdeaState `json:"state"`
	Ref          string    `json:"ref,omitempty"`
	Reply        string    `json:"reply,omitempty"`
	By           string    `json:"by"`
}

// IdeaState says what becomes of an idea.
type IdeaState string

// The states of an idea.
const (
	IdeaOpen     IdeaState = "open"
	IdeaPlanned  IdeaState = "planned"
	IdeaDone     IdeaState = "done"
	IdeaDeclined IdeaState = "declined"
)

// PageLinksEnded records that the links to the customer's page which have been sent
// for a conversation hold no longer. Epoch is what new ones carry.
type PageLinksEnded struct {
	Conversation string `json:"conversation"`
	Epoch        int    `json:"epoch"`
	By           string `json:"by"`
}

func (FeedbackGiven) event()  {}
func (IdeaDecided) event()    {}
func (PageLinksEnded) event() {}

// DecideIdea says what becomes of an idea.
type DecideIdea struct {
	Idea, Conversation string
	State              IdeaState
	Ref, Reply         string
}

// EndPageLinks makes the links that have been sent for a conversation invalid. Facts
// is the conversation from the ledger, for one that has left memory.
type EndPageLinks struct {
	Conversation string
	Facts        *Conversation
}

func (DecideIdea) command()   {}
func (EndPageLinks) command() {}

// ActorCustomer is a customer on their own page.
const ActorCustomer = "customer"
