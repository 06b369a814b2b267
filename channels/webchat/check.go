package webchat

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"stagecoach/channels"
)

// Check implements channels.Checker: it opens the store and says what the chat
// will do, and what it can't for want of configuration.
func (a *Adapter) Check(ctx context.Context) (channels.Report, error) {
	report := channels.Report{Lines: []string{}, WouldOpen: -1}
	say := func(format string, args ...any) { report.Lines = append(report.Lines, fmt.Sprintf(format, args...)) }
	line, err := a.checkStore(ctx)
	if err != nil {
		return report, err
	}
	say("%s", line)
	if sites := slices.Sorted(maps.Keys(a.origins)); len(sites) > 0 {
		say("sites: %s may embed the chat", strings.Join(sites, ", "))
	} else {
		say("sites: none may embed the chat yet; name them under origins, such as https://shop.example")
	}
	say(`script: <script src="https://YOUR-DESK/channels/webchat/%s/chat.js" defer></script>`, a.cfg.Account)
	if len(a.cfg.Secrets) > 0 {
		say("identity: pages can sign who is logged in (secrets: %d)", len(a.cfg.Secrets))
	} else {
		say("identity: nobody can be signed, all visitors are anonymous; give secrets to change that")
	}
	if a.cfg.Mail == nil {
		say("mail: visitors who are gone get their answer when they return")
	} else {
		say("mail: visitors who left an address get unread answers by e-mail after %v", a.cfg.MailAfter)
	}
	return report, nil
}

// checkStore opens the store, and says what there is. Before the daemon's first start there
// is no folder for it yet.
func (a *Adapter) checkStore(ctx context.Context) (string, error) {
	if _, err := os.Stat(filepath.Dir(a.keeper.path)); errors.Is(err, fs.ErrNotExist) {
		return "store: it is made by the first start, as there is no data directory yet", nil
	}
	store, done, err := a.keeper.use(ctx)
	if err != nil {
		return "", a.failure("check", channels.Unavailable, "the store of conversations can't be opened: see that its folder is there and may be written", err)
	}
	defer done()
	var visitors, messages int
	if err := store.read.QueryRowContext(ctx, "SELECT (SELECT count(*) FROM visitors), (SELECT count(*) FROM messages)").Scan(&visitors, &messages); err != nil {
		return "", a.failure("check", channels.Unavailable, "the store of conversations can't be read", err)
	}
	return fmt.Sprintf("store: %d visitors, %d messages", visitors, messages), nil
}
