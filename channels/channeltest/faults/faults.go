// Package faults is what the providers' fakes have in common: a link that can be
// cut, and answers that go wrong.
package faults

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"
)

// Take reports whether a fault is due at this request. It leaves the first skip
// alone and ends after so many times, 0 meaning never; both are counted down.
func Take(skip, times *int) bool {
	switch {
	case *times < 0:
		return false
	case *skip > 0:
		*skip--
		return false
	case *times == 1:
		*times = -1
	case *times > 1:
		*times--
	}
	return true
}

// Fault is what goes wrong with one request.
type Fault struct {
	// Delay waits before anything else.
	Delay time.Duration
	// Cut breaks the link instead of answering.
	Cut bool
	// Answer answers instead, if it isn't nil.
	Answer func(w http.ResponseWriter)
	// After lets the request have its effect before Answer or Cut.
	After bool
	// Shuffle, Double and Garbage spoil lists: out of order, each item twice, and
	// JSON that ends too soon.
	Shuffle, Double, Garbage bool
}

// Serve answers a request that goes wrong; api is what would answer it.
func (f Fault) Serve(w http.ResponseWriter, r *http.Request, api http.HandlerFunc) {
	if f.Delay > 0 {
		select {
		case <-r.Context().Done():
			return
		case <-time.After(f.Delay):
		}
	}
	replaced := f.Answer != nil || f.Cut
	if !replaced && !f.Shuffle && !f.Double && !f.Garbage {
		api(w, r)
		return
	}
	recorded := httptest.NewRecorder()
	if !replaced || f.After {
		api(recorded, r)
	}
	switch {
	case f.Cut:
		panic(http.ErrAbortHandler)
	case replaced:
		f.Answer(w)
	default:
		f.spoil(w, recorded)
	}
}

func (f Fault) spoil(w http.ResponseWriter, recorded *httptest.ResponseRecorder) {
	body := f.lists(recorded.Body.Bytes())
	if f.Garbage {
		body = body[:len(body)/2]
	}
	maps.Copy(w.Header(), recorded.Header())
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(recorded.Code)
	_, _ = w.Write(body)
}

// lists spoils the list that an answer is, or those in it.
func (f Fault) lists(body []byte) []byte {
	var named map[string]json.RawMessage
	if json.Unmarshal(body, &named) != nil {
		return f.list(body)
	}
	for name, raw := range named {
		named[name] = f.list(raw)
	}
	out, err := json.Marshal(named)
	if err != nil {
		return body
	}
	return out
}

func (f Fault) list(raw []byte) []byte {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil || list == nil {
		return raw
	}
	if f.Double {
		list = append(list, list...)
	}
	if f.Shuffle {
		rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	out, err := json.Marshal(list)
	if err != nil {
		return raw
	}
	return out
}
