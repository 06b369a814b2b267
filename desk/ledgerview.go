package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/explain"
	"stagecoach/ledger"
	"stagecoach/router"
	"stagecoach/router/match"
)

// Listing is what a page of the ledger was asked for.
type Listing struct {
	view.LedgerFilter
	// Before is the cursor of the page, "" for the first.
	Before string
	Limit  int
}

func (s *Service) listing(l *Listing) (ledger.Filter, error) {
	f := ledger.Filter{
		State: l.State, Queue: l.Queue, Agent: l.Agent, Channel: contact.Channel(l.Channel),
		Breached: l.Breached, Limit: cmp.Or(l.Limit, 100),
	}
	for _, end := range []router.EndKind{router.EndReplied, router.EndMerged, router.EndDisposed} {
		if l.State == string(end) {
			f.State, f.End = "", end
		}
	}
	if d := contact.Disposition(l.State); slices.Contains(contact.Dispositions(), d) {
		f.State, f.Disposition = "", d
	}
	var err error
	if f.Since, err = s.day(l.Since); err != nil {
		return f, err
	}
	if f.Until, err = s.day(l.Until); err != nil {
		return f, err
	}
	if !f.Until.IsZero() {
		f.Until = f.Until.AddDate(0, 0, 1)
	}
	if f.Before, err = cursor(l.Before); err != nil {
		return f, err
	}
	return f, nil
}

func (s *Service) day(d string) (time.Time, error) {
	if d == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, d, s.cfg.Zone)
	if err != nil {
		return t, invalid(fmt.Sprintf("%q is not a day such as 2026-11-22.", d))
	}
	return t, nil
}

func cursor(c string) (uint64, error) {
	if c == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(c, 10, 64)
	if err != nil {
		return 0, invalid("This is not the cursor of a page.")
	}
	return n, nil
}

// Ledger gives a page of what became of each contact, newest first. A query
// that is the beginning of a contact's id finds that one; else it finds the
// contacts of the conversations with these words.
func (s *Service) Ledger(ctx context.Context, l Listing) (view.Ledger, error) {
	out := view.Ledger{Filter: l.LedgerFilter, Rows: []view.LedgerRow{}, Queues: []string{}}
	rows, err := s.ledgerRows(ctx, &l)
	if err != nil {
		return out, err
	}
	for i := range rows {
		out.Rows = append(out.Rows, s.ledgerRow(ctx, &rows[i]))
	}
	if n := len(rows); n > 0 && n == cmp.Or(l.Limit, 100) {
		out.Next = strconv.FormatUint(rows[n-1].Num, 10)
	}
	if out.Totals, err = s.Totals(ctx); err != nil {
		return out, err
	}
	if out.People, err = s.People(ctx); err != nil {
		return out, err
	}
	out.Queues, err = s.queues(ctx)
	return out, err
}

func (s *Service) ledgerRows(ctx context.Context, l *Listing) ([]ledger.Row, error) {
	f, err := s.listing(l)
	if err != nil {
		return nil, err
	}
	if q := strings.TrimSpace(l.Query); q != "" {
		row, err := s.deps.Ledger.Contact(ctx, q)
		switch {
		case err == nil:
			return []ledger.Row{row}, nil
		case errors.Is(err, ledger.ErrNotFound), errors.Is(err, ledger.ErrAmbiguous):
			return s.rowsByWords(ctx, q, f)
		}
		return nil, fmt.Errorf("reading the ledger: %w", err)
	}
	rows, err := s.deps.Ledger.Contacts(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("reading the ledger: %w", err)
	}
	return rows, nil
}

// exactHits is up to how many finds of words all are looked at, so that the
// contacts of a page are the newest there are. Of more, those found last are.
const exactHits = 20_000

// rowsByWords gives the contacts that fit a filter of the conversations in
// which words were found, newest first: as many as there are, up to its limit.
func (s *Service) rowsByWords(ctx context.Context, q string, f ledger.Filter) ([]ledger.Row, error) {
	o := ledger.SearchOptions{Limit: 200}
	f.Conversations = []string{}
	seen := map[string]bool{}
	for hits, next := 0, exactHits; ; {
		page, err := s.deps.Records.Search(ctx, q, o)
		if err != nil {
			return nil, fmt.Errorf("searching: %w", err)
		}
		for i := range page {
			if id := page[i].Conversation; id != "" && !seen[id] {
				seen[id] = true
				f.Conversations = append(f.Conversations, id)
			}
		}
		hits += len(page)
		last := len(page) < o.Limit
		if !last {
			o.Before = page[len(page)-1].Num
		}
		if !last && hits < next {
			continue
		}
		rows, err := s.deps.Ledger.Contacts(ctx, f)
		if err != nil {
			return nil, fmt.Errorf("reading the ledger: %w", err)
		}
		if last || len(rows) >= f.Limit {
			return rows, nil
		}
		next = 2 * hits
	}
}

func (s *Service) ledgerRow(ctx context.Context, row *ledger.Row) view.LedgerRow {
	return view.LedgerRow{
		Card: s.card(ctx, &facts{Contact: row.Contact}), End: string(row.End), Disposition: string(row.Disposition),
		EndedBy: s.accounts.name(row.EndedBy), EndedAt: row.EndedAt, Kept: row.Kept,
	}
}

// queues lists the queues of open contacts.
func (s *Service) queues(ctx context.Context) ([]string, error) {
	v, err := s.survey(ctx, "")
	if err != nil {
		return nil, err
	}
	return slices.AppendSeq([]string{}, maps.Keys(v.queues)), nil
}

// Totals gives the two sums of the ledger.
func (s *Service) Totals(ctx context.Context) (view.Totals, error) {
	sum, err := s.Summary(ctx)
	if err != nil {
		return view.Totals{}, err
	}
	t := view.Totals{
		Seen: int(sum.Seen), Messages: int(sum.Messages), Evidence: int(sum.Evidence), Quarantined: int(sum.Quarantined), //nolint:gosec // counts of contacts
		Contacts: int(sum.Contacts), Replied: int(sum.Replied), Open: int(sum.Open), Merged: int(sum.Merged), //nolint:gosec // counts of contacts
		Disposed: map[contact.Disposition]int{}, AddsUp: sum.AddsUp, Gaps: []string{},
	}
	for d, n := range sum.Disposed {
		t.Disposed[d] = int(n) //nolint:gosec // a count of contacts
	}
	if s.deps.Pending != nil {
		if t.Pending, err = s.deps.Pending(ctx); err != nil {
			return t, fmt.Errorf("counting what is not taken in yet: %w", err)
		}
	}
	err = s.deps.Router.View(ctx, func(st *router.State) { t.Commit = st.N })
	if err != nil {
		return t, fmt.Errorf("asking for the last commit: %w", err)
	}
	return t, nil
}

// Summary gives the ledger in one line.
func (s *Service) Summary(ctx context.Context) (ledger.Summary, error) {
	sum, err := s.deps.Records.Summary(ctx)
	if err != nil {
		return sum, fmt.Errorf("summing up the ledger: %w", err)
	}
	return sum, nil
}

// Audit proves that the ledger adds up, or says where it doesn't.
func (s *Service) Audit(ctx context.Context) (*ledger.Audit, error) {
	a, err := s.deps.Records.Audit(ctx, s.deps.Pending)
	if err != nil {
		return nil, fmt.Errorf("proving the ledger: %w", err)
	}
	return a, nil
}

func (s *Service) stepTitle(ctx context.Context, e *ledger.Entry) string {
	switch e.Kind {
	case eventMessage:
		return "A message came."
	case "message_joined":
		return "A further message joined it."
	case "contact_opened":
		return cmp.Or(openedWords(e), "Opened, with its promise.")
	case eventReply:
		return s.accounts.name(e.Agent) + " replied."
	case "reply_delivered":
		return "The reply was delivered."
	case "reply_in_doubt":
		return "Nobody knows whether the reply arrived."
	case "reply_failed":
		return "The reply was not delivered: " + troubleWords(e.Reason, e.Code) + "."
	case eventNote:
		return s.accounts.name(e.Actor) + " left a note."
	case eventEvidence:
		return evidenceWords(router.EvidenceKind(e.Code), e.Detail.Code)
	case "offer_ended":
		if router.OfferEnd(e.Code) == router.OfferRevoked {
			return "The offer to " + s.accounts.name(e.Agent) + " was withdrawn."
		}
	}
	return s.eventWords(ctx, e)
}

// stepText says why, beside what happened.
func (s *Service) stepText(e *ledger.Entry) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	switch e.Kind {
	case "contact_opened":
		if !e.Until.IsZero() {
			add("Due %s.", s.local(e.Until))
		}
		if e.Detail.Queue != "" {
			add("Queue %s.", e.Detail.Queue)
		}
		if e.Detail.Rule != "" {
			add("By the rule %s.", e.Detail.Rule)
		}
		if said := (&explain.Teller{Lang: explain.English}).Said(e.Detail.Said); said != "" {
			add("%s.", strings.ToUpper(said[:1])+said[1:])
		}
		if e.Detail.LastResort != "" {
			add("Last resort: %s.", e.Detail.LastResort)
		}
	case "offer_made":
		add("It stood until %s.", s.local(e.Until))
		if w := e.Detail.Why; w != nil && len(w.Failed) > 0 {
			add("Not asked: %s.", failedWords(w.Failed))
		}
		if w := e.Detail.Why; w != nil && w.Behind > 0 {
			add("%s waited behind it.", count(w.Behind, "contact", "contacts"))
		}
	case "offer_ended":
		if !e.Until.IsZero() {
			add("Passed over until %s.", s.local(e.Until))
		}
	case eventReply:
		if !e.Until.IsZero() {
			add("More is owed by %s.", s.local(e.Until))
		}
	}
	return strings.Join(parts, " ")
}

func (s *Service) local(t time.Time) string {
	return t.In(s.cfg.Zone).Format("Mon 2 Jan 15:04:05")
}

// candidates lists who was compared: the winner, those after, and for the rest
// how many failed at which need.
func (s *Service) candidates(x *match.Explanation) []view.Candidate {
	out := []view.Candidate{}
	if x == nil {
		return out
	}
	add := func(c match.Candidate, won bool) {
		v := view.Candidate{Agent: c.Agent, Name: s.accounts.name(c.Agent), Won: won, Terms: []view.Term{}, Total: micro(c.Score)}
		for _, t := range c.Terms {
			v.Terms = append(v.Terms, view.Term{Name: strings.ReplaceAll(t.Name, "_", " "), Value: micro(t.Value)})
		}
		out = append(out, v)
	}
	add(x.Winner, true)
	for _, c := range x.Next {
		add(c, false)
	}
	for _, g := range explain.GatesIn(x.Failed) {
		n := x.Failed[g]
		out = append(out, view.Candidate{Name: count(n, "other", "others"), Gate: failedWords(map[match.Gate]int{g: n}), Terms: []view.Term{}})
	}
	return out
}

// micro writes micro-units as a number.
func micro(v int64) string { return strconv.FormatFloat(float64(v)/1e6, 'f', -1, 64) }

// Search finds messages, replies and notes by their words.
func (s *Service) Search(ctx context.Context, q, before string, limit int) (view.Search, error) {
	out := view.Search{Query: q, Hits: []view.Hit{}}
	if len(q) > 500 {
		return out, invalid("That is too long to be searched for.")
	}
	from, err := cursor(before)
	if err != nil {
		return out, err
	}
	limit = min(cmp.Or(limit, 30), 200)
	hits, err := s.deps.Records.Search(ctx, q, ledger.SearchOptions{Limit: limit, Before: from})
	if err != nil {
		return out, fmt.Errorf("searching: %w", err)
	}
	for _, h := range hits {
		author := h.Author
		if acc, ok := s.accounts.get(h.Author); ok {
			author = acc.Name
		}
		out.Hits = append(out.Hits, view.Hit{
			Conversation: h.Conversation, Contact: h.Contact, Kind: view.ItemKind(h.Kind), At: h.At,
			Author: author, Subject: h.Subject, Snippet: h.Snippet,
		})
	}
	if len(hits) == limit && limit > 0 {
		out.Next = strconv.FormatUint(hits[len(hits)-1].Num, 10)
	}
	return out, nil
}
