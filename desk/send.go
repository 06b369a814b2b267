package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/desk/portal"
	"stagecoach/desk/view"
	"stagecoach/fault"
	"stagecoach/ledger"
	"stagecoach/router"
)

// The bounds of one reply.
const (
	maxPeople = 100
	maxFiles  = 50
)

// Sending is a reply as its author wants it.
type Sending struct {
	// ID is given by the author's page, so that a double click is one reply.
	ID   string
	Kind contact.ReplyKind
	// Contact is what it answers, Conversation where that is; one is enough.
	Contact      string
	Conversation string
	// Covers is the last message that the author had on screen.
	Covers      string
	To, CC      []contact.Address
	Subject     string
	Text        string
	HTML        string
	Attachments []contact.Attachment
	// Quote appends the last message as quoted text.
	Quote bool
	// Way is how it goes, as Conversation lists them; "" for the preferred one.
	Way string
	// Notice tells, where the question was asked in public and the answer is not, that
	// it was answered.
	Notice bool
	// Due is when more is owed, for a pledge.
	Due time.Time
	// Confirmed is a supervisor's word for a pledge beyond the limits.
	Confirmed bool
	// Given is true for an answer that was given by hand (telephone, letter,
	// visit): its author confirms that the customer has it.
	Given bool
}

// Send stores a reply and queues it.
func (s *Service) Send(ctx context.Context, who Who, in Sending) (view.Done, error) {
	if err := checkSending(&in); err != nil {
		return view.Done{}, err
	}
	c, err := s.target(ctx, &in)
	if err != nil {
		return view.Done{}, err
	}
	end, err := s.begin(in.ID)
	if err != nil {
		return view.Done{}, err
	}
	defer end()
	if done, ok, err := s.sentBefore(ctx, in.ID); ok || err != nil {
		return done, err
	}
	entries, err := s.deps.Ledger.Timeline(ctx, c.ID)
	if err != nil {
		return view.Done{}, fmt.Errorf("reading what is answered: %w", err)
	}
	st := s.tell(ctx, who, entries)
	in.addLine(who, c)
	w, err := s.wayOut(ctx, who, c, st, &in)
	if err != nil {
		return view.Done{}, err
	}
	r := s.compose(who, c, &in, st, w)
	if err := s.keepsSecrets(ctx, c, r, w, st); err != nil {
		return view.Done{}, err
	}
	given := in.Given || r.Channel.ByHand()
	s.linkPage(r, c, st)
	facts, keys, err := s.store(ctx, r, given)
	if err != nil {
		return view.Done{}, err
	}
	facts.PledgeDue = in.Due
	if st.last != nil { // the customer is who counts, wherever they stand
		customer := s.deps.Keys.Identity(string(r.Channel), st.last.Sender().Address)
		if w != nil {
			customer = s.deps.Keys.Identity(string(r.Channel), w.to.Address)
		}
		facts.Copies = slices.DeleteFunc(facts.Copies, func(one string) bool { return one == customer })
	}
	s.drafts.sending(r.Contact, in.Text)
	conversation := c.Conversation // it may have left the router's memory
	done, err := s.queue(ctx, who, router.Send{
		Reply: facts, Keys: keys, Participants: s.identities(r), Delivered: given, Confirmed: in.Confirmed, Conversation: &conversation,
		Begins: s.unasked(ctx, c, st, r),
	}, r)
	if err != nil {
		s.drafts.unsent(r.Contact)
		return done, err
	}
	s.dropDraft(ctx, r.Contact)
	if in.Notice {
		s.notice(ctx, who, c, st, r)
	}
	return done, nil
}

func checkSending(in *Sending) error {
	id, err := givenID(in.ID)
	if err != nil {
		return err
	}
	in.ID = id
	switch in.Kind {
	case contact.Answer, contact.Ask, contact.Pledge:
	case "":
		in.Kind = contact.Answer
	case contact.Outbound, contact.Forward, contact.Acknowledgement, contact.Remainder, contact.Notice:
		return invalid("Reply by answer, ask or pledge.")
	default:
		return invalid("Reply by answer, ask or pledge.")
	}
	if in.Kind == contact.Pledge && in.Due.IsZero() {
		return invalid("Say by when you owe more.")
	}
	if in.Kind != contact.Pledge {
		in.Due = time.Time{}
	}
	return checkWords(in)
}

func checkWords(in *Sending) error {
	switch {
	case strings.TrimSpace(in.Text) == "" && len(in.Attachments) == 0:
		return invalid("There is nothing to send yet.")
	case len(in.Text) > maxText || len(in.HTML) > maxText:
		return invalid("The text has more than 256 KiB.")
	case utf8.RuneCountInString(in.Subject) > 1000:
		return invalid("The subject has more than 1,000 characters.")
	case len(in.To)+len(in.CC) > maxPeople:
		return invalid(fmt.Sprintf("A reply goes to at most %d people.", maxPeople))
	case len(in.Attachments) > maxFiles:
		return invalid(fmt.Sprintf("A reply has at most %d files.", maxFiles))
	}
	in.Subject = strings.Join(strings.Fields(in.Subject), " ")
	in.Text = strings.ReplaceAll(in.Text, "\r\n", "\n")
	return nil
}

// target finds the conversation and the open contact that a reply is for.
func (s *Service) target(ctx context.Context, in *Sending) (*conversationFacts, error) {
	if in.Conversation == "" {
		id, err := s.conversationOf(ctx, in.Contact)
		if err != nil {
			return nil, err
		}
		in.Conversation = id
	}
	c, err := s.conversation(ctx, in.Conversation)
	if err != nil {
		return nil, err
	}
	if in.Contact == "" && c.has {
		in.Contact = c.contact.ID
	}
	return c, nil
}

// conversationOf finds a contact's conversation.
func (s *Service) conversationOf(ctx context.Context, contactID string) (string, error) {
	id := ""
	err := s.deps.Router.View(ctx, func(st *router.State) {
		if c := st.Contacts[contactID]; c != nil {
			id = c.Conversation
		}
	})
	if err != nil {
		return "", fmt.Errorf("looking up a contact: %w", err)
	}
	if id != "" {
		return id, nil
	}
	row, err := s.deps.Ledger.Contact(ctx, contactID)
	if errors.Is(err, ledger.ErrNotFound) || errors.Is(err, ledger.ErrAmbiguous) {
		return "", missing("There is no such contact.")
	}
	if err != nil {
		return "", fmt.Errorf("looking up a contact: %w", err)
	}
	return row.Conversation, nil
}

// sentBefore answers a second click: the reply is there already, and its words
// are not written again.
func (s *Service) sentBefore(ctx context.Context, id string) (view.Done, bool, error) {
	var done view.Done
	known := func(r *router.Reply, n uint64) {
		done = view.Done{Commit: n, Contact: r.Contact, Conversation: r.Conversation, Reply: r.ID, Known: true}
	}
	err := s.deps.Router.View(ctx, func(st *router.State) {
		if r := st.Replies[id]; r != nil {
			known(r, st.N)
		}
	})
	if err != nil {
		return done, false, fmt.Errorf("looking up a reply: %w", err)
	}
	if done.Known {
		return done, true, nil
	}
	r, err := s.deps.Records.ReplyFacts(ctx, id)
	switch {
	case err == nil:
		known(r, r.SettledN)
	case !errors.Is(err, ledger.ErrNotFound):
		return done, false, fmt.Errorf("looking up a reply: %w", err)
	}
	return done, done.Known, nil
}

// begin lets one request at a time write the reply of an id.
func (s *Service) begin(id string) (end func(), err error) {
	if _, busy := s.sending.LoadOrStore(id, true); busy {
		return nil, problem(http.StatusConflict, router.RefusedBusy, "This reply is being sent already.")
	}
	return func() { s.sending.Delete(id) }, nil
}

// store makes what is handed to the provider and keeps the reply, before any
// command names it. What a person has given by hand is only kept.
func (s *Service) store(ctx context.Context, r *contact.Reply, given bool) (router.Reply, []string, error) {
	keys := []string{}
	if !given {
		if err := s.raw(ctx, r); err != nil {
			return router.Reply{}, nil, err
		}
		keys = s.replyKeys(r)
	}
	value, err := json.Marshal(r)
	if err != nil {
		return router.Reply{}, nil, fmt.Errorf("writing a reply: %w", err)
	}
	fault.On(r.Channel, fault.ReplyBeforeStore)
	ref, err := s.deps.Content.Put(ctx, KindReply, r.ID, value)
	if err != nil {
		return router.Reply{}, nil, fmt.Errorf("storing a reply: %w", err)
	}
	fault.On(r.Channel, fault.ReplyAfterStore)
	return router.Reply{
		ID: r.ID, Kind: r.Kind, Conversation: r.Conversation, Contact: r.Contact,
		Channel: r.Channel, Account: r.Account, Agent: r.Agent, Covers: r.Covers, Ref: ref, Copies: s.copied(r),
	}, keys, nil
}

// copied gives the identities of those who get a copy and don't stand in To, so
// that a report on them alone is known for what it is.
func (s *Service) copied(r *contact.Reply) []string {
	var out []string
	for _, one := range r.CC {
		key := s.deps.Keys.Identity(string(r.Channel), one.Address)
		inTo := func(to contact.Address) bool { return s.deps.Keys.Identity(string(r.Channel), to.Address) == key }
		if !slices.ContainsFunc(r.To, inTo) {
			out = append(out, key)
		}
	}
	return out
}

// replyKeys gives the keys by which an answer to a composed reply finds its
// conversation: those of its message id and of its token.
func (s *Service) replyKeys(r *contact.Reply) []string {
	keys := []string{}
	if id := s.messageID(r); id != "" {
		keys = append(keys, s.deps.Keys.MessageID(string(r.Channel), id))
	}
	if r.Token != "" {
		keys = append(keys, s.deps.Keys.TokenKey(r.Token))
	}
	return keys
}

func (s *Service) messageID(r *contact.Reply) string {
	a, _ := s.adapter(r.Channel, r.Account)
	if known, ok := a.Composer.(Identifier); ok {
		return known.MessageID(r)
	}
	_, domain, ok := strings.Cut(a.Address, "@")
	if !ok {
		return ""
	}
	return r.ID + "@" + strings.ToLower(domain)
}

// raw has the channel compose the reply, with the bytes of its files.
func (s *Service) raw(ctx context.Context, r *contact.Reply) error {
	a, ok := s.adapter(r.Channel, r.Account)
	if !ok || a.Composer == nil {
		return problem(409, "no_sender", fmt.Sprintf("Nothing can be sent from the account %q now: it is not set up.", r.Account))
	}
	if err := s.fits(r, a.Limits); err != nil {
		return err
	}
	whole := portal.Under(*r, a.Limits)
	whole.Attachments = slices.Clone(r.Attachments)
	for i := range whole.Attachments {
		data, err := s.fileBytes(ctx, whole.Attachments[i])
		if err != nil {
			return err
		}
		whole.Attachments[i].Data = data
		r.Attachments[i].Data = nil
		r.Attachments[i].Size = int64(len(data))
	}
	raw, err := a.Composer.Compose(&whole)
	if err != nil {
		return invalid("This cannot be sent as it is: " + plainCause(err) + ".")
	}
	r.Raw = raw
	return nil
}

// plainCause gives what a channel says in words for people, without where.
func plainCause(err error) string {
	if e, ok := errors.AsType[*channels.Error](err); ok && e.Err != nil {
		return strings.TrimRight(e.Err.Error(), ".")
	}
	return strings.TrimRight(err.Error(), ".")
}

// fits checks a reply against what its channel can carry.
func (s *Service) fits(r *contact.Reply, l contact.Limits) error {
	var size int64
	for _, a := range r.Attachments {
		size += a.Size
	}
	switch {
	case len(r.To) == 0:
		return invalid("Say whom it goes to.")
	case l.TextRunes > 0 && utf8.RuneCountInString(r.Text) > l.TextRunes:
		return invalid(fmt.Sprintf("The text has more than the %d characters that this channel carries.", l.TextRunes))
	case l.AttachmentCount > 0 && len(r.Attachments) > l.AttachmentCount:
		return invalid(fmt.Sprintf("This channel carries %d files with one reply, and these are %d.", l.AttachmentCount, len(r.Attachments)))
	case l.AttachmentBytes > 0 && size > l.AttachmentBytes:
		return invalid(fmt.Sprintf("The files have more than the %d MB that this channel carries.", l.AttachmentBytes>>20))
	case len(r.CC) > 0 && !l.CC && l != (contact.Limits{}):
		return invalid("This channel has no copies to others.")
	}
	return nil
}

// queue names a stored reply to the router. A refused one is erased: its words
// stay in the composer.
func (s *Service) queue(ctx context.Context, who Who, cmd router.Command, r *contact.Reply) (view.Done, error) {
	res, err := s.deps.Router.Do(ctx, router.Envelope{ID: r.ID, Actor: who.ID, Command: cmd})
	if refusal, ok := errors.AsType[*router.Refusal](err); ok {
		if err := s.deps.Content.Erase(ctx, string(KindReply)+"."+r.ID); err != nil {
			s.log.WarnContext(ctx, "refused reply not erased", "err", err)
		}
		return view.Done{}, refusal
	}
	if err != nil {
		return view.Done{}, fmt.Errorf("queueing a reply: %w", err)
	}
	return s.done(ctx, res), nil
}

func (s *Service) dropDraft(ctx context.Context, contactID string) {
	if contactID == "" {
		return
	}
	if err := s.drafts.end(ctx, contactID); err != nil {
		s.log.WarnContext(ctx, "draft not erased", "contact_id", contactID, "err", err)
	}
}
