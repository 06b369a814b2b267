package remote

import (
	"crypto/sha256"
	"crypto/subtle"
	"sync"

	"github.com/nats-io/nats-server/v2/server"
)

// ownUser is the daemon's own login, which exists within the process only.
const ownUser = "stagecoach"

// doors knows who may come in at the gate, and with which rights. Accounts come
// and go while it is open.
type doors struct {
	own string

	mu    sync.RWMutex
	users map[string]door
}

// door is one login. Of its secret only the hash is kept.
type door struct {
	secret [sha256.Size]byte
	rights *server.Permissions
	of     *Account
}

var _ server.Authentication = (*doors)(nil)

func newDoors() *doors { return &doors{own: randomID(), users: map[string]door{}} }

// set makes the logins those of these accounts, and gives the names of those
// whose connections must end.
func (d *doors) set(accounts map[string]*Account, office string) map[string]bool {
	next := map[string]door{}
	for name, a := range accounts {
		next[name] = door{
			secret: sha256.Sum256([]byte(a.cfg.Secret)), rights: rightsOf(prefixOf(office, a.cfg.Channel, a.cfg.Account)), of: a,
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	out := map[string]bool{}
	for name, was := range d.users {
		if now, stays := next[name]; !stays || now.of != was.of {
			out[name] = true
		}
	}
	d.users = next
	return out
}

// Check implements server.Authentication. A name that isn't known takes as long
// as a wrong secret.
func (d *doors) Check(c server.ClientAuthentication) bool {
	opts := c.GetOpts()
	given := sha256.Sum256([]byte(opts.Password))
	if opts.Username == ownUser {
		own := sha256.Sum256([]byte(d.own))
		// A nil RemoteAddress isn't needed to tell: nobody else knows the secret.
		if subtle.ConstantTimeCompare(given[:], own[:]) != 1 {
			return false
		}
		c.RegisterUser(&server.User{Username: ownUser})
		return true
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	known := d.users[opts.Username]
	if subtle.ConstantTimeCompare(given[:], known.secret[:]) != 1 || known.rights == nil {
		return false
	}
	c.RegisterUser(&server.User{Username: opts.Username, Permissions: known.rights})
	return true
}
