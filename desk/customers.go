package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/router"
)

// Customers is who writes: one person, whatever the channel. A customer is named by an
// id or its beginning, by the company's own id, by an address, or by a name.
type Customers interface {
	// Person gives the whole person whom a text names.
	Person(ctx context.Context, named string) (*view.CustomerPerson, error)
	// Find gives at most so many whom a text names.
	Find(ctx context.Context, text string, most int) ([]view.CustomerPerson, error)
	// Proposals gives the links that wait for a word, newest first.
	Proposals(ctx context.Context, most int) ([]view.CustomerLink, error)
	// Link makes one person of two, and Unlink takes that back, by a person whose words
	// lie at remark. Decline says that two of whom it was proposed are not one.
	Link(ctx context.Context, by Word, a, b string) (router.Result, error)
	Unlink(ctx context.Context, by Word, link string) (router.Result, error)
	Decline(ctx context.Context, by Word, link string) (router.Result, error)
}

// Word is a person's word on a link.
type Word struct {
	// Command makes it one, however often it is sent.
	Command string
	Actor   string
	// Remark is where the words lie, "" for none.
	Remark string
}

func noCustomers() error {
	return problem(409, "not_here", "Nobody can say that here: this is not the daemon.")
}

// CustomerPerson gives one person with all that is known of them.
func (s *Service) CustomerPerson(ctx context.Context, named string) (*view.CustomerPerson, error) {
	if s.deps.Customers == nil {
		return nil, noCustomers()
	}
	p, err := s.deps.Customers.Person(ctx, named)
	if err != nil {
		return nil, err
	}
	return p, s.tellPerson(ctx, p)
}

// whole fills in what is known of a customer on all channels, as far as it is.
func (s *Service) whole(ctx context.Context, v *view.Customer) {
	if s.deps.Customers == nil || v.ID == "" {
		return
	}
	p, err := s.deps.Customers.Person(ctx, v.ID)
	if err != nil {
		s.log.DebugContext(ctx, "no record of a customer", "err", err)
		return
	}
	s.tellAddresses(p)
	s.tellLinks(ctx, p.Links)
	s.tellLinks(ctx, p.Proposals)
	v.Name = cmp.Or(p.Name, v.Name)
	v.Addresses, v.Links, v.Proposals = p.Identities, p.Links, p.Proposals
	for _, one := range p.Identities {
		if !slices.ContainsFunc(v.Identities, func(i contact.Identity) bool { return i.Channel == one.Channel && i.Address == one.Address }) {
			v.Identities = append(v.Identities, contact.Identity{Channel: one.Channel, Address: one.Address, Name: one.Name})
		}
	}
}

func (s *Service) tellAddresses(p *view.CustomerPerson) {
	for i := range p.Identities {
		p.Identities[i].Source = s.sourceWords(p.Identities[i].Source)
	}
}

// tellPerson puts words to what is known of a person.
func (s *Service) tellPerson(ctx context.Context, p *view.CustomerPerson) error {
	for _, list := range [][]view.CustomerLink{p.Links, p.Proposals, p.Past} {
		s.tellLinks(ctx, list)
	}
	s.tellAddresses(p)
	for i := range p.Facts {
		p.Facts[i].Source = s.sourceWords(p.Facts[i].Source)
	}
	p.Conversations = []view.Card{}
	rows, err := s.deps.Persons.ConversationsOf(ctx, p.Members, 50)
	if err != nil {
		return fmt.Errorf("reading a person's conversations: %w", err)
	}
	for i := range rows {
		p.Conversations = append(p.Conversations, s.historyCard(ctx, &rows[i]))
	}
	return nil
}

// tellLinks puts words to links.
func (s *Service) tellLinks(ctx context.Context, list []view.CustomerLink) {
	for i := range list {
		l := &list[i]
		l.Why, l.Against = proofWords(l.Evidence), conflictWords(l.Against)
		l.By, l.EndedBy = s.actorWords(l.By), s.actorWords(l.EndedBy)
		l.Remark, l.EndedRemark = s.said(ctx, l.Remark), s.said(ctx, l.EndedRemark)
	}
}

// actorWords names who did something.
func (s *Service) actorWords(actor string) string {
	switch actor {
	case "":
		return ""
	case router.ActorIntake, router.ActorRouter, router.ActorSender:
		return "Stagecoach"
	case router.ActorControl:
		return "the command line"
	}
	return s.accounts.name(actor)
}

// sourceWords says where something is known from.
func (s *Service) sourceWords(source string) string {
	switch source {
	case "message":
		return "they wrote from it"
	case "import":
		return "your own list"
	case "crm":
		return "the CRM"
	case "customer", "stated":
		return "they said so"
	case "signed_web":
		return "signed by your site"
	case "code":
		return "a code sent there"
	case "learnt":
		return "learnt from their answers"
	case "agent":
		return "an agent"
	case "":
		return ""
	}
	return s.actorWords(source)
}

// proofWords says why two customers are, or may be, one person.
func proofWords(code string) string {
	switch code {
	case "same_address":
		return "the same proven address"
	case "token":
		return "an answer to what only they were sent"
	case "signed_web":
		return "your site has signed who they are"
	case "code":
		return "a code that was sent to the other address"
	case "agent":
		return "confirmed by a person"
	case "import":
		return "one row of your own list"
	case "same_name":
		return "the same name, which proves nothing"
	case "mentioned":
		return "they mentioned the other's address"
	case "shared_address":
		return "an address that several people use"
	case "unproven_sender":
		return "they named the other's address as the sender"
	case "":
		return "somebody has said so"
	}
	return code
}

// conflictWords says what speaks against a link.
func conflictWords(code string) string {
	switch code {
	case router.ConflictExternal:
		return "your own list has them under two numbers"
	case router.ConflictName:
		return "they give different names"
	case router.ConflictSaid:
		return "somebody has said that they are two"
	case router.ConflictShared:
		return "several people use this address"
	}
	return code
}

// FindCustomers finds people by id, address, number or name; without words it gives
// the links that wait for one.
func (s *Service) FindCustomers(ctx context.Context, text string) (*view.CustomerList, error) {
	if s.deps.Customers == nil {
		return nil, noCustomers()
	}
	out := &view.CustomerList{Query: strings.TrimSpace(text), Found: []view.CustomerPerson{}}
	var err error
	if out.Query != "" {
		if out.Found, err = s.deps.Customers.Find(ctx, out.Query, 20); err != nil {
			return nil, err
		}
	}
	if out.Proposals, err = s.deps.Customers.Proposals(ctx, 50); err != nil {
		return nil, err
	}
	s.tellLinks(ctx, out.Proposals)
	return out, nil
}

// LinkCustomers makes one person of two, on somebody's word.
func (s *Service) LinkCustomers(ctx context.Context, who Who, commandID, a, b, reason string) (view.Done, error) {
	return s.onLink(ctx, who, commandID, reason, func(e Word) (router.Result, error) {
		return s.deps.Customers.Link(ctx, e, a, b)
	})
}

// UnlinkCustomers takes a link back: all is as it was before.
func (s *Service) UnlinkCustomers(ctx context.Context, who Who, commandID, link, reason string) (view.Done, error) {
	return s.onLink(ctx, who, commandID, reason, func(e Word) (router.Result, error) {
		return s.deps.Customers.Unlink(ctx, e, link)
	})
}

// DeclineLink says that two of whom it was proposed are not one person.
func (s *Service) DeclineLink(ctx context.Context, who Who, commandID, link, reason string) (view.Done, error) {
	return s.onLink(ctx, who, commandID, reason, func(e Word) (router.Result, error) {
		return s.deps.Customers.Decline(ctx, e, link)
	})
}

// onLink has somebody's word on a link recorded, with the words themselves in content.
func (s *Service) onLink(ctx context.Context, who Who, commandID, reason string, do func(Word) (router.Result, error)) (view.Done, error) {
	if s.deps.Customers == nil {
		return view.Done{}, noCustomers()
	}
	remark := ""
	if reason = strings.TrimSpace(reason); reason != "" {
		var err error
		if remark, err = s.storeReason(ctx, who, commandID, reason); err != nil {
			return view.Done{}, err
		}
	}
	actor := who.ID
	if actor == Control {
		actor = router.ActorControl
	}
	res, err := do(Word{Command: commandID, Actor: actor, Remark: remark})
	if err != nil {
		return view.Done{}, err
	}
	done := s.done(ctx, res)
	done.Link, done.Person = res.Link, res.Person
	return done, nil
}
