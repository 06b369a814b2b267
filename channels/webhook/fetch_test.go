package webhook

import (
	"net/netip"
	"testing"

	"stagecoach/channels/media"
)

func TestOnlyPublicAddressesAreAsked(t *testing.T) {
	for text, want := range map[string]bool{
		"1.1.1.1": true, "193.99.144.80": true, "2606:4700:4700::1111": true, "2a02:2e0:3fe:1001:302::": true,
		"127.0.0.1": false, "127.8.8.8": false, "0.0.0.0": false, "10.0.0.1": false, "172.16.5.5": false, "172.31.255.255": false, "192.168.1.1": false,
		"169.254.169.254": false, "100.64.0.1": false, "100.127.255.255": false, "198.18.0.1": false, "192.0.0.1": false, "224.0.0.1": false, "255.255.255.255": false, "240.0.0.1": false,
		"::1": false, "::": false, "fe80::1": false, "fc00::1": false, "fd12:3456::1": false, "ff02::1": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false,
		"::127.0.0.1": false, "64:ff9b::7f00:1": false, "2002:7f00:1::": false, "2001:db8::1": false, "fec0::1": false, "100.128.0.1": true, "172.32.0.1": true,
	} {
		if got := media.Public(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s is public: %v, want %v", text, got, want)
		}
	}
}
