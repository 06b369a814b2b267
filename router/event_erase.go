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
	// Held is true where a hold stands: all that is theirs is put away, out of use,
	// and erased once the hold has ended. Until is its last day, "" for until it is
	// lifted.
	Held  bool   `json:"held,omitempty"`
	Until string `json:"until,omitempty"`
}

// ErasureHeld records that a hold on what is put away was made, changed or, where
// Held is false, lifted.
type ErasureHeld struct {
	Erasure string `json:"erasure"`
	Held    bool   `json:"held,omitempty"`
	Until   string `json:"until,omitempty"`
	// By is the person who decided it, Remark where their reason lies.
	By     string `json:"by"`
	Remark string `json:"remark,omitempty"`
}

// KeptRead records that somebody read what is put away, and where their reason lies.
type KeptRead struct {
	Erasure string `json:"erasure"`
	By      string `json:"by"`
	Remark  string `json:"remark,omitempty"`
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

// Kept is how many pieces of words are kept by a rule of the policy, or by a hold,
// and until which day; "" is until the hold is lifted.
type Kept struct {
	Rule  string `json:"rule"`
	Until string `json:"until"`
	N     uint64 `json:"n"`
	// Hold is true where a hold keeps them, and no rule does for longer.
	Hold bool `json:"hold,omitempty"`
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
func (ErasureHeld) event()      {}
func (KeptRead) event()         {}
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
	// Held and Until say that a hold stands, and which is its last day.
	Held  bool
	Until string
}

// HoldErasure changes or lifts the hold on what is put away. By is who decided it,
// where the router goes on with what the register says.
type HoldErasure struct {
	Erasure    string
	Held       bool
	Until      string
	By, Remark string
}

// ReadKept records that what is put away is read: a supervisor does, for a reason.
type ReadKept struct{ Erasure, Remark string }

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
func (HoldErasure) command()    {}
func (ReadKept) command()       {}
func (EndErasure) command()     {}
func (ApplyRetention) command() {}
