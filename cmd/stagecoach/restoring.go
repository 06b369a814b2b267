package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"stagecoach/configs"
	"stagecoach/customers/register"
	"stagecoach/journal"
	"stagecoach/router"
)

// restoring makes a data directory of a backup, beside its place, and puts it there
// when all is done: an attempt that was cut off leaves nothing that looks whole.
type restoring struct {
	cfg       *configs.Config
	from, dir string
	erased    string
	io        std
	bar       *progress
	out       restoredOut
}

// errNeedsRegister is why a restore without a register is refused.
var errNeedsRegister = errors.New("say who has been erased since the backup was made: --erased FILE names the newest register of erasures " +
	"(erasures.register of the data directory that was lost, or the copy in the folder of backup.register); --erased none says that nobody was")

func (r *restoring) run(ctx context.Context) (*restoredOut, error) {
	m, err := readManifest(r.from)
	if err != nil {
		return nil, err
	}
	if r.erased == "" {
		return nil, errNeedsRegister
	}
	if m.Office != r.cfg.Office {
		return nil, fmt.Errorf("this is a backup of office %q, the configuration says %q", m.Office, r.cfg.Office)
	}
	if err := absent(r.dir); err != nil {
		return nil, err
	}
	newest, err := r.newest(m)
	if err != nil {
		return nil, err
	}
	step := func(title string) journal.Step {
		return func(_ string, done, total int) { r.bar.show(title, done, total) }
	}
	if err := m.check(r.from, step("verifying")); err != nil {
		return nil, fmt.Errorf("the backup is damaged, nothing was restored: %w", err)
	}
	r.out.Backup, r.out.Data = m, r.dir
	work := r.dir + ".restoring"
	if err := os.RemoveAll(work); err != nil {
		return nil, fmt.Errorf("removing what an earlier attempt left: %w", err)
	}
	if err := r.fill(ctx, work, m, newest, step("restoring")); err != nil {
		return nil, errors.Join(err, os.RemoveAll(work))
	}
	if err := os.Remove(r.dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("putting the data directory in its place: %w", err)
	}
	if err := os.Rename(work, r.dir); err != nil {
		return nil, fmt.Errorf("putting the data directory in its place: %w", err)
	}
	return &r.out, nil
}

// absent refuses a directory that has anything in it.
func absent(dir string) error {
	list, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking into the data directory: %w", err)
	}
	if len(list) > 0 {
		return fmt.Errorf("%s is there already: a backup is restored into a directory of its own; move that away first, its %s is what --erased wants", dir, register.Name)
	}
	return nil
}

// newest reads the register that the operator names, nil for none, and says of when
// it is.
func (r *restoring) newest(m *manifest) (*register.Register, error) {
	if r.erased == "none" {
		fmt.Fprintln(r.io.err, "Nobody has been erased since this backup was made, you say.")
		return nil, nil //nolint:nilnil // there is none, and that is no error
	}
	path := r.erased
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, register.Name)
	}
	reg, err := register.Read(path)
	if err != nil {
		return nil, err
	}
	if reg.Office() != m.Office {
		return nil, fmt.Errorf("%s is the register of office %q, the backup of %q", path, reg.Office(), m.Office)
	}
	fmt.Fprintf(r.io.err, "Register of erasures: %d, last written %s\n", len(reg.Entries()), dateOrNever(reg.Newest()))
	if reg.Newest().Before(m.LastErasure) {
		return nil, fmt.Errorf("%s is older than the backup, whose own register was last written %s: this is not the newest one", path, dateOrNever(m.LastErasure))
	}
	return reg, nil
}

// fill makes the data directory, and erases whom the registers name.
func (r *restoring) fill(ctx context.Context, work string, m *manifest, newest *register.Register, step journal.Step) error {
	for _, f := range m.Files {
		name := filepath.FromSlash(f.Name)
		if err := copyFile(filepath.Join(r.from, name), filepath.Join(work, name)); err != nil {
			return err
		}
	}
	reg, err := register.Open(work, m.Office, "")
	if err != nil {
		return err
	}
	if newest != nil {
		if _, err := reg.Merge(newest); err != nil {
			return err
		}
	}
	r.out.Register = reg.Newest()
	cfg := journal.Config{Dir: work, Office: m.Office, Shards: m.Journal.Shards}
	if err := journal.Restore(ctx, cfg, r.from, &m.Journal, step); err != nil {
		return err
	}
	return r.settle(ctx, work)
}

// settle opens what was restored as a subcommand does, finishes all erasures, and puts
// in doubt what may have been sent since.
func (r *restoring) settle(ctx context.Context, work string) error {
	ctx, stop := context.WithCancel(ctx)
	s := newStopped(stop, work, slog.New(slog.DiscardHandler))
	own := *r.cfg
	own.Backup.Register = ""
	err := s.open(ctx, &own, work, toSettle)
	if err == nil {
		err = r.settleOpen(ctx, s)
	}
	return errors.Join(err, s.close())
}

func (r *restoring) settleOpen(ctx context.Context, s *stopped) error {
	before := 0
	look := func(st *router.State) {
		for _, e := range st.Erasures {
			if e.Ended {
				before++
			}
		}
	}
	if err := s.rights.router.View(ctx, look); err != nil {
		return err
	}
	for {
		res, err := s.rights.router.Do(ctx, router.Envelope{Actor: router.ActorRouter, Command: router.Restored{}})
		if err != nil {
			return err
		}
		if res.Left == 0 {
			break
		}
	}
	if err := s.rights.finishAll(ctx); err != nil {
		return err
	}
	err := s.rights.router.View(ctx, func(st *router.State) {
		r.out.InDoubt, r.out.Erased = len(st.InDoubt()), -before
		for _, e := range st.Erasures {
			if e.Ended {
				r.out.Erased++
			}
		}
	})
	if err != nil {
		return err
	}
	if err := s.rights.catchUp(ctx); err != nil {
		return err
	}
	v, err := s.rights.ledger.Audit(ctx, s.journal.InboxPending)
	if err == nil && !v.OK() {
		err = fmt.Errorf("what was restored does not add up: %s %s: %s", v.Gaps[0].What, v.Gaps[0].Where, v.Gaps[0].Detail)
	}
	return err
}
