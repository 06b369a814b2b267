package bluesky

import "stagecoach/channels"

// Archive gives a parser of messages whose account is configured no more.
func Archive() channels.Parser { return &Adapter{} }
