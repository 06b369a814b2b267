package email

import "regexp"

// The words of well-known servers that only make sense to whoever runs these.
var (
	appPasswordWords  = regexp.MustCompile(`(?i)application-specific password|app(lication)?[- ]password|5\.7\.9 .*password`)
	browserWords      = regexp.MustCompile(`(?i)web ?login required|via your web browser|with your web browser|lockdown in sector`)
	imapOffWords      = regexp.MustCompile(`(?i)not enabled for imap|imap (access )?(is )?(disabled|not enabled|deactivated|blocked)|enable (your account for )?imap`)
	smtpOffWords      = regexp.MustCompile(`(?i)SmtpClientAuthentication is disabled|smtp_auth_disabled`)
	ruleWords         = regexp.MustCompile(`(?i)security defaults|conditional access|did not meet the criteria|locked by your organi[sz]ation`)
	basicOffWords     = regexp.MustCompile(`(?i)basic authentication is (disabled|not)|basicauthblocked|logondenied-basicauth`)
	notConnectedWords = regexp.MustCompile(`(?i)authenticated but not connected`)
	crowdedWords      = regexp.MustCompile(`(?i)too many simultaneous connections|maximum number of connections`)
	unsafeWords       = regexp.MustCompile(`(?i)unsafe login`)
)

type wordsAndRemedy struct {
	said *regexp.Regexp
	do   string
}

// remedies say what a person can do about them. The first that fits counts.
func remedies() []wordsAndRemedy {
	return []wordsAndRemedy{
		{
			appPasswordWords,
			"make a password for programs (app password) in the settings of the account, and give that instead of its own",
		},
		{
			browserWords,
			"log in to this account once with a browser and confirm that it was you; then use an app password or oauth",
		},
		{
			imapOffWords,
			"switch IMAP on in the settings of this mailbox",
		},
		{
			smtpOffWords,
			"an Exchange administrator has to allow authenticated SMTP for this mailbox (Set-CASMailbox -SmtpClientAuthenticationDisabled $false)",
		},
		{
			ruleWords,
			"a rule of the organisation (security defaults, conditional access) forbids this login: an administrator has to except it, or log in by oauth",
		},
		{
			basicOffWords,
			"passwords are taken here no more: configure oauth, then run \"stagecoach mail login\"",
		},
		{
			notConnectedWords,
			"the login is right, but the mailbox isn't open to it: it needs a licence and IMAP switched on; " +
				"a shared mailbox has to give the login full access, and oauth has to be of the same organisation",
		},
		{senderWords, "this login may not send under this address: give it that right (at Exchange: Send As), or log in as the mailbox itself"},
		{stoppedWords, "the provider has stopped this account's sending: log in there with a browser, or ask its support, to have it opened again"},
		{
			crowdedWords,
			"each watched folder takes a connection: watch fewer, or close other programs that use the mailbox",
		},
		{
			unsafeWords,
			"the provider distrusts this program: allow IMAP in the settings, and use the authorization code made there as the password",
		},
	}
}

// What servers write where the login may not send under the mailbox's address, and
// where they let an account send no more.
var (
	senderWords = regexp.MustCompile(`(?i)send ?as ?denied|permissions? to send as|not allowed to send (as|mail as|from)|not owned by (user|auth)|` +
		`sender address (is )?not allowed|not one of your addresses|relaying disallowed as|from address .{0,30}not verified|` +
		`(unauthori[sz]ed|not authori[sz]ed to use this) sender|sender verify failed for authenticated`)
	stoppedWords = regexp.MustCompile(`(?i)outgoing blocked|unusual sending activity|bad outbound sender|account .{0,30}(blocked|suspended|disabled) (for|from) sending`)
)

// doWords begins what a person can do, behind what is wrong.
const doWords = "; what to do: "

// remedy gives what a person can do about what a server said, "" if nothing more
// is known.
func remedy(said string) string {
	for _, one := range remedies() {
		if one.said.MatchString(said) {
			return doWords + one.do
		}
	}
	return ""
}
