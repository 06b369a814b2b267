package email

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"
)

// Of the keys that come with a mail, so many are read that it takes no time: few
// of a curve that takes long, some of all.
func TestKeysThatCameAreReadInBounds(t *testing.T) {
	slow := &packet.Config{Algorithm: packet.PubKeyAlgoECDSA, Curve: packet.CurveBrainpoolP512}
	for _, c := range []struct {
		name   string
		config *packet.Config
		names  int
		times  int
		want   int
	}{
		{"slow", slow, 1, 1, 1},
		{"slow with many names", slow, 8, 1, 0},
		{"quick with many names", &packet.Config{Algorithm: packet.PubKeyAlgoEd25519}, 30, 1, 1},
		{"of NIST with many names", &packet.Config{Algorithm: packet.PubKeyAlgoECDSA, Curve: packet.CurveNistP256}, 8, 1, 1},
		{"many", &packet.Config{Algorithm: packet.PubKeyAlgoEd25519}, 1, 20, maxCameKeys},
	} {
		s := &seals{came: newRing(), keysLeft: maxCameKeys, packetsLeft: maxCamePackets}
		for range c.times {
			s.cameWith(keyWithNames(t, c.config, c.names))
		}
		if got := len(s.came.names); got != c.want {
			t.Errorf("%s: %d keys are read, want %d", c.name, got, c.want)
		}
	}
}

func keyWithNames(t *testing.T, config *packet.Config, names int) []byte {
	t.Helper()
	e, err := openpgp.NewEntity("Kim", "", "kim@cust.test", config)
	if err != nil {
		t.Fatal(err)
	}
	for i := range names - 1 {
		if err := e.AddUserId(fmt.Sprint("Kim ", i), "", "kim@cust.test", config); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := e.Serialize(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
