package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"time"
)

// backupCmd is `stagecoach backup`.
type backupCmd struct {
	dataFlags
	To   string `arg:"" name:"dir" type:"path" help:"A new or empty folder for the copy."`
	JSON bool   `name:"json" help:"Print the manifest as JSON."`
}

// Help adds examples.
func (*backupCmd) Help() string {
	return `Examples:
  stagecoach backup /mnt/backup/stagecoach-$(date +%F)
  stagecoach verify /mnt/backup/stagecoach-2026-11-23

The copy is consistent while the daemon runs. It holds everything that must not be lost: the log, what came and
what was answered, customers, files, web chats, logins, the keys and the register of erasures. It does not hold the
configuration and the policy directory. Keep it as safe as the data: the keys are in it.`
}

// Run writes the copy and reads it once more.
func (c *backupCmd) Run(ctx context.Context, io std) error {
	if c.Server != "" {
		return errors.New("a backup is made on the machine that has the data: leave --server out")
	}
	return c.with(ctx, io, toRead, func(line *client) error {
		raw, err := line.work(ctx, "/control/backup?to="+url.QueryEscape(c.To), "backing up", io.err)
		if err != nil {
			return err
		}
		var m manifest
		if err := json.Unmarshal(raw, &m); err != nil {
			return fmt.Errorf("reading the manifest: %w", err)
		}
		bar := newProgress(io.err)
		err = m.check(c.To, func(_ string, done, total int) { bar.show("verifying", done, total) })
		bar.end()
		if err != nil {
			return fmt.Errorf("the copy is not as it was written: %w", err)
		}
		if c.JSON {
			return printJSON(io.out, &m)
		}
		fmt.Fprintf(io.out, "%s %s\n", paint(io.out, green, "Backed up and verified:"), c.To)
		m.print(io.out)
		return nil
	})
}

func (m *manifest) print(w io.Writer) {
	var bytes int64
	for _, s := range m.Journal.Streams {
		bytes += s.Bytes
	}
	for _, f := range m.Files {
		bytes += f.Bytes
	}
	fmt.Fprintf(w, "  office %s, taken %s, by build %s\n", m.Office, m.Begun.Local().Format("2 Jan 2006 15:04:05"), m.Build)
	fmt.Fprintf(w, "  %d commits, %d streams, %d files, %.1f MB\n", m.Journal.Commits, len(m.Journal.Streams), len(m.Files), float64(bytes)/1e6)
	fmt.Fprintf(w, "  register of erasures: %d, the last %s\n", m.Erasures, dateOrNever(m.LastErasure))
}

func dateOrNever(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return at.Local().Format("2 Jan 2006 15:04:05")
}

// verifyCmd is `stagecoach verify`.
type verifyCmd struct {
	dataFlags
	Dir  string `arg:"" optional:"" type:"path" help:"A backup, or a data directory; the usual data directory if left out."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Help adds examples.
func (*verifyCmd) Help() string {
	return `Examples:
  stagecoach verify                                    the data directory, also while the daemon runs
  stagecoach verify /mnt/backup/stagecoach-2026-11-23  a backup

Reads everything once: the checksum of every stored message, of every file of a backup, and whether the ledger
adds up. Exits with 1 if anything is wrong.`
}

// Run looks at everything once.
func (c *verifyCmd) Run(ctx context.Context, io std) error {
	var out verified
	if c.Dir != "" {
		m, err := readManifest(c.Dir)
		if err == nil {
			out.Backup, out.Problems = m, []string{}
			bar := newProgress(io.err)
			if err := m.check(c.Dir, func(_ string, done, total int) { bar.show("verifying", done, total) }); err != nil {
				out.Problems = append(out.Problems, err.Error())
			}
			bar.end()
			out.OK = len(out.Problems) == 0
			return c.tell(io, &out)
		}
		if !errors.Is(err, errNoBackup) {
			return err
		}
		if isData(c.Dir) != nil {
			return err
		}
		c.Data = c.Dir
	}
	return c.with(ctx, io, toRead, func(line *client) error {
		raw, err := line.work(ctx, "/control/verify", "verifying", io.err)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(raw, &out); err != nil {
			return fmt.Errorf("reading what was found: %w", err)
		}
		return c.tell(io, &out)
	})
}

func (c *verifyCmd) tell(io std, v *verified) error {
	if c.JSON {
		if err := printJSON(io.out, v); err != nil {
			return err
		}
	} else {
		for _, p := range v.Problems {
			fmt.Fprintln(io.out, paint(io.out, red, "wrong: ")+p)
		}
		if v.Backup != nil {
			v.Backup.print(io.out)
		}
		if v.Audit != nil {
			fmt.Fprintf(io.out, "  %d commits, %d messages, %d contacts, %d open\n", v.Audit.N, v.Audit.Summary.Messages, v.Audit.Summary.Contacts, v.Audit.Summary.Open)
		}
		if v.OK {
			fmt.Fprintln(io.out, paint(io.out, green, "All is as it was written."))
		}
	}
	if !v.OK {
		return exitError{1}
	}
	return nil
}

// restoreCmd is `stagecoach restore`.
type restoreCmd struct {
	Data   string `help:"Data directory to make; ./data if left out. It must not be there yet." placeholder:"DIR" env:"STAGECOACH_DATA" type:"path"`
	Config string `help:"Configuration file, for what it says of the data." placeholder:"FILE" type:"path"`
	From   string `arg:"" name:"dir" type:"path" help:"The backup."`
	Erased string `help:"The newest register of erasures (erasures.register, or the folder that has it), or 'none' where nobody was erased since the backup." placeholder:"FILE|none"`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// Help adds examples.
func (*restoreCmd) Help() string {
	return `Examples:
  stagecoach restore /mnt/backup/stagecoach-2026-11-23 --erased /mnt/registers --data ./data
  stagecoach restore /mnt/backup/stagecoach-2026-11-23 --erased none

Verifies the backup, makes a data directory of it, and erases again whoever was erased since: they must not come
back. Their register lies in the data directory that was lost (erasures.register), and in the folder that
backup.register in the configuration names. What was still to be sent when the backup was made is in doubt, as it
may have been sent since: see it in the overview. Mail that came since is read again from the mailboxes.`
}

// restoredOut is what --json prints.
type restoredOut struct {
	Backup *manifest `json:"backup"`
	Data   string    `json:"data"`
	// Register is when the register was last written; Erased counts the erasures that
	// were applied, InDoubt the replies that may have been sent since.
	Register time.Time `json:"register,omitzero"`
	Erased   int       `json:"erased"`
	InDoubt  int       `json:"in_doubt"`
}

// Run restores a backup.
func (c *restoreCmd) Run(ctx context.Context, io std) error {
	cfg, err := loadConfig(c.Config, io.err)
	if err != nil {
		return err
	}
	dir, err := filepath.Abs(dataDir(c.Data, cfg))
	if err != nil {
		return fmt.Errorf("finding the data directory: %w", err)
	}
	bar := newProgress(io.err)
	out, err := (&restoring{cfg: cfg, from: c.From, dir: dir, erased: c.Erased, io: io, bar: bar}).run(ctx)
	bar.end()
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(io.out, out)
	}
	fmt.Fprintf(io.out, "%s %s\n", paint(io.out, green, "Restored to"), out.Data)
	out.Backup.print(io.out)
	fmt.Fprintf(io.out, "  register applied: last written %s; %d erasures done again\n", dateOrNever(out.Register), out.Erased)
	if out.InDoubt > 0 {
		fmt.Fprintf(io.out, "  %d replies were still to be sent and may have been since: they are in doubt, look at the overview\n", out.InDoubt)
	}
	return nil
}
