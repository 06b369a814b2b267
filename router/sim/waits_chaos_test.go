//go:build chaos

package sim

import (
	"maps"
	"testing"
)

// TestChaosWaits measures what is said of waits on the shared days, and on some
// that nothing was tuned on.
func TestChaosWaits(t *testing.T) {
	all := shared(t)
	maps.Copy(all, others(t))
	measureWaits(t, all)
}
