package disc

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"zhilu.dev/zhilu/internal/fault"
)

// stage is the folder in which a disc is put together, beside what it becomes. Whoever made the disc decides who else reads it.
type stage struct {
	dir   string // ".<name>.partial"
	out   string
	files []listed
	done  func(n int64) // bytes that were written; nil for nobody who watches
}

// begin opens the folder. Conflict "disc.exists" where out holds anything already, "disc.busy" where another process makes it.
func begin(out string) (*stage, error) {
	s := &stage{out: out, dir: filepath.Join(filepath.Dir(out), "."+filepath.Base(out)+".partial")}
	if _, err := os.Lstat(out); err == nil {
		return nil, fault.New(fault.Conflict, "disc.exists", filepath.Base(out)).At("out")
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(err, fault.Invalid, "disc.out", filepath.Base(out)).At("out")
	}
	if err := os.Mkdir(s.dir, 0o700); errors.Is(err, fs.ErrExist) {
		return nil, fault.Wrap(err, fault.Conflict, "disc.busy", filepath.Base(s.dir)).At("out")
	} else if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "disc.out", filepath.Base(out)).At("out")
	}
	return s, nil
}

// tree is where the files lie.
func (s *stage) tree() string { return filepath.Join(s.dir, "tree") }

// end removes whatever is left: nothing of a disc that was not made stays behind.
func (s *stage) end() error {
	if err := os.RemoveAll(s.dir); err != nil {
		return fmt.Errorf("disc: %w", err)
	}
	return nil
}

// put writes a file.
func (s *stage) put(ctx context.Context, name string, data []byte) error {
	_, err := s.copy(ctx, name, bytes.NewReader(data))
	return err
}

// copy writes a file as it comes, and gives what was written.
func (s *stage) copy(ctx context.Context, name string, r io.Reader) (listed, error) {
	return s.fill(ctx, name, func(w io.Writer) error {
		_, err := io.CopyBuffer(struct{ io.Writer }{w}, r, make([]byte, 1<<20))
		return err //nolint:wrapcheck // fill says what it means
	})
}

// fill writes a file whose bytes write gives.
func (s *stage) fill(ctx context.Context, name string, write func(io.Writer) error) (listed, error) {
	where := filepath.Join(s.tree(), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(where), 0o700); err != nil {
		return listed{}, s.cannot(err)
	}
	f, err := os.OpenFile(where, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // below a folder of ours, under a name that was made safe
	if err != nil {
		return listed{}, s.cannot(err)
	}
	sum := sha256.New()
	m := &meter{ctx: ctx, done: s.done, w: io.MultiWriter(f, sum)}
	err = write(m)
	if err = errors.Join(err, f.Close()); err != nil {
		return listed{}, s.cannot(err)
	}
	l := listed{name, m.n, hex.EncodeToString(sum.Sum(nil))}
	s.files = append(s.files, l)
	return l, nil
}

// cannot says in words that there is no room, or that the folder cannot be written.
func (s *stage) cannot(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fault.Wrap(err, fault.Exhausted, "disc.full").At("out")
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return fault.Wrap(err, fault.Invalid, "disc.out", filepath.Base(s.out)).At("out")
	}
	return fmt.Errorf("disc: %w", err)
}

// meter counts what goes through and stops when ctx ends.
type meter struct {
	ctx  context.Context // one file, one context
	w    io.Writer
	n    int64
	done func(int64)
}

func (m *meter) Write(b []byte) (int, error) {
	if err := m.ctx.Err(); err != nil {
		return 0, err //nolint:wrapcheck // fill wraps it
	}
	n, err := m.w.Write(b)
	m.n += int64(n)
	if m.done != nil {
		m.done(int64(n))
	}
	return n, err //nolint:wrapcheck // fill wraps it
}

// sorted gives what was written, by name.
func (s *stage) sorted() []listed {
	out := slices.Clone(s.files)
	slices.SortFunc(out, func(a, b listed) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// sums is sha256sum.txt: what sha256sum -c reads.
func (s *stage) sums() []byte {
	var b strings.Builder
	for _, f := range s.sorted() {
		b.WriteString(f.SHA256 + "  " + f.Name + "\n")
	}
	return []byte(b.String())
}

// release gives what was made its name, durable, and never in the place of anything.
func (s *stage) release(from string) error {
	if err := filepath.WalkDir(from, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return syncPath(name)
	}); err != nil {
		return s.cannot(err)
	}
	if _, err := os.Lstat(s.out); !errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Conflict, "disc.exists", filepath.Base(s.out)).At("out")
	}
	if err := os.Rename(from, s.out); err != nil {
		return s.cannot(err)
	}
	return s.cannotNil(syncPath(filepath.Dir(s.out)))
}

func (s *stage) cannotNil(err error) error {
	if err == nil {
		return nil
	}
	return s.cannot(err)
}

func syncPath(name string) error {
	f, err := os.Open(filepath.Clean(name))
	if err != nil {
		return err //nolint:wrapcheck // cannot wraps it
	}
	return errors.Join(f.Sync(), f.Close())
}
