package mastodon

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"stagecoach/channels"
	"stagecoach/contact"
)

// outgoing is a reply as it is handed over: posts, of which each but the first
// answers the one before, and the files of the first.
type outgoing struct {
	Schema int `json:"schema"`
	// Reply is the reply's id.
	Reply string       `json:"reply"`
	Posts []newPost    `json:"posts"`
	Files []upload     `json:"files,omitempty"`
	Since jsonUnixTime `json:"since"`
}

// jsonUnixTime is a Unix time in seconds.
type jsonUnixTime int64

// newPost is what is handed to POST /api/v1/statuses
// (https://docs.joinmastodon.org/methods/statuses/#create). The post that it answers,
// in all but the first, and the files' ids are filled in by Send.
type newPost struct {
	Status      string   `json:"status"`
	InReplyToID string   `json:"in_reply_to_id,omitempty"`
	MediaIDs    []string `json:"media_ids,omitempty"`
	Sensitive   bool     `json:"sensitive,omitempty"`
	SpoilerText string   `json:"spoiler_text,omitempty"`
	Visibility  string   `json:"visibility"`
	Language    string   `json:"language,omitempty"`
	// ContentType keeps servers from taking the text for Markdown; Mastodon itself
	// doesn't look at it.
	ContentType string `json:"content_type,omitempty"`
	// Key is the header Idempotency-Key.
	Key string `json:"-"`
}

// upload is a file that goes with the first post.
type upload struct {
	Name        string `json:"name"`
	ContentType string `json:"content_type"`
	// Description is what those hear who don't see it.
	Description string `json:"description"`
	Data        []byte `json:"data"`
}

// longestWarning is how much of the question's warning the answer repeats: it takes
// its place from the text.
const longestWarning = 100

// Compose implements channels.Composer.
func (a *Adapter) Compose(r *contact.Reply) ([]byte, error) {
	about := a.about()
	out := outgoing{Schema: 1, Reply: r.ID, Since: jsonUnixTime(r.CreatedAt.Unix())}
	o, known := readOrigin(r.Origin)
	switch {
	case r.Kind == contact.Forward || r.Kind == contact.Outbound:
		o = origin{Visibility: visDirect} // to somebody else: no business of the thread's
	case !known:
		o = origin{Status: a.statusID(r.InReplyTo), Visibility: visDirect}
	}
	base := newPost{
		InReplyToID: o.Status, SpoilerText: shown(o.Warning, longestWarning), Sensitive: o.Warning != "", Language: o.Language,
		Visibility: a.visibilityFor(o), ContentType: "text/plain",
	}
	to := customer(r, o)
	if base.Visibility == visDirect {
		base.SpoilerText = unmentioned(base.SpoilerText, to)
	}
	if !mentionable(to) {
		return nil, a.failure("compose", channels.Malformed, "", "it isn't said to whom the reply goes: want name@domain", nil)
	}
	if len(r.Attachments) > about.maxMedia {
		return nil, a.failure("compose", channels.Malformed, "", fmt.Sprintf("%d attachments: a post carries %d at most", len(r.Attachments), about.maxMedia), nil)
	}
	for _, f := range r.Attachments {
		out.Files = append(out.Files, upload{Name: f.Name, ContentType: f.ContentType, Description: describe(f.Name), Data: f.Data})
	}
	texts, err := a.posts(r.Text, to, base, about, len(out.Files) > 0)
	if err != nil {
		return nil, a.failure("compose", channels.Malformed, "", err.Error(), err)
	}
	for i, text := range texts {
		post := base
		post.Status = text
		if i > 0 {
			post.InReplyToID = ""
		}
		out.Posts = append(out.Posts, post)
	}
	return json.Marshal(out)
}

// customer gives whom the reply goes to: the author of what it answers.
func customer(r *contact.Reply, o origin) string {
	address := o.Author
	if len(r.To) > 0 && r.To[0].Address != "" {
		address = r.To[0].Address
	}
	return strings.TrimPrefix(address, "@")
}

// mentionable reports whether "@" and address mention one person.
func mentionable(address string) bool {
	name, domain, hasDomain := strings.Cut(address, "@")
	return name != "" && (domain != "") == hasDomain && !strings.ContainsFunc(address, func(r rune) bool {
		return r <= ' ' || unicode.IsSpace(r) || unicode.IsControl(r)
	}) && !strings.Contains(domain, "@")
}

var errNoText = errors.New("there is nothing to send")

// posts gives the texts of the posts: each begins with the mention, and several
// are numbered.
func (a *Adapter) posts(text, to string, base newPost, about *server, files bool) ([]string, error) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if base.Visibility == visDirect {
		text = unmentioned(text, to)
	}
	mention := "@" + to
	if n := len(mention); len(text) >= n && strings.EqualFold(text[:n], mention) && (len(text) == n || strings.IndexByte(" \n\t,:;!?", text[n]) >= 0) {
		text = strings.TrimLeft(text[n:], " \t,:;\n")
	}
	if text == "" && !files {
		return nil, errNoText
	}
	c := about.counter()
	room := about.maxChars - c.count(mention+" ") - c.count(base.SpoilerText)
	if c.count(text) <= room {
		return []string{strings.TrimSpace(mention + " " + text)}, nil
	}
	parts, err := split(text, room-len(" (12/34)"), c)
	if err != nil {
		return nil, err
	}
	for i := range parts {
		parts[i] = fmt.Sprintf("%s %s (%d/%d)", mention, parts[i], i+1, len(parts))
	}
	return parts, nil
}

var mentionAhead = regexp.MustCompile(`^@\w[\w.-]*(?:@[\w.-]+\w)?`)

// unmentioned keeps names in the text of a direct post from becoming its readers:
// whoever is mentioned can read it. Servers differ in what may stand before a name;
// only what none of them takes for a mention stays.
func unmentioned(text, to string) string {
	links := urlForm.FindAllStringIndex(text, -1)
	linked := func(at int) bool {
		return slices.ContainsFunc(links, func(l []int) bool { return at > l[0] && at < l[1] })
	}
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		found := ""
		if text[i] == '@' {
			found = mentionAhead.FindString(text[i:])
		}
		before := byte(' ')
		if i > 0 {
			before = text[i-1]
		}
		switch {
		case found == "", isASCIIWord(before), strings.IndexByte("/=", before) >= 0 && linked(i):
			out.WriteByte(text[i])
			continue
		case strings.EqualFold(found[1:], to):
			out.WriteString(found)
		default:
			out.WriteString(strings.ReplaceAll(found, "@", "@\u200b"))
		}
		i += len(found) - 1
	}
	return out.String()
}

func isASCIIWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// describe makes the description of a file of its name: what a screen reader says.
func describe(name string) string {
	if i := strings.LastIndex(name, "."); i > 0 && len(name)-i <= 5 {
		name = name[:i]
	}
	return strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == '_' || r == '-' || r == ' ' }), " ")
}

// readOutgoing takes Raw apart.
func readOutgoing(r *contact.Reply) (*outgoing, error) {
	var out outgoing
	if err := json.Unmarshal(r.Raw, &out); err != nil {
		return nil, fmt.Errorf("reading a composed reply: %w", err)
	}
	if len(out.Posts) == 0 || len(out.Posts) > maxParts {
		return nil, errNoText
	}
	for i := range out.Posts {
		out.Posts[i].Key = fmt.Sprintf("%s-%d", r.ID, i+1)
	}
	return &out, nil
}
