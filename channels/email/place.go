package email

import (
	"cmp"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"golang.org/x/text/unicode/norm"

	"stagecoach/channels"
)

// openFolder opens the folder that is meant, and gives its name as the server
// spells it. What is configured may be written in another case, with "/" for the
// server's own delimiter, and without the prefix that the server puts before
// everything.
func (a *Adapter) openFolder(s *session, wanted string, readOnly bool) (string, *imap.SelectData, error) {
	if a.cfg.SharedMailbox != "" && a.cfg.SharedByNamespace {
		return a.openShared(s, wanted, readOnly)
	}
	selected, refusedErr := s.open(wanted, readOnly)
	var refused *imap.Error
	if refusedErr == nil || !asIMAP(refusedErr, &refused) || !missing(refused) {
		return wanted, selected, a.folderError(wanted, refusedErr)
	}
	list, err := a.folders(s)
	if err != nil {
		return "", nil, err
	}
	place := likeName(list, wanted)
	if place == "" || place == wanted {
		return "", nil, a.noFolder(wanted, list, refusedErr)
	}
	selected, err = s.open(place, readOnly)
	return place, selected, a.folderError(place, err)
}

// missing reports whether a refusal may be because there is no such folder.
func missing(refused *imap.Error) bool {
	switch reason := imapReason("select", refused); reason {
	case channels.Rejected, channels.Unknown, channels.Malformed:
		return true
	case channels.Auth, channels.RateLimited, channels.Unavailable, channels.InDoubt:
	}
	return false
}

// openShared opens a folder of another user's, which lies below that user's name
// in the namespace of others (RFC 2342).
func (a *Adapter) openShared(s *session, wanted string, readOnly bool) (string, *imap.SelectData, error) {
	spaces, err := a.othersNamespaces(s)
	if err != nil {
		return "", nil, err
	}
	var last error
	for _, space := range spaces {
		delim := string(cmp.Or(space.Delim, '/'))
		base := strings.TrimSuffix(space.Prefix, delim) + delim + a.cfg.SharedMailbox
		names := []string{base + delim + strings.ReplaceAll(wanted, "/", delim)}
		if wanted == "INBOX" {
			names = append(names, base) // either is in use
		}
		for _, name := range names {
			selected, err := s.open(name, readOnly)
			if err == nil {
				return name, selected, nil
			}
			var refused *imap.Error
			if !asIMAP(err, &refused) {
				return "", nil, a.imapError("select", err)
			}
			last = err
		}
	}
	if last == nil {
		return "", nil, a.failure("select", channels.Rejected, "", "the server shows no mailboxes of other users: name the folder itself under folders instead of shared_mailbox", nil)
	}
	list, err := a.folders(s)
	if err != nil {
		return "", nil, err
	}
	return "", nil, a.noFolder(a.cfg.SharedMailbox+": "+wanted, list, last)
}

func (a *Adapter) othersNamespaces(s *session) ([]imap.NamespaceDescriptor, error) {
	if !s.client.Caps().Has(imap.CapNamespace) {
		return nil, nil
	}
	data, err := a.namespaces(s)
	if err != nil {
		return nil, err
	}
	return append(data.Other, data.Shared...), nil
}

// namespaces asks where the folders of whom lie. A server that says that it
// knows and then refuses to tell has none.
func (a *Adapter) namespaces(s *session) (*imap.NamespaceData, error) {
	var data *imap.NamespaceData
	err := s.do(func() (err error) {
		data, err = s.client.Namespace().Wait()
		return err
	})
	var refused *imap.Error
	if asIMAP(err, &refused) || err == nil && data == nil {
		return &imap.NamespaceData{}, nil
	}
	return data, a.imapError("namespace", err)
}

// ensureFolder gives a folder's name as the server spells it, and makes it if it
// is missing.
func (a *Adapter) ensureFolder(s *session, wanted string) (string, error) {
	list, err := a.folders(s)
	if err != nil {
		return "", err
	}
	if place := likeName(list, wanted); place != "" {
		return place, nil
	}
	name, err := a.newName(s, list, wanted)
	if err != nil {
		return "", err
	}
	err = s.create(name)
	var refused *imap.Error
	if below := belowInbox(list, wanted); below != name && asIMAP(err, &refused) {
		// It allows none beside INBOX, and neither says so nor shows it.
		if second := s.create(below); second == nil {
			name, err = below, nil
		}
	}
	if err != nil {
		return "", a.imapError("create folder", err)
	}
	_ = s.do(func() error { return s.client.Subscribe(name).Wait() }) // a comfort only
	return name, nil
}

func (s *session) create(name string) error {
	return s.do(func() error { return s.client.Create(name, nil).Wait() })
}

// newName gives the name by which a folder is made: below the prefix of one's
// own folders, as the server tells it (RFC 2342) or as its folders show it.
func (a *Adapter) newName(s *session, list []*imap.ListData, wanted string) (string, error) {
	delim, prefix := hierarchy(list)
	if s.client.Caps().Has(imap.CapNamespace) {
		data, err := a.namespaces(s)
		if err != nil {
			return "", err
		}
		if len(data.Personal) > 0 {
			prefix = data.Personal[0].Prefix
			delim = string(cmp.Or(data.Personal[0].Delim, []rune(delim)[0]))
		}
	}
	name := strings.ReplaceAll(wanted, "/", delim)
	if len(prefix) < len(name) && strings.EqualFold(name[:len(prefix)], prefix) {
		return name, nil // it was written down with the prefix
	}
	return prefix + name, nil
}

// belowInbox gives a new folder's name below INBOX.
func belowInbox(list []*imap.ListData, wanted string) string {
	delim, _ := hierarchy(list)
	return "INBOX" + delim + strings.ReplaceAll(wanted, "/", delim)
}

// folders lists all folders.
func (a *Adapter) folders(s *session) (list []*imap.ListData, err error) {
	err = s.do(func() (err error) {
		var options *imap.ListOptions
		if s.client.Caps().Has(imap.CapSpecialUse) {
			options = &imap.ListOptions{ReturnSpecialUse: true}
		}
		list, err = s.client.List("", "*", options).Collect()
		return err
	})
	return list, a.imapError("list", err)
}

// hierarchy gives the server's delimiter, and the prefix of everybody's folders
// where the server allows none beside INBOX, as Courier and Cyrus do.
func hierarchy(list []*imap.ListData) (delim, prefix string) {
	delim = "/"
	others, below := 0, 0
	for _, folder := range list {
		if folder.Delim != 0 {
			delim = string(folder.Delim)
		}
		if !strings.EqualFold(folder.Mailbox, "INBOX") {
			others++
		}
		if len(folder.Mailbox) > 5 && strings.EqualFold(folder.Mailbox[:5], "INBOX") && folder.Mailbox[5:6] == delim {
			below++
		}
	}
	if others > 0 && others == below {
		prefix = "INBOX" + delim
	}
	return delim, prefix
}

// likeName finds the folder that a name means, "" if there is none: the very
// same goes before one that differs in case only, and that before one below
// INBOX.
func likeName(list []*imap.ListData, wanted string) string {
	best, found := 4, ""
	for _, folder := range list {
		if slices.Contains(folder.Attrs, imap.MailboxAttrNoSelect) || slices.Contains(folder.Attrs, imap.MailboxAttrNonExistent) {
			continue
		}
		if n := distance(folder, wanted); n < best {
			best, found = n, folder.Mailbox
		}
	}
	return found
}

func distance(folder *imap.ListData, wanted string) int {
	delim := string(cmp.Or(folder.Delim, '/'))
	name, want := norm.NFC.String(folder.Mailbox), norm.NFC.String(wanted)
	translated := strings.ReplaceAll(want, "/", delim)
	below := ""
	if len(name) > 6 && strings.EqualFold(name[:5], "INBOX") && name[5:6] == delim {
		below = name[6:]
	}
	switch {
	case name == want:
		return 0
	case name == translated:
		return 1
	case strings.EqualFold(name, translated):
		return 2
	case below != "" && strings.EqualFold(below, translated):
		return 3
	default:
		return 4
	}
}

// foldersShown is how many folders are named to whom misses one.
const foldersShown = 30

func (a *Adapter) noFolder(wanted string, list []*imap.ListData, cause error) error {
	names := []string{}
	for _, folder := range list {
		if slices.Contains(folder.Attrs, imap.MailboxAttrNoSelect) {
			continue
		}
		if len(names) == foldersShown {
			names = append(names, "…")
			break
		}
		names = append(names, quoted(folder.Mailbox))
	}
	text := "folder " + quoted(wanted) + " can't be opened: "
	var refused *imap.Error
	if asIMAP(cause, &refused) {
		text += refused.Text
	}
	return a.failure("select", channels.Rejected, "", text+"; there are "+strings.Join(names, ", "), cause)
}

// folderError says that a folder can't be opened, and why.
func (a *Adapter) folderError(folder string, err error) error {
	var refused *imap.Error
	if !asIMAP(err, &refused) {
		return a.imapError("select", err)
	}
	reason := imapReason("select", refused)
	if reason == channels.Unknown {
		reason = channels.Rejected
	}
	e := a.failure("select", reason, string(refused.Code), "folder "+quoted(folder)+" can't be opened: "+refused.Text+remedy(refused.Text), err)
	e.RetryAfter = imapWait(reason, refused.Text)
	return e
}
