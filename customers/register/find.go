package register

import "slices"

// Find gives the last erasure of somebody by the key of the company's own id, "" for
// none, or by those of addresses. An address that they share with somebody of another id
// is not enough where their own id was known.
func (r *Register) Find(external string, addresses []string) (Entry, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if k, known := r.keyed[external]; known && external != "" {
		return r.entries[k], true
	}
	at := -1
	for _, key := range addresses {
		if k, known := r.keyed[key]; known && k > at && (external == "" || !r.entries[k].Numbered) {
			at = k
		}
	}
	if at < 0 {
		return Entry{}, false
	}
	return r.entries[at], true
}

// Of gives all erasures with a key.
func (r *Register) Of(key string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for i := range r.entries {
		if slices.Contains(r.entries[i].Keys, key) {
			out = append(out, r.entries[i].Erasure)
		}
	}
	return out
}
