package view

import (
	"time"

	"stagecoach/ledger"
)

// Voices is what customers say of us.
type Voices struct {
	Report     *ledger.Satisfaction `json:"report"`
	Since      string               `json:"since"`
	Until      string               `json:"until"`
	Fans       []Fan                `json:"fans"`
	Ideas      []Idea               `json:"ideas"`
	Praise     []Voice              `json:"praise"`
	Complaints []Voice              `json:"complaints"`
}

// Voice is what one customer said, with the words.
type Voice struct {
	ID           string    `json:"id"`
	Conversation string    `json:"conversation"`
	Contact      string    `json:"contact"`
	Customer     string    `json:"customer"`
	Name         string    `json:"name"`
	Agent        string    `json:"agent"`
	AgentName    string    `json:"agent_name"`
	Rating       string    `json:"rating"`
	Text         string    `json:"text"`
	Missing      string    `json:"missing,omitempty"`
	Follow       string    `json:"follow"`
	At           time.Time `json:"at"`
	// ByLink is true where nobody has proved who they are: the vote was by the link alone.
	ByLink bool `json:"by_link,omitempty"`
}

// Fan is a customer who praises us or sends ideas.
type Fan struct {
	Customer     string    `json:"customer"`
	Name         string    `json:"name"`
	Praise       int       `json:"praise"`
	Ideas        int       `json:"ideas"`
	Last         time.Time `json:"last"`
	Conversation string    `json:"conversation"`
}

// Idea is what a customer would have us do, and what became of it.
type Idea struct {
	Voice
	State     string    `json:"state"`
	DecidedBy string    `json:"decided_by"`
	DecidedAt time.Time `json:"decided_at,omitzero"`
	Remark    string    `json:"remark"`
	// Told is true where its author was told.
	Told bool `json:"told"`
}

// PraiseOf is what customers have said of one agent's answers.
type PraiseOf struct {
	Praise []Voice `json:"praise"`
}
