package desk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/desk/web"
	"stagecoach/router"
)

// place is where a conversation goes on at its channel.
type place struct {
	channel contact.Channel
	account string
	thread  string
}

// watched remembers the conversations that were looked at lately on channels that
// know how it stands at the customer's end: what is heard from there concerns
// nobody else.
type watched struct {
	mu sync.Mutex
	// conversations are by place, places by conversation.
	conversations *lru.Cache[place, string]
	places        *lru.Cache[string, place]
	// told is when an agent's writing was last passed on, by conversation.
	told *lru.Cache[string, time.Time]
}

// maxWatched bounds each look-up.
const maxWatched = 4096

func newWatched() *watched {
	w := &watched{}
	var err error
	if w.conversations, err = lru.New[place, string](maxWatched); err != nil {
		panic(err) // the size is a constant over zero
	}
	if w.places, err = lru.New[string, place](maxWatched); err != nil {
		panic(err)
	}
	if w.told, err = lru.New[string, time.Time](maxWatched); err != nil {
		panic(err)
	}
	return w
}

func (w *watched) note(conversation string, at place) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conversations.Add(at, conversation)
	w.places.Add(conversation, at)
}

func (w *watched) placeOf(conversation string) (place, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.places.Get(conversation)
}

func (w *watched) at(p place) (string, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.conversations.Get(p)
}

// typingPace is the least time between two signs that an agent is writing; the
// customer is shown each for some seconds.
const typingPace = 2 * time.Second

// turn reports whether a sign that an agent is writing may be passed on now.
func (w *watched) turn(conversation string, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if last, ok := w.told.Get(conversation); ok && now.Sub(last) < typingPace {
		return false
	}
	w.told.Add(conversation, now)
	return true
}

// Stirred tells that something changed at the customer's end of a thread. Passing
// is what only shows who is there and who writes. Pages of those who look at it
// ask anew.
func (s *Service) Stirred(ch contact.Channel, account, thread string, passing bool) {
	id, ok := s.watched.at(place{ch, account, thread})
	switch {
	case !ok:
	case passing:
		s.hub.tell("", TopicPresence+id)
	default:
		s.hub.tell("", TopicPresence+id, TopicConversation+id)
	}
}

// attentionTime is how long a page waits for what a channel knows of the customer.
const attentionTime = 2 * time.Second

// attend adds what the conversation's channel knows of the customer's end.
func (s *Service) attend(ctx context.Context, st *story, out *view.Conversation) {
	if st.last == nil || st.last.Thread == "" {
		return
	}
	at := place{st.last.Channel, st.last.Account, st.last.Thread}
	a, ok := s.adapter(at.channel, at.account)
	if !ok {
		return
	}
	if _, ok := a.Sender.(channels.Typist); ok {
		out.ShowsTyping = out.Holder || out.WritesOn
	}
	who, ok := a.Receiver.(channels.Attendant)
	if !ok {
		return
	}
	s.watched.note(out.ID, at)
	var replies []string
	for _, it := range out.Items {
		if it.Kind == view.ItemReply && it.Channel == at.channel {
			replies = append(replies, it.ID)
		}
	}
	got, err := s.ask(ctx, who, at.thread, replies)
	if err != nil {
		return
	}
	out.Presence = s.presence(got)
	for i := range out.Items {
		if f, ok := got.Fates[out.Items[i].ID]; ok && out.Items[i].Kind == view.ItemReply {
			fated(&out.Items[i], f)
		}
	}
}

func (s *Service) ask(ctx context.Context, who channels.Attendant, thread string, replies []string) (channels.Attention, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, attentionTime, errors.New("the channel took too long to say how it stands at the customer's end"))
	defer cancel()
	got, err := who.Attention(ctx, thread, replies)
	if err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, "the customer's end of a conversation is not known", "err", err)
	}
	return got, err
}

// fated says of a reply what became of it after it was delivered.
func fated(it *view.Item, f channels.Fate) {
	it.Read = f.Read
	switch {
	case f.Mailed.IsZero():
	case f.MailInDoubt:
		it.Mailed, it.MailedAt, it.MailTrouble = f.MailedTo, f.Mailed, "The customer had gone. Nobody knows whether the mail to "+f.MailedTo+
			" went out; it is not mailed again, and shows in the chat when they return."
	case f.MailFailed:
		it.Mailed, it.MailedAt, it.MailTrouble = f.MailedTo, f.Mailed, "The customer had gone, and the mail to "+f.MailedTo+
			" could not be sent. The reply shows in the chat when they return."
	default:
		it.Mailed, it.MailedAt = f.MailedTo, f.Mailed
	}
}

// goneAfter is how long somebody may be without a connection before they count as
// gone: pages are left and links are lost for moments all the time.
const goneAfter = 10 * time.Second

// presence puts what a channel knows into a page's terms.
func (s *Service) presence(a channels.Attention) view.Presence {
	now := s.now()
	p := view.Presence{Known: a.Known, Here: a.Here, Gone: a.Gone, Address: a.Address, AddressProven: a.AddressProven}
	if left := a.Typing.Sub(now); left > 0 {
		p.Typing, p.Again = true, 1+int(left/time.Second)
	}
	if since := now.Sub(a.Gone); !a.Here && !a.Gone.IsZero() && since < goneAfter {
		p.Here, p.Gone, p.Again = true, time.Time{}, 1+int((goneAfter-since)/time.Second)
	}
	return p
}

// Presence tells how it stands at the customer's end of a conversation that was
// looked at lately.
func (s *Service) Presence(ctx context.Context, id string) (view.Presence, error) {
	at, ok := s.watched.placeOf(id)
	if !ok {
		return view.Presence{}, nil
	}
	a, _ := s.adapter(at.channel, at.account)
	who, ok := a.Receiver.(channels.Attendant)
	if !ok {
		return view.Presence{}, nil
	}
	got, err := s.ask(ctx, who, at.thread, nil)
	if err != nil {
		return view.Presence{}, nil //nolint:nilerr // said in the log; the page shows nothing of it
	}
	return s.presence(got), nil
}

// Typing shows the customer that the one who holds their contact is writing. It
// ends by itself after some seconds, and nothing keeps it.
func (s *Service) Typing(ctx context.Context, who Who, id string) error {
	at, ok := s.watched.placeOf(id)
	if !ok {
		return nil
	}
	holds := false
	err := s.deps.Router.View(ctx, func(st *router.State) {
		if v := st.Conversations[id]; v != nil {
			c := st.Contacts[v.Contact]
			holds = c != nil && c.Agent == who.ID && c.Open() || v.Contact == "" && v.Channel.IsChat() && v.LastAgent == who.ID
		}
	})
	if err != nil {
		return fmt.Errorf("looking whose a conversation is: %w", err)
	}
	a, _ := s.adapter(at.channel, at.account)
	typist, ok := a.Sender.(channels.Typist)
	if !holds || !ok || !s.watched.turn(id, s.now()) {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, attentionTime, errors.New("the channel took too long to show that somebody is writing"))
	defer cancel()
	if err := typist.Typing(ctx, at.thread, s.accounts.name(who.ID)); err != nil {
		s.log.DebugContext(ctx, "not shown to the customer that somebody is writing", "err", err)
	}
	return nil
}

// presencePages are the live line above the composer, and the sign from there.
func (s *Server) presencePages(mux *http.ServeMux) {
	s.page(mux, "GET /p/c/{conversation}/presence", agents, func(w http.ResponseWriter, r *http.Request, who Who) error {
		id := r.PathValue("conversation")
		p, err := s.svc.Presence(r.Context(), id)
		if err != nil {
			return err
		}
		frame := web.Page{Path: conversationPath(id), Now: s.svc.Now(), Zone: s.svc.cfg.Zone}
		return render(r.Context(), w, http.StatusOK, web.PresenceLine(frame, id, p))
	})
	s.page(mux, "POST /c/{conversation}/typing", agents, func(w http.ResponseWriter, r *http.Request, who Who) error {
		if err := s.svc.Typing(r.Context(), who, r.PathValue("conversation")); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	})
}
