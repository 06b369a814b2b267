package configs_test

import (
	"strings"
	"testing"

	"stagecoach/configs"
)

// A mailbox with several addresses is one account with aliases; one folder read by
// two accounts is told with what to do.
func TestOneMailboxForTwoAddresses(t *testing.T) {
	account := func(name, address, more string) string {
		return "    - {name: " + name + ", address: " + address + ", password_env: HOME, imap: {host: mail.acme.test, tls: tls" + more + "}}\n"
	}
	for name, c := range map[string]struct{ text, want string }{
		"one account":     {account("help", "help@acme.test", ", username: u"), ""},
		"two logins":      {account("help", "help@acme.test", "") + account("sales", "sales@acme.test", ""), ""},
		"two folders":     {account("help", "help@acme.test", ", username: u") + account("sales", "sales@acme.test", ", username: u, folder: Sales"), ""},
		"the same folder": {account("help", "help@acme.test", ", username: u") + account("sales", "sales@acme.test", ", username: U, folders: [Sales, inbox]"), `the account "help" reads the folder "inbox" of this mailbox already`},
		"its own address": {account("help", "help@acme.test", "") + account("sales", "sales@acme.test", ", username: help@acme.test"), `put sales@acme.test under aliases of "help"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := configs.Parse("c.yaml", []byte("version: 1\nchannels:\n  email:\n"+c.text))
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
