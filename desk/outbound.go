package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/ledger"
	"stagecoach/router"
)

// Outbound is a message of ours that begins a conversation. Account is
// "<channel>/<account>"; it may be left out when there is only one.
type Outbound struct {
	Sending
	Account string
	// Purpose is one of customers.Purposes, service where it is left out; Urgent is
	// why it goes whatever the hour, "" where it may wait.
	Purpose string
	Urgent  string
}

// Accounts lists the accounts from which something can be sent.
func (s *Service) Accounts() []view.Account {
	out := []view.Account{}
	for _, a := range s.deps.Channels.Adapters() {
		if a.Sender != nil && a.Composer != nil {
			out = append(out, view.Account{ID: accountID(&a), Channel: a.Channel, Address: a.Address, Limits: a.Limits})
		}
	}
	return out
}

func accountID(a *channels.Adapter) string { return string(a.Channel) + "/" + a.Account }

func (s *Service) sendingAccount(id string) (channels.Adapter, error) {
	var able []channels.Adapter
	for _, a := range s.deps.Channels.Adapters() {
		if a.Sender == nil || a.Composer == nil {
			continue
		}
		if id == accountID(&a) || id == a.Account {
			return a, nil
		}
		able = append(able, a)
	}
	if id == "" && len(able) == 1 {
		return able[0], nil
	}
	return channels.Adapter{}, invalid("Choose the account from which this shall go.")
}

// StartOutbound sends a message of ours that begins a conversation.
func (s *Service) StartOutbound(ctx context.Context, who Who, in Outbound) (view.Done, error) {
	id, err := givenID(in.ID)
	if err != nil {
		return view.Done{}, err
	}
	in.ID, in.To, in.CC = id, uniquePeople(in.To), uniquePeople(in.CC)
	if err := checkWords(&in.Sending); err != nil {
		return view.Done{}, err
	}
	if len(in.To) == 0 {
		return view.Done{}, invalid("Say whom it goes to.")
	}
	a, err := s.sendingAccount(in.Account)
	if err != nil {
		return view.Done{}, err
	}
	end, err := s.begin(id)
	if err != nil {
		return view.Done{}, err
	}
	defer end()
	if done, ok, err := s.sentBefore(ctx, id); ok || err != nil {
		return done, err
	}
	conversation := derivedID("outbound", id)
	r := &contact.Reply{
		ID: id, Kind: contact.Outbound, Channel: a.Channel, Account: a.Account, Conversation: conversation,
		Agent: who.ID, CreatedAt: s.now().UTC().Truncate(time.Second), FromName: s.accounts.name(who.ID),
		To: in.To, CC: in.CC, Subject: in.Subject, Text: in.Text, HTML: in.HTML, Attachments: in.Attachments,
		Token: s.deps.Keys.Token(conversation),
	}
	return s.start(ctx, who, r, &in)
}

// identities gives the keyed hashes of those whom a reply goes to.
func (s *Service) identities(r *contact.Reply) []string {
	out := []string{}
	for _, p := range slices.Concat(r.To, r.CC) {
		out = append(out, s.deps.Keys.Identity(string(r.Channel), p.Address))
	}
	return out
}

func (s *Service) start(ctx context.Context, who Who, r *contact.Reply, in *Outbound) (view.Done, error) {
	facts, keys, err := s.store(ctx, r, false)
	if err != nil {
		return view.Done{}, err
	}
	identities := s.identities(r)
	for _, one := range identities { // an answer whose program drops what threads it
		if key := s.deps.Keys.SubjectKey(string(r.Channel), r.Account, one, r.Subject); key != "" && len(keys) < maxPeople {
			keys = append(keys, key)
		}
	}
	asOf, known, err := s.deps.Records.Known(ctx, identities)
	if err != nil {
		return view.Done{}, fmt.Errorf("looking up whom it goes to: %w", err)
	}
	begins, err := s.begins(ctx, who, known[identities[0]].Customer, identities[0], r, in)
	if err != nil {
		return view.Done{}, err
	}
	return s.queue(ctx, who, router.StartOutbound{
		Begins:   begins,
		Identity: identities[0], Participants: identities[1:], Channel: r.Channel, Account: r.Account,
		Reply: facts, Keys: keys, AsOf: asOf, Known: known,
	}, r)
}

// Forward sends what was said in a conversation to somebody else. It answers
// nothing and ends nothing.
func (s *Service) Forward(ctx context.Context, who Who, in Sending, originals bool) (view.Done, error) {
	id, err := givenID(in.ID)
	if err != nil {
		return view.Done{}, err
	}
	in.ID, in.To, in.CC = id, uniquePeople(in.To), uniquePeople(in.CC)
	if len(in.To) == 0 {
		return view.Done{}, invalid("Say whom it goes to.")
	}
	if strings.TrimSpace(in.Text) == "" {
		in.Text = "For your information."
	}
	if err := checkWords(&in); err != nil {
		return view.Done{}, err
	}
	c, err := s.target(ctx, &in)
	if err != nil {
		return view.Done{}, err
	}
	end, err := s.begin(id)
	if err != nil {
		return view.Done{}, err
	}
	defer end()
	if done, ok, err := s.sentBefore(ctx, id); ok || err != nil {
		return done, err
	}
	r, err := s.forwarded(ctx, who, c, &in, originals)
	if err != nil {
		return view.Done{}, err
	}
	facts, keys, err := s.store(ctx, r, false)
	if err != nil {
		return view.Done{}, err
	}
	conversation := c.Conversation // it may have left the router's memory
	return s.queue(ctx, who, router.Send{
		Reply: facts, Keys: keys, Participants: s.identities(r), Conversation: &conversation,
	}, r)
}

func (s *Service) forwarded(ctx context.Context, who Who, c *conversationFacts, in *Sending, originals bool) (*contact.Reply, error) {
	entries, err := s.deps.Ledger.Timeline(ctx, c.ID)
	if err != nil {
		return nil, fmt.Errorf("reading what is forwarded: %w", err)
	}
	st := s.tell(ctx, who, entries)
	r := &contact.Reply{
		ID: in.ID, Kind: contact.Forward, Channel: c.Channel, Account: c.Account, Conversation: c.ID, Contact: in.Contact,
		Agent: who.ID, CreatedAt: s.now().UTC().Truncate(time.Second), FromName: s.accounts.name(who.ID),
		To: in.To, CC: in.CC, Subject: in.Subject, Text: in.Text, Attachments: in.Attachments,
	}
	if r.Subject == "" {
		r.Subject = strings.TrimSpace("Fwd: " + subjectOf(st, st.last))
	}
	if st.last == nil {
		return r, nil
	}
	r.Text = strings.TrimRight(r.Text, "\n") + "\n\n" + quoted(st.last, "", s.cfg.Zone)
	if !originals {
		return r, nil
	}
	for i := range st.last.Attachments {
		a, err := s.keep(ctx, st.lastRef, i)
		if err != nil {
			return nil, err
		}
		r.Attachments = append(r.Attachments, a)
	}
	return r, nil
}

// Resolve settles a reply of which nobody knows whether it arrived.
func (s *Service) Resolve(ctx context.Context, who Who, commandID, reply, outcome string) (view.Done, error) {
	cmd := router.Resolve{Reply: reply}
	switch outcome {
	case "delivered":
		cmd.Delivered = true
	case "again":
		cmd.Again = true
	case "not_delivered":
	default:
		return view.Done{}, invalid("The outcome is delivered, not_delivered or again.")
	}
	return s.do(ctx, who, commandID, cmd)
}

// ConfirmElsewhere takes what somebody wrote outside the desk for the answer,
// or says that it is none. Ref is where our copy of it lies.
func (s *Service) ConfirmElsewhere(ctx context.Context, who Who, contactID, ref string, isAnswer bool) (view.Done, error) {
	c, err := s.target(ctx, &Sending{Contact: contactID})
	if err != nil {
		return view.Done{}, err
	}
	if !c.has || c.contact.State == router.EndedContact {
		return view.Done{}, problem(409, router.RefusedEnded, "This contact has ended already.")
	}
	m, err := s.writtenElsewhere(ctx, c.ID, ref)
	if err != nil {
		return view.Done{}, err
	}
	if !isAnswer {
		return s.Note(ctx, who, contact.Note{
			ID: dismissedID(ref), Conversation: c.ID, Contact: c.contact.ID,
			Text: fmt.Sprintf("“%s” was written outside the desk and is not the answer.", m.Subject),
		})
	}
	id := elsewhereID(ref)
	end, err := s.begin(id)
	if err != nil {
		return view.Done{}, err
	}
	defer end()
	if done, ok, err := s.sentBefore(ctx, id); ok || err != nil {
		return done, err
	}
	r := &contact.Reply{
		ID: id, Kind: contact.Answer, Channel: c.contact.ReplyChannel, Account: c.Account,
		Conversation: c.ID, Contact: c.contact.ID, Covers: coveredAt(c.contact.Messages, m.ReceivedAt), Agent: who.ID,
		CreatedAt: m.ReceivedAt, FromName: called(m.From), To: m.To, CC: m.CC, Subject: m.Subject, Text: m.Text,
		InReplyTo: m.InReplyTo, References: m.References, Origin: m.Origin,
	}
	facts, keys, err := s.store(ctx, r, true)
	if err != nil {
		return view.Done{}, err
	}
	done, err := s.queue(ctx, who, router.Send{Reply: facts, Keys: keys, Participants: s.identities(r), Delivered: true}, r)
	if err == nil {
		s.dropDraft(ctx, c.contact.ID)
	}
	return done, err
}

// writtenElsewhere reads what was found outside the desk and belongs to the
// conversation: nothing else can be taken for its answer.
func (s *Service) writtenElsewhere(ctx context.Context, conversation, ref string) (*contact.Message, error) {
	entries, err := s.deps.Ledger.Timeline(ctx, conversation)
	if err != nil {
		return nil, fmt.Errorf("reading what was written elsewhere: %w", err)
	}
	if !slices.ContainsFunc(entries, func(e ledger.Entry) bool {
		return e.Kind == eventEvidence && e.Ref == ref && router.EvidenceKind(e.Code) == router.EvidenceElsewhere
	}) {
		return nil, missing("There is no such copy.")
	}
	m, err := s.deps.Messages.Message(ctx, ref)
	if errors.Is(err, ErrMissing) || errors.Is(err, ErrErased) {
		return nil, missing("There is no such copy.")
	}
	if err != nil {
		return nil, fmt.Errorf("reading what was written elsewhere: %w", err)
	}
	return m, nil
}

// dismissedID is the id of the note that says that a copy is not the answer.
func dismissedID(ref string) string { return derivedID("not the answer", ref) }

// coveredAt gives the last message that was there at a moment: who wrote then
// can have answered no more than that.
func coveredAt(messages []router.MsgRef, at time.Time) string {
	id := ""
	for _, m := range messages {
		if id == "" || !m.ReceivedAt.After(at) {
			id = m.ID
		}
	}
	return id
}
