package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"stagecoach/router"
)

// position is how far the fold has come. It is stored in the transaction of
// what it counts.
type position struct {
	N     uint64 `json:"n"`
	Seq   uint64 `json:"seq"`
	Epoch uint64 `json:"epoch"`
	// Chain is the hex SHA-256 over the chain before and the commit's bytes.
	Chain  string    `json:"chain"`
	At     time.Time `json:"at"`
	Policy string    `json:"policy"`
	Counts Counts    `json:"counts"`
	// Gaps counts what the fold itself found wrong.
	Gaps uint64 `json:"gaps"`
}

// link gives the chain's next value: SHA-256(chain before ‖ SHA-256(commit)).
func link(chain string, digest [sha256.Size]byte) string {
	h := sha256.New()
	h.Write([]byte(chain))
	h.Write(digest[:])
	return hex.EncodeToString(h.Sum(nil))
}

// read is one commit as the reader hands it to the fold.
type read struct {
	seq    uint64
	digest [sha256.Size]byte
	commit *router.Commit
}

// errUnreadable marks a commit that this build can't read: following again
// can't help.
var errUnreadable = errors.New("the log can't be read")

func decode(seq uint64, data []byte) (read, error) {
	c, err := router.DecodeCommit(data)
	if err != nil {
		return read{}, fmt.Errorf("%w at sequence %d: %w", errUnreadable, seq, err)
	}
	return read{seq: seq, digest: sha256.Sum256(data), commit: c}, nil
}

// refuse says why a commit must be skipped, as every fold of the log does: its
// number isn't the next, or its epoch lies below the last takeover's. It gives
// "" for a commit that counts.
func (p *position) refuse(c *router.Commit) (what GapKind, detail string) {
	switch {
	case c.N != p.N+1:
		return GapNumber, fmt.Sprintf("commit %d follows %d", c.N, p.N)
	case c.Epoch < p.Epoch:
		return GapEpoch, fmt.Sprintf("commit %d has epoch %d, the last takeover had %d", c.N, c.Epoch, p.Epoch)
	}
	return "", ""
}

// advance takes a commit that counts.
func (p *position) advance(r *read) {
	p.N, p.Epoch, p.At = r.commit.N, r.commit.Epoch, r.commit.At
	p.Chain = link(p.Chain, r.digest)
}
