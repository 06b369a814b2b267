package mastodon

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// entry is one item of a page: as it came, and what could be understood of it.
type entry struct {
	raw json.RawMessage
	// id is made of the bytes where the item is broken.
	id string
	at time.Time
	n  notification
	// broken tells that the item isn't what the API promises.
	broken bool
}

func readEntry(raw json.RawMessage) entry {
	e := entry{raw: raw}
	if err := json.Unmarshal(raw, &e.n); e.n.ID == "" || err != nil && !e.n.whole() {
		e.broken = true
		var loose struct {
			CreatedAt string `json:"created_at"`
		}
		_ = json.Unmarshal(raw, &loose)
		sum := sha256.Sum256(raw)
		e.id, e.at = nameless+hex.EncodeToString(sum[:16]), when(loose.CreatedAt)
	} else {
		e.id, e.at = e.n.ID, when(e.n.CreatedAt)
	}
	if now := time.Now(); e.at.IsZero() || e.at.After(now) {
		e.at = now
	}
	return e
}

// nameless begins the id that we give to a broken item: no server knows it.
const nameless = "malformed-"

// byTime sorts entries as they came into being, oldest first.
func byTime(all []entry) {
	slices.SortStableFunc(all, func(a, b entry) int { return a.at.Compare(b.at) })
}

// page is a page of a list with the queries of its neighbours, nil for none.
type page struct {
	entries     []entry
	newer, more url.Values
}

// listPage fetches a page of a list of anything that has an id.
func (a *Adapter) listPage(ctx context.Context, path string, query url.Values) (*page, error) {
	var raws []json.RawMessage
	res, err := a.get(ctx, opFetch, path, query, &raws)
	if err != nil {
		return nil, err
	}
	p := &page{}
	for _, raw := range raws {
		p.entries = append(p.entries, readEntry(raw))
	}
	p.newer, p.more = neighbours(res.header)
	return p, nil
}

var linkForm = regexp.MustCompile(`<([^>]*)>\s*;[^,]*?rel="?(next|prev)"?`)

// neighbours reads the Link headers (RFC 8288). Only their queries count: the
// token goes nowhere but to the server of the configuration.
func neighbours(h http.Header) (newer, more url.Values) {
	for _, found := range linkForm.FindAllStringSubmatch(strings.Join(h.Values("Link"), ","), 8) {
		u, err := url.Parse(found[1])
		if err != nil {
			continue
		}
		if found[2] == "prev" {
			newer = u.Query()
		} else {
			more = u.Query()
		}
	}
	return newer, more
}

// unmarshalLoosely decodes what it can: a field of another type than promised is
// left out.
func unmarshalLoosely(data []byte, into any) error {
	err := json.Unmarshal(data, into)
	var wrongType *json.UnmarshalTypeError
	if err != nil && errors.As(err, &wrongType) {
		return nil
	}
	return err
}
