package ledger

import "stagecoach/router"

// erasure folds what was removed outside the log: the facts stay, and who reads the
// log sees that words are missing rightly.
func (f *fold) erasure(ev router.Event) {
	switch e := ev.(type) { //nolint:gochecksumtype // only these
	case router.CustomersErased:
		f.line(nil, nil, Entry{Kind: "customers_erased", Actor: e.By, Item: e.Erasure, Detail: Detail{Removal: &Removal{Customers: e.Customers, Held: e.Held, Until: e.Until}}})
	case router.ErasureEnded:
		f.line(nil, nil, Entry{Kind: "erasure_ended", Item: e.Erasure, Detail: Detail{Removal: &Removal{Removed: e.Removed, Kept: e.Kept}}})
	case router.ErasureHeld:
		code := "lifted"
		if e.Held {
			code = "held"
		}
		f.line(nil, nil, Entry{Kind: "erasure_held", Code: code, Actor: e.By, Item: e.Erasure, Remark: e.Remark, Detail: Detail{Removal: &Removal{Until: e.Until}}})
	case router.KeptRead:
		f.line(nil, nil, Entry{Kind: "kept_read", Actor: e.By, Item: e.Erasure, Remark: e.Remark})
	case router.RetentionApplied:
		f.line(nil, nil, Entry{Kind: "retention_applied", Detail: Detail{Policy: e.Policy, Removal: &Removal{Removed: e.Removed, Spared: e.Spared}}})
	}
}
