package router

import (
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/router/match"
)

// Person is one person: customers between whom links hold. Its id is the smallest
// of theirs; a customer without a link is a person of their own.
type Person struct {
	ID      string   `json:"id"`
	Members []string `json:"members"`
}

// CustomersLinked records that two customers are one person from now on.
type CustomersLinked struct {
	Link     string             `json:"link"`
	A        string             `json:"a"`
	B        string             `json:"b"`
	Evidence customers.Evidence `json:"evidence"`
	// Message is what proves it, "" where nothing of the kind does.
	Message string `json:"message,omitempty"`
	// Remark is where the words lie that were written to it.
	Remark string `json:"remark,omitempty"`
	By     string `json:"by"`
	// Person is whom both are part of now.
	Person Person `json:"person"`
}

// CustomersUnlinked records that a link doesn't hold any more. Parts are the
// persons that are left of the one that it held together.
type CustomersUnlinked struct {
	Link   string   `json:"link"`
	A      string   `json:"a"`
	B      string   `json:"b"`
	Remark string   `json:"remark,omitempty"`
	By     string   `json:"by"`
	Parts  []Person `json:"parts"`
}

// LinkProposed records that two customers may be one person, which somebody is to
// say. Conflict is a code for what speaks against it, "" for nothing.
type LinkProposed struct {
	Link     string             `json:"link"`
	A        string             `json:"a"`
	B        string             `json:"b"`
	Evidence customers.Evidence `json:"evidence"`
	Conflict string             `json:"conflict,omitempty"`
	Message  string             `json:"message,omitempty"`
}

// LinkDeclined records that somebody has said that two customers are not one
// person: it is not proposed again.
type LinkDeclined struct {
	Link   string `json:"link"`
	A      string `json:"a"`
	B      string `json:"b"`
	Remark string `json:"remark,omitempty"`
	By     string `json:"by"`
}

// ConversationJoined records that what was said in a conversation waits for its
// answer in a contact of another, of the same person.
type ConversationJoined struct {
	Conversation string `json:"conversation"`
	// With is the conversation of Contact.
	With    string `json:"with"`
	Contact string `json:"contact"`
	// Cause is a code: "same_matter" for a message that came, "linked" for what was
	// open as its customer was linked, "agent" where a person has said so.
	Cause string `json:"cause"`
}

// ConversationParted records that a conversation stands for itself again. Messages
// are those that leave the contact with it.
type ConversationParted struct {
	Conversation string   `json:"conversation"`
	With         string   `json:"with"`
	Contact      string   `json:"contact"`
	Messages     []string `json:"messages"`
}

// CustomerChanged records what is known now of the customer of an open contact.
type CustomerChanged struct {
	Contact string          `json:"contact"`
	Known   customers.Facts `json:"known"`
	// ReplyChannel is where the answer goes now; Class is what the contact is taken
	// for now, nil where that is as it was, with the promise that follows.
	ReplyChannel contact.Channel `json:"reply_channel,omitempty"`
	Class        *Reclassified   `json:"class,omitempty"`
	Due          time.Time       `json:"due,omitzero"`
	AtRiskAt     time.Time       `json:"at_risk_at,omitzero"`
	Traits       match.Traits    `json:"traits,omitzero"`
	Entry        string          `json:"entry,omitempty"`
	StepAt       time.Time       `json:"step_at,omitzero"`
	Policy       string          `json:"policy,omitempty"`
}

func (CustomersLinked) event()    {}
func (CustomersUnlinked) event()  {}
func (LinkProposed) event()       {}
func (LinkDeclined) event()       {}
func (ConversationJoined) event() {}
func (ConversationParted) event() {}
func (CustomerChanged) event()    {}
