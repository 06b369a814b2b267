package mastodon

import (
	"strings"
)

// peaceTags are the words by which people ask in their profile to be left alone
// by those whom they didn't speak to: #nobot is a convention since 2017
// (https://blog.elizafox.space/a-proposed-specification-for-fediverse-and-other-social-media-bot-tags),
// the others are said in the same place. #noindex and #nosearch ask not to be
// found by searching, and so concern keywords too.
func peaceTags() []string {
	return []string{
		"nobot", "nobots", "noautomation", "noindex", "nosearch", "noads", "noadvertising", "nomarketing", "nocommercial",
		"nocontact", "noreply", "noreplies", "nobrands", "nocorporate", "dnd",
	}
}

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
	case author.Bot:
		return false
	case s.Visibility != visPublic:
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

// asksForPeace looks for the tags in the profile's text and its fields.
func asksForPeace(author account) bool {
	var text strings.Builder
	text.WriteString(author.DisplayName + " ")
	text.WriteString(htmlText(bounded(author.Note), nil))
	for _, f := range author.Fields[:min(len(author.Fields), 20)] {
		text.WriteString(" " + f.Name + " " + htmlText(bounded(f.Value), nil))
	}
	said := strings.FieldsFunc(strings.ToLower(text.String()), func(r rune) bool { return r != '#' && !isWord(r) })
	for _, word := range said {
		for _, tag := range peaceTags() {
			if word == "#"+tag {
				return true
			}
		}
	}
	return false
}

func bounded(s string) string { return s[:min(len(s), maxContent)] }
