package main

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A file that is larger than what is unpacked is told, not cut off.
func TestUnpacksNothingInPart(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	w, err := z.Create("large")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("0123456789")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(packed.Bytes()), int64(packed.Len()))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := unpackOne(r.File[0], filepath.Join(dir, "cut"), 9); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("a file that is too large: %v", err)
	}
	if err := unpackOne(r.File[0], filepath.Join(dir, "whole"), 10); err != nil {
		t.Error(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "whole")); err != nil || string(got) != "0123456789" {
		t.Errorf("unpacked %q, %v", got, err)
	}
}
