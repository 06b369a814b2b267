package webchat

import "stagecoach/channels"

// Format names the parser of this channel's originals.
const Format = format

// Archive gives a parser of messages whose account is configured no more.
func Archive() channels.Parser { return &Adapter{} }
