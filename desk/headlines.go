package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"unicode"

	"stagecoach/contact"
)

// headline is the few words by which people know a contact in a list.
type headline struct {
	name     string
	address  string
	subject  string
	snippet  string
	language string
}

// maxHeadlines bounds each of the two generations of headlines kept at hand.
const maxHeadlines = 8192

// headlines remembers headlines by reference, so that a list of a hundred
// contacts isn't a hundred mails parsed again. It forgets what was not asked
// for lately.
type headlines struct {
	mu       sync.Mutex
	young    map[string]headline
	old      map[string]headline
	capacity int
}

func newHeadlines() *headlines {
	return &headlines{young: map[string]headline{}, old: map[string]headline{}, capacity: maxHeadlines}
}

func (h *headlines) get(ref string) (headline, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if v, ok := h.young[ref]; ok {
		return v, true
	}
	v, ok := h.old[ref]
	if ok {
		h.keep(ref, v)
	}
	return v, ok
}

func (h *headlines) put(ref string, v headline) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keep(ref, v)
}

func (h *headlines) keep(ref string, v headline) {
	if len(h.young) >= h.capacity {
		h.old, h.young = h.young, map[string]headline{}
	}
	h.young[ref] = v
}

// contactKey begins the key of what stands for a contact without a message.
const contactKey = "contact:"

// forget drops what was erased, and what may have been made of it.
func (h *headlines) forget(refs []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range refs {
		delete(h.young, r)
		delete(h.old, r)
	}
	derived := func(key string, _ headline) bool { return strings.HasPrefix(key, contactKey) }
	maps.DeleteFunc(h.young, derived)
	maps.DeleteFunc(h.old, derived)
}

// Forget drops the words of erased references from what is kept at hand.
func (s *Service) Forget(refs []string) { s.headlines.forget(refs) }

// headlineOf gives the words of a message, a reply or a note by its reference.
func (s *Service) headlineOf(ctx context.Context, ref string) headline {
	if ref == "" {
		return headline{}
	}
	if v, ok := s.headlines.get(ref); ok {
		return v
	}
	v, err := s.readHeadline(ctx, ref)
	switch {
	case errors.Is(err, ErrErased):
		return headline{name: "Erased", subject: "Erased", snippet: "These words were erased."}
	case errors.Is(err, ErrMissing):
		return headline{name: "Expired", subject: "Expired", snippet: "These words are not kept any more."}
	case err != nil:
		if ctx.Err() == nil {
			s.log.WarnContext(ctx, "words not read", "ref", ref, "err", err)
		}
		return headline{name: "Unreadable", subject: "Unreadable"}
	}
	s.headlines.put(ref, v)
	return v
}

func (s *Service) readHeadline(ctx context.Context, ref string) (headline, error) {
	if kind, _, _ := strings.Cut(ref, "."); kind == string(KindReply) {
		r, err := s.reply(ctx, ref)
		if err != nil {
			return headline{}, err
		}
		v := headline{subject: r.Subject, snippet: snippet(r.Text)}
		if len(r.To) > 0 {
			v.name, v.address = called(r.To[0]), r.To[0].Address
		}
		return v, nil
	}
	m, err := s.deps.Messages.Message(ctx, ref)
	if err != nil {
		return headline{}, fmt.Errorf("reading message %q: %w", ref, err)
	}
	from := m.From
	return headline{
		name: called(from), address: from.Address, subject: m.Subject,
		snippet: snippet(cmp.Or(m.ReplyText, m.Text)), language: m.Language,
	}, nil
}

// reply reads a stored reply.
func (s *Service) reply(ctx context.Context, ref string) (*contact.Reply, error) {
	value, err := s.deps.Content.Get(ctx, ref)
	if err != nil {
		return nil, fmt.Errorf("reading reply %q: %w", ref, err)
	}
	var r contact.Reply
	if err := json.Unmarshal(value, &r); err != nil {
		return nil, fmt.Errorf("reading reply %q: %w", ref, err)
	}
	return &r, nil
}

// called is what to call the owner of an address.
func called(a contact.Address) string {
	return cmp.Or(strings.TrimSpace(a.Name), a.Address, "Unknown sender")
}

// snippet gives the beginning of a text on one line.
func snippet(text string) string {
	const most = 180
	var b strings.Builder
	n, gap := 0, false
	for _, r := range text {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte(' ')
			gap = false
			n++
		}
		if n++; n > most {
			return strings.TrimSpace(b.String()) + "…"
		}
		b.WriteRune(r)
	}
	return b.String()
}
