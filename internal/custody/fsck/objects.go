package fsck

import (
	"context"
	"errors"
	"io/fs"
	"iter"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/vault"
)

// objects reads every byte of the vault from the disk.
func (k *checker) objects(ctx context.Context) error {
	for info, err := range k.c.Vault.Objects(ctx) {
		if err == nil {
			v, failed := k.verify(ctx, info)
			if failed == nil {
				if err := k.ofRow(ctx, info, v); err != nil {
					return err
				}
			}
			err = failed
		} else if errors.Is(err, fs.ErrNotExist) {
			continue // no vault yet, or none any more: then each row misses its object
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		k.unreadable(info.Digest, err)
	}
	return nil
}

// unreadable makes a finding of what is there and cannot be read: a disk with one bad sector must not hide the rest. One
// that went away meanwhile is for missing to find.
func (k *checker) unreadable(digest vault.Digest, err error) {
	d, damaged := errors.AsType[*vault.Damage](err)
	switch {
	case err == nil:
	case damaged:
		k.damage(d)
	case digest == (vault.Digest{}):
		k.r.add("vault.unreadable", "", err.Error())
	case fault.Is(err, fault.NotFound):
		delete(k.seen, digest)
	case fault.HasCode(err, "vault.key_unknown"):
		k.seen[digest] = true
		k.r.add("object.key", digest.String(), err.Error())
	default:
		k.seen[digest] = true
		k.r.add("object.unreadable", digest.String(), err.Error())
	}
}

func (k *checker) damage(d *vault.Damage) {
	if d.Digest == (vault.Digest{}) {
		k.r.add("vault.foreign", d.Path, d.Detail)
		return
	}
	k.seen[d.Digest] = true
	k.r.add("object.changed", d.Digest.String(), d.Error())
}

// verify reads an object to its end.
func (k *checker) verify(ctx context.Context, info vault.Info) (vault.Verified, error) {
	k.seen[info.Digest] = true
	k.r.Objects++
	k.r.Bytes += info.Size
	defer k.c.OnObject(k.r.Objects, k.r.Bytes)
	if k.c.ListOnly {
		return vault.Verified{Info: info}, nil
	}
	return k.c.Vault.Verify(ctx, info.Digest)
}

// ofRow compares an object with the row that names it.
func (k *checker) ofRow(ctx context.Context, info vault.Info, v vault.Verified) error {
	id := info.Digest.String()
	row, ok, err := k.fileOf(ctx, info)
	switch {
	case err != nil:
		return err
	case !ok:
		return nil
	case row.Size != info.Size:
		k.r.add("object.size", id, string(row.ID))
	case !k.c.ListOnly && row.SM3 != "" && row.SM3 != v.SM3.String():
		k.r.add("object.sm3", id, string(row.ID))
	}
	return nil
}

// fileOf finds the row of an object. One that no row names is a finding, unless its upload is open still: a crash came
// between sealing and entering it, or a server is about to enter it, and it waits to be adopted (decision 15). The upload
// may have ended just now, so the row is looked for once more.
func (k *checker) fileOf(ctx context.Context, info vault.Info) (File, bool, error) {
	row, ok, err := k.c.Catalog.FileOf(ctx, k.idb, info.Digest.String())
	if err != nil || ok {
		return row, ok, err
	}
	open, err := k.c.Catalog.Open(ctx, k.idb, info.Upload)
	if err != nil {
		return row, false, err
	}
	if open {
		k.r.Waiting++
		return row, false, nil
	}
	row, ok, err = k.c.Catalog.FileOf(ctx, k.idb, info.Digest.String())
	if err != nil || ok {
		return row, ok, err
	}
	k.r.add("object.added", info.Digest.String(), string(info.Upload))
	return row, false, nil
}

// missing looks for the object of each row. One that was sealed after the vault was listed is asked for by name.
func (k *checker) missing(ctx context.Context) error {
	for f, err := range k.c.Catalog.Files(ctx, k.idb) {
		if err != nil {
			return err
		}
		k.r.Files++
		d, err := vault.ParseDigest(f.SHA256)
		if err == nil && k.seen[d] {
			continue
		}
		if err == nil {
			_, err = k.c.Vault.Stat(ctx, d)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			k.r.add("object.missing", f.SHA256, string(f.ID))
		}
	}
	return nil
}

// strays names what lies in the vault outside the places of objects, where the vault can tell.
func (k *checker) strays(ctx context.Context) error {
	v, ok := k.c.Vault.(interface {
		Strays(ctx context.Context) iter.Seq2[*vault.Damage, error]
	})
	if !ok {
		return nil
	}
	for d, err := range v.Strays(ctx) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			k.unreadable(vault.Digest{}, err)
			continue
		}
		k.damage(d)
	}
	return nil
}

// stages looks at unfinished uploads. Beside a running server one may be half written, and end at any moment.
func (k *checker) stages(ctx context.Context) error {
	for st, err := range k.c.Vault.Stages(ctx) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		k.r.Stages++
		announced, lookErr := k.c.Catalog.Announced(ctx, k.idb, st.ID)
		switch {
		case lookErr != nil:
			return lookErr
		case k.c.Online, errors.Is(err, fs.ErrNotExist):
		case err != nil:
			k.r.add("stage.damaged", string(st.ID), err.Error())
		case !announced:
			k.r.add("stage.orphan", string(st.ID), "")
		}
	}
	return nil
}

// Rereader is a vault that can read an object back without computing its SM3, which takes most of the time and says nothing
// that its SHA-256 and the log do not. step is called after every piece with the bytes read; its error ends the reading.
type Rereader interface {
	Reread(ctx context.Context, d vault.Digest, step func(bytes int64) error) (vault.Verified, error)
}

// Object reads one file's object back from the disk and says what is wrong with it, as Run would. An error means that it
// could not look, or that step ended it.
func Object(ctx context.Context, v vault.Vault, f File, step func(bytes int64) error) ([]Finding, error) {
	k := newChecker(Config{Vault: v})
	d, err := vault.ParseDigest(f.SHA256)
	if err != nil {
		k.r.add("object.missing", f.SHA256, string(f.ID))
		return k.r.Findings, nil
	}
	var stopped error
	pace := func(n int64) error { stopped = step(n); return stopped }
	var got vault.Verified
	if r, ok := v.(Rereader); ok {
		got, err = r.Reread(ctx, d, pace)
	} else if got, err = v.Verify(ctx, d); err == nil {
		err = pace(got.Stored)
	}
	switch {
	case stopped != nil:
		return nil, stopped
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case fault.Is(err, fault.NotFound):
		k.r.add("object.missing", f.SHA256, string(f.ID))
	case err != nil:
		k.unreadable(d, err)
	case got.Size != f.Size:
		k.r.add("object.size", f.SHA256, string(f.ID))
	}
	return k.r.Findings, nil
}
