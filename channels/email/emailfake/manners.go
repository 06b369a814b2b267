package emailfake

import "strings"

// What Google answers to a token that it doesn't take
// (developers.google.com/workspace/gmail/imap/xoauth2-protocol).
const googleChallenge = `{"status":"401","schemes":"bearer mac","scope":"https://mail.google.com/"}`

// Gmail is Google's: labels as folders, sent mail saved by SMTP, nothing stored
// twice in a folder, links cut at a MOVE. Sessions by token end with the token,
// others after a day (developers.google.com/workspace/gmail/imap/imap-smtp); the
// cut at a MOVE is github.com/d99kris/nmail/issues/172, the refusals are in
// github.com/LukeSmithxyz/mutt-wizard/issues/831 and support.google.com/a/answer/3726730.
func Gmail() Manner {
	return Manner{
		Name: "Gmail",
		Caps: strings.Fields("IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 UIDPLUS MOVE CONDSTORE ESEARCH " +
			"SPECIAL-USE SASL-IR AUTH=XOAUTH2 AUTH=PLAIN AUTH=OAUTHBEARER"),
		Sent: "[Gmail]/Gesendet", SentAttrs: `\HasNoChildren \Sent`,
		Folders:    map[string]string{"[Gmail]": `\HasChildren \Noselect`, "[Gmail]/Alle Nachrichten": `\All \HasNoChildren`},
		Mechanisms: []string{"LOGIN", "PLAIN", "XOAUTH2", "OAUTHBEARER"}, Saves: SavesAsIs, Merges: true, CutAtMove: true,
		WrongSecret: "[ALERT] Application-specific password required: https://support.example/185833 (Failure)",
		WrongSMTP:   "534-5.7.9 Application-specific password required. For more information, go to\r\n534 5.7.9  https://support.example/mail/?p=InvalidSecondFactor - gsmtp",
		Challenge:   googleChallenge,
		Throttled:   "NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)", SessionEnd: "Session expired, please login again.",
		Busy: "421 4.7.0 Temporary rate limit: try again later, closing connection. - gsmtp",
	}
}

// GmailTokens is Gmail where OAuth is used.
func GmailTokens() Manner {
	m := Gmail()
	m.Name, m.Tokens = "Gmail by token", true
	m.WrongSecret, m.WrongSMTP = "[AUTHENTICATIONFAILED] Invalid credentials (Failure)", "535 5.7.8 Username and Password not accepted. - gsmtp"
	return m
}

// ExchangeOnline is Microsoft 365: tokens only, the Message-ID replaced and sent
// mail saved by SMTP (github.com/marlam/msmtp/issues/190,
// github.com/chatmail/core/pull/2250), backoff times in milliseconds and then a
// goodbye (github.com/simonrob/email-oauth2-proxy/issues/191), and long words on
// who may send as whom.
func ExchangeOnline() Manner {
	return Manner{
		Name: "Exchange Online",
		Caps: strings.Fields("IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+"),
		Sent: "Sent Items", SentAttrs: `\HasNoChildren`, Mechanisms: []string{"LOGIN", "XOAUTH2"}, Tokens: true, Saves: SavesRenamed,
		WrongSecret: "AUTHENTICATE failed.", WrongSMTP: "535 5.7.3 Authentication unsuccessful [AM0PR04CA0001.test]",
		Throttled:  "BAD Request is throttled. Suggested Backoff Time: 89117 milliseconds\nBYE Connection closed. 14",
		SessionEnd: "Connection is closed. 13", Busy: "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded [Hostname=AM0.test]",
		SenderRefused: "554 5.2.252 SendAsDenied; me@acme.test not allowed to send as support@acme.test; STOREDRV.Submission.Exception:" +
			"SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message due to a permanent exception with message Cannot submit message.",
	}
}

// OutlookCom is Microsoft's for everybody: as Exchange Online, and the Message-ID
// that was replaced stands in a field of its own.
func OutlookCom() Manner {
	m := ExchangeOnline()
	m.Name, m.Sent, m.Saves = "Outlook.com", "Sent", SavesRemembered
	return m
}

// ExchangeServer is Exchange on one's own premises: nothing saved, the domain's
// login, no MOVE, no special folders.
func ExchangeServer() Manner {
	return Manner{
		Name: "Exchange Server",
		Caps: strings.Fields("IMAP4 IMAP4rev1 AUTH=PLAIN UIDPLUS CHILDREN IDLE NAMESPACE LITERAL+"),
		Sent: "Gesendete Elemente", SentAttrs: `\HasNoChildren`, Mechanisms: []string{"LOGIN"},
		WrongSecret: "LOGIN failed.", WrongSMTP: "535 5.7.3 Authentication unsuccessful",
		Throttled: "BAD Request is throttled. Suggested Backoff Time: 30000 milliseconds", SessionEnd: "Connection closed. 14",
		Busy:          "421 4.3.2 The maximum number of concurrent server connections has exceeded a limit, closing transmission channel",
		SenderRefused: "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
	}
}

// Yahoo is Yahoo's, and AOL's: no search by a header's field
// (github.com/mscdex/node-imap/issues/737), an IDLE that announces nothing, limits by
// code (github.com/postalsys/imapflow/issues/75), an hour a session
// (github.com/lefcha/imapfilter/issues/316).
func Yahoo() Manner {
	return Manner{
		Name: "Yahoo",
		Caps: strings.Fields("IMAP4rev1 IDLE ID NAMESPACE UIDPLUS MOVE LITERAL+ CHILDREN SASL-IR AUTH=PLAIN AUTH=LOGIN AUTH=XOAUTH2"),
		Sent: "Sent", SentAttrs: `\Sent \HasNoChildren`, Folders: map[string]string{"Bulk Mail": `\Junk \HasNoChildren`},
		Mechanisms: []string{"PLAIN", "LOGIN", "XOAUTH2"}, DeafIdle: true,
		DeafSearch:  "NO [SERVERBUG] UID SEARCH Server error - Please try again later",
		WrongSecret: "[AUTHENTICATIONFAILED] LOGIN Invalid credentials", WrongSMTP: "535 5.7.0 (#AUTH005) Too many bad auth attempts.",
		Throttled: "NO [LIMIT] UID FETCH Rate limit hit.", SessionEnd: "IMAP4rev1 Server logging out",
		Busy: "421 4.7.0 Too many messages from this account, wait 60 seconds", SenderRefused: "553 From address is not verified for this account: From address not verified",
	}
}

// ICloud is Apple's: sent mail saved by SMTP (github.com/kellylford/QuickMail/issues/150).
func ICloud() Manner {
	return Manner{
		Name: "iCloud",
		Caps: strings.Fields("IMAP4 IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=ATOKEN ID UIDPLUS LITERAL+ IDLE NAMESPACE CHILDREN SORT"),
		Sent: "Sent Messages", SentAttrs: `\HasNoChildren`, Mechanisms: []string{"LOGIN", "PLAIN"}, Saves: SavesAsIs,
		WrongSecret: "[AUTHENTICATIONFAILED] Authentication failed", WrongSMTP: "535 5.7.8 Error: authentication failed: UNKNOWN",
		Throttled: "NO [UNAVAILABLE] Temporary server error, try again later", SessionEnd: "session timed out",
		Busy: "450 4.7.1 Error: too many messages sent today", SenderRefused: "550 5.7.0 From address is not one of your addresses.",
	}
}

// GMX is GMX and WEB.DE: the dot's neighbour as delimiter, names in German.
func GMX() Manner {
	return Manner{
		Name: "GMX", Caps: strings.Fields("IMAP4rev1 CHILDREN ID IDLE IDLEPLUS LIST-EXTENDED LIST-STATUS LITERAL- MOVE NAMESPACE SASL-IR SORT SPECIAL-USE UIDPLUS UNSELECT WITHIN AUTH=LOGIN AUTH=PLAIN"),
		Sent: "Gesendet", SentAttrs: `\HasNoChildren \Sent`, Folders: map[string]string{"Spamverdacht": `\HasNoChildren \Junk`}, Mechanisms: []string{"LOGIN", "PLAIN"},
		WrongSecret: "[AUTHENTICATIONFAILED] authentication failed: imap access is disabled", WrongSMTP: "535 Authentication credentials invalid",
		Throttled: "NO [LIMIT] too many requests", SessionEnd: "Autologout; idle for too long",
		Busy: "450 Requested mail action not taken: too many messages, mail quota exceeded for sending", SenderRefused: "550-Requested action not taken: mailbox unavailable\r\n550 Sender address is not allowed.",
	}
}

// Zoho is Zoho's: sent mail saved by SMTP, an account that stops at unusual
// sending until somebody unblocks it (github.com/cachethq/cachet/issues/3052).
func Zoho() Manner {
	return Manner{
		Name: "Zoho", Caps: strings.Fields("IMAP4rev1 UNSELECT CHILDREN XLIST NAMESPACE IDLE MOVE ID AUTH=PLAIN SASL-IR UIDPLUS"),
		Sent: "Sent", SentAttrs: `\HasNoChildren \Sent`, Mechanisms: []string{"LOGIN", "PLAIN"}, Saves: SavesAsIs,
		WrongSecret: "[ALERT] Your account is not enabled for IMAP use. Enable IMAP in the settings.", WrongSMTP: "535 Authentication Failed",
		Throttled: "NO [LIMIT] Too many requests, try again after 5 minutes", SessionEnd: "Connection timed out",
		Busy: "450 4.7.1 Too many messages, slow down", SenderRefused: "550 5.4.6 Unusual sending activity detected. Please try after sometime",
	}
}

// ProtonBridge is the program that stands between Proton and mail programs: sent
// mail saved by SMTP, copies merged (github.com/ProtonMail/proton-bridge/issues/430).
func ProtonBridge() Manner {
	return Manner{
		Name: "Proton Bridge", Caps: strings.Fields("IMAP4rev1 IDLE ID MOVE UIDPLUS UNSELECT STARTTLS AUTH=PLAIN"),
		Sent: "Sent", SentAttrs: `\Sent \Noinferiors`, Folders: map[string]string{"All Mail": `\All \Noinferiors`, "Folders": `\Noselect`},
		Mechanisms: []string{"PLAIN", "LOGIN"}, Saves: SavesAsIs, Merges: true,
		WrongSecret: "no such user", WrongSMTP: "454 4.7.0 invalid username or password",
		Throttled: "NO [UNAVAILABLE] the bridge is offline", SessionEnd: "bridge is shutting down", Busy: "421 4.3.0 too many connections",
	}
}

// Domino is HCL's, once Lotus's: no IDLE, no MOVE, no SASL
// (github.com/jstedfast/MailKit/issues/1286).
func Domino() Manner {
	return Manner{
		Name: "Domino", Caps: strings.Fields("IMAP4rev1 AUTH=PLAIN LITERAL+ NAMESPACE QUOTA UIDPLUS"), Delim: '\\',
		Sent: "Sent", SentAttrs: `\Noinferiors`, Mechanisms: []string{"LOGIN"}, DeafSearch: "BAD SEARCH Invalid search criteria",
		WrongSecret: "LOGIN invalid name or password", WrongSMTP: "535 Authentication failed",
		Throttled: "NO [INUSE] database is in use by another user", SessionEnd: "IMAP4 server shutting down", Busy: "452 Too many connections",
	}
}

// HMail is hMailServer, MDaemon, Kerio and the like: no UIDPLUS, no MOVE, no folder of
// sent mail until somebody makes one.
func HMail() Manner {
	return Manner{
		Name: "hMailServer", Caps: strings.Fields("IMAP4 IMAP4rev1 CHILDREN IDLE QUOTA SORT ACL NAMESPACE RIGHTS=texk"), Delim: '.',
		Mechanisms: []string{"LOGIN", "PLAIN"}, WrongSecret: "Invalid user name or password.", WrongSMTP: "535 Authentication failed. Restarting authentication process.",
		Throttled: "NO Too many invalid commands", SessionEnd: "Server shutting down", Busy: "421 Too many connections, try again later",
	}
}

// Manners lists all.
func Manners() []Manner {
	return []Manner{
		Gmail(), GmailTokens(), ExchangeOnline(), OutlookCom(), ExchangeServer(), Yahoo(), ICloud(), GMX(), Zoho(), ProtonBridge(), Domino(), HMail(),
	}
}
