package email_test

import (
	"testing"

	"golang.org/x/text/encoding/charmap"

	"stagecoach/channels/email"
)

// Czech and Danish names without a label are the same bytes: an ø beside an á or
// an í is an ř, but where an å or æ says that it is Danish.
func TestCzechOrDanish(t *testing.T) {
	for _, c := range []struct {
		charmap *charmap.Charmap
		text    string
	}{
		{charmap.ISO8859_2, "Karel Dvořák"},
		{charmap.ISO8859_2, "Jiří"},
		{charmap.Windows1250, "Jiří Kovář"},
		{charmap.ISO8859_2, "Příliš žluťoučký kůň"},
		{charmap.Windows1252, "Søren Kjøller"},
		{charmap.Windows1252, "Pakken er hos Søren, 3 stk. á 50 kr. på køb"},
		{charmap.Windows1252, "Søren og Hávarður på ø"},
		{charmap.Windows1252, "Smørrebrød med idé à la carte"},
		{charmap.Windows1252, "Jørgen ist in München, señor"},
		{charmap.Windows1252, "Møðir á Føroyum"},
	} {
		raw, err := c.charmap.NewEncoder().String(c.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := email.Explain([]byte("From: a@b.test\r\n\r\n" + raw + "\r\n")).Text; got != c.text {
			t.Errorf("%q is read as %q", c.text, got)
		}
	}
}
