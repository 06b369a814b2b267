package demo

import (
	"strings"
	"time"
)

// What the demonstration reads of the API's answers; /api/openapi.json has the
// whole.

type person struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Role      string   `json:"role"`
	Presence  string   `json:"presence"`
	Languages []string `json:"languages"`
	Load      int      `json:"load"`
	Capacity  int      `json:"capacity"`
}

type card struct {
	Contact      string    `json:"contact"`
	Conversation string    `json:"conversation"`
	Channel      string    `json:"channel"`
	CustomerName string    `json:"customer_name"`
	Subject      string    `json:"subject"`
	Language     string    `json:"language"`
	State        string    `json:"state"`
	Promise      string    `json:"promise"`
	Start        time.Time `json:"start"`
	UsedShare    float64   `json:"used_share"`
	AgentName    string    `json:"agent_name"`
	Proposed     string    `json:"proposed"`
	Trouble      string    `json:"trouble"`
}

type offer struct {
	ID      string    `json:"id"`
	Card    card      `json:"card"`
	Expires time.Time `json:"expires"`
}

type deskView struct {
	Me     person  `json:"me"`
	Offers []offer `json:"offers"`
	Mine   []card  `json:"mine"`
}

type address struct {
	Address string `json:"address"`
}

type item struct {
	Kind  string `json:"kind"`
	State string `json:"state"`
	Mine  bool   `json:"mine"`
	Text  string `json:"text"`
}

type conversation struct {
	Card       card      `json:"card"`
	Items      []item    `json:"items"`
	Holder     bool      `json:"holder"`
	Covers     string    `json:"covers"`
	ReplyTo    []address `json:"reply_to"`
	Colleagues []person  `json:"colleagues"`
}

type overview struct {
	People  []person `json:"people"`
	Waiting []card   `json:"waiting"`
}

type cardList struct {
	Cards []card `json:"cards"`
}

type contactList struct {
	Contacts []card `json:"contacts"`
}

type login struct {
	Token string `json:"token"`
	Me    person `json:"me"`
}

// channelSummary and summary are the ledger in one line, as it tells it.
type channelSummary struct {
	Seen    int `json:"seen"`
	Replied int `json:"replied"`
}

type summary struct {
	Seen          int                       `json:"seen"`
	Messages      int                       `json:"messages"`
	Evidence      int                       `json:"evidence"`
	Quarantined   int                       `json:"quarantined"`
	Contacts      int                       `json:"contacts"`
	Replied       int                       `json:"replied"`
	Open          int                       `json:"open"`
	Merged        int                       `json:"merged"`
	Disposed      map[string]int            `json:"disposed"`
	AddsUp        bool                      `json:"adds_up"`
	WithinPromise int                       `json:"within_promise"`
	Channels      map[string]channelSummary `json:"channels"`
}

// ended is how many contacts have come to their end.
func (s *summary) ended() int { return s.Contacts - s.Open }

type readiness struct {
	Ready bool              `json:"ready"`
	Parts map[string]string `json:"parts"`
}

type audit struct {
	Summary summary `json:"summary"`
	Gaps    []struct {
		What   string `json:"what"`
		Where  string `json:"where"`
		Detail string `json:"detail"`
	} `json:"gaps"`
	Sources []struct {
		Source   string `json:"source"`
		Evidence int    `json:"evidence"`
	} `json:"sources"`
}

// ownCopies counts the copies of our own mails that were found in folders of sent
// mail before it was noted that we had laid them there. They are evidence, and no
// customer has sent them.
func (a *audit) ownCopies() int {
	n := 0
	for _, s := range a.Sources {
		if strings.HasPrefix(s.Source, "email/") && strings.HasSuffix(s.Source, "/Sent") {
			n += s.Evidence
		}
	}
	return n
}
