package email_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain lets more tests run beside each other than there are processors:
// those that may do so mostly wait for servers.
func TestMain(m *testing.M) {
	beside := flag.Lookup("test.parallel")
	asked := beside.DefValue
	flag.Parse()
	if beside.Value.String() == asked {
		_ = beside.Value.Set("6")
	}
	os.Exit(m.Run())
}
