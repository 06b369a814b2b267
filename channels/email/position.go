package email

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// position is the adapter's form of a bookmark: uidvalidity:uid:before.
type position struct {
	validity uint32
	// last is the highest UID read.
	last imap.UID
	// before is the highest UID that was there when we first saw the folder
	// under this UIDVALIDITY: up to it, only what arrived since the connection
	// counts as fresh.
	before imap.UID
}

func (p position) String() string { return fmt.Sprintf("%d:%d:%d", p.validity, p.last, p.before) }

// parsePosition reads "validity:uid" and "validity:uid:before".
func parsePosition(s string) (position, bool) {
	parts := strings.Split(s, ":")
	if len(parts) != 2 && len(parts) != 3 {
		return position{}, false
	}
	numbers := [3]uint32{}
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return position{}, false
		}
		numbers[i] = uint32(n)
	}
	return position{numbers[0], imap.UID(numbers[1]), imap.UID(numbers[2])}, true
}

// itemPosition is where one mail lies: uidvalidity:uid.
func itemPosition(validity uint32, uid imap.UID) string { return fmt.Sprintf("%d:%d", validity, uid) }

// sourceName names a folder's source; the loads that happen once add "#" and
// what they load, so a "#" of the folder's own is written otherwise.
func sourceName(account, folder string) string {
	return "email/" + account + "/" + strings.NewReplacer("%", "%25", "#", "%23").Replace(folder)
}

// folderOf gives the folder of a source's name.
func folderOf(source, account string) (string, bool) {
	folder, found := strings.CutPrefix(source, "email/"+account+"/")
	folder, _, _ = strings.Cut(folder, "#")
	folder = strings.NewReplacer("%25", "%", "%23", "#").Replace(folder)
	return folder, found && folder != ""
}
