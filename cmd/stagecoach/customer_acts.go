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
	"stagecoach/desk"
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
func (p customerPages) Write(ctx context.Context, who portal.Who, w portal.Written) error {
	r, err := p.reader(ctx, who)
	if err != nil {
		return err
	}
	last, err := p.baseOf(ctx, r)
	if err != nil {
		return err
	}
	// Other words are another message, also from the form of the first one: whoever
	// goes back in the browser and writes more there has the same form again.
	id := uuid.NewSHA1(pageSpace, []byte("write "+r.ID+" "+w.ID+" "+w.Text)).String()
	_, err = p.enter(ctx, r.matter, last, channels.Fresh, id, w.Text, nil)
	return err
}

// Rate implements portal.Acts. With the link alone it is one vote for an answer: whoever
// wants to change it proves that they are the customer.
func (p customerPages) Rate(ctx context.Context, who portal.Who, r portal.Rating) (time.Time, error) {
	m, all, err := p.rating(ctx, who)
	if err != nil {
		return time.Time{}, err
	}
	said, answer := p.ratedOf(ctx, m.ID, all, r.Reply)
	if answer == nil && r.Rating != "" {
		return time.Time{}, portal.ErrNothing
	}
	fb := &contact.Feedback{Rating: r.Rating, Kind: kindOf(&r), Words: r.Words != "", ByLink: len(who.Proved) == 0}
	if answer != nil {
		fb.Contact, fb.Reply, fb.Agent = answer.Contact, answer.Item, answer.Agent
	}
	changed := ""
	switch {
	case said != nil && fb.ByLink && said.Rating == r.Rating:
		return p.dueOf(ctx, said.Follow, fb.Contact) // twice is once
	case said != nil && fb.ByLink:
		return time.Time{}, portal.ErrRated
	case said != nil && (said.Rating != r.Rating || said.ByLink):
		changed = said.ID // good, bad, and good again are three
	}
	last, err := p.lastIn(ctx, m, all)
	if err != nil {
		return time.Time{}, err
	}
	what := fmt.Sprintf("rate %s %s %s %s %s %s", m.ID, fb.Contact, fb.Rating, fb.Kind, changed, r.Words)
	if fb.ByLink { // one for ever, whatever it says and however many come at the same moment
		what = "rate by link " + fb.Contact
	}
	res, err := p.enter(ctx, m, last, channels.Rated, uuid.NewSHA1(pageSpace, []byte(what)).String(), cmp.Or(r.Words, noWords(r.Rating, languageOf(m))), fb)
	if err == nil && fb.ByLink && p.outvoted(ctx, m.ID, all, &r) {
		err = portal.ErrRated
	}
	if err != nil || r.Rating != contact.RatedBad || res.Contact == "" {
		return time.Time{}, err
	}
	return p.dueOf(ctx, res.Contact, fb.Contact)
}

// outvoted reports whether another vote stands than the one that was just taken in.
func (p customerPages) outvoted(ctx context.Context, conversation string, all []spoken, r *portal.Rating) bool {
	said, _ := p.ratedOf(ctx, conversation, all, r.Reply)
	return said != nil && said.Rating != r.Rating
}

// rating gives the conversation whose answer is rated, and what was written there: for
// whoever has proved themselves what they see.
func (p customerPages) rating(ctx context.Context, who portal.Who) (*matter, []spoken, error) {
	if len(who.Proved) > 0 {
		r, err := p.reader(ctx, who)
		if err != nil {
			return nil, nil, err
		}
		all, err := p.spokenTo(ctx, r)
		return r.matter, all, err
	}
	m, err := p.matter(ctx, who.Conversation)
	if err != nil {
		return nil, nil, err
	}
	all, err := p.read(ctx, m.ID)
	return m, all, err
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
	if id == rated || id == "" {
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
func (p customerPages) enter(ctx context.Context, m *matter, last *contact.Message, kind channels.InboundKind, id, text string, fb *contact.Feedback) (router.Result, error) {
	msg := pageMessage(id, last, text, time.Now().UTC())
	msg.Token, msg.Language, msg.Feedback = p.d.keys.Token(m.ID), languageOf(m), fb
	if fb == nil { // a code has proved who it is
		msg.Auth.Trust = contact.TrustProven
	}
	raw, err := json.Marshal(msg)
	if err != nil {
		return router.Result{}, fmt.Errorf("writing what came from a page: %w", err)
	}
	in := &channels.Inbound{
		Schema: channels.InboundSchema, Kind: kind, Channel: msg.Channel, Account: msg.Account, Source: string(msg.Channel) + "/" + msg.Account + "/page",
		Position: id, ProviderID: "page-" + id, Sender: m.ID, ReceivedAt: msg.ReceivedAt, Format: "json", Raw: raw, Size: int64(len(raw)),
	}
	ref, twice, err := p.d.journal.PutInbound(ctx, in)
	if err == nil && twice { // what is taken in is what was stored, be it another vote
		in, err = p.d.journal.Inbound(ctx, ref)
	}
	if err != nil {
		return router.Result{}, fmt.Errorf("storing what came from a page: %w", err)
	}
	res, err := p.d.intake.Take(ctx, router.ActorIntake, ref, in)
	if err != nil {
		p.d.logger.WarnContext(ctx, "what came from a customer's page is taken in later", "conversation_id", m.ID, "err", err)
		return router.Result{}, nil
	}
	if err := p.d.ledger.WaitFor(ctx, res.Commit); err != nil && ctx.Err() == nil {
		return res, nil // the page is behind for a moment, no more
	}
	return res, nil
}

// pageMessage makes what somebody wrote on their page a message like another of theirs:
// by its channel, since their address means nothing elsewhere. It is for us alone, and
// so is the answer: where there are direct messages it is one.
func pageMessage(id string, like *contact.Message, text string, now time.Time) contact.Message {
	m := contact.Message{
		ID: id, Channel: like.Channel, Account: like.Account, ReceivedAt: now, From: like.Sender(), Subject: like.Subject, Text: text, ReplyText: text,
		To: []contact.Address{}, CC: []contact.Address{}, ReplyTo: []contact.Address{}, Attachments: []contact.Attachment{}, Warnings: []string{},
		MessageID: "page-" + id, References: chainOf(like), Origin: like.Origin,
	}
	if direct(like.Channel) { // what it answered may be read by others, also where it isn't public
		m.Origin = nil
	}
	return m
}

// baseOf gives a message like which one from the page is: the newest of the reader's
// that nobody else reads, or that a direct message can answer; else one by the way that
// reaches them.
func (p customerPages) baseOf(ctx context.Context, r *reader) (*contact.Message, error) {
	all, err := p.spokenTo(ctx, r)
	if err != nil {
		return nil, err
	}
	for _, one := range slices.Backward(all) {
		if m := one.message; m != nil && (!m.Public || direct(m.Channel)) && (m.Feedback == nil || !m.Feedback.ByLink) {
			return m, nil
		}
	}
	ways, err := p.ways(ctx, portal.Who{Conversation: r.ID, Proved: r.sees})
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(ways, func(w way) bool { return slices.Contains(r.sees, w.customer) })
	if at < 0 {
		return nil, portal.ErrNoWay
	}
	w := &ways[at]
	return &contact.Message{Channel: w.link.adapter.Channel, Account: w.link.adapter.Account, From: w.to, Subject: subjectIn(all)}, nil
}

// subjectIn gives the newest subject of what was written.
func subjectIn(all []spoken) string {
	for _, one := range slices.Backward(all) {
		switch {
		case one.reply != nil && one.reply.Subject != "":
			return one.reply.Subject
		case one.message != nil && one.message.Subject != "":
			return one.message.Subject
		}
	}
	return ""
}

// lastIn gives a message like which a rating is: the newest of the customer's, else one
// from whom we had written to.
func (p customerPages) lastIn(ctx context.Context, m *matter, all []spoken) (*contact.Message, error) {
	person, _, err := p.d.ledger.Person(ctx, m.Customer)
	if err != nil {
		return nil, err
	}
	theirs, err := p.seen(ctx, slices.Clone(all), person.Members, true)
	if err != nil {
		return nil, err
	}
	for _, one := range slices.Backward(theirs) {
		if one.message != nil && !one.message.Public {
			return one.message, nil
		}
	}
	for _, one := range slices.Backward(theirs) {
		switch {
		case one.message != nil:
			return one.message, nil
		case one.reply != nil && len(one.reply.To) > 0:
			return &contact.Message{Channel: one.reply.Channel, Account: one.reply.Account, From: one.reply.To[0], Subject: one.reply.Subject}, nil
		}
	}
	return nil, portal.ErrNoWay
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

// EndLinks implements portal.Acts: of all conversations of theirs.
func (p customerPages) EndLinks(ctx context.Context, who portal.Who) error {
	r, err := p.reader(ctx, who)
	if err != nil {
		return err
	}
	done, err := p.d.desk.EndLinksOf(ctx, desk.Who{ID: router.ActorCustomer}, "", r.sees)
	if err != nil {
		return err
	}
	if !slices.Contains(r.sees, r.Customer) { // this page's own
		if done, err = p.d.desk.EndPageLinks(ctx, desk.Who{ID: router.ActorCustomer}, "", r.ID); err != nil {
			return err
		}
	}
	return p.d.ledger.WaitFor(ctx, done.Commit)
}
