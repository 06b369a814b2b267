package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/desk/view"
	"stagecoach/ledger"
	"stagecoach/router"
)

// How much of what customers say is shown.
const (
	mostVoices = 50
	mostFans   = 100
	// longestTold bounds what the author of an idea is told.
	longestTold = 4000
)

func (s *Service) voices() (Voices, error) {
	if s.deps.Voices == nil {
		return nil, problem(http.StatusConflict, "not_here", "Nobody can tell that here.")
	}
	return s.deps.Voices, nil
}

// Report puts kept promises beside what customers say, between two days; "" is no
// bound.
func (s *Service) Report(ctx context.Context, since, until string) (*ledger.Satisfaction, error) {
	v, err := s.voices()
	if err != nil {
		return nil, err
	}
	from, err := s.day(since)
	if err != nil {
		return nil, err
	}
	to, err := s.day(until)
	if err != nil {
		return nil, err
	}
	if !to.IsZero() {
		to = to.AddDate(0, 0, 1)
	}
	return v.Satisfaction(ctx, from, to)
}

// Voices gives what customers say of us.
func (s *Service) Voices(ctx context.Context, since, until string) (view.Voices, error) {
	out := view.Voices{Since: since, Until: until}
	v, err := s.voices()
	if err != nil {
		return out, err
	}
	if out.Report, err = s.Report(ctx, since, until); err != nil {
		return out, err
	}
	if out.Praise, err = s.heard(ctx, contact.FeedbackPraise, ""); err != nil {
		return out, err
	}
	if out.Complaints, err = s.heard(ctx, contact.FeedbackComplaint, ""); err != nil {
		return out, err
	}
	fans, err := v.Fans(ctx, mostFans)
	if err != nil {
		return out, err
	}
	out.Fans = make([]view.Fan, len(fans))
	for i, f := range fans {
		out.Fans[i] = view.Fan{
			Customer: f.Customer, Name: s.customerName(ctx, f.Conversation), Praise: f.Praise, Ideas: f.Ideas, Last: f.Last, Conversation: f.Conversation,
		}
	}
	out.Ideas, err = s.Ideas(ctx, "")
	return out, err
}

// Ideas gives customers' ideas in a state, "" for all.
func (s *Service) Ideas(ctx context.Context, state string) ([]view.Idea, error) {
	v, err := s.voices()
	if err != nil {
		return nil, err
	}
	ideas, err := v.Ideas(ctx, router.IdeaState(state), mostVoices)
	if err != nil {
		return nil, err
	}
	out := make([]view.Idea, len(ideas))
	for i := range ideas {
		d := &ideas[i]
		out[i] = view.Idea{
			Voice: s.voice(ctx, &d.Said), State: string(d.State), DecidedBy: s.AgentName(d.By), DecidedAt: d.DecidedAt, Remark: s.said(ctx, d.Remark), Told: d.Reply != "",
		}
	}
	return out, nil
}

// PraiseOf gives what customers said in praise of an agent's answers, newest first:
// it is theirs, whatever the policy says of figures. It has been seen then.
func (s *Service) PraiseOf(ctx context.Context, who Who) (view.PraiseOf, error) {
	list, err := s.heard(ctx, contact.FeedbackPraise, who.ID)
	if err != nil {
		return view.PraiseOf{}, err
	}
	if s.thanks(ctx, who) > 0 && len(list) > 0 {
		seen := list[0].At
		if err := s.changeAccount(ctx, who.ID, func(a *Account) error { a.Thanked = seen; return nil }); err != nil {
			s.log.WarnContext(ctx, "it isn't noted that praise was seen", "agent_id", who.ID, "err", err)
		}
		s.hub.tell(who.ID, TopicDesk)
	}
	return view.PraiseOf{Praise: list}, nil
}

// thanks counts the praise that an agent has earned and hasn't seen.
func (s *Service) thanks(ctx context.Context, who Who) int {
	acc, ok := s.accounts.get(who.ID)
	if !ok || s.deps.Voices == nil {
		return 0
	}
	n, err := s.deps.Voices.PraiseSince(ctx, who.ID, acc.Thanked)
	if err != nil {
		s.log.WarnContext(ctx, "praise not counted", "agent_id", who.ID, "err", err)
	}
	return n
}

func (s *Service) heard(ctx context.Context, kind contact.FeedbackKind, agent string) ([]view.Voice, error) {
	v, err := s.voices()
	if err != nil {
		return nil, err
	}
	said, err := v.SaidOfKind(ctx, kind, agent, mostVoices)
	if err != nil {
		return nil, err
	}
	out := make([]view.Voice, len(said))
	for i := range said {
		out[i] = s.voice(ctx, &said[i])
	}
	return out, nil
}

// voice reads the words of what was said.
func (s *Service) voice(ctx context.Context, said *ledger.Said) view.Voice {
	out := view.Voice{
		ID: said.ID, Conversation: said.Conversation, Contact: said.Contact, Customer: said.Customer, Agent: said.Agent,
		AgentName: s.AgentName(said.Agent), Rating: string(said.Rating), Follow: said.Follow, At: said.At, ByLink: said.ByLink,
	}
	if said.Ref == "" {
		out.Name = s.customerName(ctx, said.Conversation)
		return out
	}
	m, err := s.deps.Messages.Message(ctx, said.Ref)
	if err != nil {
		out.Missing = s.gone(ctx, said.Ref, err)
		return out
	}
	out.Name, out.Text = called(m.From), cmp.Or(m.ReplyText, m.Text)
	return out
}

// customerName gives the name by which the customer of a conversation signs.
func (s *Service) customerName(ctx context.Context, conversation string) string {
	entries, err := s.deps.Ledger.Timeline(ctx, conversation)
	if err != nil {
		return ""
	}
	for i := range entries {
		if entries[i].Kind != eventMessage {
			continue
		}
		if m, err := s.deps.Messages.Message(ctx, entries[i].Ref); err == nil {
			return called(m.From)
		}
	}
	return ""
}

// Deciding is what becomes of an idea.
type Deciding struct {
	Idea, Conversation string
	State              string
	// Remark is for colleagues; Tell is what its author is told, "" for nothing.
	Remark, Tell string
}

// DecideIdea says what becomes of an idea, and tells its author if there is something
// to tell: a message that they haven't asked for, which keeps to what they allow.
func (s *Service) DecideIdea(ctx context.Context, who Who, commandID string, d Deciding) (view.Done, error) {
	if utf8.RuneCountInString(d.Tell) > longestTold {
		return view.Done{}, invalid(fmt.Sprintf("What the customer is told has more than %d characters.", longestTold))
	}
	code, remark, err := s.remark(ctx, who, commandID, d.Remark)
	if err != nil {
		return view.Done{}, err
	}
	cmd := router.DecideIdea{Idea: d.Idea, Conversation: d.Conversation, State: router.IdeaState(d.State), Ref: cmp.Or(remark, code)}
	if strings.TrimSpace(d.Tell) != "" {
		told, err := s.tellAuthor(ctx, who, commandID, &d)
		if err != nil {
			return view.Done{}, err
		}
		cmd.Reply = told.Reply
	}
	id := ""
	if commandID != "" {
		id = derivedID("idea", commandID)
	}
	return s.do(ctx, who, id, cmd)
}

// tellAuthor sends the author of an idea a message in its conversation.
func (s *Service) tellAuthor(ctx context.Context, who Who, commandID string, d *Deciding) (view.Done, error) {
	id := derivedID("idea told", cmp.Or(commandID, fmt.Sprint(d.Idea, d.State, s.now().UnixNano())))
	end, err := s.begin(id)
	if err != nil {
		return view.Done{}, err
	}
	defer end()
	if done, ok, err := s.sentBefore(ctx, id); ok || err != nil {
		return done, err
	}
	c, err := s.conversation(ctx, d.Conversation)
	if err != nil {
		return view.Done{}, err
	}
	entries, err := s.deps.Ledger.Timeline(ctx, c.ID)
	if err != nil {
		return view.Done{}, fmt.Errorf("reading what is answered: %w", err)
	}
	st := s.tell(ctx, who, entries)
	if st.last == nil {
		return view.Done{}, problem(http.StatusConflict, "words_missing", "The customer's words are kept no longer, so nobody knows where to write.")
	}
	r := s.authorReply(who, c, st, id, d.Tell)
	s.linkPage(r, c, st)
	facts, keys, err := s.store(ctx, r, false)
	if err != nil {
		return view.Done{}, err
	}
	conversation := c.Conversation
	return s.queue(ctx, who, router.Send{
		Reply: facts, Keys: keys, Participants: s.identities(r), Conversation: &conversation,
		Begins: beginning(s.records(ctx, c.Customer), r.Channel, customers.Service),
	}, r)
}

func (s *Service) authorReply(who Who, c *conversationFacts, st *story, id, text string) *contact.Reply {
	r := &contact.Reply{
		ID: id, Kind: contact.Outbound, Channel: st.last.Channel, Account: st.last.Account, Conversation: c.ID, Agent: who.ID,
		CreatedAt: s.now().UTC().Truncate(time.Second), FromName: s.accounts.name(who.ID), To: []contact.Address{st.last.Sender()}, CC: []contact.Address{},
		Subject: replySubject(subjectOf(st, st.last)), Text: strings.ReplaceAll(text, "\r\n", "\n"), Attachments: []contact.Attachment{},
		Token: s.deps.Keys.Token(c.ID), Origin: st.last.Origin,
	}
	r.InReplyTo, r.References = threading(st.last)
	return r
}

// EndPageLinks makes the links to the customer's page invalid that were sent for a
// conversation.
func (s *Service) EndPageLinks(ctx context.Context, who Who, commandID, conversation string) (view.Done, error) {
	row, err := s.deps.Ledger.Conversation(ctx, conversation)
	if errors.Is(err, ledger.ErrNotFound) {
		return view.Done{}, missing("There is no such conversation.")
	}
	if err != nil {
		return view.Done{}, fmt.Errorf("reading a conversation: %w", err)
	}
	facts := row.Conversation
	return s.do(ctx, who, commandID, router.EndPageLinks{Conversation: conversation, Facts: &facts})
}

// EndPersonsLinks makes all links invalid that were sent to a person.
func (s *Service) EndPersonsLinks(ctx context.Context, who Who, commandID, customer string) (view.Done, error) {
	if s.deps.Customers == nil {
		return view.Done{}, noCustomers()
	}
	p, err := s.deps.Customers.Person(ctx, customer)
	if err != nil {
		return view.Done{}, err
	}
	return s.EndLinksOf(ctx, who, commandID, p.Members)
}

// mostEnded bounds of how many conversations of one person links are made invalid.
const mostEnded = 1000

// EndLinksOf makes all links invalid that were sent to some customers.
func (s *Service) EndLinksOf(ctx context.Context, who Who, commandID string, customers []string) (done view.Done, err error) {
	rows, err := s.deps.Persons.ConversationsOf(ctx, customers, mostEnded)
	if err != nil {
		return done, fmt.Errorf("reading a person's conversations: %w", err)
	}
	for i := range rows {
		id, facts := "", rows[i].Conversation
		if commandID != "" {
			id = derivedID("end links", commandID, rows[i].ID)
		}
		if done, err = s.do(ctx, who, id, router.EndPageLinks{Conversation: facts.ID, Facts: &facts}); err != nil {
			return done, err
		}
	}
	return done, nil
}
