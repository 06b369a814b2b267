package replay

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"stagecoach/router"
)

// errNewer is of a log that a newer build has written.
var errNewer = errors.New("use a newer build")

// Decode reads of a commit, as the log holds it, what a replay needs: most of a log is
// why offers were made, and where sources stand.
func Decode(data []byte) (*router.Commit, error) {
	c := &router.Commit{}
	err := fields(data, func(key, value []byte) error {
		switch string(key) {
		case "v":
			schema, err := strconv.Atoi(string(value))
			if c.Schema = schema; err == nil && schema > router.CommitSchema {
				return fmt.Errorf("%w: a commit has schema %d, this build reads up to %d", errNewer, schema, router.CommitSchema)
			}
			return err
		case "at":
			return json.Unmarshal(value, &c.At)
		case "entries":
			return items(value, func(entry []byte) error {
				e, err := entryOf(entry)
				c.Entries = append(c.Entries, e)
				return err
			})
		}
		return nil
	})
	if err == nil && (c.Schema == 0 || c.At.IsZero()) {
		err = errMalformed
	}
	if err != nil {
		return nil, fmt.Errorf("decoding a commit: %w", err)
	}
	return c, nil
}

func entryOf(data []byte) (e router.Entry, err error) {
	err = fields(data, func(key, value []byte) error {
		switch string(key) {
		case "kind":
			return json.Unmarshal(value, &e.Kind)
		case "actor":
			return json.Unmarshal(value, &e.Actor)
		case "events":
			return items(value, func(event []byte) error {
				ev, err := eventOf(event)
				if ev != nil {
					e.Events = append(e.Events, ev)
				}
				return err
			})
		}
		return nil
	})
	return e, err
}

// eventOf reads an event, nil where a replay doesn't need it.
func eventOf(data []byte) (router.Event, error) {
	var name string
	var what []byte
	if err := fields(data, func(key, value []byte) error {
		switch string(key) {
		case "type":
			return json.Unmarshal(value, &name)
		case "data":
			what = value
		}
		return nil
	}); err != nil {
		return nil, err
	}
	read := reads(name)
	if read == nil {
		return nil, nil //nolint:nilnil // it isn't needed, and that is no error
	}
	ev, err := read(what)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return ev, nil
}

// as reads one kind of event.
func as[E router.Event](data []byte) (router.Event, error) {
	var e E
	err := json.Unmarshal(data, &e)
	return e, err
}

// offerMade reads of an offer what counts, and leaves out why it was made.
func offerMade(data []byte) (router.Event, error) {
	var e router.OfferMade
	err := fields(data, func(key, value []byte) error {
		var err error
		switch string(key) {
		case "offer":
			err = json.Unmarshal(value, &e.Offer)
		case "contact":
			err = json.Unmarshal(value, &e.Contact)
		case "agent":
			err = json.Unmarshal(value, &e.Agent)
		}
		if err == nil && e.Offer != "" && e.Contact != "" && e.Agent != "" {
			return errStop
		}
		return err
	})
	return e, err
}

// reads gives how the events of a name are read, nil for what a replay doesn't need.
func reads(name string) func([]byte) (router.Event, error) {
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
