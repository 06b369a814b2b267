//go:build chaos

package sim_test

import (
	"testing"

	"pgregory.net/rapid"

	"stagecoach/router/match"
)

// TestChaosNobodyStarves is TestNobodyStarves on sieges that differ every time;
// one that fails is made as small as it can be.
func TestChaosNobodyStarves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawSiege(t)
		if err := w.run(t.Context(), match.Fair{Params: w.params}); err != nil {
			t.Fatal(err)
		}
	})
}
