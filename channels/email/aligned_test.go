package email

import "testing"

func TestAligned(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"acme.test", "ACME.test.", true},
		{"mail.acme.test", "acme.test", true},
		{"mail.acme.com", "news.acme.com", true}, // one organisation's, side by side
		{"a.shop.co.uk", "b.shop.co.uk", true},
		{"shop.co.uk", "evil.co.uk", false}, // anybody can have a name there
		{"co.uk", "shop.co.uk", false},
		{"anna.github.io", "eve.github.io", false},
		{"anna.blogspot.com", "anna.blogspot.com", true},
		{"acme.com", "acme.com.evil.com", false},
		{"acme.com", "notacme.com", false},
		{"münchen.example", "xn--mnchen-3ya.example", true},
		{"mail.stadt.kawasaki.jp", "stadt.kawasaki.jp", false}, // *.kawasaki.jp is a suffix
		{"192.0.2.7", "9.0.2.7", false},
		{"[192.0.2.7]", "[192.0.2.7]", true},
		{"localhost", "localhost", true},
		{"", "", false},
		{"com", "acme.com", false},
	} {
		if got := aligned(c.a, c.b); got != c.want {
			t.Errorf("aligned(%q, %q) is %v", c.a, c.b, got)
		}
		if got := aligned(c.b, c.a); got != c.want {
			t.Errorf("aligned(%q, %q) is %v", c.b, c.a, got)
		}
	}
}
