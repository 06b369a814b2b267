package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/ledger"
	"stagecoach/router"
)

// The kinds of ledger entries that have words of their own.
const (
	eventMessage  = "message_received"
	eventReply    = "reply_queued"
	eventNote     = "noted"
	eventEvidence = "evidence_received"
)

// story is a conversation's timeline as a person reads it, with what the
// composer starts from.
type story struct {
	items []view.Item
	// last is the newest message of the customer, and lastRef where it lies.
	last    *contact.Message
	lastID  string
	lastRef string
	// first is the oldest message; lastReply the newest of our replies.
	first     *contact.Message
	lastReply *contact.Reply
	// linked is when a reply last had the link to the customer's page.
	linked time.Time
	// failed is true when the newest reply did not arrive; then notArrived is that reply,
	// nil where its words are gone or the customer doesn't want it, and notArrivedRef where
	// it lies.
	failed        bool
	notArrived    *contact.Reply
	notArrivedRef string
	// people are all who wrote or were written to, without our own addresses.
	people []contact.Address
	// stranger is the conversation that the sender quoted and takes no part in,
	// trust what is known of the newest message's sender.
	stranger string
	trust    contact.Trust
	// byID are the customer's messages by id.
	byID map[string]*contact.Message
	// authors wrote mails that the customer has forwarded.
	authors []contact.Address
}

// tell reads a conversation's entries with their words.
func (s *Service) tell(ctx context.Context, who Who, entries []ledger.Entry) *story {
	st := &story{items: []view.Item{}, byID: map[string]*contact.Message{}}
	states := replyStates(entries)
	// confirmed are the replies and notes that there are, by id.
	confirmed := map[string]bool{}
	for _, e := range entries {
		if e.Kind == eventReply || e.Kind == eventNote {
			confirmed[e.Item] = true
		}
	}
	for i := range entries {
		e := &entries[i]
		switch e.Kind {
		case eventMessage:
			st.items = append(st.items, s.messageItem(ctx, st, e))
		case eventReply:
			st.items = append(st.items, s.tellReply(ctx, who, st, e, states[e.Item]))
		case eventNote:
			st.items = append(st.items, s.noteItem(ctx, who, e))
		case eventEvidence:
			st.items = append(st.items, s.evidenceItem(ctx, e, confirmed))
		default:
			if words := s.eventWords(ctx, e); words != "" {
				st.items = append(st.items, view.Item{
					Kind: view.ItemEvent, ID: fmt.Sprint(e.ID), At: e.At, Author: s.accounts.name(e.Actor),
					Mine: e.Actor == who.ID, Detail: words, Channel: e.Channel,
				})
			}
		}
	}
	return st
}

// replyState is how far a reply has come, by the entries after it.
type replyState struct {
	state  router.ReplyState
	reason string
	code   string
	by     string
	// held says until when it waits, and why, "" where it doesn't.
	held  string
	until time.Time
	// refused are the places, among To and then CC, of those whom the provider
	// refused while it took others; count is how many.
	refused string
	count   int
}

func replyStates(entries []ledger.Entry) map[string]replyState {
	out := map[string]replyState{}
	for i := range entries {
		e := &entries[i]
		id := cmp.Or(e.Item, e.Detail.Reply)
		switch e.Kind {
		case eventReply:
			out[id] = replyState{state: router.ReplyIsQueued}
		case "attempt_granted":
			out[id] = replyState{state: router.ReplyIsAttempted}
		case "attempt_failed":
			out[id] = replyState{state: router.ReplyIsQueued, reason: e.Reason, code: cmp.Or(e.Detail.Code, e.Code)}
		case "reply_delivered":
			out[id] = replyState{state: router.ReplyIsDelivered, by: e.Actor, refused: e.Detail.RefusedAt, count: e.Detail.Refused}
		case "reply_in_doubt":
			out[id] = replyState{state: router.ReplyIsInDoubt, reason: e.Reason}
		case "reply_failed":
			out[id] = replyState{state: router.ReplyHasFailed, reason: e.Reason, code: cmp.Or(e.Detail.Code, e.Code)}
		case "outbound_held":
			out[id] = replyState{state: router.ReplyIsQueued, reason: e.Reason, until: e.Until}
		case "outbound_released":
			out[id] = replyState{state: router.ReplyIsQueued}
		case "outbound_dropped":
			out[id] = replyState{state: router.ReplyHasFailed, reason: router.ReasonTakenBack}
		case "acknowledgement_dropped":
			out[id] = replyState{state: router.ReplyHasFailed, reason: dropped}
		}
	}
	return out
}

// messageItem is what a customer wrote. Its id is the reference of its words.
func (s *Service) messageItem(ctx context.Context, st *story, e *ledger.Entry) view.Item {
	at := e.Until
	if at.IsZero() {
		at = e.At
	}
	item := view.Item{Kind: view.ItemMessage, ID: e.Ref, Message: e.Item, At: at, Channel: e.Channel}
	if e.Detail.Stranger {
		st.stranger = e.Detail.Quoted
	}
	st.trust = e.Detail.Trust
	m, err := s.deps.Messages.Message(ctx, e.Ref)
	st.lastID, st.lastRef = e.Item, e.Ref
	if err != nil {
		item.Author, item.Missing = "", s.gone(ctx, e.Ref, err)
		return item
	}
	if st.first == nil {
		st.first = m
	}
	st.last = m
	st.byID[e.Item] = m
	st.addPeople(append(slices.Concat(m.To, m.CC), m.Sender())...)
	item.Author, item.Address = called(m.From), m.From.Address
	item.To, item.CC, item.Subject = m.To, m.CC, m.Subject
	inMail(&item, m)
	if item.Forwarded = s.passedOn(m); item.Forwarded != nil {
		st.authors = append(st.authors, item.Forwarded.From)
	}
	return item
}

// inMail takes over what is in a mail: its words, its files, and what was odd.
func inMail(item *view.Item, m *contact.Message) {
	item.Text, item.ReplyText, item.Auto = m.Text, cmp.Or(m.ReplyText, m.Text), m.Auto
	item.HasHTML, item.PicturesElsewhere = m.HTML != "", strings.Contains(m.HTML, waitingPicture)
	item.Attachments, item.Warnings = attachments(item.ID, m.Attachments), m.Warnings
	if m.Replaces != "" && !m.Withdrawn {
		item.Warnings = append([]string{"The customer has edited an earlier message. This is how it reads now."}, item.Warnings...)
	}
	if m.Outreach != "" {
		item.Warnings = append([]string{"This was not addressed to us: it was found by “" + m.Outreach + "”. Anybody can read the answer."}, item.Warnings...)
	}
	for i, a := range m.Attachments {
		item.Attachments[i].Inline = a.ContentID != "" && strings.Contains(m.HTML, `"cid:`+a.ContentID+`"`)
	}
}

// passedOn gives who wrote what a message forwards, where an answer to them is
// another than one to the sender: they have an address, and it isn't ours.
func (s *Service) passedOn(m *contact.Message) *contact.Forwarded {
	f := m.Forwarded
	if f == nil || !strings.Contains(f.From.Address, "@") || s.ours(f.From.Address) ||
		strings.EqualFold(f.From.Address, m.Sender().Address) || strings.EqualFold(f.From.Address, m.From.Address) {
		return nil
	}
	return f
}

// gone says why words are not there.
func (s *Service) gone(ctx context.Context, ref string, err error) string {
	switch {
	case errors.Is(err, ErrErased):
		return "erased"
	case errors.Is(err, ErrMissing):
		return "expired"
	}
	if ctx.Err() == nil {
		s.log.WarnContext(ctx, "words not read", "ref", ref, "err", err)
	}
	return "unreadable"
}

// tellReply is what we wrote, and takes it in as the newest reply.
func (s *Service) tellReply(ctx context.Context, who Who, st *story, e *ledger.Entry, state replyState) view.Item {
	if !state.until.IsZero() {
		state.held = s.heldUntil(ctx, e.Item, &state)
	}
	item, r := s.replyWords(ctx, e.Ref, view.Item{
		Kind: view.ItemReply, ID: e.Item, At: e.At, Channel: e.Channel, Author: s.accounts.name(cmp.Or(e.Agent, e.Actor)),
		Mine: cmp.Or(e.Agent, e.Actor) == who.ID, State: string(state.state), Detail: stateWords(state),
	})
	rest := contact.ReplyKind(e.Code) == contact.Remainder
	if r == nil || r.Kind != contact.Acknowledgement && r.Kind != contact.Notice && !rest { // nobody wrote that
		st.failed = state.state == router.ReplyHasFailed && state.reason != router.ReasonTakenBack
		st.notArrived, st.notArrivedRef = nil, ""
		if st.failed && state.reason != router.RefusedConsent {
			st.notArrived, st.notArrivedRef = r, e.Ref
		}
	}
	if r == nil {
		return item
	}
	item.Detail = cmp.Or(refusedWords(r, state), item.Detail)
	item.HeldUntil = state.until
	switch {
	case r.Kind == contact.Acknowledgement:
		asReceipt(&item, state)
	case rest:
		asRemainder(&item, e, r, state)
	case r.Kind == contact.Notice:
		asNotice(&item, state)
	default:
		st.sawLink(r)
		st.lastReply = r
		st.addPeople(slices.Concat(r.To, r.CC)...)
	}
	return item
}

// refusedWords says who has not got a reply that the others have, "" if all
// have it.
func refusedWords(r *contact.Reply, state replyState) string {
	people := slices.Concat(r.To, r.CC)
	names := []string{}
	for at := range strings.SplitSeq(state.refused, ",") {
		if i, err := strconv.Atoi(at); err == nil && i >= 0 && i < len(people) {
			names = append(names, people[i].String())
		}
	}
	switch {
	case len(names) > 0:
		return "Delivered, but not to " + strings.Join(names, ", ") + ": the mail server refused the address."
	case state.count > 0:
		return fmt.Sprintf("Delivered, but not to %d of its recipients: the mail server refused them.", state.count)
	}
	return ""
}

// replyItem is a reply as the router knows it, with its words.
func (s *Service) replyItem(ctx context.Context, who Who, r *router.Reply) view.Item {
	state := replyState{state: r.State, reason: r.Reason, code: r.Code}
	item, _ := s.replyWords(ctx, r.Ref, view.Item{
		Kind: view.ItemReply, ID: r.ID, At: r.QueuedAt, Channel: r.Channel, Author: s.accounts.name(r.Agent),
		Mine: r.Agent == who.ID, State: string(r.State), Detail: stateWords(state), Conversation: r.Conversation,
	})
	return item
}

func (s *Service) replyWords(ctx context.Context, ref string, item view.Item) (view.Item, *contact.Reply) {
	r, err := s.reply(ctx, ref)
	if err != nil {
		item.Missing = s.gone(ctx, ref, err)
		return item, nil
	}
	item.To, item.CC, item.Subject = r.To, r.CC, r.Subject
	item.Text, item.ReplyText = r.Text, unquoted(r.Text)
	item.Attachments = attachments(ref, r.Attachments)
	item.ReplyKind = r.Kind
	return item, r
}

// stateWords says in plain words how far a reply has come.
func stateWords(v replyState) string {
	switch v.state {
	case router.ReplyIsQueued:
		if v.held != "" {
			return v.held
		}
		if v.reason != "" {
			return "Not sent yet: " + troubleWords(v.reason, v.code) + ". It is tried again."
		}
		return "Waits to be sent."
	case router.ReplyIsAttempted:
		return "Is being sent."
	case router.ReplyIsDelivered:
		return "Delivered."
	case router.ReplyIsInDoubt:
		return "Nobody knows whether it arrived."
	case router.ReplyHasFailed:
		return "Not delivered: " + troubleWords(v.reason, v.code) + "."
	default:
		return ""
	}
}

func (s *Service) noteItem(ctx context.Context, who Who, e *ledger.Entry) view.Item {
	item := view.Item{Kind: view.ItemNote, ID: e.Item, At: e.At, Author: s.accounts.name(e.Actor), Mine: e.Actor == who.ID}
	value, err := s.deps.Content.Get(ctx, e.Ref)
	if err != nil {
		item.Missing = s.gone(ctx, e.Ref, err)
		return item
	}
	var n contact.Note
	if err := json.Unmarshal(value, &n); err != nil {
		item.Missing = s.gone(ctx, e.Ref, err)
		return item
	}
	item.Text, item.ReplyText, item.Attachments = n.Text, n.Text, attachments(e.Ref, n.Attachments)
	return item
}

func (st *story) addPeople(list ...contact.Address) {
	for _, a := range list {
		known := func(b contact.Address) bool { return strings.EqualFold(a.Address, b.Address) }
		if a.Address != "" && !slices.ContainsFunc(st.people, known) {
			st.people = append(st.people, a)
		}
	}
}

// unquoted gives a text of ours up to the quoted original.
func unquoted(text string) string {
	lines := strings.Split(text, "\n")
	end := len(lines)
	for end > 0 && (strings.HasPrefix(lines[end-1], ">") || strings.TrimSpace(lines[end-1]) == "") {
		end--
	}
	if end == len(lines) || end == 0 {
		return text
	}
	if strings.HasSuffix(strings.TrimSpace(lines[end-1]), ":") && end > 1 {
		end--
	}
	return strings.TrimRight(strings.Join(lines[:end], "\n"), " \n")
}
