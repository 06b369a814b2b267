package desk

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"stagecoach/contact"
	"stagecoach/desk/view"
)

// What of a private message is known again in a public answer: so many words in a
// row, an address, or a number of so many digits.
const (
	secretWords  = 5
	secretDigits = 5
)

var addressForm = regexp.MustCompile(`[\p{L}\p{N}._%+-]+@[\p{L}\p{N}.-]+\.\p{L}{2,}`)

// keepsSecrets refuses an answer that anybody can read and that has words in it which
// were said in private, or which the policy keeps out of public.
func (s *Service) keepsSecrets(ctx context.Context, c *conversationFacts, r *contact.Reply, w *way, st *story) error {
	if w == nil || !w.Public {
		return nil
	}
	said := strings.ToLower(strings.Join(strings.Fields(r.Text), " "))
	if s.deps.Rules != nil {
		for _, phrase := range s.deps.Rules().Timing().Secret {
			if strings.Contains(said, phrase) {
				return invalid(fmt.Sprintf("Anybody can read this answer, and “%s” never stands in one. Write it in private, or leave it out.", phrase))
			}
		}
	}
	for _, m := range st.byID {
		if m.Public {
			continue
		}
		if found := quotesPrivate(r.Text, cmp.Or(m.Text, m.ReplyText)); found != "" {
			return saidInPrivate(found)
		}
	}
	if found := quotesPrivate(r.Text, s.keptOf(ctx, c)); found != "" {
		return invalid(fmt.Sprintf("Anybody can read this answer, and “%s” is what you know of the customer. Write it in private, or leave it out.", found))
	}
	private, err := s.privateElsewhere(ctx, c)
	if err != nil {
		return err
	}
	for _, m := range private {
		if found := quotesPrivate(r.Text, cmp.Or(m.ReplyText, m.Text)); found != "" {
			return saidInPrivate(found)
		}
	}
	return nil
}

func saidInPrivate(what string) error {
	return invalid(fmt.Sprintf("Anybody can read this answer, and “%s” was said in private. Write it in private, or leave it out.", what))
}

// keptOf gives the addresses and numbers that are kept of a customer.
func (s *Service) keptOf(ctx context.Context, c *conversationFacts) string {
	var kept []string
	for _, record := range s.records(ctx, c.Customer) {
		kept = append(kept, record.External)
		for _, id := range record.Identities {
			if id.Channel == contact.Email || id.Channel == contact.Phone || id.Channel == contact.SMS {
				kept = append(kept, id.Address)
			}
		}
	}
	return strings.Join(kept, " ; ")
}

// How far back it is looked for what was said in private in other conversations.
const secretMessages = 100

// privateElsewhere gives what the same person wrote in private in their other
// conversations, the newest first.
func (s *Service) privateElsewhere(ctx context.Context, c *conversationFacts) ([]*contact.Message, error) {
	rows, err := s.historyOf(ctx, c, &view.Conversation{})
	if err != nil {
		return nil, fmt.Errorf("reading what was said in private: %w", err)
	}
	var out []*contact.Message
	for i := range rows {
		if rows[i].ID == c.ID {
			continue
		}
		entries, err := s.deps.Ledger.Timeline(ctx, rows[i].ID)
		if err != nil {
			return nil, fmt.Errorf("reading what was said in private: %w", err)
		}
		for _, e := range slices.Backward(entries) {
			if e.Kind != eventMessage || len(out) == secretMessages {
				continue
			}
			m, err := s.deps.Messages.Message(ctx, e.Ref)
			if err == nil && !m.Public { // what is erased, or expired, nobody can repeat
				out = append(out, m)
			}
		}
	}
	return out, nil
}

// quotesPrivate gives what a text repeats of a private one, "" for nothing.
func quotesPrivate(text, private string) string {
	for _, one := range addressForm.FindAllString(private, -1) {
		if strings.Contains(strings.ToLower(text), strings.ToLower(one)) {
			return one
		}
	}
	theirs, ours := numbers(private), numbers(text)
	for _, n := range theirs {
		if slices.Contains(ours, n) {
			return n
		}
	}
	said, have := wordsIn(private), " "+strings.Join(wordsIn(text), " ")+" "
	for i := 0; i+secretWords <= len(said); i++ {
		if run := strings.Join(said[i:i+secretWords], " "); strings.Contains(have, " "+run+" ") {
			return run
		}
	}
	return ""
}

// numbers gives the longer numbers of a text: each row of digits, and those together that
// only what may stand within a number parts. Two numbers side by side are found apart, too.
func numbers(text string) []string {
	var out []string
	var row, all strings.Builder
	end := func(b *strings.Builder) {
		if b.Len() >= secretDigits && !slices.Contains(out, b.String()) {
			out = append(out, b.String())
		}
		b.Reset()
	}
	for _, c := range text {
		switch {
		case c >= '0' && c <= '9':
			row.WriteRune(c)
			all.WriteRune(c)
		case all.Len() > 0 && strings.ContainsRune(" -/.", c):
			end(&row)
		default:
			end(&row)
			end(&all)
		}
	}
	end(&row)
	end(&all)
	return out
}

func wordsIn(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsNumber(c) })
}
