package view

import (
	"time"

	"stagecoach/contact"
)

// CustomerIdentity is an address of a customer's, with where it is known from.
type CustomerIdentity struct {
	Channel contact.Channel `json:"channel"`
	Address string          `json:"address"`
	Name    string          `json:"name,omitempty"`
	// Source says in words where it is from, since At. Proven is true where a message
	// came from it for which somebody vouches, or a code sent there was entered.
	Source string    `json:"source"`
	At     time.Time `json:"at"`
	Proven bool      `json:"proven"`
	// Customer is the one of the person's customers who has it.
	Customer string `json:"customer"`
	// Shared counts other people who have it too: it tells nobody apart.
	Shared int `json:"shared"`
}

// CustomerName names a customer in a line.
type CustomerName struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Known is the address or number by which they are known best.
	Known string `json:"known"`
}

// CustomerLink says that two customers are, were, or may be one person.
type CustomerLink struct {
	ID string       `json:"id"`
	A  CustomerName `json:"a"`
	B  CustomerName `json:"b"`
	// State is holds, undone, proposed or declined.
	State string `json:"state"`
	// Evidence is a code for why, and Why says it in words; Against says what speaks
	// against it, "" for nothing.
	Evidence string `json:"evidence"`
	Why      string `json:"why"`
	Against  string `json:"against,omitempty"`
	// By is who made or proposed it, in words.
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Remark string    `json:"remark,omitempty"`
	// EndedBy has undone or declined it.
	EndedBy     string    `json:"ended_by,omitempty"`
	EndedAt     time.Time `json:"ended_at,omitzero"`
	EndedRemark string    `json:"ended_remark,omitempty"`
}

// CustomerFact is a line about a customer, with its source.
type CustomerFact struct {
	Name   string    `json:"name"`
	Value  string    `json:"value"`
	Source string    `json:"source"`
	At     time.Time `json:"at,omitzero"`
}

// CustomerPerson is one person, whatever the channel: all customers between whom
// links hold.
type CustomerPerson struct {
	// ID is the smallest of the members' ids.
	ID         string             `json:"id"`
	Name       string             `json:"name"`
	Members    []string           `json:"members"`
	External   []string           `json:"external_ids"`
	Identities []CustomerIdentity `json:"identities"`
	Facts      []CustomerFact     `json:"facts"`
	Links      []CustomerLink     `json:"links"`
	Proposals  []CustomerLink     `json:"proposals"`
	Past       []CustomerLink     `json:"past"`
	// Conversations are theirs, newest first.
	Conversations []Card `json:"conversations"`
}

// CustomerList is what is found of customers, and the links that wait for a word.
type CustomerList struct {
	Query     string           `json:"query"`
	Found     []CustomerPerson `json:"found"`
	Proposals []CustomerLink   `json:"proposals"`
}
