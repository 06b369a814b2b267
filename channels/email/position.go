package email

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// numbering is within what a UID means one mail.
type numbering struct {
	validity uint32
	// era counts how often the folder was set back under this UIDVALIDITY, or found
	// emptied and renumbered.
	era uint32
}

// position is the adapter's form of a bookmark: uidvalidity:uid:before, then the
// landmarks if there are any. Since a folder was set back under its number, the
// number has "." and how often behind it.
type position struct {
	numbering
	// last is the highest UID read.
	last imap.UID
	// before is the highest UID that was there when we first saw the folder
	// under this UIDVALIDITY: up to it, only what arrived since the connection
	// counts as fresh.
	before imap.UID
	// marks are mails by which the folder is known again.
	marks landmarks
}

func (p position) String() string {
	text := fmt.Sprintf("%s:%d:%d", p.number(), p.last, p.before)
	if len(p.marks) > 0 {
		text += ":" + p.marks.String()
	}
	return text
}

// neverHeld reports whether the folder has held nothing since the account was connected.
func (p position) neverHeld() bool { return p.last == 0 && p.before == 0 && p.era == 0 }

// number names the folder's numbering.
func (p position) number() string {
	if p.era == 0 {
		return strconv.FormatUint(uint64(p.validity), 10)
	}
	return fmt.Sprintf("%d.%d", p.validity, p.era)
}

// item is where one mail lies: uidvalidity:uid.
func (p position) item(uid imap.UID) string { return fmt.Sprintf("%s:%d", p.number(), uid) }

// parsePosition reads "validity:uid", "validity:uid:before" and what String
// writes.
func parsePosition(s string) (p position, ok bool) {
	parts := strings.SplitN(s, ":", 4)
	if len(parts) < 2 {
		return position{}, false
	}
	if len(parts) == 4 {
		p.marks, parts = parseLandmarks(parts[3]), parts[:3]
	}
	validity, era, setBack := strings.Cut(parts[0], ".")
	if !setBack {
		era = "0"
	}
	numbers := append([]string{validity, era}, parts[1:]...)
	into := []*uint32{&p.validity, &p.era, (*uint32)(&p.last), (*uint32)(&p.before)}
	for i, number := range numbers {
		n, err := strconv.ParseUint(number, 10, 32)
		if err != nil {
			return position{}, false
		}
		*into[i] = uint32(n)
	}
	return p, true
}

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
