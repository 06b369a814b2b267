package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/desk/portal"
	"stagecoach/router"
)

var _ portal.Acts = customerPages{}

// pageSpace makes ids of what is done on a page from what it is, so that doing it
// twice is one.
//
//nolint:gochecknoglobals // a constant
var pageSpace = uuid.MustParse("9d1b7f4e-6f0a-4a56-9a70-3a4a0f3f9a11")

// Write implements portal.Acts: what is written on the page is a message of the
// customer like any other, stored first and then taken in.
func (p customerPages) Write(ctx context.Context, conversation string, w portal.Written) error {
	// Other words are another message, also from the form of the first one: whoever
	// goes back in the browser and writes more there has the same form again.
	id := uuid.NewSHA1(pageSpace, []byte("write "+conversation+" "+w.ID+" "+w.Text)).String()
	_, err := p.enter(ctx, conversation, channels.Fresh, id, w.Text, nil)
	return err
}

// Rate implements portal.Acts.
func (p customerPages) Rate(ctx context.Context, conversation string, r portal.Rating) (time.Time, error) {
	m, err := p.matter(ctx, conversation)
	if err != nil {
		return time.Time{}, err
	}
	all, err := p.read(ctx, conversation)
	if err != nil {
		return time.Time{}, err
	}
	said, answer := p.ratedOf(ctx, conversation, all, r.Reply)
	if answer == nil && r.Rating != "" {
		return time.Time{}, portal.ErrNothing
	}
	fb := &contact.Feedback{Rating: r.Rating, Kind: kindOf(&r), Words: r.Words != ""}
	if answer != nil {
		fb.Contact, fb.Reply, fb.Agent = answer.Contact, answer.Item, answer.Agent
	}
	changed := ""
	if said != nil && said.Rating != r.Rating {
		changed = said.ID // good, bad, and good again are three
	}
	what := fmt.Sprintf("rate %s %s %s %s %s %s", conversation, fb.Contact, fb.Rating, fb.Kind, changed, r.Words)
	res, err := p.enter(ctx, conversation, channels.Rated, uuid.NewSHA1(pageSpace, []byte(what)).String(), cmp.Or(r.Words, noWords(r.Rating, languageOf(m))), fb)
	if err != nil || r.Rating != contact.RatedBad || res.Contact == "" {
		return time.Time{}, err
	}
	return p.dueOf(ctx, res.Contact, fb.Contact)
}

func languageOf(m *matter) string {
	if m.contact == nil {
		return ""
	}
	return m.contact.Language
}

// kindOf says what sort of feedback it is. A vote without words is no praise yet.
func kindOf(r *portal.Rating) contact.FeedbackKind {
	switch {
	case r.Idea && r.Words != "":
		return contact.FeedbackIdea
	case r.Rating == contact.RatedBad:
		return contact.FeedbackComplaint
	case r.Rating == contact.RatedGood:
		return contact.FeedbackPraise
	}
	return ""
}

// noWords is what an agent reads where a customer wrote nothing.
func noWords(r contact.Rating, language string) string {
	switch {
	case r == contact.RatedBad && language == "de":
		return "(Die Antwort war nicht gut. Mehr steht nicht dabei.)"
	case r == contact.RatedBad:
		return "(The answer was not good. There are no more words.)"
	case language == "de":
		return "(Die Antwort war gut.)"
	}
	return "(The answer was good.)"
}

// dueOf gives by when a bad answer is looked at again, zero where no contact does.
func (p customerPages) dueOf(ctx context.Context, id, rated string) (due time.Time, err error) {
	if id == rated {
		return time.Time{}, nil
	}
	err = p.d.engine.View(ctx, func(st *router.State) {
		if c := st.Contacts[id]; c != nil && c.Open() {
			due = c.Due
		}
	})
	return due, err
}

// enter stores something from the page as an item of the conversation's customer and
// has it taken in. What is stored is taken in later if that fails now.
func (p customerPages) enter(ctx context.Context, conversation string, kind channels.InboundKind, id, text string, fb *contact.Feedback) (router.Result, error) {
	m, err := p.matter(ctx, conversation)
	if err != nil {
		return router.Result{}, err
	}
	last, err := p.lastOf(ctx, m)
	if err != nil {
		return router.Result{}, err
	}
	msg := pageMessage(id, last, text, time.Now().UTC())
	msg.Token, msg.Language, msg.Feedback = p.d.keys.Token(conversation), languageOf(m), fb
	if fb == nil { // a code has proved who it is
		msg.Auth.Trust = contact.TrustProven
	}
	raw, err := json.Marshal(msg)
	if err != nil {
		return router.Result{}, fmt.Errorf("writing what came from a page: %w", err)
	}
	in := &channels.Inbound{
		Schema: channels.InboundSchema, Kind: kind, Channel: msg.Channel, Account: msg.Account, Source: string(msg.Channel) + "/" + msg.Account + "/page",
		Position: id, ProviderID: "page-" + id, Sender: conversation, ReceivedAt: msg.ReceivedAt, Format: "json", Raw: raw, Size: int64(len(raw)),
	}
	ref, _, err := p.d.journal.PutInbound(ctx, in)
	if err != nil {
		return router.Result{}, fmt.Errorf("storing what came from a page: %w", err)
	}
	res, err := p.d.intake.Take(ctx, router.ActorIntake, ref, in)
	if err != nil {
		p.d.logger.WarnContext(ctx, "what came from a customer's page is taken in later", "conversation_id", conversation, "err", err)
		return router.Result{}, nil
	}
	if err := p.d.ledger.WaitFor(ctx, res.Commit); err != nil && ctx.Err() == nil {
		return res, nil // the page is behind for a moment, no more
	}
	return res, nil
}

// pageMessage makes what somebody wrote on their page a message like their last one: by
// its channel, which need not be the one that the conversation began on, since their
// address means nothing on another.
func pageMessage(id string, last *contact.Message, text string, now time.Time) contact.Message {
	return contact.Message{
		ID: id, Channel: last.Channel, Account: last.Account, ReceivedAt: now, From: last.Sender(), Subject: last.Subject, Text: text, ReplyText: text,
		To: []contact.Address{}, CC: []contact.Address{}, ReplyTo: []contact.Address{}, Attachments: []contact.Attachment{}, Warnings: []string{},
		MessageID: "page-" + id, References: chainOf(last), Origin: last.Origin, Public: last.Public,
	}
}

var errNoWords = fmt.Errorf("no message of the customer's is readable: %w", portal.ErrGone)

// lastOf gives the newest message of the customer's: an answer to what they write on
// their page goes the way of one to it.
func (p customerPages) lastOf(ctx context.Context, m *matter) (*contact.Message, error) {
	all, err := p.read(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	if all, err = p.seen(ctx, m, all); err != nil {
		return nil, err
	}
	for _, one := range slices.Backward(all) {
		if one.message != nil {
			return one.message, nil
		}
	}
	return nil, errNoWords
}

// chainOf gives the ids that lead to a message, itself included.
func chainOf(m *contact.Message) []string {
	out := slices.Clone(m.References)
	if m.MessageID != "" {
		out = append(out, m.MessageID)
	}
	const most = 30
	return out[max(0, len(out)-most):]
}

// EndLinks implements portal.Acts.
func (p customerPages) EndLinks(ctx context.Context, conversation string) error {
	facts, err := p.d.ledger.ConversationFacts(ctx, conversation)
	if err != nil {
		return err
	}
	res, err := p.d.engine.Do(ctx, router.Envelope{Actor: router.ActorCustomer, Command: router.EndPageLinks{Conversation: conversation, Facts: facts}})
	if err != nil {
		return fmt.Errorf("making links invalid: %w", err)
	}
	return p.d.ledger.WaitFor(ctx, res.Commit)
}
