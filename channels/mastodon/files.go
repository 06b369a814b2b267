package mastodon

import (
	"context"
	"fmt"
	"mime"
	"net/url"
	"path"
	"strings"

	"stagecoach/channels"
	"stagecoach/channels/media"
)

// maxUpload is what the files of one reply may be together, in bytes.
const maxUpload = 40 << 20

// fetchFiles gets the attachments of a message. What can't be had is said, and
// loses nothing else.
func (a *Adapter) fetchFiles(ctx context.Context, all []attached) (files []file, notes []string) {
	var addresses [][]string
	for _, m := range all {
		addresses = append(addresses, []string{m.URL, m.RemoteURL})
	}
	for i, got := range a.files.All(ctx, addresses) {
		one := file{ID: all[i].ID, Type: got.Type, Data: got.Data, Error: got.Why}
		if got.Why == "" {
			one.Name = fileName(got.Address, got.Type, all[i].Type, i)
		}
		files = append(files, one)
	}
	if more := media.LeftOut(len(all)); more != "" {
		notes = append(notes, more)
	}
	return files, notes
}

// plain takes what nobody should see out of words.
func (a *Adapter) plain(text string) string {
	return channels.Words(a.failure(opFetch, "", "", text, nil))
}

// fileName is the last part of the address, without anything that a name has no
// use for, or what kind it is.
func fileName(address, contentType, kind string, n int) string {
	last := ""
	if u, err := url.Parse(address); err == nil {
		last = path.Base(u.Path)
	}
	name := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || strings.ContainsRune(`/\:*?"<>|`, r) {
			return -1
		}
		return r
	}, last)
	if name != "" && name != "." && !strings.HasPrefix(name, ".") && strings.Contains(name, ".") && len(name) <= 120 {
		return name
	}
	if kind == "" || kind == "unknown" {
		kind = "file"
	}
	ending := ""
	if found, err := mime.ExtensionsByType(contentType); err == nil && len(found) > 0 {
		ending = found[0]
	}
	return fmt.Sprintf("%s-%d%s", kind, n+1, ending)
}
