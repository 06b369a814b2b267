package slack

import "stagecoach/channels"

// The scopes of the bot token that are asked for by name.
// https://docs.slack.dev/reference/scopes
const (
	scopeWrite     = "chat:write"
	scopeCustomise = "chat:write.customize"
	scopeUsers     = "users:read"
	scopeTeam      = "team:read"
	scopeFiles     = "files:read"
	scopeUpload    = "files:write"
)

// need is what a scope is for. Without a wanted one something can be done less
// well; without the others something can't be done at all.
type need struct {
	scope, purpose string
	wanted         bool
}

// needs lists the scopes of the bot token in the order of their weight.
func needs() []need {
	return []need{
		{scopeWrite, "to answer", false},
		{"im:history", "to read direct messages", false},
		{"im:read", "to find direct messages that came while Stagecoach was away", false},
		{"app_mentions:read", "to be told of mentions", false},
		{"channels:history", "to read messages and threads in public channels", false},
		{"channels:read", "to know the public channels that the app is in", false},
		{scopeUsers, "to know people's names", false},
		{scopeFiles, "to fetch what people attach", false},
		{scopeUpload, "to send files", false},
		{scopeCustomise, "to answer under the agent's name; without it the name stands in the first line", true},
		{"groups:history", "to read private channels", true},
		{"groups:read", "to know the private channels that the app is in", true},
		{"mpim:history", "to read group messages", true},
		{"mpim:read", "to find group messages that came while Stagecoach was away", true},
		{scopeTeam, "to name the workspaces of people from elsewhere", true},
		{"im:write", "to write first to somebody", true},
	}
}

// lacks tells of a scope that is missing.
func (a *Adapter) lacks(op, scope string) *channels.Error {
	purpose := ""
	for _, n := range needs() {
		if n.scope == scope {
			purpose = " " + n.purpose
		}
	}
	e := a.failure(op, channels.Auth, "missing_scope", "bot_token lacks the scope "+scope+purpose+
		": add it under \"OAuth & Permissions\" at https://api.slack.com/apps and install the app again", nil)
	e.RetryAfter = refusedWait
	return e
}
