package bluesky_test

import (
	"bytes"
	"image"
	"image/png"
	"testing"
)

// pngOf makes a small picture.
func pngOf(t *testing.T) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := png.Encode(&buf, image.NewGray(image.Rect(0, 0, 30, 20))); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}
