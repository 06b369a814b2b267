package ledger

import "stagecoach/router"

// erasure folds what was removed outside the log: the facts stay, and who reads the
// log sees that words are missing rightly.
func (f *fold) erasure(ev router.Event) {
	switch e := ev.(type) { //nolint:gochecksumtype // only these
	case router.CustomersErased:
		f.line(nil, nil, Entry{Kind: "customers_erased", Actor: e.By, Item: e.Erasure, Detail: Detail{Removal: &Removal{Customers: e.Customers}}})
	case router.ErasureEnded:
		f.line(nil, nil, Entry{Kind: "erasure_ended", Item: e.Erasure, Detail: Detail{Removal: &Removal{Removed: e.Removed, Kept: e.Kept}}})
	case router.RetentionApplied:
		f.line(nil, nil, Entry{Kind: "retention_applied", Detail: Detail{Policy: e.Policy, Removal: &Removal{Removed: e.Removed, Spared: e.Spared}}})
	}
}
