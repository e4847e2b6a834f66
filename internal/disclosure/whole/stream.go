package whole

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"filippo.io/age"

	"zhilu.dev/zhilu/internal/casefile/dossier"
	"zhilu.dev/zhilu/internal/disclosure"
	"zhilu.dev/zhilu/internal/fault"
)

// Stream sends a package as one zip: what lies in folder, and the pieces from where they lie, each held against its digest while it goes.
// What breaks off has no list of members at its end, so nothing can be taken for whole. A recipient's public key (age1…) has all of
// it encrypted for them; "" leaves it plain. Faults: Invalid "disclosure.key", and whatever a piece says when it may not leave any more.
func Stream(ctx context.Context, out io.Writer, folder string, pieces []dossier.Piece, recipient string) (err error) {
	if recipient != "" {
		key, err := disclosure.RecipientOf(recipient)
		if err != nil {
			return err
		}
		sealed, err := age.Encrypt(out, key)
		if err != nil {
			return fmt.Errorf("whole: %w", err)
		}
		if err := zipped(ctx, sealed, folder, pieces); err != nil {
			return err // not closed: a broken file must not decrypt to its end
		}
		return fail(sealed.Close())
	}
	return zipped(ctx, out, folder, pieces)
}

// ValidKey is nil for a public key that a package can be encrypted for: Invalid "disclosure.key".
func ValidKey(key string) error {
	_, err := disclosure.RecipientOf(key)
	return err
}

func fail(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("whole: %w", err)
}

func zipped(ctx context.Context, out io.Writer, folder string, pieces []dossier.Piece) (err error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return fail(err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	z := zip.NewWriter(out)
	err = fs.WalkDir(root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		method := zip.Deflate
		if strings.HasPrefix(name, "footage/") || path.Ext(name) == ".pdf" {
			method = zip.Store
		}
		to, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		if err != nil {
			return err
		}
		from, err := root.Open(name)
		if err != nil {
			return err
		}
		_, err = io.Copy(to, from)
		return errors.Join(err, from.Close())
	})
	if err != nil {
		return fail(err)
	}
	for _, p := range pieces {
		to, err := z.CreateHeader(&zip.FileHeader{Name: p.Name, Method: zip.Store})
		if err != nil {
			return fail(err)
		}
		if err := send(ctx, to, p); err != nil {
			return err
		}
	}
	return fail(z.Close())
}

// send copies one piece and says so if it is not what the manifest lists.
func send(ctx context.Context, to io.Writer, p dossier.Piece) error {
	src, err := p.Open(ctx)
	if err != nil {
		return err
	}
	h := sha256.New()
	n, err := io.CopyBuffer(io.MultiWriter(to, h), struct{ io.Reader }{src}, make([]byte, 1<<20))
	if err = errors.Join(err, src.Close()); err != nil {
		return err
	}
	if n != p.Size || hex.EncodeToString(h.Sum(nil)) != p.SHA256 {
		return fault.New(fault.Internal, "whole.vault", p.Name)
	}
	return nil
}
