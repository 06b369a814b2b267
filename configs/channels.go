package configs

import "time"

// Channels holds the accounts of each kind of channel.
type Channels struct {
	Email    []Email    `yaml:"email" json:"email"`
	Webhook  []Webhook  `yaml:"webhook" json:"webhook"`
	Mastodon []Mastodon `yaml:"mastodon" json:"mastodon"`
	Slack    []Slack    `yaml:"slack" json:"slack"`
	Bluesky  []Bluesky  `yaml:"bluesky" json:"bluesky"`
	WebChat  []WebChat  `yaml:"webchat" json:"webchat"`
	// Remote are those whose adapters run as processes of their own.
	Remote []Remote `yaml:"remote" json:"remote"`
}

// Count is how many accounts there are.
func (c Channels) Count() int {
	return len(c.Email) + len(c.Webhook) + len(c.Mastodon) + len(c.Slack) + len(c.Bluesky) + len(c.WebChat) + len(c.Remote)
}

// Webhook is a system of the company's own that hands messages in and takes
// replies, both signed by Standard Webhooks.
type Webhook struct {
	// Name names the account, and the address that it posts to.
	Name string `yaml:"name" json:"name" required:"true"`
	// The secret by which what comes in is verified. While it is being changed
	// the one before stands under previous_secret.
	SecretFile         string `yaml:"secret_file" json:"secret_file"`
	SecretEnv          string `yaml:"secret_env" json:"secret_env"`
	Secret             Secret `yaml:"-" json:"-"`
	PreviousSecretFile string `yaml:"previous_secret_file" json:"previous_secret_file"`
	PreviousSecretEnv  string `yaml:"previous_secret_env" json:"previous_secret_env"`
	PreviousSecret     Secret `yaml:"-" json:"-"`
	// Callback is where replies go; none are sent without it.
	Callback Callback `yaml:"callback" json:"callback"`
	// Window is how far a request's time may be from ours.
	Window time.Duration `yaml:"window" json:"window" range:"10s..1h"`
	// MaxPerSecond is how many messages are taken in a second.
	MaxPerSecond int `yaml:"max_per_second" json:"max_per_second" range:"1..10000"`
	// Burst is how many are taken at once, twice MaxPerSecond if left out; MaxBody
	// how large one request may be.
	Burst   int  `yaml:"burst" json:"burst" range:"1..100000"`
	MaxBody Size `yaml:"max_body" json:"max_body"`
	// Public says that anybody can read what is written there.
	Public bool `yaml:"public" json:"public"`
	// AttachmentHosts are those in a private network that files may be fetched
	// from; CAFile holds authorities to trust besides the system's.
	AttachmentHosts []string `yaml:"attachment_hosts" json:"attachment_hosts"`
	CAFile          string   `yaml:"ca_file" json:"ca_file"`
	Skills          []string `yaml:"skills" json:"skills"`
	Language        string   `yaml:"language" json:"language"`
}

// HintFor implements strict.Hinter.
func (Webhook) HintFor(key string) string { return secretHint(key) }

// Callback is where a webhook's replies are posted to.
type Callback struct {
	URL string `yaml:"url" json:"url"`
	// The secret signs replies; the webhook's own if left out. While it is being
	// changed the one before, under previous_secret, signs them too.
	SecretFile         string `yaml:"secret_file" json:"secret_file"`
	SecretEnv          string `yaml:"secret_env" json:"secret_env"`
	Secret             Secret `yaml:"-" json:"-"`
	PreviousSecretFile string `yaml:"previous_secret_file" json:"previous_secret_file"`
	PreviousSecretEnv  string `yaml:"previous_secret_env" json:"previous_secret_env"`
	PreviousSecret     Secret `yaml:"-" json:"-"`
	// Headers are sent with every reply, for gateways that want a key.
	Headers []Header `yaml:"headers" json:"headers"`
	// NotIdempotent says that the receiver doesn't know a webhook-id again.
	NotIdempotent bool `yaml:"not_idempotent" json:"not_idempotent"`
	// PlainHTTP allows http to another machine.
	PlainHTTP bool `yaml:"plain_http" json:"plain_http"`
	// TextLimit is the longest text that the receiver takes, in characters.
	TextLimit int           `yaml:"text_limit" json:"text_limit" range:"1..1000000"`
	Timeout   time.Duration `yaml:"timeout" json:"timeout" range:"1s..5m"`
}

// HintFor implements strict.Hinter.
func (Callback) HintFor(key string) string { return secretHint(key) }

// Header is one header of a request, with a value that may be shown, or one from a
// file or a variable.
type Header struct {
	Name      string `yaml:"name" json:"name" required:"true"`
	Value     string `yaml:"value" json:"value"`
	ValueFile string `yaml:"value_file" json:"value_file"`
	ValueEnv  string `yaml:"value_env" json:"value_env"`
	// Content is the value, wherever it stands.
	Content Secret `yaml:"-" json:"-"`
}

// Mastodon is one account on a server that speaks the Mastodon API: Mastodon,
// GoToSocial, Pleroma or Akkoma.
type Mastodon struct {
	Name string `yaml:"name" json:"name" required:"true"`
	// Server is where the API is, Address the account's own: name@domain.
	Server  string `yaml:"server" json:"server" required:"true"`
	Address string `yaml:"address" json:"address" required:"true"`
	// The token is one with the scopes read and write.
	TokenFile string `yaml:"token_file" json:"token_file"`
	TokenEnv  string `yaml:"token_env" json:"token_env"`
	Token     Secret `yaml:"-" json:"-"`
	CAFile    string `yaml:"ca_file" json:"ca_file"`
	// ReplyVisibility is who may read an answer to a public question: never more
	// than could read the question.
	ReplyVisibility string `yaml:"reply_visibility" json:"reply_visibility" enum:"same|unlisted|direct"`
	// Listen is what to look for in posts that are not addressed to us.
	Listen Listen `yaml:"listen" json:"listen"`
	// Poll is how often the server is asked though nothing woke us, Watch how often
	// recent messages are looked at for edits and deletions.
	Poll  time.Duration `yaml:"poll" json:"poll" range:"5s..1h"`
	Watch time.Duration `yaml:"watch" json:"watch" range:"5s..24h"`
	// NoStreaming leaves it at asking.
	NoStreaming bool `yaml:"no_streaming" json:"no_streaming"`
	// Timeout is how long an answer may take.
	Timeout  time.Duration `yaml:"timeout" json:"timeout" range:"1s..5m"`
	Skills   []string      `yaml:"skills" json:"skills"`
	Language string        `yaml:"language" json:"language"`
}

// HintFor implements strict.Hinter.
func (Mastodon) HintFor(key string) string { return secretHint(key) }

// Slack is one app in one workspace, reached by Socket Mode.
type Slack struct {
	Name string `yaml:"name" json:"name" required:"true"`
	// The bot token begins with xoxb-, the app token with xapp-.
	BotTokenFile string `yaml:"bot_token_file" json:"bot_token_file"`
	BotTokenEnv  string `yaml:"bot_token_env" json:"bot_token_env"`
	BotToken     Secret `yaml:"-" json:"-"`
	AppTokenFile string `yaml:"app_token_file" json:"app_token_file"`
	AppTokenEnv  string `yaml:"app_token_env" json:"app_token_env"`
	AppToken     Secret `yaml:"-" json:"-"`
	// Channels are those in which every message is for us, by name or id.
	// Elsewhere direct messages, mentions and the threads that follow are.
	Channels []string `yaml:"channels" json:"channels"`
	// Bots takes what other apps write as well.
	Bots bool `yaml:"bots" json:"bots"`
	// API is where the Web API is, if it isn't Slack's own address.
	API    string `yaml:"api" json:"api"`
	CAFile string `yaml:"ca_file" json:"ca_file"`
	// Timeout bounds each answer of Slack's.
	Timeout  time.Duration `yaml:"timeout" json:"timeout" range:"1s..5m"`
	Skills   []string      `yaml:"skills" json:"skills"`
	Language string        `yaml:"language" json:"language"`
}

// HintFor implements strict.Hinter.
func (Slack) HintFor(key string) string {
	if key == "token" {
		return "a bot token stands under bot_token_file, an app token under app_token_file"
	}
	return secretHint(key)
}

// Bluesky is one account of the AT protocol.
type Bluesky struct {
	Name string `yaml:"name" json:"name" required:"true"`
	// Handle is the account's own: support.example.com.
	Handle string `yaml:"handle" json:"handle" required:"true"`
	// The password is an app password, never the account's own.
	PasswordFile string `yaml:"password_file" json:"password_file"`
	PasswordEnv  string `yaml:"password_env" json:"password_env"`
	Password     Secret `yaml:"-" json:"-"`
	// Server is the account's personal data server, found from the handle if left
	// out.
	Server string `yaml:"server" json:"server"`
	CAFile string `yaml:"ca_file" json:"ca_file"`
	// Listen is what to look for in posts that are not addressed to us.
	Listen Listen `yaml:"listen" json:"listen"`
	// NoMessages leaves direct messages alone.
	NoMessages bool `yaml:"no_messages" json:"no_messages"`
	// Poll is how often notifications are asked for, PollMessages direct messages,
	// and LookBack what came late.
	Poll         time.Duration `yaml:"poll" json:"poll" range:"5s..1h"`
	PollMessages time.Duration `yaml:"poll_messages" json:"poll_messages" range:"2s..1h"`
	LookBack     time.Duration `yaml:"look_back" json:"look_back" range:"1m..24h"`
	// Timeout is how long an answer may take.
	Timeout time.Duration `yaml:"timeout" json:"timeout" range:"1s..5m"`
	// Resolver, Directory and ChatService are those of a network of one's own:
	// where handles are looked up, where ids of did:plc are, and the id of the
	// service of direct messages.
	Resolver    string   `yaml:"resolver" json:"resolver"`
	Directory   string   `yaml:"directory" json:"directory"`
	ChatService string   `yaml:"chat_service" json:"chat_service"`
	Skills      []string `yaml:"skills" json:"skills"`
	Language    string   `yaml:"language" json:"language"`
}

// HintFor implements strict.Hinter.
func (Bluesky) HintFor(key string) string { return secretHint(key) }

// WebChat is a chat on web sites of the company.
type WebChat struct {
	// Name names the account, and the address of its script.
	Name string `yaml:"name" json:"name" required:"true"`
	// Origins are the web sites that may embed it: https://shop.example.org.
	Origins []string `yaml:"origins" json:"origins"`
	// Title heads the panel; the name if left out.
	Title string `yaml:"title" json:"title"`
	// The secret signs who logged-in customers are. While it is being changed the
	// one before stands under previous_secret.
	SecretFile         string `yaml:"secret_file" json:"secret_file"`
	SecretEnv          string `yaml:"secret_env" json:"secret_env"`
	Secret             Secret `yaml:"-" json:"-"`
	PreviousSecretFile string `yaml:"previous_secret_file" json:"previous_secret_file"`
	PreviousSecretEnv  string `yaml:"previous_secret_env" json:"previous_secret_env"`
	PreviousSecret     Secret `yaml:"-" json:"-"`
	// Users names whose numbers the signed user ids are. Where several web chats sign
	// them each says so: with the same name one number is one customer in all.
	Users string `yaml:"users" json:"users"`
	// ExternalIDs says that the user_id which the site signs is the external_id of
	// the customers' list; a site may number its accounts in another way.
	ExternalIDs bool `yaml:"external_ids" json:"external_ids"`
	// MailVia is the e-mail account by which visitors who are gone, and have left
	// an address, get the answer too.
	MailVia string `yaml:"mail_via" json:"mail_via"`
	// Visitors is how many may be connected at once.
	Visitors int `yaml:"visitors" json:"visitors" range:"1..100000"`
	// PerAddress is how many requests a second one IP address may make, PerVisitor
	// how many messages a second one visitor may write.
	PerAddress float64 `yaml:"per_address" json:"per_address" range:"1..100000"`
	PerVisitor float64 `yaml:"per_visitor" json:"per_visitor" range:"0.05..1000"`
	// FileBytes is the largest file that a visitor may send.
	FileBytes int64 `yaml:"file_bytes" json:"file_bytes" range:"1024..20971520"`
	// Heartbeat is how often a silent stream is given a sign of life.
	Heartbeat time.Duration `yaml:"heartbeat" json:"heartbeat" range:"1s..30s"`
	// MailAfter is how long a visitor is away before the answer is mailed as well.
	MailAfter time.Duration `yaml:"mail_after" json:"mail_after" range:"10s..24h"`
	Skills    []string      `yaml:"skills" json:"skills"`
	Language  string        `yaml:"language" json:"language"`
}

// signs reports whether its site can sign who its customers are.
func (w WebChat) signs() bool { return w.SecretFile != "" || w.SecretEnv != "" }

// HintFor implements strict.Hinter.
func (WebChat) HintFor(key string) string { return secretHint(key) }

// Listen is what to look for in public posts.
type Listen struct {
	Hashtags []string `yaml:"hashtags" json:"hashtags"`
	Keywords []string `yaml:"keywords" json:"keywords"`
	// Every is how often it is looked for.
	Every time.Duration `yaml:"every" json:"every" range:"5s..24h"`
}

func secretHint(key string) string {
	switch key {
	case "secret", "token", "password", "bot_token", "app_token":
		return "write it into a file of its own and name that by " + key + "_file, or name a variable by " + key + "_env"
	}
	return ""
}
