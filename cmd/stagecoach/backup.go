package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"stagecoach/customers/register"
	"stagecoach/journal"
)

// manifestName is the file that makes a folder a backup: it is written last.
const manifestName = "backup.json"

// manifest says what a backup holds.
type manifest struct {
	// Backup names the format, Version its version.
	Backup  string    `json:"backup"`
	Version int       `json:"version"`
	Build   string    `json:"build"`
	Office  string    `json:"office"`
	Begun   time.Time `json:"begun"`
	Ended   time.Time `json:"ended"`
	// Erasures counts those in its register, LastErasure is when the register was
	// last written.
	Erasures    int             `json:"erasures"`
	LastErasure time.Time       `json:"last_erasure,omitzero"`
	Journal     journal.Archive `json:"journal"`
	Files       []archivedFile  `json:"files"`
}

const manifestKind = "stagecoach"

// archivedFile is a file of the data directory beside the journal.
type archivedFile struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// backup writes a consistent copy of the data directory to a new folder while it is
// used. It can be restored once its manifest is there, which comes last.
func (r *rights) backup(ctx context.Context, dir string, step journal.Step) (*manifest, error) {
	if err := emptyFolder(dir); err != nil {
		return nil, err
	}
	m := &manifest{Backup: manifestKind, Version: 1, Build: version, Office: r.office, Begun: time.Now().UTC(), Files: []archivedFile{}}
	archive, err := r.journal.Backup(ctx, dir, step, func() error {
		// A chat that is older than the log lacks no reply that was delivered, and one
		// that is older than INBOX no message that it believes to be taken.
		return r.copyChats(ctx, dir, m)
	})
	if err != nil {
		return nil, err
	}
	m.Journal = *archive
	if err := r.copyFiles(dir, m); err != nil {
		return nil, err
	}
	// The register last: who is erased meanwhile is erased again when it is restored.
	if err := r.register.Copy(filepath.Join(dir, register.Name)); err != nil {
		return nil, err
	}
	if err := m.note(dir, register.Name); err != nil {
		return nil, err
	}
	m.Erasures, m.LastErasure, m.Ended = len(r.register.Entries()), r.register.Newest(), time.Now().UTC()
	return m, m.write(dir)
}

// emptyFolder makes a folder, or takes an empty one.
func emptyFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil { //nolint:gosec // the folder that the operator names
		return fmt.Errorf("making the folder: %w", err)
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("looking into the folder: %w", err)
	}
	if len(list) > 0 {
		return fmt.Errorf("%s is not empty: a backup needs a folder of its own", dir)
	}
	return nil
}

// chatBackup is an adapter that keeps conversations of its own.
type chatBackup interface {
	Backup(ctx context.Context, path string) error
}

// copyChats copies what the web chats keep.
func (r *rights) copyChats(ctx context.Context, dir string, m *manifest) error {
	return r.everyChat(func(account string, chat any) error {
		c, ok := chat.(chatBackup)
		if !ok {
			return nil
		}
		name := chatFile(account)
		if err := c.Backup(ctx, filepath.Join(dir, name)); err != nil {
			return err
		}
		return m.note(dir, name)
	})
}

// copyFiles copies the keys, and the logins at providers.
func (r *rights) copyFiles(dir string, m *manifest) error {
	names := []string{"keys"}
	logins, err := filepath.Glob(filepath.Join(r.dir, "logins", "*"))
	if err != nil {
		return fmt.Errorf("looking for logins: %w", err)
	}
	for _, path := range logins {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			names = append(names, filepath.Join("logins", filepath.Base(path)))
		}
	}
	for _, name := range names {
		if err := copyFile(filepath.Join(r.dir, name), filepath.Join(dir, name)); err != nil {
			return err
		}
		if err := m.note(dir, name); err != nil {
			return err
		}
	}
	return nil
}

// copyFile copies a file for its owner's eyes, durably.
func copyFile(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil { //nolint:gosec // in the operator's folders
		return fmt.Errorf("copying %s: %w", from, err)
	}
	in, err := os.Open(from) //nolint:gosec // in the operator's folders
	if err != nil {
		return fmt.Errorf("copying a file: %w", err)
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600) //nolint:gosec // in the operator's folders
	if err != nil {
		return fmt.Errorf("copying a file: %w", err)
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		return fmt.Errorf("copying %s: %w", from, err)
	}
	return nil
}

// note adds a file that was copied to the manifest.
func (m *manifest) note(dir, name string) error {
	f, err := os.Open(filepath.Join(dir, name)) //nolint:gosec // in the operator's folder
	if err != nil {
		return fmt.Errorf("reading a copy: %w", err)
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	if err != nil {
		return fmt.Errorf("reading a copy: %w", err)
	}
	m.Files = append(m.Files, archivedFile{Name: filepath.ToSlash(name), Bytes: n, SHA256: hex.EncodeToString(sum.Sum(nil))})
	return nil
}

func (m *manifest) write(dir string) error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	tmp := filepath.Join(dir, manifestName+".new")
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600) //nolint:gosec // in the operator's folder
	if err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	_, err = f.Write(append(data, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	if err := os.Rename(tmp, filepath.Join(dir, manifestName)); err != nil { //nolint:gosec // in the operator's folder
		return fmt.Errorf("writing the manifest: %w", err)
	}
	if err := syncFolder(dir); err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	return nil
}

// syncFolder has the names in a folder outlive a loss of power.
func syncFolder(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the operator's folder
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// errNoBackup says that a folder holds none.
var errNoBackup = errors.New("there is no backup")

// readManifest reads what a backup holds.
func readManifest(dir string) (*manifest, error) {
	path := filepath.Join(dir, manifestName)
	data, err := os.ReadFile(path) //nolint:gosec // the folder that the operator names
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w in %s: it has no %s, which is written last (was it cut off?)", errNoBackup, dir, manifestName)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the backup: %w", err)
	}
	var m manifest
	if err := json.Unmarshal(data, &m); err != nil || m.Backup != manifestKind {
		return nil, fmt.Errorf("%s is not the manifest of a backup", path)
	}
	if m.Version != 1 {
		return nil, fmt.Errorf("%s is of version %d, this build reads 1: use a newer build", path, m.Version)
	}
	for _, f := range m.Files {
		if !filepath.IsLocal(filepath.FromSlash(f.Name)) || strings.HasPrefix(f.Name, "nats/") {
			return nil, fmt.Errorf("%s names a file %q that is none of a backup", path, f.Name)
		}
	}
	return &m, nil
}

// check reads all files of a backup and compares them with the manifest.
func (m *manifest) check(dir string, step journal.Step) error {
	errs := []error{journal.CheckArchive(dir, &m.Journal, step)}
	for _, f := range m.Files {
		errs = append(errs, journal.CheckFile(filepath.Join(dir, filepath.FromSlash(f.Name)), f.Bytes, f.SHA256))
	}
	return errors.Join(errs...)
}
