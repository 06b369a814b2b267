package webhook

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// problem is a refusal (RFC 9457).
type problem struct {
	Title  string    `json:"title"`
	Status int       `json:"status"`
	Detail string    `json:"detail,omitempty"`
	Errors []mistake `json:"errors,omitempty"`
	// Ignored names fields that the schema doesn't have.
	Ignored []string `json:"ignored,omitempty"`
}

// refuse answers with a problem. What the sender says is never repeated in it,
// but for the names of fields.
func refuse(w http.ResponseWriter, p problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	writeJSON(w, p.Status, p)
}

// postpone answers that the sender shall come again after wait.
func postpone(w http.ResponseWriter, wait time.Duration, p problem) {
	seconds := max(1, int64((wait+time.Second-1)/time.Second))
	w.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
	refuse(w, p)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	h := w.Header()
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/json")
	}
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the sender may have gone
}
