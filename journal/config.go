package journal

import (
	"fmt"
	"regexp"
	"time"
)

// Defaults of Config.
const (
	DefaultOffice    = "main"
	DefaultShards    = 4
	DefaultMaxMemory = 64 << 20
	DefaultWorkers   = 4
)

// Config says where the journal lives and what it may use. Its zero value with
// Dir set is an embedded engine with every write synced.
type Config struct {
	// Dir is the data directory; lock, keys and the embedded store live in it.
	Dir string
	// URL is "" for the embedded engine, else that of an external one
	// (nats://host:port, several separated by commas).
	URL string
	// Credentials is the path of a NATS credentials file, CA that of a PEM
	// file of the authorities to trust; both for an external engine only.
	Credentials string
	CA          string
	// Office is the business unit, "main" if left out: a-z, 0-9 and _.
	Office string
	// Shards is how many streams each kind of content is hashed over. It is
	// fixed when the journal is made; later values are ignored with a warning.
	Shards int
	// Replicas is 1 for the embedded engine, 3 for a cluster.
	Replicas int
	// Unsynced leaves syncing to the operating system. Tests and benchmarks only.
	Unsynced bool
	// MaxStore and MaxMemory limit the embedded engine, in bytes. MaxStore 0
	// means the size of the disk, MaxMemory 0 means 64 MiB.
	MaxStore, MaxMemory int64
	// Reserve is how many bytes of disk are kept free for replies. 0 means 1
	// GiB, or 5 % of the disk where that is less.
	Reserve int64
	// OutboxWorkers is how many replies of one account are sent at a time.
	OutboxWorkers int
	// Timeout bounds one write or read of the engine, 5 s if left out.
	Timeout time.Duration
}

func (c Config) withDefaults() (Config, error) {
	if c.Dir == "" {
		return c, fmt.Errorf("journal has no data directory")
	}
	if c.Office == "" {
		c.Office = DefaultOffice
	}
	if !regexp.MustCompile(`^[a-z0-9_]{1,32}$`).MatchString(c.Office) {
		return c, fmt.Errorf("office %q: only a-z, 0-9 and _, at most 32", c.Office)
	}
	if c.Shards < 0 || c.Shards > 64 {
		return c, fmt.Errorf("shards %d: 1 to 64", c.Shards)
	}
	c.Shards = orDefault(c.Shards, DefaultShards)
	c.Replicas = orDefault(c.Replicas, 1)
	if c.URL == "" && c.Replicas != 1 {
		return c, fmt.Errorf("replicas %d: the embedded engine has one", c.Replicas)
	}
	c.MaxMemory = orDefault(c.MaxMemory, DefaultMaxMemory)
	c.OutboxWorkers = orDefault(c.OutboxWorkers, DefaultWorkers)
	c.Timeout = orDefault(c.Timeout, 5*time.Second)
	return c, nil
}

func orDefault[T ~int | ~int64](v, fallback T) T {
	if v == 0 {
		return fallback
	}
	return v
}
