package localdir

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"path/filepath"
	"strings"

	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/vault"
)

// Inspect opens the vault only to read it. Nothing is made, cleared away or synced, so it leaves a damaged vault as it
// is, and works on one that is write-protected; where there is none, Objects says so (fs.ErrNotExist). With beside, another process may be writing there; without it, one that
// holds the lock of this node is durable.ErrLocked, and none can take it until Close. Begin and what changes a stage are
// refused with Unavailable "vault.read_only".
func Inspect(cfg Config, beside bool) (*Vault, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	v := newVault(cfg)
	if err := v.stays(); err != nil && !cfg.Moved {
		return nil, err
	}
	v.readOnly.Store(fault.New(fault.Unavailable, "vault.read_only"))
	v.lock = io.NopCloser(nil)
	name := filepath.Join(v.staging, lockFile)
	if _, err := v.fsys.Stat(name); err != nil || beside {
		return v, nil // nobody ever wrote here under this name: there is no lock to take
	}
	lock, err := v.fsys.Lock(name)
	if errors.Is(err, durable.ErrLocked) {
		return nil, err
	}
	if err == nil { // else it cannot be written, by nobody
		v.lock = lock
	}
	return v, nil
}

// Strays yields what lies in the vault's directory and among the stages of any node and is nothing of ours. What lies
// among the objects is Objects' work.
func (v *Vault) Strays(ctx context.Context) iter.Seq2[*vault.Damage, error] {
	return func(yield func(*vault.Damage, error) bool) {
		root := v.root
		nodes := filepath.Dir(v.staging)
		list := func(dir string, ours func(e durable.Entry) bool) (dirs []string, goOn bool) {
			if err := ctx.Err(); err != nil {
				return nil, yield(nil, err) && false
			}
			entries, err := v.fsys.ReadDir(dir)
			if errors.Is(err, fs.ErrNotExist) {
				return nil, true
			}
			if err != nil {
				return nil, yield(nil, err) && false
			}
			for _, e := range entries {
				name := filepath.Join(dir, e.Name)
				if ours(e) {
					dirs = append(dirs, name)
				} else if !yield(&vault.Damage{Path: v.below(name), Part: vault.PartName, Chunk: -1, Detail: "this is nothing of ours"}, nil) {
					return nil, false
				}
			}
			return dirs, true
		}
		if _, ok := list(root, func(e durable.Entry) bool {
			return isMovedFile(e) || e.Dir && (e.Name == objectsDir || e.Name == stagingDir)
		}); !ok {
			return
		}
		dirs, ok := list(nodes, func(e durable.Entry) bool { return e.Dir && nodeName.MatchString(e.Name) })
		for i := 0; ok && i < len(dirs); i++ {
			_, ok = list(dirs[i], isStageFile)
		}
	}
}

// isStageFile reports whether a name in the directory of a node's stages is one of ours.
func isStageFile(e durable.Entry) bool {
	if e.Dir {
		return false
	}
	if e.Name == lockFile {
		return true
	}
	name := e.Name
	if temp, ok := strings.CutSuffix(name, durable.TempSuffix); ok { // ".<name>.<number>.tmp"
		name = strings.TrimPrefix(temp[:max(0, strings.LastIndexByte(temp, '.'))], ".")
	}
	base, ok := strings.CutSuffix(name, partExt)
	if !ok {
		base, ok = strings.CutSuffix(name, stateExt)
	}
	return ok && checkID(ident.UploadID(base)) == nil
}
