package journal_test

import (
	"testing"
	"time"

	"stagecoach/journal/journaltest"
)

func TestOpensFastAndHealthy(t *testing.T) {
	began := time.Now()
	j := journaltest.Open(t)
	if err := j.Healthy(t.Context()); err != nil {
		t.Fatalf("healthy: %v", err)
	}
	t.Logf("open took %s", time.Since(began))
}
