// Package portal is the customer's own page: by a signed link that stands in our
// replies it shows, without an account, how a question stands, and after a code
// that is sent to the known address the conversation, what is kept and why.
//
// It is told all it shows by what it is handed (Source): it knows neither ledger
// nor journal. Nothing on it needs JavaScript, and no GET changes anything, as
// programs that look links up before people do must neither vote nor erase.
package portal
