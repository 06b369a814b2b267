package contact

// Disposition is the coded reason by which a named person ends a contact
// without a reply.
type Disposition string

// The only dispositions there are. Nothing automatic may use one.
const (
	Spam          Disposition = "spam"
	Machine       Disposition = "machine"
	Duplicate     Disposition = "duplicate"
	NoReplyNeeded Disposition = "no_reply_needed"
	Erased        Disposition = "erased"
)

// Dispositions lists all of them, in the order in which people are shown them.
func Dispositions() []Disposition {
	return []Disposition{Spam, Machine, Duplicate, NoReplyNeeded, Erased}
}

// Presence is whether an agent can be given work.
type Presence string

// The presences. Unreachable is given by the router when the heartbeat stops.
const (
	Available   Presence = "available"
	Busy        Presence = "busy"
	Away        Presence = "away"
	Offline     Presence = "offline"
	Unreachable Presence = "unreachable"
)

// Role is what a person who logs in may do.
type Role string

// The roles. A supervisor may do all that an agent may.
const (
	RoleAgent      Role = "agent"
	RoleSupervisor Role = "supervisor"
)
