package remote

import (
	"context"
	"regexp"
	"time"

	"stagecoach/channels"
)

// The bounds of originals that come in parts.
const (
	// maxOriginal is the largest original: larger than any mail that providers
	// take.
	maxOriginal = 160 << 20
	// maxUploads is how many bytes of one process are held that aren't delivered
	// yet.
	maxUploads = 192 << 20
)

// upload is an original that comes in parts.
type upload struct {
	data  []byte
	parts int
	at    time.Time
}

var uploadForm = regexp.MustCompile(`^[A-Za-z0-9_-]{8,64}$`)

// takePart keeps a piece of an original until its item comes. The same part again
// changes nothing.
func (a *Account) takePart(_ context.Context, data []byte) any {
	var p Part
	f := read(a, data, &p, func(p *Part) (int, string) { return p.Schema, p.Process })
	if f != nil {
		return Done{Schema: Schema, Error: f}
	}
	if !uploadForm.MatchString(p.Upload) {
		return Done{Schema: Schema, Error: refuse(channels.Malformed, "upload must have 8 to 64 letters, digits, - and _")}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	u := a.uploads[p.Upload]
	if u == nil {
		u = &upload{}
	}
	all := len(p.Data)
	for _, one := range a.uploads {
		all += len(one.data)
	}
	switch {
	case p.Number < u.parts:
		return Done{Schema: Schema}
	case p.Number > u.parts:
		return Done{Schema: Schema, Error: refuse(channels.Unavailable, "the parts before this one aren't here: begin again with another upload")}
	case len(p.Data) == 0 || len(p.Data) > partBytes:
		return Done{Schema: Schema, Error: refuse(channels.Malformed, "a part has 1 to part_bytes bytes")}
	case len(u.data)+len(p.Data) > maxOriginal:
		return Done{Schema: Schema, Error: refuse(channels.Malformed, "the original is larger than what can be stored")}
	case all > maxUploads:
		return Done{Schema: Schema, Error: refuse(channels.Unavailable, "too many originals are on their way: deliver those first")}
	}
	u.data, u.parts, u.at = append(u.data, p.Data...), u.parts+1, time.Now()
	a.uploads[p.Upload] = u
	return Done{Schema: Schema}
}

// uploaded puts the parts together.
func (a *Account) uploaded(item *Item, in *channels.Inbound) *Failure {
	a.mu.Lock()
	defer a.mu.Unlock()
	u := a.uploads[item.Upload]
	switch {
	case u == nil:
		return refuse(channels.Unavailable, "the parts of this original aren't here: send them again")
	case int64(len(u.data)) != item.Size:
		return refuse(channels.Unavailable, "parts of this original are missing: send them again")
	case len(in.Raw) > 0:
		return refuse(channels.Malformed, "give message, raw or upload, one of them")
	}
	u.at = time.Now()
	in.Raw = u.data
	return nil
}

// forget drops the parts of an original that is stored.
func (a *Account) forget(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.uploads, name)
}
