package router

// CustomersErased records that customers are being erased: from here on nobody is
// led to them or their conversations, and what is theirs outside the log is
// removed. The log itself holds none of their words, names or addresses; its keyed
// hashes stay, so that an item that is delivered once more is still known.
type CustomersErased struct {
	Erasure   string   `json:"erasure"`
	Customers []string `json:"customers"`
	// By is the person who decided it.
	By string `json:"by"`
}

// ErasureEnded records that nothing is left of them outside the log. Removed counts
// what was removed, by kind.
type ErasureEnded struct {
	Erasure string  `json:"erasure"`
	Removed []Count `json:"removed,omitempty"`
	// Kept is what a law has us keep, put away until a day. It is recorded once more
	// when some of it has been erased.
	Kept []Kept `json:"kept,omitempty"`
}

// Kept is how many messages and replies are kept by a rule of the policy, and until
// which day.
type Kept struct {
	Rule  string `json:"rule"`
	Until string `json:"until"`
	N     uint64 `json:"n"`
}

// RetentionApplied records that what was older than the policy keeps it was
// removed: how many, by kind.
type RetentionApplied struct {
	Policy  string  `json:"policy"`
	Removed []Count `json:"removed,omitempty"`
	// Spared counts what was old enough and is kept, as an open contact needs it or
	// a hold restricts it.
	Spared []Count `json:"spared,omitempty"`
}

// Count is how many there are of one kind.
type Count struct {
	Kind string `json:"kind"`
	N    uint64 `json:"n"`
}

func (CustomersErased) event()  {}
func (ErasureEnded) event()     {}
func (RetentionApplied) event() {}

// Erase erases customers: who may decide it is a supervisor, or whoever may open
// the data directory. The same Erasure once more goes on with it. It ends their open
// contacts, up to a number at a time: Result.Left says how many are open still.
type Erase struct {
	Erasure   string
	Customers []string
	// Contacts are open contacts of theirs that stand in somebody else's
	// conversation, and are ended too.
	Contacts []string
	// By is who decided it, where the router goes on with what the register of
	// erasures says: after a crash, or after a restore.
	By string
}

// EndErasure records that nothing is left outside the log.
type EndErasure struct {
	Erasure string
	Removed []Count
	Kept    []Kept
}

// ApplyRetention records what was removed because it was old.
type ApplyRetention struct{ Removed, Spared []Count }

// Restored says that the log is that of a backup: what was to be sent then may have
// been sent since. Result.Left says how many replies are still to be doubted.
type Restored struct{}

func (Restored) command()       {}
func (Erase) command()          {}
func (EndErasure) command()     {}
func (ApplyRetention) command() {}
