package webchat

import (
	"context"
	"encoding/json"
	"time"
)

// outlookView is an Outlook as the widget reads it.
type outlookView struct {
	// Known is false where nothing can honestly be said.
	Known bool `json:"known"`
	Open  bool `json:"open"`
	// Closed reports that it is outside office hours.
	Closed bool `json:"closed,omitempty"`
	// Answered and Yours are in seconds, 0 if unknown; Opens in Unix milliseconds.
	Answered int64 `json:"answered,omitempty"`
	Yours    int64 `json:"yours,omitempty"`
	Opens    int64 `json:"opens,omitempty"`
}

// outlook asks what the visitor of a thread may expect now.
func (a *Adapter) outlook(ctx context.Context, thread string) outlookView {
	if a.cfg.Outlook == nil {
		return outlookView{}
	}
	o := a.cfg.Outlook(ctx, thread)
	if !o.Known {
		return outlookView{}
	}
	out := outlookView{Known: true, Open: o.Open, Closed: o.Closed}
	if o.Open {
		out.Answered, out.Yours = int64(o.Answered/time.Second), int64(o.Yours/time.Second)
	} else if !o.Opens.IsZero() {
		out.Opens = o.Opens.UnixMilli()
	}
	return out
}

func outlookEvent(o outlookView) []byte {
	data, err := json.Marshal(o)
	if err != nil { // numbers and words always can be written
		data = []byte("{}")
	}
	return sseEvent("outlook", 0, data)
}
