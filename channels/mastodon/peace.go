package mastodon

import "stagecoach/channels/peace"

// mayApproach reports whether a post that wasn't addressed to us may be answered:
// it is public, a person's, nobody else's talk, and its author hasn't asked for
// peace.
//
// A found keyword asks for more than a hashtag. Whoever writes a hashtag wants the
// post to be found by it; searching the words of posts is for those who have said
// yes to it ("indexable", https://docs.joinmastodon.org/entities/Account/, FEP-5feb), and
// nobody who has opted out of search engines ("noindex"). "discoverable" is about
// recommending profiles, says nothing of this, and isn't looked at.
func (a *Adapter) mayApproach(me *self, s *status, byKeyword bool) bool {
	author := s.Account
	switch {
	case author.ID == me.id, author.full(a.cfg.domain()) == a.cfg.Address:
		return false // ours
	case author.Bot, author.Group, author.Limited, author.Suspended, author.Memorial, len(author.Moved) > 0 && string(author.Moved) != "null":
		return false // no person, or not one who is there to be spoken to
	case s.Visibility != visPublic, !s.answerable():
		return false
	case s.mentions(me.id):
		return false // it comes as a notification
	case s.InReplyToID != "" && s.InReplyToAccountID != author.ID:
		return false // they speak with somebody else
	case len(s.Reblog) > 0 && string(s.Reblog) != "null":
		return false
	case byKeyword && author.Indexable != nil && !*author.Indexable, byKeyword && author.NoIndex != nil && *author.NoIndex:
		return false
	}
	return !asksForPeace(author)
}

// asksForPeace looks at the profile's text and its fields.
func asksForPeace(author account) bool {
	said := []string{author.DisplayName, htmlText(bounded(author.Note), nil)}
	for _, f := range author.Fields[:min(len(author.Fields), 20)] {
		said = append(said, f.Name, htmlText(bounded(f.Value), nil))
	}
	return peace.Asked(said...)
}

func bounded(s string) string { return s[:min(len(s), maxContent)] }
