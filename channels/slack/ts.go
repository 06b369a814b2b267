package slack

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A ts is Slack's time of a message and, within its conversation, its id:
// "1355517523.000005". It stays a string: as a number it loses digits.
// https://docs.slack.dev/messaging/retrieving-messages#individual_messages

// validTS reports whether s has the form of a ts.
func validTS(s string) bool {
	whole, part, ok := strings.Cut(s, ".")
	return ok && len(whole) > 0 && len(whole) <= 12 && len(part) > 0 && len(part) <= 9 &&
		strings.Trim(whole, "0123456789") == "" && strings.Trim(part, "0123456789") == ""
}

// compareTS orders two ts by time; "" is before all.
func compareTS(a, b string) int {
	aWhole, aPart, _ := strings.Cut(a, ".")
	bWhole, bPart, _ := strings.Cut(b, ".")
	aWhole, bWhole = strings.TrimLeft(aWhole, "0"), strings.TrimLeft(bWhole, "0")
	if len(aWhole) != len(bWhole) {
		return len(aWhole) - len(bWhole)
	}
	if n := strings.Compare(aWhole, bWhole); n != 0 {
		return n
	}
	return strings.Compare(strings.TrimRight(aPart, "0"), strings.TrimRight(bPart, "0"))
}

// timeOf gives the time of a ts, zero where it has none.
func timeOf(ts string) time.Time {
	if !validTS(ts) {
		return time.Time{}
	}
	whole, part, _ := strings.Cut(ts, ".")
	sec, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{}
	}
	nano, err := strconv.ParseInt((part + "000000000")[:9], 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(sec, nano).UTC()
}

// tsOf gives the ts of a time.
func tsOf(at time.Time) string {
	return fmt.Sprintf("%d.%06d", at.Unix(), at.Nanosecond()/1000)
}

// beside gives a ts some time before or after another.
func beside(ts string, by time.Duration) string { return tsOf(timeOf(ts).Add(by)) }
