package configs

import (
	"net/netip"
	"strings"
	"time"
)

// Config is the daemon's whole configuration, with defaults filled in, paths
// made absolute and secrets read.
type Config struct {
	// File is where it was read from, "" for the defaults alone.
	File string `yaml:"-" json:"file"`

	Version int `yaml:"version" json:"version" range:"1..1"`
	// Office is the business unit, "main" if left out.
	Office string `yaml:"office" json:"office"`
	// Data is the data directory, "" where the command line or the usual place
	// decides.
	Data string `yaml:"data" json:"data"`
	NATS NATS   `yaml:"nats" json:"nats"`
	HTTP HTTP   `yaml:"http" json:"http"`
	// Policies is the directory of the policy set, "" for the built-in one.
	Policies string `yaml:"policies" json:"policies"`
	// PolicyApproval says how many supervisors must agree before another policy set
	// decides: one, or two of whom the second approves what the first has drafted.
	PolicyApproval string   `yaml:"policy_approval" json:"policy_approval" enum:"one|two"`
	Channels       Channels `yaml:"channels" json:"channels"`
	// Classifier is an external classifier, none where it has no URL.
	Classifier Classifier `yaml:"classifier" json:"classifier"`
	// CRM is asked what is known of customers, none where it has no URL.
	CRM CRM `yaml:"crm" json:"crm"`
	// Signatures says whose signatures on mails are known.
	Signatures Signatures `yaml:"signatures" json:"signatures"`
	LastResort LastResort `yaml:"last_resort" json:"last_resort"`
	Log        Log        `yaml:"log" json:"log"`
	// Backup says where copies go by themselves.
	Backup Backup `yaml:"backup" json:"backup"`
	// Reserve is the part of the disk that is kept free for replies.
	Reserve Reserve `yaml:"reserve" json:"reserve"`

	// Warnings say what is allowed but probably not meant.
	Warnings Errors `yaml:"-" json:"warnings"`
}

// ApprovalTwo is the PolicyApproval that needs a second supervisor.
const ApprovalTwo = "two"

// NATS says where the journal is kept.
type NATS struct {
	// URL is that of an external cluster, "" for the embedded engine. Several
	// are separated by commas.
	URL string `yaml:"url" json:"url"`
	// Credentials is the path of a credentials file, CAFile that of the
	// authorities to trust; both for an external cluster only.
	Credentials string `yaml:"credentials_file" json:"credentials_file"`
	CAFile      string `yaml:"ca_file" json:"ca_file"`
	// Replicas is how many nodes keep each message, 1 for the embedded engine.
	Replicas int `yaml:"replicas" json:"replicas" enum:"1|3|5"`
	// Listen is the address at which adapters that run as processes of their own
	// connect, "" for none. It is no way to the engine.
	Listen string `yaml:"listen" json:"listen"`
	// TLS is Listen's certificate; Plain says that there is none, which is for one
	// machine only.
	TLS   TLS  `yaml:"tls" json:"tls"`
	Plain bool `yaml:"plain" json:"plain"`
}

// HTTP says where the desk and the API are served.
type HTTP struct {
	Listen string `yaml:"listen" json:"listen"`
	// BaseURL is what people's browsers call, without a slash at the end.
	BaseURL string `yaml:"base_url" json:"base_url"`
	// CustomerURL is where customers reach their own page, without a slash at the
	// end; "" means that there is none, and no link to it.
	CustomerURL string `yaml:"customer_url" json:"customer_url"`
	TLS         TLS    `yaml:"tls" json:"tls"`
	// TrustedProxies may say who the client is (X-Forwarded-For and -Proto).
	TrustedProxies []Network `yaml:"trusted_proxies" json:"trusted_proxies"`
}

// TLS names a certificate and its key, both PEM files.
type TLS struct {
	Cert string `yaml:"cert" json:"cert"`
	Key  string `yaml:"key" json:"key"`
}

// On reports whether a certificate is configured.
func (t TLS) On() bool { return t.Cert != "" }

// Email is one mailbox.
type Email struct {
	// Name names the account: letters, digits, - and _.
	Name string `yaml:"name" json:"name" required:"true"`
	// Address is the mailbox's own, Aliases its others.
	Address string   `yaml:"address" json:"address" required:"true"`
	Aliases []string `yaml:"aliases" json:"aliases"`
	// FromName is shown as the sender where a reply has no name of its own.
	FromName string `yaml:"from_name" json:"from_name"`
	// TrustedAuthserv are the names by which the receiving servers sign their
	// Authentication-Results; with none, what a known provider writes counts, and
	// what stands where a sender can't have written it.
	TrustedAuthserv []string `yaml:"trusted_authserv" json:"trusted_authserv"`
	// Provider names one whose servers and habits are known, so that an address
	// and a secret are enough. What else is given goes before it.
	Provider string `yaml:"provider" json:"provider" enum:"generic|aol|fastmail|freenet|gmail|gmx|hetzner|icloud|infomaniak|ionos|ionosuk|ionosus|mailboxorg|mailru|microsoft365|migadu|netease|outlook|ovh|posteo|proton|qq|rackspace|strato|tonline|webde|yahoo|yandex|zoho|zohoeu"`
	// Subaddress says that mail to local+anything@domain reaches the mailbox:
	// answers are then asked for at an address of the conversation's own.
	Subaddress bool `yaml:"-" json:"subaddress"`
	// SubaddressGiven is Subaddress as it was written, nil if it wasn't.
	SubaddressGiven *bool `yaml:"subaddress" json:"-"`
	// Username and the password are for both servers where these have none of
	// their own; Username is the address if left out.
	Username     string `yaml:"username" json:"username"`
	PasswordFile string `yaml:"password_file" json:"password_file"`
	PasswordEnv  string `yaml:"password_env" json:"password_env"`
	// OAuth is how to log in without a password.
	OAuth OAuth `yaml:"oauth" json:"oauth"`
	// SharedMailbox is the mailbox of somebody else to open: at Exchange by its
	// address, elsewhere by the name of its user.
	SharedMailbox string `yaml:"shared_mailbox" json:"shared_mailbox"`
	// After says what becomes of a mail at the server once it is stored here;
	// MoveTo is the folder to move it to.
	After  string `yaml:"after" json:"after" enum:"leave|flag|seen|move"`
	MoveTo string `yaml:"move_to" json:"move_to"`
	// Hint is what to say where the provider refuses a password.
	Hint string `yaml:"-" json:"-"`
	// unserved is true once it was said that no server is named.
	unserved bool
	// IMAP and SMTP may each be left out: the account then goes one way.
	IMAP IMAP `yaml:"imap" json:"imap"`
	SMTP SMTP `yaml:"smtp" json:"smtp"`
	// DKIM signs replies.
	DKIM DKIM `yaml:"dkim" json:"dkim"`
	// Import loads mail of this long before the first connection, as history.
	Import time.Duration `yaml:"import" json:"import" range:"0s..3660d"`
	// OpenSince makes contacts of unanswered mail received since then, too.
	OpenSince Moment `yaml:"open_since" json:"open_since"`
	// CopyToSent puts what we sent into the folder of sent mail; true if left
	// out.
	CopyToSent bool `yaml:"-" json:"copy_to_sent"`
	// CopyToSentGiven is CopyToSent as it was written, nil if it wasn't.
	CopyToSentGiven *bool `yaml:"copy_to_sent" json:"-"`
	// Skills are demanded of whoever answers mail to this account.
	Skills []string `yaml:"skills" json:"skills"`
	// Language is assumed where none is found in a mail.
	Language string `yaml:"language" json:"language"`
}

// OAuth is the login of one mailbox by OAuth 2.0. ClientID is the program's name
// at the provider, where it must be registered first.
type OAuth struct {
	ClientID         string `yaml:"client_id" json:"client_id"`
	ClientSecretFile string `yaml:"client_secret_file" json:"client_secret_file"`
	ClientSecretEnv  string `yaml:"client_secret_env" json:"client_secret_env"`
	ClientSecret     Secret `yaml:"-" json:"-"`
	// Tenant is the organisation at Microsoft.
	Tenant string `yaml:"tenant" json:"tenant"`
	// Flow is how a person logs in, by a code or a browser, or "app", where the
	// program logs in as itself.
	Flow string `yaml:"flow" json:"flow" enum:"device|browser|app"`
	// The addresses and scopes of a provider that isn't known here.
	AuthURL   string   `yaml:"auth_url" json:"auth_url"`
	TokenURL  string   `yaml:"token_url" json:"token_url"`
	DeviceURL string   `yaml:"device_url" json:"device_url"`
	Scopes    []string `yaml:"scopes" json:"scopes"`
	// Params are what a known provider wants to be asked with besides.
	Params map[string]string `yaml:"-" json:"-"`
}

// SharedByName reports whether somebody else's mailbox is opened by the name at
// login, as Exchange has it, rather than as a folder.
func (e Email) SharedByName() bool {
	return e.Provider == "microsoft365" || e.Provider == "outlook" || strings.Contains(e.SharedMailbox, "@")
}

// On reports whether the account logs in by OAuth.
func (o OAuth) On() bool { return o.ClientID != "" }

// HintFor implements strict.Hinter.
func (OAuth) HintFor(key string) string {
	if key == "client_secret" {
		return "write it into a file of its own and name that by client_secret_file"
	}
	return ""
}

// HintFor implements strict.Hinter.
func (Email) HintFor(key string) string { return passwordHint(key) }

// Server is a mail server and how to log in there.
type Server struct {
	Host string
	Port int
	// TLS is "tls", "starttls" or "none".
	TLS string
	// CAFile holds the authorities to trust instead of the system's, Fingerprint
	// is the SHA-256 of the only certificate to trust.
	CAFile      string
	Fingerprint string
	// Auth is how to log in, "" where the server decides.
	Auth     string
	Username string
	Password Secret
}

// IMAP is where mail is fetched.
type IMAP struct {
	Host         string `yaml:"host" json:"host"`
	Port         int    `yaml:"port" json:"port" range:"1..65535"`
	TLS          string `yaml:"tls" json:"tls" enum:"tls|starttls|none"`
	CAFile       string `yaml:"ca_file" json:"ca_file"`
	Fingerprint  string `yaml:"fingerprint" json:"fingerprint"`
	Auth         string `yaml:"auth" json:"auth" enum:"plain|login|oauthbearer|xoauth2"`
	Username     string `yaml:"username" json:"username"`
	PasswordFile string `yaml:"password_file" json:"password_file"`
	PasswordEnv  string `yaml:"password_env" json:"password_env"`
	Password     Secret `yaml:"-" json:"-"`
	// Folder is watched, INBOX if left out; Folders, if there are several, the
	// main one first. SentFolder is found if left out.
	Folder     string   `yaml:"folder" json:"folder"`
	Folders    []string `yaml:"folders" json:"folders"`
	SentFolder string   `yaml:"sent_folder" json:"sent_folder"`
}

// Server gives what it has in common with SMTP.
func (i IMAP) Server() Server {
	return Server{Host: i.Host, Port: i.Port, TLS: i.TLS, CAFile: i.CAFile, Fingerprint: i.Fingerprint, Auth: i.Auth, Username: i.Username, Password: i.Password}
}

// HintFor implements strict.Hinter.
func (IMAP) HintFor(key string) string { return passwordHint(key) }

// SMTP is where replies are handed over. Without a password there is no login.
type SMTP struct {
	Host         string `yaml:"host" json:"host"`
	Port         int    `yaml:"port" json:"port" range:"1..65535"`
	TLS          string `yaml:"tls" json:"tls" enum:"tls|starttls|none"`
	CAFile       string `yaml:"ca_file" json:"ca_file"`
	Fingerprint  string `yaml:"fingerprint" json:"fingerprint"`
	Auth         string `yaml:"auth" json:"auth" enum:"plain|login|oauthbearer|xoauth2"`
	Username     string `yaml:"username" json:"username"`
	PasswordFile string `yaml:"password_file" json:"password_file"`
	PasswordEnv  string `yaml:"password_env" json:"password_env"`
	Password     Secret `yaml:"-" json:"-"`
	// HELO is how we introduce ourselves, the address's domain if left out.
	HELO string `yaml:"helo" json:"helo"`
	// MaxPerMinute is how many mails the provider takes in a minute; no limit if
	// left out.
	MaxPerMinute int `yaml:"max_per_minute" json:"max_per_minute" range:"1..100000"`
}

// Server gives what it has in common with IMAP.
func (s SMTP) Server() Server {
	return Server{Host: s.Host, Port: s.Port, TLS: s.TLS, CAFile: s.CAFile, Fingerprint: s.Fingerprint, Auth: s.Auth, Username: s.Username, Password: s.Password}
}

// HintFor implements strict.Hinter.
func (SMTP) HintFor(key string) string { return passwordHint(key) }

func passwordHint(key string) string {
	if key == "password" || key == "pass" || key == "secret" {
		return "write it into a file of its own and name that by password_file, or name a variable by password_env"
	}
	return ""
}

// LastResort says how those are told who own what nobody else does.
type LastResort struct {
	// MailTo are addresses, mailed by the account named Via, "" for any account
	// but the one concerned.
	MailTo []string `yaml:"mail_to" json:"mail_to"`
	Via    string   `yaml:"via" json:"via"`
	// Webhook is called with JSON.
	Webhook string `yaml:"webhook" json:"webhook"`
	// Digest is the least time between two messages, 0 for the policy's.
	Digest time.Duration `yaml:"digest" json:"digest" range:"1s..1d"`
	// OnCall are those whom a step of the ladder calls by their name.
	OnCall []OnCall `yaml:"on_call" json:"on_call"`
}

// OnCall is who is called by a step of the ladder.
type OnCall struct {
	Name    string   `yaml:"name" json:"name" required:"true"`
	MailTo  []string `yaml:"mail_to" json:"mail_to"`
	Webhook string   `yaml:"webhook" json:"webhook"`
	// Format is what the webhook takes: our own JSON, or a message for Slack.
	Format string `yaml:"format" json:"format" enum:"json|slack"`
}

// Called gives who is called by that name; all of them, or the last resort where
// there are none, without a name.
func (l LastResort) Called(name string) []OnCall {
	var out []OnCall
	for _, one := range l.OnCall {
		if name == "" || one.Name == name {
			out = append(out, one)
		}
	}
	if len(out) == 0 && l.Configured() {
		out = append(out, OnCall{MailTo: l.MailTo, Webhook: l.Webhook})
	}
	return out
}

// Configured reports whether anybody is told outside the desk.
func (l LastResort) Configured() bool { return len(l.MailTo) > 0 || l.Webhook != "" }

// Log says what is logged, and how.
type Log struct {
	Level  string `yaml:"level" json:"level" enum:"debug|info|warn|error"`
	Format string `yaml:"format" json:"format" enum:"text|json"`
}

// Network is a range of addresses; a single address is a range of one.
type Network struct{ netip.Prefix }

// Default gives the configuration of an empty file.
func Default() *Config {
	return &Config{
		Version: 1,
		Office:  "main",
		NATS:    NATS{Replicas: 1},
		HTTP:    HTTP{Listen: "127.0.0.1:8080", TrustedProxies: []Network{}},
		Channels: Channels{
			Email: []Email{}, Webhook: []Webhook{}, Mastodon: []Mastodon{}, Slack: []Slack{}, Bluesky: []Bluesky{}, WebChat: []WebChat{}, Remote: []Remote{},
		},
		Classifier: Classifier{TimeLimit: 2 * time.Second, AtOnce: 8, Words: "redacted"},
		CRM:        CRM{TimeLimit: 3 * time.Second, AtOnce: 4, Cache: 24 * time.Hour, Fields: []CRMField{}},
		Signatures: Signatures{PGPKeys: []string{}},
		LastResort: LastResort{MailTo: []string{}, OnCall: []OnCall{}},
		Log:        Log{Level: "info", Format: "text"},
		Warnings:   Errors{},
	}
}
