package webhook

import (
	"stagecoach/channels"
	"stagecoach/contact"
)

// archive reads messages whose account is configured no more.
type archive struct{}

// Archive gives a parser of messages whose account is configured no more.
func Archive() channels.Parser { return archive{} }

// Parse implements channels.Parser.
func (archive) Parse(in *channels.Inbound) (*contact.Message, error) {
	return (&Adapter{cfg: Config{Account: in.Account}}).Parse(in)
}
