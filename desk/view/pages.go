package view

import (
	"time"

	"stagecoach/contact"
	"stagecoach/router"
)

// Customer is the person at the other end of a conversation, as the side panel
// shows them.
type Customer struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Identities are the addresses known to be theirs, on all channels.
	Identities []contact.Identity `json:"identities"`
	Language   string             `json:"language"`
	Tier       string             `json:"tier"`
	// Worth says what they are worth, why, and what that does, line by line.
	Worth []string `json:"worth"`
	// Since is when they first wrote, zero when unknown.
	Since time.Time `json:"since"`
	// Conversations counts all of theirs, this one included.
	Conversations int `json:"conversations"`
	// Addresses are theirs with where they are known from, Links what makes one person
	// of them, Proposals what may.
	Addresses []CustomerIdentity `json:"addresses"`
	Links     []CustomerLink     `json:"links"`
	Proposals []CustomerLink     `json:"proposals"`
}

// LedgerFilter is what a list of the ledger was asked for; empty means all.
type LedgerFilter struct {
	Query   string `json:"query"`
	State   string `json:"state"`
	Queue   string `json:"queue"`
	Agent   string `json:"agent"`
	Channel string `json:"channel"`
	// Since and Until are days, 2006-01-02, "" for no limit.
	Since string `json:"since"`
	Until string `json:"until"`
	// Breached keeps only those whose promise was missed.
	Breached bool `json:"breached"`
}

// Ledger is a page of the ledger with the proof that it adds up.
type Ledger struct {
	Rows   []LedgerRow  `json:"rows"`
	Filter LedgerFilter `json:"filter"`
	// Next is the cursor of the next page, "" at the end.
	Next   string   `json:"next"`
	Totals Totals   `json:"totals"`
	Queues []string `json:"queues"`
	People []Person `json:"people"`
}

// Totals are the two sums that must be equal: items seen at the sources, and
// contacts opened.
type Totals struct {
	Seen        int `json:"seen"`
	Messages    int `json:"messages"`
	Evidence    int `json:"evidence"`
	Quarantined int `json:"quarantined"`
	// Pending were taken from a source and are not understood yet.
	Pending  int                         `json:"pending"`
	Contacts int                         `json:"contacts"`
	Replied  int                         `json:"replied"`
	Open     int                         `json:"open"`
	Merged   int                         `json:"merged"`
	Disposed map[contact.Disposition]int `json:"disposed"`
	AddsUp   bool                        `json:"adds_up"`
	// Gaps say in words where it does not.
	Gaps []string `json:"gaps"`
	// Commit is the commit up to which this was counted.
	Commit uint64 `json:"commit"`
}

// Why is the whole story of one contact: every decision with its reasons.
type Why struct {
	Card    Card      `json:"card"`
	End     string    `json:"end"`
	EndedAt time.Time `json:"ended_at"`
	Steps   []WhyStep `json:"steps"`
	// Text is the whole story in plain words.
	Text string `json:"text"`
	// Lang is the language that it is told in: "en" or "de".
	Lang string `json:"lang"`
	// Answer is why it is where it is, in sentences; Short is the gist of it.
	Answer []string `json:"answer"`
	Short  []string `json:"short"`
	// Standing is the same as codes and numbers, live, as long as the contact is
	// open.
	Standing *router.Standing `json:"standing,omitempty"`
	// Past are past decisions with every agent there was, as far as they were
	// asked for.
	Past []*router.Past `json:"past,omitempty"`
}

// Idle is why an agent gets nothing more than they have.
type Idle struct {
	Agent Person `json:"agent"`
	// Lang is the language that Text and Answer are told in.
	Lang   string   `json:"lang"`
	Text   string   `json:"text"`
	Answer []string `json:"answer"`
	// Facts are the same as codes and numbers.
	Facts *router.Idle `json:"facts"`
}

// WhyStep is one decision.
type WhyStep struct {
	// Commit is the place in the log where it stands.
	Commit uint64    `json:"commit"`
	At     time.Time `json:"at"`
	// Title says in plain words what happened, Text why.
	Title  string `json:"title"`
	Text   string `json:"text"`
	Actor  string `json:"actor"`
	Policy string `json:"policy"`
	// Candidates are the agents who were compared, best first.
	Candidates []Candidate `json:"candidates"`
}

// Candidate is an agent in a comparison.
type Candidate struct {
	Agent string `json:"agent"`
	Name  string `json:"name"`
	Won   bool   `json:"won"`
	// Gate says why this agent could not be asked, "" if they could.
	Gate  string `json:"gate"`
	Terms []Term `json:"terms"`
	Total string `json:"total"`
}

// Term is one line of a score, written out.
type Term struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Search is a page of finds.
type Search struct {
	Query string `json:"query"`
	Hits  []Hit  `json:"hits"`
	// Next is the cursor of the next page, "" at the end.
	Next string `json:"next"`
}

// Agents is the page on which a supervisor keeps the accounts.
type Agents struct {
	People []Person `json:"people"`
	// SetupLink is a one-time link just made for a new account, "" if none.
	SetupLink string `json:"setup_link"`
}

// Saved is the page of saved answers and of one's own signature.
type Saved struct {
	Answers   []SavedAnswer `json:"answers"`
	Signature string        `json:"signature"`
}

// Account is a mailbox or other account from which something can be sent.
type Account struct {
	ID      string          `json:"id"`
	Channel contact.Channel `json:"channel"`
	Address string          `json:"address"`
	Limits  contact.Limits  `json:"limits"`
}

// New is a message of ours that begins a conversation.
type New struct {
	Accounts     []Account      `json:"accounts"`
	SavedAnswers []SavedAnswer  `json:"saved_answers"`
	Signature    string         `json:"signature"`
	Draft        *contact.Draft `json:"draft"`
}

// Quarantined is an item that could not be read, kept whole.
type Quarantined struct {
	ID      string          `json:"id"`
	Channel contact.Channel `json:"channel"`
	Account string          `json:"account"`
	At      time.Time       `json:"at"`
	Size    int64           `json:"size"`
	// Reason says in words why it could not be read.
	Reason string `json:"reason"`
	// URL is where the original can be had.
	URL string `json:"url"`
	// Head is the beginning of the original as text, "" where it isn't text.
	Head string `json:"head,omitempty"`
}
