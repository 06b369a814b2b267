package customers

// Evidence is a code for why two customers are, or may be, one person.
type Evidence string

// What proves that two customers are one person.
const (
	// SameAddress is a message from an address that both records have, which was
	// proven to be from there.
	SameAddress Evidence = "same_address"
	// ByToken is an answer to a token that only the other was sent.
	ByToken Evidence = "token"
	// SignedWeb is a visitor of the web chat whose identity the company's site has
	// signed.
	SignedWeb Evidence = "signed_web"
	// ByCode is a code that was sent to the other's address and entered.
	ByCode Evidence = "code"
	// ByAgent is an agent's word.
	ByAgent Evidence = "agent"
	// ByImport is one row of the company's own list.
	ByImport Evidence = "import"
)

// What is proposed to people, and links nobody by itself.
const (
	SameName      Evidence = "same_name"
	Mentioned     Evidence = "mentioned"
	SharedAddress Evidence = "shared_address"
	UnprovenFrom  Evidence = "unproven_sender"
)

// Proves reports whether the evidence links two customers by itself.
func (e Evidence) Proves() bool {
	switch e {
	case SameAddress, ByToken, SignedWeb, ByCode, ByAgent, ByImport:
		return true
	case SameName, Mentioned, SharedAddress, UnprovenFrom:
	}
	return false
}

// Opens reports whether a link on the evidence lets each of the two read on their own
// page what is the other's: it shows that one person reads at both addresses. Somebody's
// word does not, since it may have been talked out of them, nor does an answer to a
// token, since a mail can be passed on.
func (e Evidence) Opens() bool {
	switch e {
	case SameAddress, SignedWeb, ByCode, ByImport:
		return true
	case ByToken, ByAgent, SameName, Mentioned, SharedAddress, UnprovenFrom:
	}
	return false
}
