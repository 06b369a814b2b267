package channels

import "strings"

// OneTime reports whether the bookmark is of a load that happens once, such as
// "email/support/INBOX#import=720h0m0s". It has an end, so its At stands still
// and says nothing of lag; the reconciler need not list it again.
func (b Bookmark) OneTime() bool { return strings.Contains(b.Source, "#") }
