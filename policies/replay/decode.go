package replay

import (
	"encoding/json"
	"fmt"
	"time"

	"stagecoach/router"
)

// Raw is a commit of the log of which only what a replay needs has been decoded: most
// of a log is why offers were made.
type Raw struct {
	Schema  int       `json:"v"`
	At      time.Time `json:"at"`
	Entries []struct {
		Kind   string `json:"kind"`
		Actor  string `json:"actor"`
		Events []struct {
			Type string          `json:"type"`
			Data json.RawMessage `json:"data"`
		} `json:"events"`
	} `json:"entries"`
}

// Decode reads a commit as the log holds it.
func Decode(data []byte) (*router.Commit, error) {
	var raw Raw
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, fmt.Errorf("decoding a commit: %w", err)
	}
	if raw.Schema > router.CommitSchema {
		return nil, fmt.Errorf("a commit has schema %d, this build reads up to %d: use a newer build", raw.Schema, router.CommitSchema)
	}
	c := &router.Commit{Schema: raw.Schema, At: raw.At, Entries: make([]router.Entry, len(raw.Entries))}
	for i := range raw.Entries {
		e := &raw.Entries[i]
		c.Entries[i] = router.Entry{Kind: e.Kind, Actor: e.Actor}
		for k := range e.Events {
			read := reads(e.Events[k].Type)
			if read == nil {
				continue
			}
			ev, err := read(e.Events[k].Data)
			if err != nil {
				return nil, fmt.Errorf("decoding %s: %w", e.Events[k].Type, err)
			}
			c.Entries[i].Events = append(c.Entries[i].Events, ev)
		}
	}
	return c, nil
}

// as reads one kind of event.
func as[E router.Event](data json.RawMessage) (router.Event, error) {
	var e E
	err := json.Unmarshal(data, &e)
	return e, err
}

// offerMade reads of an offer what counts, and leaves out why it was made.
func offerMade(data json.RawMessage) (router.Event, error) {
	var e struct {
		Offer   string `json:"offer"`
		Contact string `json:"contact"`
		Agent   string `json:"agent"`
	}
	err := json.Unmarshal(data, &e)
	return router.OfferMade{Offer: e.Offer, Contact: e.Contact, Agent: e.Agent}, err
}

// reads gives how the events of a name are read, nil for what a replay doesn't need.
func reads(name string) func(json.RawMessage) (router.Event, error) {
	switch name {
	case "offer_made":
		return offerMade
	case "offer_ended":
		return as[router.OfferEnded]
	case "agent_set":
		return as[router.AgentSet]
	case "agent_removed":
		return as[router.AgentRemoved]
	case "presence_changed":
		return as[router.PresenceChanged]
	case "policy_activated":
		return as[router.PolicyActivated]
	case "contact_opened":
		return as[router.ContactOpened]
	case "message_joined":
		return as[router.MessageJoined]
	case "assigned":
		return as[router.Assigned]
	case "unassigned":
		return as[router.Unassigned]
	case "reply_queued":
		return as[router.ReplyQueued]
	case "reply_failed":
		return as[router.ReplyFailed]
	case "contact_ended":
		return as[router.ContactEnded]
	case "contact_reopened":
		return as[router.ContactReopened]
	case "moved":
		return as[router.Moved]
	case "disengaged":
		return as[router.Disengaged]
	case "contacts_revised":
		return as[router.ContactsRevised]
	}
	return nil
}
