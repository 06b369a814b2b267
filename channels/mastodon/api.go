package mastodon

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// The entities of the API, as far as they are used. Ids are opaque strings: what
// sorts by them on one server doesn't on another.
// (https://docs.joinmastodon.org/entities/Status/, /Account/, /Notification/)

type account struct {
	ID          string  `json:"id"`
	Username    string  `json:"username"`
	Acct        string  `json:"acct"`
	DisplayName string  `json:"display_name"`
	URL         string  `json:"url"`
	Note        string  `json:"note"`
	Bot         bool    `json:"bot"`
	Indexable   *bool   `json:"indexable"`
	NoIndex     *bool   `json:"noindex"`
	Fields      []field `json:"fields"`
	// Limited and Suspended are what the server's moderators have done to it,
	// Memorial tells that its owner has died, Moved where its owner is now.
	Limited   bool            `json:"limited"`
	Suspended bool            `json:"suspended"`
	Memorial  bool            `json:"memorial"`
	Group     bool            `json:"group"`
	Moved     json.RawMessage `json:"moved"`
}

type field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// full gives the account's address with its domain, in lower case: the server's
// own people have none in acct.
func (a account) full(domain string) string {
	acct := strings.ToLower(strings.TrimPrefix(a.Acct, "@"))
	if acct == "" || strings.Contains(acct, "@") {
		return acct
	}
	return acct + "@" + domain
}

type mention struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	Acct     string `json:"acct"`
	URL      string `json:"url"`
}

type attached struct {
	ID          string `json:"id"`
	Type        string `json:"type"`
	URL         string `json:"url"`
	RemoteURL   string `json:"remote_url"`
	Description string `json:"description"`
}

type tag struct {
	Name string `json:"name"`
}

type pollOption struct {
	Title string `json:"title"`
}

type poll struct {
	Options []pollOption `json:"options"`
}

type status struct {
	ID                 string          `json:"id"`
	URI                string          `json:"uri"`
	URL                string          `json:"url"`
	CreatedAt          string          `json:"created_at"`
	EditedAt           string          `json:"edited_at"`
	InReplyToID        string          `json:"in_reply_to_id"`
	InReplyToAccountID string          `json:"in_reply_to_account_id"`
	SpoilerText        string          `json:"spoiler_text"`
	Visibility         string          `json:"visibility"`
	Language           string          `json:"language"`
	Content            string          `json:"content"`
	Account            account         `json:"account"`
	Media              []attached      `json:"media_attachments"`
	Mentions           []mention       `json:"mentions"`
	Tags               []tag           `json:"tags"`
	Poll               *poll           `json:"poll"`
	Quote              json.RawMessage `json:"quote"`
	Reblog             json.RawMessage `json:"reblog"`
	// Policy says who may answer, on GoToSocial
	// (https://docs.gotosocial.org/en/latest/federation/interaction_policy/).
	Policy *struct {
		CanReply *struct {
			Always    []string `json:"always"`
			Automatic []string `json:"automatic_approval"`
		} `json:"can_reply"`
	} `json:"interaction_policy"`
	// Application is what a post of ours was made with.
	Application struct {
		Name string `json:"name"`
	} `json:"application"`
}

// public reports whether anybody can read it.
func (s *status) public() bool { return s.Visibility == visPublic || s.Visibility == visUnlisted }

// answerable reports whether its author lets anybody answer.
func (s *status) answerable() bool {
	if s.Policy == nil || s.Policy.CanReply == nil {
		return true
	}
	return slices.Contains(append(slices.Clone(s.Policy.CanReply.Always), s.Policy.CanReply.Automatic...), visPublic)
}

func (s *status) mentions(id string) bool {
	for _, m := range s.Mentions {
		if m.ID == id {
			return true
		}
	}
	return false
}

// quoted gives the post that s quotes, nil if none or it may not be shown.
// Mastodon wraps it (https://docs.joinmastodon.org/entities/Quote/), Akkoma and
// Fedibird give the post itself.
func (s *status) quoted() *status {
	var wrapped struct {
		Status *status `json:"quoted_status"`
	}
	if len(s.Quote) == 0 || json.Unmarshal(s.Quote, &wrapped) != nil {
		return nil
	}
	if wrapped.Status != nil {
		return wrapped.Status
	}
	var plain status
	if json.Unmarshal(s.Quote, &plain) == nil && plain.ID != "" && plain.Content != "" {
		return &plain
	}
	return nil
}

// The visibilities of the API. A server may have others of its own: they are
// taken for as narrow as can be.
const (
	visPublic   = "public"
	visUnlisted = "unlisted"
	visDirect   = "direct"
)

type notification struct {
	ID        string  `json:"id"`
	Type      string  `json:"type"`
	CreatedAt string  `json:"created_at"`
	Status    *status `json:"status"`
}

// whole reports whether enough of it could be read to make a message of it.
func (n *notification) whole() bool {
	return n.Type != "" && n.Status != nil && n.Status.ID != "" && n.Status.Account.Acct != ""
}

// The types of notification that are messages, or news of one.
const (
	typeMention = "mention"
	typeQuote   = "quote"
	typeUpdate  = "update"
)

// instance is what both versions of the description of a server tell us
// (https://docs.joinmastodon.org/methods/instance/).
type instance struct {
	Domain        string `json:"domain"`
	URI           string `json:"uri"`
	Version       string `json:"version"`
	SourceURL     string `json:"source_url"`
	MaxTootChars  int    `json:"max_toot_chars"`
	Configuration struct {
		URLs struct {
			Streaming string `json:"streaming"`
		} `json:"urls"`
		Statuses struct {
			MaxCharacters  int `json:"max_characters"`
			MaxMedia       int `json:"max_media_attachments"`
			CharactersPerU int `json:"characters_reserved_per_url"`
		} `json:"statuses"`
	} `json:"configuration"`
}

// when reads a time of the API, zero if it can't be read.
func when(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999", "2006-01-02"} {
		if at, err := time.Parse(layout, s); err == nil {
			return at.UTC()
		}
	}
	return time.Time{}
}
