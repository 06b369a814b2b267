// Package view holds what the desk shows: the same values are the API's answers
// (as JSON) and the input of the pages. It has no behaviour.
package view

import (
	"time"

	"stagecoach/contact"
)

// Person is an agent as colleagues see them.
type Person struct {
	ID        string           `json:"id"`
	Name      string           `json:"name"`
	Email     string           `json:"email"`
	Role      contact.Role     `json:"role"`
	Presence  contact.Presence `json:"presence"`
	Skills    []Skill          `json:"skills"`
	Languages []string         `json:"languages"`
	// Load and Capacity are in units.
	Load     int `json:"load"`
	Capacity int `json:"capacity"`
	// Holding and Offered count contacts.
	Holding int `json:"holding"`
	Offered int `json:"offered"`
	// Most is how many contacts of a channel they hold at a time, DailyCap how many
	// they take in a day, Shifts when they work: what was said of this agent.
	Most     []ChannelMost `json:"most,omitempty"`
	DailyCap int           `json:"daily_cap,omitempty"`
	Shifts   []string      `json:"shifts,omitempty"`
	// Shift is on, draining or off for who has shifts, ShiftEnds when it ends.
	Shift     string    `json:"shift,omitempty"`
	ShiftEnds time.Time `json:"shift_ends,omitzero"`
}

// ChannelMost is how many contacts of a channel an agent holds at a time.
type ChannelMost struct {
	Channel contact.Channel `json:"channel"`
	Most    int             `json:"most"`
}

// Skill is a skill with its level, 1 to 5.
type Skill struct {
	Name  string `json:"name"`
	Level int    `json:"level"`
}

// Card is a contact in a list.
type Card struct {
	Contact      string          `json:"contact"`
	Conversation string          `json:"conversation"`
	Channel      contact.Channel `json:"channel"`
	Account      string          `json:"account"`
	Customer     string          `json:"customer"`
	CustomerName string          `json:"customer_name"`
	Subject      string          `json:"subject"`
	Snippet      string          `json:"snippet"`
	Language     string          `json:"language"`
	Queue        string          `json:"queue"`
	// State is waiting, offered, assigned, sending or ended.
	State string `json:"state"`
	// Promise is first, next, pledge, review or failed_outbound.
	Promise string    `json:"promise"`
	Start   time.Time `json:"start"`
	Due     time.Time `json:"due"`
	// Entry is the entry of the policy that it is promised by, Policy the version of
	// the set; "" where a person has promised. Steps are those of the ladder that it
	// has taken, the last one last.
	Entry  string   `json:"entry"`
	Policy string   `json:"policy"`
	Steps  []string `json:"steps"`
	// UsedShare is the share of the promise used: 1 is due, more is late.
	UsedShare float64 `json:"used_share"`
	AtRisk    bool    `json:"at_risk"`
	Breached  bool    `json:"breached"`
	// Foreseen is true when it will probably be late, and isn't yet.
	Foreseen  bool   `json:"foreseen"`
	Agent     string `json:"agent"`
	AgentName string `json:"agent_name"`
	Messages  int    `json:"messages"`
	HasDraft  bool   `json:"has_draft"`
	// Proposed is spam or machine when a rule took it for that; Rule says why.
	Proposed contact.Disposition `json:"proposed"`
	Rule     string              `json:"rule"`
	// Trouble says in words what went wrong with the last reply, "" if nothing.
	Trouble string `json:"trouble"`
	// Elsewhere is true when somebody seems to have replied outside the desk.
	Elsewhere bool `json:"elsewhere"`
}

// Offer is a timed proposal to the agent who looks.
type Offer struct {
	ID      string    `json:"id"`
	Card    Card      `json:"card"`
	Expires time.Time `json:"expires"`
	// Seconds is how long the offer stood at first.
	Seconds int `json:"seconds"`
	// Why says in plain words why this agent.
	Why []string `json:"why"`
}

// ItemKind says what a line of a conversation is.
type ItemKind string

// The kinds of items of a timeline.
const (
	ItemMessage  ItemKind = "message"
	ItemReply    ItemKind = "reply"
	ItemNote     ItemKind = "note"
	ItemEvidence ItemKind = "evidence"
	ItemEvent    ItemKind = "event"
	// ItemProposed is a reply found outside the desk, to be confirmed.
	ItemProposed ItemKind = "proposed"
)

// Item is one line of a conversation's timeline.
type Item struct {
	Kind ItemKind `json:"kind"`
	// ID names the item in addresses: for a message the reference of its words.
	ID string `json:"id"`
	// Message is a message's id, as covers has it, "" for what is none.
	Message string `json:"message"`
	// ReplyKind says what the author of a reply promised with it.
	ReplyKind contact.ReplyKind `json:"reply_kind"`
	At        time.Time         `json:"at"`
	// Author is the name to show; Mine is true when the one who looks wrote it.
	Author  string            `json:"author"`
	Address string            `json:"address"`
	Mine    bool              `json:"mine"`
	To      []contact.Address `json:"to"`
	CC      []contact.Address `json:"cc"`
	Subject string            `json:"subject"`
	Channel contact.Channel   `json:"channel"`
	Text    string            `json:"text"`
	// ReplyText is Text without quotes and signature; equal when nothing was cut.
	ReplyText string `json:"reply_text"`
	// Forwarded is who wrote the mail that was forwarded with this message, where
	// an answer can go to them instead; nil if nobody else did.
	Forwarded *contact.Forwarded `json:"forwarded,omitempty"`
	// Auto is the kind of machine that wrote a message, "" for a person.
	Auto contact.AutoKind `json:"auto,omitempty"`
	// HasHTML is true when a sanitised HTML form can be opened in a frame.
	HasHTML bool `json:"has_html"`
	// PicturesElsewhere is true when that form has pictures that are loaded from
	// elsewhere, once somebody asks for them.
	PicturesElsewhere bool         `json:"pictures_elsewhere,omitempty"`
	Attachments       []Attachment `json:"attachments"`
	// Read is when the customer had a reply of ours on screen, where the channel
	// tells; Mailed is the address to which it went as well since they had gone, at
	// MailedAt, and MailTrouble says in words what is wrong with that.
	Read        time.Time `json:"read,omitzero"`
	Mailed      string    `json:"mailed,omitempty"`
	MailedAt    time.Time `json:"mailed_at,omitzero"`
	MailTrouble string    `json:"mail_trouble,omitempty"`
	// HeldUntil is until when a message that nobody has asked for waits, zero where it
	// doesn't.
	HeldUntil time.Time `json:"held_until,omitzero"`
	// State of a reply: queued, attempted, delivered, in_doubt, failed.
	State string `json:"state"`
	// Detail says in plain words what an event was, or what went wrong.
	Detail   string   `json:"detail"`
	Warnings []string `json:"warnings"`
	// Missing is "erased", "expired" or "unreadable" when the words are gone.
	Missing string `json:"missing"`
	// Conversation is where it belongs, set where items stand alone in a list.
	Conversation string `json:"conversation,omitempty"`
}

// Attachment is a file with the address from which it can be had.
type Attachment struct {
	Name        string `json:"name"`
	ContentType string `json:"content_type"`
	Size        int64  `json:"size"`
	URL         string `json:"url"`
	// Inline is true for a picture that the HTML form shows in its place.
	Inline bool `json:"inline,omitempty"`
}

// Presence is how it stands at the customer's end of a conversation now.
type Presence struct {
	// Known is false where the channel can't tell.
	Known bool `json:"known"`
	// Here reports that the chat is open before the customer; Gone is since when it
	// isn't, left out if unknown.
	Here   bool      `json:"here"`
	Gone   time.Time `json:"gone,omitzero"`
	Typing bool      `json:"typing"`
	// Address is where an answer goes as well while they are gone, "" if nowhere;
	// AddressProven tells that somebody vouches for it.
	Address       string `json:"address,omitempty"`
	AddressProven bool   `json:"address_proven,omitempty"`
	// Again is in how many seconds this is worth asking anew, 0 for not.
	Again int `json:"again,omitempty"`
}

// Conversation is all there is to see of one conversation.
type Conversation struct {
	// Restricted says, in words, that its customer asked to be erased and what is kept of
	// them, why and until when; "" if not.
	Restricted string `json:"restricted,omitempty"`
	ID         string `json:"id"`
	State      string `json:"state"`
	// Card is the open contact, or the last one when none is open.
	Card  Card   `json:"card"`
	Items []Item `json:"items"`
	// History are the customer's other conversations, newest first.
	History []Card `json:"history"`
	// Holder is true when the one who looks holds the open contact.
	Holder bool `json:"holder"`
	// WritesOn is true when the one who looks answered last in a chat, and may add
	// a line.
	WritesOn bool `json:"writes_on,omitempty"`
	// Engaged is the agent with whom a live conversation goes on after its answer.
	Engaged *Engaged `json:"engaged,omitempty"`
	// Presence is how it stands at the customer's end; ShowsTyping reports that the
	// customer can be shown when the one who looks is writing.
	Presence    Presence `json:"presence"`
	ShowsTyping bool     `json:"shows_typing,omitempty"`
	// Covers is the last message on screen: a reply answers up to it.
	Covers string `json:"covers"`
	// ReplyTo, CC and Subject are what the composer starts with; All is the
	// further people of a reply to all.
	ReplyTo []contact.Address `json:"reply_to"`
	CC      []contact.Address `json:"cc"`
	All     []contact.Address `json:"all"`
	Subject string            `json:"subject"`
	Draft   *contact.Draft    `json:"draft"`
	Limits  contact.Limits    `json:"limits"`
	// Ways are how the customer can be answered, ReplyBy the id of the one that the
	// composer starts with. Asked is the channel of the message that is answered, and
	// AskedPublic tells that anybody can read it.
	Ways        []Way           `json:"ways"`
	ReplyBy     string          `json:"reply_by"`
	Asked       contact.Channel `json:"asked"`
	AskedPublic bool            `json:"asked_public,omitempty"`
	// Apology is the draft of an apology that the one who looks may begin with, as the
	// promise was missed; "" for none. It is never sent by itself.
	Apology string `json:"apology,omitempty"`
	// Resend is what our last answer said, with a line that tells the customer that it did
	// not arrive where it went; "" where that is not so. ResendFiles are the files it had.
	Resend      string `json:"resend,omitempty"`
	ResendFiles int    `json:"resend_files,omitempty"`
	// Quoted is the last message as quoted text for the composer.
	Quoted string `json:"quoted"`
	// Colleagues can be transferred to.
	Colleagues []Person `json:"colleagues"`
	// SavedAnswers can be put into the composer.
	SavedAnswers []SavedAnswer `json:"saved_answers"`
	Signature    string        `json:"signature"`
	// ResolveBy is the promise for the resolution, zero when there is none.
	ResolveBy time.Time `json:"resolve_by"`
	// Paused is true while that time stands still, as we wait for the customer.
	Paused bool `json:"paused"`
	// Stranger says in words that the sender quoted somebody else's conversation,
	// or is not proven to be who they say; StrangerOf is that conversation.
	Stranger   string `json:"stranger"`
	StrangerOf string `json:"stranger_of"`
	// Customer is who writes, with all addresses known to be theirs.
	Customer Customer `json:"customer"`
	// Together are conversations of the same person that are answered with this one:
	// its items are theirs too.
	Together []string `json:"together"`
	// Why says in plain words why this contact is where it is.
	Why []string `json:"why"`
	// WhyMore is the same in full.
	WhyMore []string `json:"why_more"`
	// Queues are those to which a contact can be moved.
	Queues []string `json:"queues"`
}

// Way is one way in which a customer can be answered: a channel, an account of ours
// and an address of theirs.
type Way struct {
	ID      string          `json:"id"`
	Channel contact.Channel `json:"channel"`
	Account string          `json:"account"`
	Address string          `json:"address"`
	Name    string          `json:"name,omitempty"`
	// Public is true where anybody can read an answer, Direct where it goes to the
	// customer alone though they wrote in public.
	Public bool           `json:"public,omitempty"`
	Direct bool           `json:"direct,omitempty"`
	Limits contact.Limits `json:"limits"`
	// Subject is what an answer is called there, Quoted what it begins from.
	Subject string `json:"subject,omitempty"`
	Quoted  string `json:"quoted,omitempty"`
	// Preferred is true for that by which an answer goes unless somebody says
	// otherwise; Why says on what grounds.
	Preferred bool   `json:"preferred,omitempty"`
	Why       string `json:"why,omitempty"`
	// Not says why an answer can't go that way, "" where it can.
	Not string `json:"not,omitempty"`
}

// Quotes reports whether an answer that way begins from what they wrote.
func (w Way) Quotes() bool { return w.Quoted != "" }

// SavedAnswer is a text that agents use again.
type SavedAnswer struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Text  string `json:"text"`
}

// Engaged is a live conversation that is answered and goes on: it keeps its units
// of the agent's capacity.
type Engaged struct {
	Agent     string `json:"agent"`
	AgentName string `json:"agent_name"`
	Units     int    `json:"units"`
	// Until is when it is over by itself, unless something is said.
	Until time.Time `json:"until"`
	// MayEnd is true for whoever may say that it is over.
	MayEnd bool `json:"may_end"`
}

// Desk is an agent's start page.
type Desk struct {
	Me     Person  `json:"me"`
	Offers []Offer `json:"offers"`
	// Mine are the contacts held, by time left.
	Mine []Card `json:"mine"`
	// Waiting counts waiting contacts that this agent could take.
	Waiting int `json:"waiting"`
	// Review counts what is proposed as spam or machine.
	Review int `json:"review"`
	// Thanks counts the praise for this agent that they haven't seen.
	Thanks int `json:"thanks"`
	// Alerts are things that a person should know: channels down, in doubt.
	Alerts []Alert `json:"alerts"`
}

// Review is what rules propose as spam or machine, by reason.
type Review struct {
	Me    Person `json:"me"`
	Cards []Card `json:"cards"`
	Total int    `json:"total"`
}

// LedgerRow is one contact in the ledger.
type LedgerRow struct {
	Card
	End         string    `json:"end"`
	Disposition string    `json:"disposition"`
	EndedBy     string    `json:"ended_by"`
	EndedAt     time.Time `json:"ended_at"`
	Kept        bool      `json:"kept"`
}

// Hit is one find of the search.
type Hit struct {
	Conversation string    `json:"conversation"`
	Contact      string    `json:"contact"`
	Kind         ItemKind  `json:"kind"`
	At           time.Time `json:"at"`
	Author       string    `json:"author"`
	Subject      string    `json:"subject"`
	// Snippet has the found words between « and ».
	Snippet string `json:"snippet"`
}
