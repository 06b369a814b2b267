package oauth

import (
	"errors"
	"strings"
)

// causes are the numbers and words by which the large providers tell what lies
// behind a refusal, and what then helps. Microsoft's are listed at
// learn.microsoft.com/entra/identity-platform/reference-error-codes.
func causes() []struct{ said, do string } {
	return []struct{ said, do string }{
		{"AADSTS65001", "an administrator has to allow the program for the organisation (admin consent)"},
		{"AADSTS90094", "an administrator has to allow the program for the organisation (admin consent)"},
		{"AADSTS90095", "an administrator has to allow the program for the organisation (admin consent)"},
		{"AADSTS7000222", "the program's secret has expired: make a new one in Entra ID and put it into client_secret_file"},
		{"AADSTS7000215", "client_secret_file must hold the secret's value, not its id"},
		{"AADSTS7000218", "allow public client flows for the program in Entra ID, or give its client_secret_file"},
		{"AADSTS700016", "the tenant doesn't know this client_id"},
		{"AADSTS90002", "there is no such tenant"},
		{"AADSTS50194", "give the tenant: the program is of one organisation only"},
		{"AADSTS50076", "log in again with the second factor"},
		{"AADSTS50079", "log in again and set up the second factor"},
		{"AADSTS50173", "the password was changed: log in again"},
		{"AADSTS700082", "the login was not used for 90 days: log in again"},
		{"AADSTS700084", "this login is limited to a day: register the program as a public client, not as a single-page one"},
		{"AADSTS53003", "a conditional access rule forbids it: an administrator has to except this login"},
		{"AADSTS50053", "the account is locked for too many wrong logins: wait, then log in again"},
		{"AADSTS50057", "the account is disabled"},
		{"AADSTS50105", "an administrator has to assign the program to this account"},
		{"AADSTS50020", "the account is of another organisation than the tenant given"},
		{"admin_policy_enforced", "a Google Workspace administrator has to trust this program (Security, API controls)"},
		{"org_internal", "the program is for its own organisation only: log in with an account of that"},
		{"deleted_client", "the program was deleted in the Google Cloud console: register it again"},
		{"Token has been expired or revoked", "log in again; where it happens every 7 days, the program is still \"in testing\" in the Google Cloud console: publish it"},
	}
}

// whatToDo gives what helps against a refusal, "" if nothing more is known.
func whatToDo(code, description string) string {
	for _, one := range causes() {
		// "AADSTS50076: …": another number may begin with the same digits.
		at := strings.Index(description, one.said)
		whole := at >= 0 && (at+len(one.said) == len(description) || !isDigit(description[at+len(one.said)]))
		if whole || code == one.said {
			return "; " + one.do
		}
	}
	return ""
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isFinal reports whether only a person can mend it.
func isFinal(err error) bool {
	var login *LoginError
	var setup *SetupError
	return errors.As(err, &login) || errors.As(err, &setup)
}
