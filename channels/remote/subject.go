package remote

import (
	"regexp"
	"strings"

	"github.com/nats-io/nats-server/v2/server"

	"stagecoach/contact"
)

// The verbs: what stands behind an account's prefix.
const (
	verbHello    = "hello"
	verbInbox    = "inbox"
	verbPart     = "inbox.part"
	verbBookmark = "inbox.bookmark"
	verbAdvance  = "inbox.advance"
	verbFile     = "outbox.file"
	verbPartly   = "outbox.partly"
	verbAnswer   = "outbox.answer." // + the order
	verbOrder    = "outbox.order."  // + the process
	verbReply    = "reply."         // + whatever the process's client adds
)

// requests are the verbs that a process asks the daemon by.
func requests() []string {
	return []string{verbHello, verbInbox, verbPart, verbBookmark, verbAdvance, verbFile, verbPartly}
}

// Name is an account's name as its login and its people have it.
func Name(ch contact.Channel, account string) string { return string(ch) + "/" + account }

// prefixOf gives what all subjects of an account begin with.
func prefixOf(office string, ch contact.Channel, account string) string {
	return "adapter." + office + "." + string(ch) + "-" + account + "."
}

var (
	accountForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)
	officeForm  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
	processForm = regexp.MustCompile(`^[A-Za-z0-9_-]{8,64}$`)
)

// rightsOf gives what an account's login may do, and nothing besides: to publish
// its requests and answers, and to hear its orders and the answers to itself.
func rightsOf(prefix string) *server.Permissions {
	may := make([]string, 0, len(requests())+1)
	for _, verb := range requests() {
		may = append(may, prefix+verb)
	}
	return &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: append(may, prefix+verbAnswer+"*")},
		Subscribe: &server.SubjectPermission{Allow: []string{prefix + verbOrder + "*", prefix + verbReply + ">"}},
	}
}

// ours reports whether a source is one of the account's.
func ours(source string, ch contact.Channel, account string) bool {
	return strings.HasPrefix(source, Name(ch, account)+"/") && len(source) <= 1000
}
