package bluesky_test

import (
	"context"
	"fmt"
	"testing"

	"stagecoach/channels/bluesky"
	"stagecoach/channels/channeltest"
)

// receiving runs the receiver until the test ends.
func receiving(t *testing.T, a *bluesky.Adapter, src *channeltest.Source) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	before := src.Connections()
	go func() { done <- a.Receive(ctx, src) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(fmt.Errorf("receiving ended: %w", err))
		}
	})
	src.Until("the link to stand", func() bool { return src.Connections() > before })
}
