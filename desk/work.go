package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/router"
)

// Accept takes an offer.
func (s *Service) Accept(ctx context.Context, who Who, commandID, offer string) (view.Done, error) {
	return s.do(ctx, who, commandID, router.Accept{Offer: offer})
}

// Decline refuses an offer, with a reason code.
func (s *Service) Decline(ctx context.Context, who Who, commandID, offer, reason string) (view.Done, error) {
	reason, err := code(reason, "other")
	if err != nil {
		return view.Done{}, err
	}
	return s.do(ctx, who, commandID, router.Decline{Offer: offer, Reason: reason})
}

// TakeNext gives the one who asks what they should do next.
func (s *Service) TakeNext(ctx context.Context, who Who, commandID string) (view.Done, error) {
	return s.do(ctx, who, commandID, router.TakeNext{})
}

// Take gives a waiting contact to the one who asks.
func (s *Service) Take(ctx context.Context, who Who, commandID, contactID string) (view.Done, error) {
	return s.do(ctx, who, commandID, router.Assign{Contact: contactID, Agent: who.ID, Reason: "taken"})
}

// Handing is why a contact is given to somebody, taken back or moved.
type Handing struct {
	// Reason is what the person wrote: a code, or words that are kept as content.
	Reason string
	// Override exceeds an agent's capacity, on record.
	Override bool
}

// Assign gives a contact to an agent: its holder's transfer, or a supervisor's
// word.
func (s *Service) Assign(ctx context.Context, who Who, commandID, contactID, agent string, h Handing) (view.Done, error) {
	reason, remark, err := s.remark(ctx, who, commandID, h.Reason)
	if err != nil {
		return view.Done{}, err
	}
	return s.do(ctx, who, commandID, router.Assign{Contact: contactID, Agent: agent, Reason: reason, Remark: remark, Override: h.Override})
}

// PullBack takes a contact from its holder to the waiting ones.
func (s *Service) PullBack(ctx context.Context, who Who, commandID, contactID string, h Handing) (view.Done, error) {
	reason, remark, err := s.remark(ctx, who, commandID, h.Reason)
	if err != nil {
		return view.Done{}, err
	}
	return s.do(ctx, who, commandID, router.PullBack{Contact: contactID, Reason: reason, Remark: remark})
}

// Move puts a contact into another queue.
func (s *Service) Move(ctx context.Context, who Who, commandID, contactID, queue string, h Handing) (view.Done, error) {
	queue, err := code(queue, "")
	if err != nil || queue == "" {
		return view.Done{}, invalid("A queue's name has letters, digits, - and _ only.")
	}
	reason, remark, err := s.remark(ctx, who, commandID, h.Reason)
	if err != nil {
		return view.Done{}, err
	}
	return s.do(ctx, who, commandID, router.MoveTo{Contact: contactID, Queue: queue, Reason: reason, Remark: remark})
}

// Dispose ends contacts without a reply, by a person, with a code.
func (s *Service) Dispose(ctx context.Context, who Who, commandID string, contacts []string, d contact.Disposition, words string) (view.Done, error) {
	if len(contacts) == 0 || len(contacts) > maxBulk {
		return view.Done{}, invalid(fmt.Sprintf("Choose at least one contact, and at most %d.", maxBulk))
	}
	_, remark, err := s.remark(ctx, who, commandID, words)
	if err != nil {
		return view.Done{}, err
	}
	return s.do(ctx, who, commandID, router.Dispose{Contacts: contacts, Disposition: d, Remark: remark})
}

// maxBulk bounds how many contacts one command may name.
const maxBulk = 500

// Reopen undoes a disposal, with the original clock.
func (s *Service) Reopen(ctx context.Context, who Who, commandID, contactID string) (view.Done, error) {
	cmd := router.Reopen{Contact: contactID}
	if row, err := s.deps.Ledger.Contact(ctx, contactID); err == nil {
		cmd.Contact, cmd.Facts = row.ID, &row.Contact
		if v, err := s.deps.Ledger.Conversation(ctx, row.Conversation); err == nil {
			cmd.Conversation = &v.Conversation
		}
	}
	return s.do(ctx, who, commandID, cmd)
}

// ConfirmReview disposes of contacts as they are proposed, with a remark if
// there are words; KeepReview sends them to the queues as customers' messages
// after all.
func (s *Service) ConfirmReview(ctx context.Context, who Who, commandID string, contacts []string, words string) (view.Done, error) {
	if len(contacts) == 0 || len(contacts) > maxBulk {
		return view.Done{}, invalid(fmt.Sprintf("Choose at least one contact, and at most %d.", maxBulk))
	}
	proposed := map[contact.Disposition][]string{}
	err := s.deps.Router.View(ctx, func(st *router.State) {
		for _, id := range contacts {
			if c := st.Contacts[id]; c != nil && c.Open() && c.Proposed != "" {
				proposed[c.Proposed] = append(proposed[c.Proposed], id)
			}
		}
	})
	if err != nil {
		return view.Done{}, fmt.Errorf("looking at the review: %w", err)
	}
	if len(proposed) == 0 {
		return view.Done{}, problem(409, router.RefusedEnded, "None of these is in review any more.")
	}
	_, remark, err := s.remark(ctx, who, commandID, words)
	if err != nil {
		return view.Done{}, err
	}
	var res router.Result
	for _, d := range contact.Dispositions() {
		if len(proposed[d]) == 0 {
			continue
		}
		id, err := stepID(commandID, string(d))
		if err != nil {
			return view.Done{}, err
		}
		if res, err = s.command(ctx, who, id, router.Dispose{Contacts: proposed[d], Disposition: d, Remark: remark}); err != nil {
			return view.Done{}, err
		}
	}
	return s.done(ctx, res), nil
}

// KeepReview says of contacts in review that they are no spam, with a remark if
// there are words.
func (s *Service) KeepReview(ctx context.Context, who Who, commandID string, contacts []string, words string) (view.Done, error) {
	if len(contacts) == 0 || len(contacts) > maxBulk {
		return view.Done{}, invalid(fmt.Sprintf("Choose at least one contact, and at most %d.", maxBulk))
	}
	_, remark, err := s.remark(ctx, who, commandID, words)
	if err != nil {
		return view.Done{}, err
	}
	var res router.Result
	for _, c := range contacts {
		id, err := stepID(commandID, c)
		if err != nil {
			return view.Done{}, err
		}
		if res, err = s.command(ctx, who, id, router.MoveTo{Contact: c, Reason: "not_spam", Remark: remark, Clear: true}); err != nil {
			return view.Done{}, err
		}
	}
	return s.done(ctx, res), nil
}

// each does a supervisor's command to several contacts, and says how many of
// them it was refused for.
func each(commandID string, contacts []string, f func(id, contact string) (view.Done, error)) (view.Done, error) {
	var done view.Done
	if len(contacts) == 0 || len(contacts) > maxBulk {
		return done, invalid(fmt.Sprintf("Choose at least one contact, and at most %d.", maxBulk))
	}
	failed := 0
	var last error
	for _, c := range contacts {
		id, err := stepID(commandID, c)
		if err != nil {
			return done, err
		}
		d, err := f(id, c)
		if err != nil {
			if _, refused := errors.AsType[*router.Refusal](err); !refused {
				return done, err
			}
			failed, last = failed+1, err
			continue
		}
		done = d
	}
	if failed > 0 && len(contacts) > 1 {
		p := problemOf(last)
		p.Detail = fmt.Sprintf("Done for %d of %d; the others: %s", len(contacts)-failed, len(contacts), p.Detail)
		return done, p
	}
	return done, last
}

// stepID gives the command id of one step of several.
func stepID(commandID, step string) (string, error) {
	if commandID == "" {
		return newID()
	}
	return derivedID(commandID, step), nil
}

// Note stores a remark for colleagues. The id makes it one, however often it is
// sent.
func (s *Service) Note(ctx context.Context, who Who, n contact.Note) (view.Done, error) {
	if strings.TrimSpace(n.Text) == "" || len(n.Text) > maxText {
		return view.Done{}, invalid("A note needs words, at most 256 KiB of them.")
	}
	id, err := givenID(n.ID)
	if err != nil {
		return view.Done{}, err
	}
	n.ID, n.Agent, n.At = id, who.ID, s.now().UTC()
	if n.Conversation == "" {
		return view.Done{}, missing("There is no such conversation.")
	}
	ref, err := s.storeNote(ctx, &n)
	if err != nil {
		return view.Done{}, err
	}
	return s.do(ctx, who, n.ID, router.Note{Conversation: n.Conversation, Contact: n.Contact, Note: n.ID, Ref: ref})
}

// storeNote keeps a note. The first of an id counts: what somebody wrote is not
// written over by whoever knows its id.
func (s *Service) storeNote(ctx context.Context, n *contact.Note) (string, error) {
	ref := string(KindNote) + "." + n.ID
	var old contact.Note
	stored, err := s.deps.Content.Get(ctx, ref)
	switch {
	case err == nil:
		if err := json.Unmarshal(stored, &old); err != nil {
			return "", fmt.Errorf("reading note %q: %w", n.ID, err)
		}
		if old.Agent != n.Agent || old.Conversation != n.Conversation {
			return "", problem(409, router.RefusedTaken, "There is another note with this id.")
		}
		return ref, nil
	case !errors.Is(err, ErrMissing):
		return "", fmt.Errorf("looking up note %q: %w", n.ID, err)
	}
	value, err := json.Marshal(n)
	if err != nil {
		return "", fmt.Errorf("writing a note: %w", err)
	}
	if ref, err = s.deps.Content.Put(ctx, KindNote, n.ID, value); err != nil {
		return "", fmt.Errorf("storing a note: %w", err)
	}
	return ref, nil
}

// maxText bounds the text of a reply or a note, in bytes.
const maxText = 256 << 10

// SaveDraft keeps an unsent reply with its contact; an empty one is erased.
func (s *Service) SaveDraft(ctx context.Context, who Who, d contact.Draft) error {
	if len(d.Text) > maxText || utf8.RuneCountInString(d.Subject) > 1000 || len(d.To)+len(d.CC) > maxPeople || len(d.Attachments) > maxFiles {
		return invalid("This draft is larger than a reply may be.")
	}
	open, holder, chat := false, "", false
	err := s.deps.Router.View(ctx, func(st *router.State) {
		if c := st.Contacts[d.Contact]; c != nil {
			v := st.Conversations[c.Conversation]
			open, holder = c.Open(), c.Agent
			chat = v != nil && writesOn(who, &v.Channel, c, v.LastAgent)
		}
	})
	if err != nil {
		return fmt.Errorf("looking up the contact of a draft: %w", err)
	}
	if chat { // a further line of a chat is short, and said at once
		return nil
	}
	if !open {
		return problem(409, router.RefusedEnded, "This contact has ended: there is nothing to reply to.")
	}
	if holder != who.ID { // a page that was left open must not write over the draft of who has it now
		return problem(403, router.RefusedNotYours, "You do not hold this contact any more: the draft in it is your colleague's.")
	}
	if strings.TrimSpace(d.Text) == "" && len(d.Attachments) == 0 {
		return s.drafts.erase(ctx, d.Contact)
	}
	d.Agent, d.At = who.ID, s.now().UTC()
	s.deps.Router.DraftSaved(d.Contact)
	return s.drafts.save(ctx, d.Contact, d)
}

// remark splits what a person wrote as a reason: a code stands in the log,
// words are content that the log names.
func (s *Service) remark(ctx context.Context, who Who, commandID, words string) (reason, ref string, err error) {
	words = strings.TrimSpace(words)
	if isCode(words) {
		return words, "", nil
	}
	ref, err = s.storeReason(ctx, who, commandID, words)
	return "said", ref, err
}

// storeReason keeps what a person wrote as a reason, and gives where.
func (s *Service) storeReason(ctx context.Context, who Who, commandID, words string) (ref string, err error) {
	if len(words) > 4096 {
		return "", invalid("A reason has at most 4,096 bytes.")
	}
	id, err := newID()
	if err != nil {
		return "", err
	}
	if commandID != "" {
		id = derivedID("reason", who.ID, commandID)
	}
	value, err := json.Marshal(words)
	if err != nil {
		return "", fmt.Errorf("writing a reason: %w", err)
	}
	ref, err = s.deps.Content.Put(ctx, KindReason, id, value)
	if err != nil {
		return "", fmt.Errorf("storing a reason: %w", err)
	}
	return ref, nil
}

// said reads back what a person wrote as a reason.
func (s *Service) said(ctx context.Context, ref string) string {
	if ref == "" {
		return ""
	}
	value, err := s.deps.Content.Get(ctx, ref)
	if err != nil {
		return ""
	}
	var words string
	if json.Unmarshal(value, &words) != nil {
		return ""
	}
	return words
}

// codes are the reasons that people pick from a list: they may stand in the log.
func codes() []string {
	return []string{
		"", "busy", "language", "skill", "conflict", "other", "not_mine", "break", "taken",
		"not_spam", "wrong_queue", "absent", "expertise", "workload",
	}
}

func isCode(s string) bool { return slices.Contains(codes(), s) }

// code checks a name that will stand in the log: no words of people.
func code(s, otherwise string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	if s == "" {
		return otherwise, nil
	}
	if len(s) > 40 {
		return "", invalid("That is longer than a name may be.")
	}
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' && r != '-' {
			return "", invalid("A name has letters, digits, - and _ only.")
		}
	}
	return s, nil
}
