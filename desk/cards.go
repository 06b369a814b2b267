package desk

import (
	"cmp"
	"context"
	"slices"
	"time"

	"stagecoach/desk/view"
	"stagecoach/router"
)

// facts is a contact as copied out of the router, with what cards say of it.
type facts struct {
	router.Contact
	// reply is the state of the reply on its way.
	reply  router.ReplyState
	reason string
	code   string
}

// copyContact copies what leaves the router's goroutine.
func copyContact(st *router.State, c *router.Contact) facts {
	f := facts{Contact: *c}
	f.Messages = slices.Clone(c.Messages)
	f.Offers = slices.Clone(c.Offers)
	f.Cool = nil
	if r := st.Replies[c.Reply]; r != nil {
		f.reply, f.reason, f.code = r.State, r.Reason, r.Code
	}
	return f
}

// card puts a contact's facts and words together.
func (s *Service) card(ctx context.Context, f *facts) view.Card {
	h := s.headlineFor(ctx, f)
	return view.Card{
		Contact: f.ID, Conversation: f.Conversation, Channel: f.Channel, Account: f.Account,
		Customer: f.Customer, CustomerName: h.name, Subject: h.subject, Snippet: h.snippet,
		Language: cmp.Or(f.Language, h.language), Queue: f.Queue, State: string(f.State),
		Promise: string(f.Promise), Start: f.Start, Due: f.Due, UsedShare: s.usedShare(f),
		Entry: f.Entry, Policy: f.EntryOf, Steps: append([]string{}, f.Steps...),
		AtRisk: f.Risky, Breached: f.Breached, Foreseen: f.Foreseen && !f.Breached, Agent: f.Agent, AgentName: s.accounts.name(f.Agent),
		Messages: len(f.Messages) + f.Earlier, HasDraft: s.drafts.has(f.ID),
		Proposed: f.Proposed, Rule: f.Rule, Trouble: s.trouble(ctx, f), Elsewhere: f.Elsewhere != "",
	}
}

func (s *Service) cards(ctx context.Context, list []facts) []view.Card {
	out := make([]view.Card, 0, len(list))
	for i := range list {
		out = append(out, s.card(ctx, &list[i]))
	}
	return out
}

// usedShare gives the share of the promise that is used: 1 is due.
func (s *Service) usedShare(f *facts) float64 {
	whole := f.Due.Sub(f.Start)
	end := s.now()
	if f.State == router.EndedContact && !f.EndedAt.IsZero() {
		end = f.EndedAt
	}
	used := end.Sub(f.Start)
	switch {
	case whole <= 0:
		return 1
	case used <= 0:
		return 0
	}
	return float64(used) / float64(whole)
}

// headlineFor gives the words of a contact: those of its newest message, under
// the subject of its first; a contact without a message, as after a pledge, has
// those of what was said last in its conversation.
func (s *Service) headlineFor(ctx context.Context, f *facts) headline {
	if len(f.Messages) == 0 {
		key := contactKey + f.ID
		if v, ok := s.headlines.get(key); ok {
			return v
		}
		v := s.headlineOf(ctx, s.lastWords(ctx, f.Conversation))
		if v.subject != "" || v.name != "" {
			s.headlines.put(key, v)
		}
		return v
	}
	last := s.headlineOf(ctx, f.Messages[len(f.Messages)-1].Ref)
	if len(f.Messages) > 1 && last.subject == "" {
		last.subject = s.headlineOf(ctx, f.Messages[0].Ref).subject
	}
	return last
}

// lastWords gives the reference of the newest message of a conversation, or of
// its newest reply when the customer has never written in it.
func (s *Service) lastWords(ctx context.Context, conversation string) string {
	entries, err := s.deps.Ledger.Timeline(ctx, conversation)
	if err != nil {
		s.log.WarnContext(ctx, "timeline not read", "conversation_id", conversation, "err", err)
		return ""
	}
	ref := ""
	for _, e := range slices.Backward(entries) {
		switch {
		case e.Kind == eventMessage && e.Ref != "":
			return e.Ref
		case e.Kind == eventReply && ref == "":
			ref = e.Ref
		}
	}
	return ref
}

// trouble says in words what is wrong with the last reply.
func (s *Service) trouble(ctx context.Context, f *facts) string {
	switch f.reply {
	case router.ReplyIsInDoubt:
		return "Nobody knows whether the reply arrived. Please find out."
	case router.ReplyIsQueued, router.ReplyIsAttempted:
		if f.reason != "" {
			return "The reply could not be sent yet: " + troubleWords(f.reason, f.code) + ". It is tried again."
		}
		return ""
	case router.ReplyIsDelivered, router.ReplyHasFailed:
	}
	if u := f.Undelivered; u != nil {
		return "What " + s.accounts.name(u.Agent) + " sent to somebody else did not arrive: " + troubleWords(u.Reason, u.Code) + "."
	}
	if f.State == router.EndedContact || f.Promise == router.PromiseFirst && f.Agent == "" {
		return ""
	}
	row, err := s.deps.Ledger.Contact(ctx, f.ID)
	if err != nil || row.Trouble == "" {
		return ""
	}
	return "The last reply did not arrive: " + troubleWords(row.Trouble, row.TroubleCode) + "."
}

// troubleWords puts the reason of a failed delivery into words.
func troubleWords(reason, code string) string {
	words := map[string]string{
		"auth":          "our mail server refused our password",
		"rate_limited":  "the provider wants fewer messages for now",
		"rejected":      "the provider refused it",
		"unavailable":   "the provider could not be reached",
		"malformed":     "the provider could not read it",
		"bounced":       "it came back",
		"taken_back":    "its author took it back",
		"no_consent":    "the customer doesn't allow messages of this kind any more",
		"not_delivered": "a colleague found that it did not arrive",
		"sent_again":    "a colleague had it sent again",
		"unknown":       "for an unknown reason",
	}
	w := cmp.Or(words[reason], reason)
	if code != "" {
		w += " (" + code + ")"
	}
	return w
}

// byDue puts the first due first.
func byDue(a, b facts) int {
	return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.ID, b.ID))
}

// within gives how far a moment is away, never less than zero, in seconds.
func within(from, to time.Time) int { return max(0, int(to.Sub(from).Seconds())) }
