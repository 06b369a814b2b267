package email

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
)

// TestLabelOfTheWestIsBelieved covers what looks like pairs of bytes, or like
// words of another script, and is none: rules made of signs, lists of letters.
func TestLabelOfTheWestIsBelieved(t *testing.T) {
	line := func(s string) string { return strings.Repeat(s, 30) }
	for _, text := range []string{
		"Grüße aus Köln\r\n" + line("–") + "\r\nJörg",
		"Grüße aus Köln\r\n" + line("—") + "\r\nJörg",
		line("•"), line("·"), line("°"), line("¯"), line("´"), line("«»"), line("§"), line("¤"), line("Ä"), line("…"), line("¨"), line("×"),
		line("–") + "\r\n" + line("—") + "\r\n" + line("·"),
		line("·–"), line("°·"), line("¸·´¯·"), line("ÄÖ"), line("¬"), line("÷"), line("±"), line("¶"), line("»"), line("€"), line("ß"),
		"Test: äöüÄÖÜß äöüÄÖÜß äöüß ÄÖÜ", "ÄÖÜäöüß ÀÉÈÊâêî éèêàçù", "ÀÂÄÇÉÈÊËÎÏÔÖÙÛÜàâäçéèêëîïôöùûü",
		"ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ",
		"Æøå æøå ÆØÅ æøåÆØÅ", "åäö ÅÄÖ åäöÅÄÖ", "ñÑáéíóú", "ãõ ÃÕ ção ÇÃO ÇÕES",
	} {
		encoded := in(t, charmap.Windows1252, text)
		for _, label := range []string{"windows-1252", "iso-8859-1"} {
			if got, _ := decodeCharset(encoded, label); got != text {
				t.Errorf("%s %q is read as %q", label, text, got)
			}
		}
		if got, want := toUTF8(encoded), text; got != want {
			t.Errorf("unlabelled %q is read as %q", want, got)
		}
	}
}

// TestSignsBesideWords covers the signs that are letters in other charsets.
func TestSignsBesideWords(t *testing.T) {
	for _, text := range []string{
		"Windows® and Office™ are here, Copyright©2020", "Windows® café", "10 µm and 5 µg", "£m 3", "1½l of milk", "§5a and 20°C", "col·lega", "ACME®",
		"Acme™ für Köln", "Preis: EUR€", "5 m² und 3 m³", "naïve – “quoted” … it’s", "Müller® GmbH", "Nº 3, 2ª",
	} {
		if got := toUTF8(in(t, charmap.Windows1252, text)); got != text {
			t.Errorf("unlabelled %q is read as %q", text, got)
		}
	}
}

func in(t *testing.T, e encoding.Encoding, text string) []byte {
	t.Helper()
	b, err := e.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
