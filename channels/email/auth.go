package email

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"stagecoach/channels"
	"stagecoach/channels/email/oauth"
)

// AuthMode is how to log in at a server.
type AuthMode string

// The modes. AutoAuth takes the best that the server offers: a token where
// there are any, else the password by PLAIN, LOGIN or the protocol's own
// command.
const (
	AutoAuth        AuthMode = ""
	PlainAuth       AuthMode = "plain"
	LoginAuth       AuthMode = "login"
	OAuthBearerAuth AuthMode = "oauthbearer"
	XOAuth2Auth     AuthMode = "xoauth2"
)

// Tokens hands out OAuth access tokens; *oauth.Source is one.
type Tokens interface {
	// Token gives one. refused is a token that a server has just refused, which
	// is not given again, or "".
	Token(ctx context.Context, refused string) (string, error)
}

// noWayError says that server and configuration have no way to log in in common.
type noWayError struct{ text string }

func (e noWayError) Error() string { return e.text }

// offers is what a server says that one can log in by.
type offers struct {
	// can reports whether it names a SASL mechanism.
	can func(mechanism string) bool
	// command reports that the protocol's own login command is allowed; by is
	// how it is used. SMTP has none.
	command bool
	by      func(username, password string) error
	// emptyLine sees to it that the next answer may be an empty line, and reports
	// whether it may.
	emptyLine func() bool
}

// logIn logs in at a server by what it offers and the configuration has. run
// does one SASL exchange. A token that is refused before its time (the clocks
// differ, or somebody ended it) is replaced and tried once more, at the next link if
// the server ends this one.
//
// The error is a *channels.Error where only a person can help, else what run
// gave.
func (a *Adapter) logIn(ctx context.Context, e Endpoint, o offers, run func(sasl.Client) error) error {
	if a.cfg.Tokens == nil || e.Auth == PlainAuth || e.Auth == LoginAuth {
		return a.byPassword(e, o, run)
	}
	refused := ""
	for {
		token, err := a.cfg.Tokens.Token(ctx, refused)
		if err != nil {
			return a.tokenError(err)
		}
		a.token.Store(&token)
		if refused != "" {
			a.renewed.Store(e.address(), token)
		}
		client, err := tokenClient(e, o, token)
		if err != nil {
			return a.failure("login", channels.Auth, "", err.Error(), err)
		}
		err = run(client)
		said, is := refusal(err, client.why != nil)
		renewed, _ := a.renewed.Load(e.address())
		switch {
		case err == nil:
			a.renewed.Delete(e.address())
			return nil
		case !is:
			return err
		case renewed == token:
			e := a.failure("login", channels.Auth, "", client.explained(said), err)
			e.RetryAfter = refusedWait
			return e
		}
		refused = token
	}
}

// refusal tells a server's refusal of a login, and what it said, from other
// trouble. Whatever ends an exchange in which it has told why is one.
func refusal(err error, told bool) (said string, is bool) {
	var byIMAP *imap.Error
	var bySMTP *smtp.SMTPError
	switch {
	case errors.As(err, &byIMAP):
		return byIMAP.Text, told || imapReason("login", byIMAP) == channels.Auth
	case errors.As(err, &bySMTP):
		return bySMTP.Message, told || judge(opLogin, bySMTP).reason == channels.Auth
	default:
		return "", false
	}
}

func (a *Adapter) byPassword(e Endpoint, o offers, run func(sasl.Client) error) error {
	user, password := e.asPassword, string(e.Password)
	switch {
	case e.Auth == OAuthBearerAuth || e.Auth == XOAuth2Auth:
		return a.failure("login", channels.Auth, "", "auth: "+string(e.Auth)+" needs oauth", nil)
	case o.can(sasl.Plain) && e.Auth != LoginAuth:
		return run(sasl.NewPlainClient("", user, password))
	case o.can(sasl.Login) && e.Auth != PlainAuth:
		return run(&loginClient{user: user, password: password})
	case o.command && e.Auth == AutoAuth:
		return o.by(user, password)
	}
	words := "the server offers no login by password here"
	switch {
	case e.TLS == NoTLS:
		words += " (over TLS it might: set tls or starttls)"
	case o.can(xoauth2Name) || o.can(sasl.OAuthBearer):
		words += ", only by token: configure oauth, then run \"stagecoach mail login " + a.cfg.Account + "\""
	}
	return a.failure("login", channels.Auth, "", words, noWayError{words})
}

// tokenClient makes the SASL client for a token. XOAUTH2 goes first: whoever
// offers both has more clients that use it.
func tokenClient(e Endpoint, o offers, token string) (*bearerClient, error) {
	c := &bearerClient{user: e.asToken, token: token, host: e.Host, port: e.Port, emptyLine: o.emptyLine}
	switch {
	case o.can(xoauth2Name) && e.Auth != OAuthBearerAuth:
		c.mechanism = xoauth2Name
	case o.can(sasl.OAuthBearer) && e.Auth != XOAuth2Auth:
		c.mechanism = sasl.OAuthBearer
	case e.TLS == NoTLS:
		return nil, noWayError{"the server offers no login by token without TLS: set tls or starttls"}
	default:
		return nil, noWayError{"the server offers no login by token (neither XOAUTH2 nor OAUTHBEARER): remove oauth and give a password"}
	}
	return c, nil
}

// tokenError tells trouble that needs a person from what passes.
func (a *Adapter) tokenError(err error) error {
	var login *oauth.LoginError
	var setup *oauth.SetupError
	switch {
	case errors.As(err, &login), errors.As(err, &setup):
		return a.failure("login", channels.Auth, "", err.Error(), err)
	case errors.Is(err, context.Canceled):
		return a.failure("login", channels.Unavailable, "", "stopped", err)
	default:
		return a.failure("login", channels.Unavailable, "", err.Error(), err)
	}
}

// loginClient is the mechanism LOGIN, whose prompts no standard has fixed: the
// first is taken as that for the name, the second as that for the password.
type loginClient struct {
	user, password string
	asked          int
}

// Start implements sasl.Client.
func (*loginClient) Start() (mechanism string, ir []byte, err error) { return sasl.Login, nil, nil }

// Next implements sasl.Client.
func (c *loginClient) Next([]byte) ([]byte, error) {
	c.asked++
	switch c.asked {
	case 1:
		return []byte(c.user), nil
	case 2:
		return []byte(c.password), nil
	default:
		return nil, fmt.Errorf("the server asks for more than a name and a password: %w", sasl.ErrUnexpectedServerChallenge)
	}
}

// secretTexts lists what no error may show.
func (a *Adapter) secretTexts() []string {
	var out []string
	for _, e := range []Endpoint{a.cfg.IMAP.Endpoint, a.cfg.SMTP.Endpoint} {
		out = append(out, string(e.Password), encoded(string(e.Password)),
			encoded("\x00"+e.Username+"\x00"+string(e.Password)), encoded("\x00"+e.asPassword+"\x00"+string(e.Password)))
	}
	if token := a.token.Load(); token != nil {
		out = append(out, *token, encoded(*token))
		for _, e := range []Endpoint{a.cfg.IMAP.Endpoint, a.cfg.SMTP.Endpoint} {
			for _, mechanism := range []string{xoauth2Name, sasl.OAuthBearer} {
				c := bearerClient{mechanism: mechanism, user: e.asToken, token: *token, host: e.Host, port: e.Port}
				out = append(out, encoded(c.response()))
			}
		}
	}
	return out
}

// hideSecrets puts stars where a secret stands.
func (a *Adapter) hideSecrets(text string) string {
	for _, secret := range a.secretTexts() {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	return text
}

func encoded(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
