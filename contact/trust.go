package contact

// Trust says what is known of whether a message is from whom it names.
type Trust string

// The kinds of trust. Unproven means that nobody checked, or that nothing came
// of it, which is so for much honest mail. Forged means that the domain named
// has said how its mail is told, and this isn't so told.
const (
	TrustUnknown Trust = ""
	TrustProven  Trust = "proven"
	TrustForged  Trust = "forged"
	// TrustClaimed means that the answer shall go to somebody else than the
	// sender: that address may be anybody's.
	TrustClaimed Trust = "claimed"
)

// Authentication is what a receiving server found out about a message's sender
// (RFC 8601). The results are its words: "pass", "fail", "none", "".
type Authentication struct {
	// By is the server that says so, "" when it gives no name.
	By    string `json:"by,omitempty"`
	SPF   string `json:"spf,omitempty"`
	DKIM  string `json:"dkim,omitempty"`
	DMARC string `json:"dmarc,omitempty"`
	// Trust is what follows from them for the address in From, and for the
	// address that an answer goes to.
	Trust Trust `json:"trust,omitempty"`
}

// Proven reports whether the message may be taken for one of whom it names. So
// may what nobody has checked.
func (t Trust) Proven() bool { return t == TrustUnknown || t == TrustProven }
