package email

import (
	"encoding/json"
	"strconv"

	"github.com/emersion/go-sasl"
)

// xoauth2Name is the mechanism that Google made before RFC 7628, and that most
// providers have.
const xoauth2Name = "XOAUTH2"

// bearerClient logs in by an OAuth token, as XOAUTH2 or OAUTHBEARER (RFC 7628).
// The server refuses in two steps: a challenge that says why, which is answered
// with nothing of worth, and then the refusal itself.
type bearerClient struct {
	mechanism   string
	user, token string
	host        string
	port        int
	// emptyLine, if any, sees to it that the next answer may be an empty line, and
	// reports whether it may.
	emptyLine func() bool
	// why is the server's challenge, if there was one.
	why *bearerRefusal
}

var _ sasl.Client = (*bearerClient)(nil)

// bearerRefusal is the JSON of a refusal (RFC 7628, section 3.2.2).
type bearerRefusal struct {
	Status string `json:"status"`
	Scope  string `json:"scope"`
}

// Start implements sasl.Client.
func (c *bearerClient) Start() (mechanism string, ir []byte, err error) {
	return c.mechanism, []byte(c.response()), nil
}

func (c *bearerClient) response() string {
	if c.mechanism == xoauth2Name {
		return "user=" + c.user + "\x01auth=Bearer " + c.token + "\x01\x01"
	}
	out := "n,a=" + saslName(c.user) + ","
	if c.host != "" {
		out += "\x01host=" + c.host
	}
	if c.port != 0 {
		out += "\x01port=" + strconv.Itoa(c.port)
	}
	return out + "\x01auth=Bearer " + c.token + "\x01\x01"
}

// saslName escapes what separates the fields of a GS2 header (RFC 5801).
func saslName(name string) string {
	out := make([]byte, 0, len(name))
	for i := range len(name) {
		switch name[i] {
		case ',':
			out = append(out, "=2C"...)
		case '=':
			out = append(out, "=3D"...)
		default:
			out = append(out, name[i])
		}
	}
	return string(out)
}

// Next implements sasl.Client.
func (c *bearerClient) Next(challenge []byte) ([]byte, error) {
	if c.why != nil {
		return nil, sasl.ErrUnexpectedServerChallenge
	}
	c.why = &bearerRefusal{}
	_ = json.Unmarshal(challenge, c.why) // what can't be read has no status
	if c.mechanism == xoauth2Name && c.emptyLine != nil && c.emptyLine() {
		return []byte{}, nil // as Google's own description has it
	}
	return []byte("\x01"), nil
}

// explained gives in words why a server refuses a token that is fresh. said is
// what the server itself says, which is seldom much.
func (c *bearerClient) explained(said string) string {
	why := "the server refuses a token that the provider has just given"
	switch {
	case c.why == nil || c.why.Status == "":
	case c.why.Status == "insufficient_scope" || c.why.Status == "403":
		why += ", as it doesn't allow mail"
	default:
		why += " (status " + c.why.Status + ")"
	}
	return why + ": does the login belong to this mailbox, and is access by IMAP and SMTP switched on for it? It said: " + said + remedy(said)
}
