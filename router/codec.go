package router

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Commit is one message of the log: whole commands with the events that they
// were decided to.
type Commit struct {
	// Schema is the version of the form.
	Schema int       `json:"v"`
	N      uint64    `json:"n"`
	Epoch  uint64    `json:"epoch"`
	At     time.Time `json:"at"`
	// Entries are in the order in which they were decided.
	Entries []Entry `json:"entries"`
}

// CommitSchema is the version that this build writes; it reads all up to it.
const CommitSchema = 1

// Entry is one command of a commit.
type Entry struct {
	// Command is the id that makes it idempotent, "" for the router's own.
	Command string `json:"command,omitempty"`
	// Kind names the command: "accept", "receive".
	Kind   string `json:"kind"`
	Actor  string `json:"actor"`
	Events Events `json:"events"`
	// Result is kept 24 hours for commands of people and of the API.
	Result *Result `json:"result,omitempty"`
}

// Events is a list of events that knows its JSON form: each is an object with
// its type under "type" and its fields under "data".
type Events []Event

type wireEvent struct {
	Type string          `json:"type"`
	Data json.RawMessage `json:"data"`
}

// MarshalJSON implements json.Marshaler.
func (es Events) MarshalJSON() ([]byte, error) {
	w := newWriter()
	if err := w.events(es); err != nil {
		return nil, err
	}
	return w.Bytes(), nil
}

// writer makes the JSON form of entries, the bytes that json.Marshal would
// give, straight in one buffer: every commit passes here.
type writer struct {
	bytes.Buffer
	enc *json.Encoder
}

func newWriter() *writer {
	w := &writer{}
	w.enc = json.NewEncoder(&w.Buffer)
	return w
}

// entry appends an entry, or nothing when it fails.
func (w *writer) entry(e *Entry) error {
	begin := w.Len()
	err := w.fields(e)
	if err != nil {
		w.Truncate(begin)
	}
	return err
}

func (w *writer) fields(e *Entry) error {
	w.WriteByte('{')
	if e.Command != "" {
		w.WriteString(`"command":`)
		if err := w.text(e.Command); err != nil {
			return err
		}
		w.WriteByte(',')
	}
	w.WriteString(`"kind":`)
	if err := w.text(e.Kind); err != nil {
		return err
	}
	w.WriteString(`,"actor":`)
	if err := w.text(e.Actor); err != nil {
		return err
	}
	w.WriteString(`,"events":`)
	if err := w.events(e.Events); err != nil {
		return err
	}
	if e.Result != nil {
		w.WriteString(`,"result":`)
		if err := w.value(e.Result); err != nil {
			return err
		}
	}
	w.WriteByte('}')
	return nil
}

func (w *writer) events(es Events) error {
	w.WriteByte('[')
	for i, e := range es {
		if i > 0 {
			w.WriteByte(',')
		}
		w.WriteString(`{"type":"`)
		w.WriteString(EventName(e))
		w.WriteString(`","data":`)
		if err := w.value(e); err != nil {
			return fmt.Errorf("encoding event %s: %w", EventName(e), err)
		}
		w.WriteByte('}')
	}
	w.WriteByte(']')
	return nil
}

func (w *writer) value(v any) error {
	if err := w.enc.Encode(v); err != nil {
		return err
	}
	w.Truncate(w.Len() - 1) // Encode ends a line
	return nil
}

// text appends a string; names and ids need no escapes.
func (w *writer) text(s string) error {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c == '_', c == '-', c == '.':
		default:
			return w.value(s)
		}
	}
	w.WriteByte('"')
	w.WriteString(s)
	w.WriteByte('"')
	return nil
}

// UnmarshalJSON implements json.Unmarshaler. An event that this build does not
// know is an error: a log is never read by an older build.
func (es *Events) UnmarshalJSON(data []byte) error {
	var wire []wireEvent
	if err := json.Unmarshal(data, &wire); err != nil {
		return fmt.Errorf("decoding events: %w", err)
	}
	out := make(Events, len(wire))
	for i, w := range wire {
		e, err := decodeEvent(w)
		if err != nil {
			return err
		}
		out[i] = e
	}
	*es = out
	return nil
}

// Encode gives the bytes that the log holds.
func (c *Commit) Encode() ([]byte, error) {
	data, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encoding commit %d: %w", c.N, err)
	}
	return data, nil
}

// DecodeCommit reads what Encode wrote.
func DecodeCommit(data []byte) (*Commit, error) {
	var c Commit
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("decoding commit: %w", err)
	}
	if c.Schema > CommitSchema {
		return nil, fmt.Errorf("commit %d has schema %d, this build reads up to %d: use a newer build", c.N, c.Schema, CommitSchema)
	}
	return &c, nil
}

// CommandName gives the name of a command as entries hold it.
func CommandName(c Command) string { //nolint:funlen // a table
	switch c.(type) {
	case Receive:
		return "receive"
	case Advance:
		return "advance"
	case Accept:
		return "accept"
	case Decline:
		return "decline"
	case TakeNext:
		return "take_next"
	case Assign:
		return "assign"
	case Disengage:
		return "disengage"
	case PullBack:
		return "pull_back"
	case MoveTo:
		return "move_to"
	case Send:
		return "send"
	case Attempt:
		return "attempt"
	case Outcome:
		return "outcome"
	case Partly:
		return "partly"
	case Resolve:
		return "resolve"
	case Dispose:
		return "dispose"
	case Reopen:
		return "reopen"
	case Note:
		return "note"
	case StartOutbound:
		return "start_outbound"
	case SetAgent:
		return "set_agent"
	case RemoveAgent:
		return "remove_agent"
	case SetPresence:
		return "set_presence"
	case Tick:
		return "tick"
	case Trim:
		return "trim"
	case Acknowledge:
		return "acknowledge"
	case Activate:
		return "activate"
	case DraftPolicy:
		return "draft_policy"
	case DropPolicy:
		return "drop_policy"
	case ShadowPolicy:
		return "shadow_policy"
	case Reclassify:
		return "reclassify"
	case Told:
		return "told"
	case Link:
		return "link"
	case Unlink:
		return "unlink"
	case DeclineLink:
		return "decline_link"
	case ChangeCustomer:
		return "change_customer"
	case Begin:
		return "begin"
	case StepClock:
		return "step_clock"
	case DecideIdea:
		return "decide_idea"
	case EndPageLinks:
		return "end_page_links"
	case ChooseReply:
		return "choose_reply"
	case ReleaseHeld:
		return "release_held"
	case DropHeld:
		return "drop_held"
	case Restored:
		return "restored"
	case Erase:
		return "erase"
	case HoldErasure:
		return "hold_erasure"
	case ReadKept:
		return "read_kept"
	case EndErasure:
		return "end_erasure"
	case ApplyRetention:
		return "apply_retention"
	}
	return ""
}
